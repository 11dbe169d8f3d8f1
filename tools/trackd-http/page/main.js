// SPDX-License-Identifier: MIT
// The page: signing in, and what belongs to one who is.

import { Announcer } from "./announce.js";
import { Api, Fault } from "./api.js";
import { setText, show } from "./dom.js";
import { Drop } from "./drop.js";
import { Feed } from "./feed.js";
import { History } from "./history.js";
import { Model } from "./model.js";
import * as session from "./session.js";
import { Tabs } from "./tabs.js";
import { Uploads } from "./uploads.js";
import { View } from "./view.js";
import { documents } from "./words.js";

const find = (id) => document.getElementById(id);
const LINK = {
	connecting: "Connecting…", live: "Live", polling: "Checking every few seconds", waiting: "Reconnecting…", offline: "You are offline",
};
const EXPIRED = "Your token has expired. Paste a new one to continue; your documents are still being processed.";
const REFUSED = "The server does not accept this token. Paste another one.";
const TIMER_MAX = 2 ** 31 - 1;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// ---- One who is signed in ---------------------------------------------------

class Work {
	#ended = new AbortController();

	constructor(who, ends) {
		this.ends = ends;
		this.api = new Api(who.token);
		this.owner = who.owner;
		this.history = new History(this.api, model, this.#ended.signal);
		this.uploads = new Uploads(this.api, {
			changed: (upload) => view.upload(upload, this.uploads.all.has(upload)),
			done: (upload, status) => this.#taken(upload, status),
			refused: () => this.#refused(),
		});
		this.expiry = setTimeout(() => this.#end(EXPIRED), Math.min(TIMER_MAX, who.expires - Date.now()));
		this.expires = who.expires;
	}

	// The token is shown to the server before anything of other tabs is listened to.
	async start() {
		for (let ms = 1000; !this.#ended.signal.aborted; ms = Math.min(15000, ms * 2)) {
			try {
				const partly = (overview) => this.#overview(overview, "partly");

				this.#overview(await this.api.overview({ signal: this.#ended.signal, partly }));
				break;
			} catch (error) {
				if (this.#ended.signal.aborted)
					return;
				if (error instanceof Fault && error.status === 401)
					return this.#refused();
				notice(error.message);
				view.link("waiting", LINK.waiting);
				await sleep(Math.max(ms, (error.after ?? 0) * 1000) * (0.75 + Math.random() / 2));
			}
		}
		notice("");
		if (!this.#ended.signal.aborted)
			this.#follow();
	}

	#follow() {
		const together = Tabs.possible();
		this.feed = new Feed(this.api, (message) => (together ? this.tabs.tell(message) : this.#receive(message)), together);

		if (!together) {
			this.feed.run(this.#ended.signal);
			return;
		}
		this.tabs = new Tabs(this.owner, {
			lead: (signal) => this.feed.run(signal),
			receive: (message) => this.#receive(message),
			snapshot: () => ({ type: model.whole ? "snapshot" : "known", tasks: model.tasks(), since: Date.now() }),
			wake: () => this.feed.wake(),
		});
		this.tabs.start();
	}

	#receive(message) {
		switch (message.type) {
		case "snapshot":
			model.replace(message.tasks, message.since);
			view.heard();
			break;
		case "newest":
			model.whole = false;
			model.cover(message.tasks, message.since, undefined, message.tasks.at(-1).created_at);
			break;
		case "overview":
			this.#overview(message);
			break;
		case "counts":
			model.counts = message.counts;
			view.recount();
			break;
		case "known":
			model.cover(message.tasks, 0);
			break;
		case "daemon":
			slow(!message.up);
			break;
		case "changes":
			for (const task of message.tasks)
				if (!model.get(task.id))
					announcer.changed(task.id, null, task);
			for (const task of message.tasks)
				model.merge(task);
			for (const id of message.gone) {
				view.focusBeside(id);
				model.remove(id);
			}
			break;
		case "state":
			this.state = message.state;
			this.link();
			break;
		case "refused":
			this.#refused();
			break;
		}
	}

	#overview({ counts, open, final, next, since }, partly = false) {
		model.counts = counts;
		model.whole = false;
		model.cover(open, since, (task) => !partly && !task.done);
		this.history.begin(final, next, since);
		model.whole = !partly && !next;
		view.heard();
		view.recount();
	}

	// Final tasks until a filter shows as many as are wanted. False: it had them all, or the server did not answer.
	async more(filter, enough) {
		if (this.loading)
			return;
		this.loading = true;
		try {
			while (this.history.more(filter) && !enough())
				await this.history.load(filter);
			notice("");
		} catch (error) {
			if (error.status === 401)
				this.#refused();
			else if (!this.#ended.signal.aborted)
				notice(error.message);
		} finally {
			this.loading = false;
			view.recount();
		}
	}

	link() {
		const state = !navigator.onLine && this.state !== "live" ? "offline" : this.state ?? "connecting";
		view.link(state, LINK[state]);
	}

	#tell(message) {
		if (this.tabs)
			this.tabs.tell(message);
		else
			this.#receive(message);
	}

	async #taken(upload, { document_id: id }) {
		view.upload(upload, false);
		announcer.say(`${upload.file.name} is uploaded`);
		if (model.get(id))
			return;
		try {
			this.#tell({ type: "changes", tasks: [await this.api.task(id)], gone: [] });
		} catch { /* the feed will tell of it */ }
	}

	async cancel(id) {
		const card = view.shown(id);

		if (card.asked || card.task.cancel)
			return;
		card.asking(true);
		card.say("");
		try {
			this.#tell({ type: "changes", tasks: [await this.api.cancel(id)], gone: [] });
		} catch (error) {
			card.asking(false);
			this.#failed(error, card);
		}
	}

	async forget(id) {
		const row = view.shown(id);

		try {
			await this.api.forget(id);
		} catch (error) {
			if (error.status !== 404)
				return this.#failed(error, row);
		}
		this.#tell({ type: "changes", tasks: [], gone: [id] });
	}

	#failed(error, shown) {
		if (error.status === 401)
			this.#refused();
		else
			shown.say(error.message);
	}

	#refused() {
		this.#end(this.expires <= Date.now() + 1000 ? EXPIRED : REFUSED);
	}

	#end(why) {
		if (this.#ended.signal.aborted)
			return;
		this.stop();
		this.ends(why);
	}

	stop() {
		this.#ended.abort();
		clearTimeout(this.expiry);
		this.tabs?.stop();
		this.uploads.stopAll();
		model.clear();
		view.known = false;
		slow(false);
	}
}

// ---- Signing in -------------------------------------------------------------

let work = null;

const notice = (text) => {
	setText(find("notice"), text);
	show(find("notice"), text !== "");
};

// Progress goes on being told, but nobody notices that a worker has gone.
const slow = (shown) => {
	setText(find("slow"), shown ? "Live updates are slower because part of the server is down. Some failures will appear only when it is back." : "");
	show(find("slow"), shown);
};

const showSignIn = (why) => {
	setText(find("sign-in-why"), why || "Paste an access token to see your documents.");
	find("token").value = "";
	for (const id of ["work", "account", "link"])
		show(find(id), false);
	show(find("sign-in"), true);
	notice("");
	document.title = "Sign in · trackd";
	find("token").focus();
};

const signOut = (why) => {
	work?.stop();
	work = null;
	session.forget();
	showSignIn(why);
};

// Throws words if the token cannot be one.
const signIn = (token) => {
	const who = session.read(token);

	work?.stop();
	session.keep(token);
	setText(find("owner"), who.owner);
	setText(find("token-error"), "");
	show(find("sign-in"), false);
	for (const id of ["work", "account"])
		show(find(id), true);
	work = new Work(who, signOut);
	view.link("connecting", LINK.connecting);
	work.start();
};

const begin = () => {
	const token = session.current();

	if (!token)
		return showSignIn("");
	try {
		signIn(token);
	} catch (error) {
		signOut(error.message);
	}
};

// ---- All together -----------------------------------------------------------

const model = new Model();
const announcer = new Announcer(find("live"));
const view = new View(model, {
	cancel: (id) => work?.cancel(id),
	forget: (id) => work?.forget(id),
	stop: (upload) => work?.uploads.stop(upload),
	again: (upload) => work?.uploads.again(upload),
	more: (filter, enough) => work?.more(filter, enough),
	history: () => work?.history,
});

new Drop((files) => {
	work?.uploads.add(files);
	announcer.say(`Uploading ${documents(files.length)}`);
}, () => work !== null);
// What a list tells of for the first time is no news.
model.onChange((id, before, after) => {
	if (before && after)
		announcer.changed(id, before, after);
});

find("sign-in-form").addEventListener("submit", (event) => {
	event.preventDefault();
	try {
		signIn(session.tidy(find("token").value));
	} catch (error) {
		setText(find("token-error"), error.message);
		find("token").focus();
	}
});
find("sign-out").addEventListener("click", () => signOut(""));
addEventListener("hashchange", () => {
	if (session.takeFromFragment())
		begin();
});
addEventListener("online", () => work?.link());
addEventListener("offline", () => work?.link());
addEventListener("beforeunload", (event) => {
	if (work?.uploads.busy())
		event.preventDefault();
});
// A page that is kept for going back has let go of its stream.
addEventListener("pageshow", (event) => {
	if (event.persisted)
		begin();
});
addEventListener("pagehide", (event) => {
	if (event.persisted)
		work?.stop();
});
setInterval(() => view.tick(Date.now()), 1000);
begin();
