// SPDX-License-Identifier: MIT
// Where the news come from, for all tabs of a user: the stream; while it is not to be had, polling. It is run by one tab,
// see tabs.js, and tells what it learns in messages:
//
//     {type: "snapshot", tasks, since}     all there is
//     {type: "newest", tasks, since}       the newest of more than a stream begins with
//     {type: "overview", counts, open, final, next, since}   see api.js; all that are open
//     {type: "counts", counts}             how many there are in each state
//     {type: "daemon", up}                 whether trackd itself answers; up until it is said
//     {type: "changes", tasks, gone}       in order; gone: ids of tasks that are no more
//     {type: "state", state}               live, polling, waiting (nothing is to be had; it goes on trying)
//     {type: "alive"}                      nothing new
//     {type: "refused"}                    the token is not accepted any more; it has ended

import { Fault } from "./api.js";
import { follow } from "./stream.js";

const RETRY_MS = 2000; // if the server names no other
const RETRY_MAX_MS = 30000;
const POLL_MS = 2000;
const POLL_MAX_MS = 16000;
const POLL_HIDDEN_MS = 10000;
const COUNT_MS = 2000; // between two counts
const LOOK_MS = 5000; // between two looks at open tasks that the stream does not follow closely

const jitter = (ms) => ms * (0.75 + Math.random() / 2);

export class Feed {
	#wake = () => {};

	constructor(api, emit, streams = true) {
		this.api = api;
		this.emit = emit;
		this.streams = streams;
		this.retry = RETRY_MS;
		this.failures = 0; // to open the stream, in a row
		this.poll_failures = 0;
		this.state = null;
		this.whole = true; // what has been told is all there is
		this.counted = 0;
		this.up = true;
	}

	// Until the signal, or the token is refused.
	async run(signal) {
		const wake = () => this.wake();

		this.signal = signal;
		signal.addEventListener("abort", wake, { once: true });
		addEventListener("online", wake);
		try {
			while (!signal.aborted)
				await this.#round(signal);
		} catch (error) {
			if (!(error instanceof Fault && error.status === 401))
				throw error;
			this.emit({ type: "refused" });
		} finally {
			clearTimeout(this.counting);
			clearTimeout(this.looking);
			removeEventListener("online", wake);
			signal.removeEventListener("abort", wake);
		}
	}

	// Somebody looks: do not sleep longer than is due. Timers of hidden tabs run late.
	wake() {
		this.#wake();
	}

