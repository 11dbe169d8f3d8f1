// SPDX-License-Identifier: MIT
// One stream for all tabs of a user: browsers allow six connections to a host. The tab that holds a lock runs the feed and
// tells the others; when it goes, the next one in line gets the lock. A tab whose leader has gone silent, as a frozen one
// does, takes the lock away.

const SILENCE_MS = 45000; // the stream says something every 15 s
const ANSWER_MS = 5000;
const LOOK_MS = 3000;

export class Tabs {
	#ending = new AbortController();

	// lead(signal): run the feed until the signal. receive(message): news, of whichever tab. snapshot(): what this tab
	// knows, for one that has just come. wake(): somebody looks.
	constructor(owner, { lead, receive, snapshot, wake }) {
		const scope = `trackd:${new URL(".", document.baseURI).pathname}:${owner}`;

		this.lock = scope;
		this.channel = new BroadcastChannel(scope);
		this.me = `${Date.now()}-${Math.random()}`;
		this.calls = { lead, receive, snapshot, wake };
		this.leading = false;
		this.heard = Date.now();
		this.asked = 0;
		this.latest = {}; // "state", "daemon": the last message of these
	}

	// Locks exist on https and on localhost only. Without them each tab is on its own.
	static possible() {
		return "locks" in navigator && "BroadcastChannel" in window;
	}

	start() {
		this.channel.addEventListener("message", ({ data }) => this.#hear(data));
		this.#queue({});
		this.channel.postMessage({ type: "hello", from: this.me });
		this.timer = setInterval(() => this.#look(), LOOK_MS);
		this.on_visible = () => {
			if (!document.hidden)
				this.#look();
		};
		document.addEventListener("visibilitychange", this.on_visible);
	}

	stop() {
		this.#ending.abort();
		clearInterval(this.timer);
		document.removeEventListener("visibilitychange", this.on_visible);
		this.channel.close();
	}

	// To this tab and all others.
	tell(message) {
		if (this.#ending.signal.aborted)
			return;
		if (message.type !== "alive")
			this.calls.receive(message);
		this.channel.postMessage(message);
		this.#keep(message);
	}

	#keep(message) {
		if (message.type === "state" || message.type === "daemon")
			this.latest[message.type] = message;
	}

	// ---- The lock -----------------------------------------------------------

	async #queue({ steal = false }) {
		const leading = new AbortController();
		const ending = this.#ending.signal;

		this.line?.abort();
		this.line = new AbortController();
		ending.addEventListener("abort", () => {
			leading.abort();
			this.line.abort();
		}, { once: true });
		try {
			// A lock that is stolen cannot be waited for, so it takes no signal.
			await navigator.locks.request(this.lock, steal ? { steal } : { signal: this.line.signal }, async () => {
				if (ending.aborted)
					return;
				this.leading = true;
				await this.calls.lead(leading.signal);
			});
		} catch (error) {
			if (error.name !== "AbortError")
				throw error;
		}
		leading.abort();
		const led = this.leading;
		this.leading = false;
		this.heard = Date.now();
		// It was stolen from us: back into the line.
		if (led && !ending.aborted)
			this.#queue({});
	}

	// ---- The others ---------------------------------------------------------

	#hear(message) {
		if (message.to && message.to !== this.me)
			return;
		if (message.type === "hello" || message.type === "ping") {
			if (this.leading)
				this.#answer(message);
			return;
		}
		if (message.type === "wake") {
			if (this.leading)
				this.calls.wake();
			return;
		}
		this.heard = Date.now();
		this.asked = 0;
		this.#keep(message);
		// Another tab's token is not ours.
		if (message.type !== "alive" && message.type !== "refused")
			this.calls.receive(message);
	}

	#answer({ type, from }) {
		if (type === "hello") {
			this.channel.postMessage({ to: from, ...this.calls.snapshot() });
			for (const message of Object.values(this.latest))
				this.channel.postMessage({ to: from, ...message });
		}
		this.channel.postMessage({ to: from, type: "alive" });
	}

	#look() {
		const now = Date.now();

		if (this.leading) {
			if (!document.hidden)
				this.calls.wake();
			return;
		}
		if (!document.hidden && this.latest.state?.state !== "live")
			this.channel.postMessage({ type: "wake" });
		if (this.asked > 0 && now - this.asked > ANSWER_MS) {
			this.asked = 0;
			this.heard = now;
			if (!document.hidden)
				this.#queue({ steal: true });
		} else if (this.asked === 0 && now - this.heard > SILENCE_MS) {
			this.asked = now;
			this.channel.postMessage({ type: "ping", from: this.me });
		}
	}
}
