// SPDX-License-Identifier: MIT
// What a screen reader hears: starts, stages and ends, not percentages; the latest of each document, few at a time.

import { setText } from "./dom.js";
import { documents, failure, nameOf } from "./words.js";

const PAUSE_MS = 4000;
const AT_ONCE = 3;

const sentence = (before, task) => {
	if (task.state === "failed")
		return `${nameOf(task)} failed: ${failure(task)?.what ?? task.message}`;
	if (task.state === "completed" || task.state === "cancelled")
		return `${nameOf(task)} is ${task.state}`;
	if (task.stage && task.stage.name !== before?.stage?.name)
		return `${nameOf(task)}: ${task.stage.name}`;
	return "";
};

export class Announcer {
	constructor(element) {
		this.element = element;
		this.waiting = new Map();
		this.timer = null;
	}

	changed(id, before, after) {
		if (!after || (before && before.state === after.state && before.stage?.name === after.stage?.name))
			return;
		const text = sentence(before, after);
		if (text)
			this.say(text, id, after.done);
	}

	// The latest about one thing counts. Ends are said first.
	say(text, about = text, urgent = false) {
		this.waiting.delete(about);
		this.waiting.set(about, { text, urgent });
		if (this.timer === null)
			this.timer = setTimeout(() => this.#flush(), 300);
	}

	#flush() {
		const all = [...this.waiting.values()].sort((a, b) => b.urgent - a.urgent);
		const said = all.slice(0, AT_ONCE).map(({ text }) => `${text}.`);

		this.waiting.clear();
		if (all.length > AT_ONCE)
			said.push(`${documents(all.length - AT_ONCE)} more changed.`);
		setText(this.element, said.join(" "));
		this.timer = setTimeout(() => {
			this.timer = null;
			if (this.waiting.size > 0)
				this.#flush();
		}, PAUSE_MS);
	}
}