	#tell(state) {
		this.state = state;
		this.emit({ type: "state", state });
	}

	async #round(signal) {
		let unreachable = false;

		this.opened = this.unavailable = false;
		if (this.streams) {
			try {
				await follow(this.api, (events) => this.#receive(events), signal);
			} catch (error) {
				if (signal.aborted)
					return;
				if (error instanceof Fault && error.status === 401)
					throw error;
				unreachable = error instanceof Fault && error.status === 0;
				if (error instanceof Fault && error.after > 0)
					this.retry = Math.max(this.retry, error.after * 1000);
			}
		}
		clearTimeout(this.looking);
		this.#daemon(true);
		if (signal.aborted)
			return;
		this.failures = this.opened ? 0 : this.failures + 1;
		const ms = this.streams ? jitter(Math.min(RETRY_MAX_MS, this.retry * 2 ** Math.min(8, Math.max(0, this.failures - 1)))) : Infinity;
		if (this.state !== "polling" || this.opened)
			this.#tell("waiting");
		await this.#rest(ms, unreachable, signal);
	}

	// Until the next attempt. Polls meanwhile if the stream could not be opened; a server that could not be reached and
	// answers again may have the stream again too.
	async #rest(ms, unreachable, signal) {
		const due = Date.now() + ms;
		let poll_due = this.failures > 0 || this.unavailable ? Date.now() : Infinity;

		while (!signal.aborted && Date.now() < due) {
			if (Date.now() >= poll_due) {
				const answered = await this.#poll(signal);
				if (answered && unreachable)
					return;
				poll_due = Date.now() + this.#pollInterval();
			}
			await this.#sleep(Math.min(due, poll_due) - Date.now());
		}
	}

	#pollInterval() {
		if (this.poll_failures > 0)
			return jitter(Math.min(POLL_MAX_MS, POLL_MS * 2 ** Math.min(5, this.poll_failures - 1)));
		return jitter(Math.max(document.hidden ? POLL_HIDDEN_MS : POLL_MS, 10 * this.poll_took));
	}

	async #poll(signal) {
		const since = Date.now();

		try {
			const overview = await this.api.overview({ signal });
			this.poll_failures = 0;
			this.poll_took = Date.now() - since;
			this.#overview(overview);
			if (this.state !== "polling")
				this.#tell("polling");
			return true;
		} catch (error) {
			if (signal.aborted)
				return false;
			if (error instanceof Fault && error.status === 401)
				throw error;
			this.poll_failures++;
			if (this.state !== "waiting")
				this.#tell("waiting");
			return false;
		}
	}

	#overview(overview) {
		this.whole = !overview.next;
		this.counted = Date.now();
		this.emit({ type: "overview", ...overview });
	}

	// Counts are asked for after what may have changed them.
	#recount() {
		if (this.whole || this.counting)
			return;
		this.counting = setTimeout(async () => {
			this.counting = null;
			this.counted = Date.now();
			try {
				this.emit({ type: "counts", counts: await this.api.counts(this.signal) });
			} catch { /* the next change asks again */ }
		}, Math.max(0, this.counted + COUNT_MS - Date.now()));
	}

	// A stream begins with the newest tasks. The others are asked for, and those that run are looked at again: what they
	// count is told of those only that the stream knows.
	async #look(followed) {
		try {
			const overview = await this.api.overview({ signal: this.signal });

			this.#overview(overview);
			if (overview.open.some(({ id, state }) => state === "active" && !followed.has(id)))
				this.#lookLater(followed);
		} catch {
			if (!this.signal.aborted)
				this.#lookLater(followed);
		}
	}

	#lookLater(followed) {
		clearTimeout(this.looking);
		this.looking = setTimeout(() => this.#look(followed), jitter(LOOK_MS));
	}

	#daemon(up) {
		if (up === this.up)
			return;
		this.up = up;
		this.emit({ type: "daemon", up });
	}

	#sleep(ms) {
		return new Promise((resolve) => {
			const timer = ms < 2 ** 31 ? setTimeout(resolve, Math.max(0, ms)) : null;
			this.#wake = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}

	// ---- The stream ---------------------------------------------------------

	#receive(events) {
		let changes = { type: "changes", tasks: [], gone: [] };
		const flush = () => {
			if (changes.tasks.length + changes.gone.length > 0) {
				this.emit(changes);
				this.#recount();
			}
			changes = { type: "changes", tasks: [], gone: [] };
		};

		for (const { event, data, retry } of events) {
			if (retry !== undefined)
				this.retry = Math.min(RETRY_MAX_MS, Math.max(500, retry));
			else if (event === "update" || event === "end")
				changes.tasks.push(JSON.parse(data));
			else if (event === "gone")
				changes.gone.push(JSON.parse(data).id);
			else if (event === "snapshot") {
				flush();
				this.#snapshot(JSON.parse(data));
			} else if (event === "unavailable")
				this.unavailable = true;
			else if (event === "daemon")
				this.#daemon(JSON.parse(data).up);
		}
		flush();
		this.emit({ type: "alive" });
	}

	#snapshot({ tasks, more }) {
		this.opened = true;
		clearTimeout(this.looking);
		this.#daemon(true);
		this.whole = !more;
		this.emit({ type: more ? "newest" : "snapshot", tasks, since: Date.now() });
		if (more)
			this.#look(new Set(tasks.map(({ id }) => id)));
		if (this.state !== "live")
			this.#tell("live");
	}
}
