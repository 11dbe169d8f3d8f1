// SPDX-License-Identifier: MIT
// Final tasks beyond the newest ones: as far back as the reader has asked for, for each filter on its own.

const PAGE = 200;
const NOW = "9"; // later than any time of creation

const STATES = { all: "final", completed: "completed", failed: "failed", cancelled: "cancelled" };

const earlier = (a, b) => (a < b ? a : b);

export class History {
	constructor(api, model, signal) {
		this.api = api;
		this.model = model;
		this.signal = signal;
		this.places = {}; // state: {after, next}: those created after are known; next: the token there, null at the end
		this.held = {}; // state: what was known before the list began anew, and is shown until it is known again
	}

	// The newest ones, as an overview has them. What was known beyond them may have gone meanwhile.
	begin(tasks, next, since) {
		for (const [state, { after }] of Object.entries(this.places))
			this.held[state] = earlier(after, this.held[state] ?? NOW);
		this.places = {};
		this.#add("final", tasks, next, since);
	}

	// Goes on where a list has got to. Tasks created in the same millisecond may be on both sides of it.
	#add(state, tasks, next, since) {
		const before = this.places[state]?.after ?? NOW;
		const after = next ? tasks.at(-1)?.created_at ?? before : "";

		this.model.cover(tasks, since, (task) => task.done && (state === "final" || task.state === state) && task.created_at < before, after);
		this.places[state] = { after, next };
		if (state in this.held && after <= this.held[state])
			delete this.held[state];
	}

	// What a filter shows was created after this, or then.
	after(filter) {
		const state = STATES[filter];

		return this.model.whole ? "" : [this.places.final?.after, this.places[state]?.after, this.held.final, this.held[state]]
			.reduce((first, after) => earlier(first, after ?? NOW), NOW);
	}

	// Whether a filter has more than is known.
	more(filter) {
		return filter in STATES && !this.model.whole && this.places.final?.next !== null && this.places[STATES[filter]]?.next !== null;
	}

	// Whether what a filter shows has to be asked for again.
	behind(filter) {
		return this.more(filter) && STATES[filter] in this.held;
	}

	// Rejects with a Fault.
	async load(filter) {
		const state = STATES[filter];
		const since = Date.now();
		const place = this.places[state];
		const { tasks, next } = await this.api.list({ state, size: PAGE, token: place?.next ?? null, signal: this.signal });

		// A list that has begun anew meanwhile is at another place.
		if (this.places[state] === place)
			this.#add(state, tasks, next, since);
	}
}
