// SPDX-License-Identifier: MIT
// The user's tasks as this tab knows them. What is older than what is known is passed over.

// Whether a is about a later moment than b, or the same. The same id may be used again: then the newer task counts.
const isCurrent = (a, b) => a.created_at > b.created_at || (a.created_at === b.created_at && a.revision >= b.revision);

export const OPEN = ["pending", "active"];
export const FINAL = ["completed", "failed", "cancelled"];

export class Model {
	#listeners = [];

	constructor() {
		this.entries = new Map(); // id: {task, at}; at: when it was received, by Date.now()
		this.known = {}; // state: how many of these
		this.counts = null; // state: how many there are, as the server has counted
		this.whole = false; // whether these are all
	}

	// listener(id, before, after), tasks or null.
	onChange(listener) {
		this.#listeners.push(listener);
	}

	#changed(id, before, after) {
		for (const listener of this.#listeners)
			listener(id, before, after);
	}

	get(id) {
		return this.entries.get(id);
	}

	tasks() {
		return [...this.entries.values()].map((entry) => entry.task);
	}

	// News of a task.
	merge(task, at = Date.now()) {
		const before = this.entries.get(task.id)?.task ?? null;

		if (before && !isCurrent(task, before))
			return;
		if (!before && this.counts)
			this.counts[task.state]++;
		this.#set(task, before, at);
	}

	#set(task, before, at) {
		this.entries.set(task.id, { task, at });
		this.#tally(before, task);
		this.#changed(task.id, before, task);
	}

	remove(id) {
		const entry = this.entries.get(id);

		if (!entry)
			return;
		this.entries.delete(id);
		this.#tally(entry.task, null);
		this.#changed(id, entry.task, null);
	}

	// What a list has said of a part of the tasks, as it was at a moment: those that are(task) of the part and were created
	// after `after`, or whenever. What has come in since stays. Anything older counts no more, even if it seems newer: a board
	// that was restored after a power failure has gone back.
	cover(tasks, since, are = () => true, after = "") {
		const kept = new Set(tasks.map((task) => task.id));

		for (const [id, { task, at }] of [...this.entries])
			if (!kept.has(id) && at < since && task.created_at > after && are(task))
				this.remove(id);
		for (const task of tasks) {
			const entry = this.entries.get(task.id);

			if (entry && entry.at >= since)
				this.merge(task, since);
			else
				this.#set(task, entry?.task ?? null, since);
		}
	}

	// All there is.
	replace(tasks, since) {
		this.cover(tasks, since);
		this.whole = true;
	}

	// ---- How many -----------------------------------------------------------

	// Between two counts of the server what is known to change is counted here.
	#tally(before, after) {
		if (before?.state === after?.state)
			return;
		for (const [task, by] of [[before, -1], [after, 1]])
			if (task)
				this.known[task.state] = (this.known[task.state] ?? 0) + by;
		if (before && this.counts) {
			this.counts[before.state] -= 1;
			if (after)
				this.counts[after.state] += 1;
		}
	}

	// In states: what the server has counted, unless all are known.
	count(...states) {
		const counts = this.whole || !this.counts ? this.known : this.counts;

		return states.reduce((sum, state) => sum + Math.max(0, counts[state] ?? 0), 0);
	}

	total() {
		return this.count(...OPEN, ...FINAL);
	}

	clear() {
		for (const id of [...this.entries.keys()])
			this.remove(id);
		this.counts = null;
		this.whole = false;
	}
}
