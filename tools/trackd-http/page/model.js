// SPDX-License-Identifier: MIT
// The user's tasks as this tab knows them. What is older than what is known is passed over.

// Whether a is about a later moment than b, or the same. The same id may be used again: then the newer task counts.
const isCurrent = (a, b) => a.created_at > b.created_at || (a.created_at === b.created_at && a.revision >= b.revision);

export class Model {
	#listeners = [];

	constructor() {
		this.entries = new Map(); // id: {task, at}; at: when it was received, by Date.now()
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

	merge(task, at = Date.now()) {
		const before = this.entries.get(task.id)?.task ?? null;

		if (!before || isCurrent(task, before))
			this.#set(task, before, at);
	}

	#set(task, before, at) {
		this.entries.set(task.id, { task, at });
		this.#changed(task.id, before, task);
	}

	remove(id) {
		const entry = this.entries.get(id);

		if (!entry)
			return;
		this.entries.delete(id);
		this.#changed(id, entry.task, null);
	}

	// All there is, as it was at a moment: what has come in since stays. Anything older counts no more, even if it seems newer:
	// a board that was restored after a power failure has gone back.
	replace(tasks, since) {
		const kept = new Set(tasks.map((task) => task.id));

		for (const [id, entry] of [...this.entries])
			if (!kept.has(id) && entry.at < since)
				this.remove(id);
		for (const task of tasks) {
			const entry = this.entries.get(task.id);

			if (entry && entry.at >= since)
				this.merge(task, since);
			else
				this.#set(task, entry?.task ?? null, since);
		}
	}

	clear() {
		for (const id of [...this.entries.keys()])
			this.remove(id);
	}
}
