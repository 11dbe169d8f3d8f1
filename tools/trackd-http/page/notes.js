// SPDX-License-Identifier: MIT
// What there is beside a task's message: its result, what it was doing before it ended, and its labels.

import { el, setText, show } from "./dom.js";
import { before } from "./words.js";

export class Notes {
	constructor() {
		this.result = el("p", { class: "result" });
		this.last = el("p", { class: "last" });
		this.tags = el("ul", { class: "tags", "aria-label": "Labels" });
		this.element = el("div", { class: "notes" }, this.result, this.last, this.tags);
	}

	update(task) {
		const last = before(task);
		const labels = Object.entries(task.labels ?? {}).map(([key, value]) => (value === "" ? key : `${key}: ${value}`));

		setText(this.result, task.result ?? "");
		show(this.result, Boolean(task.result));
		setText(this.last, last);
		show(this.last, last !== "");
		// A task's labels never change; but another task may come to have the id.
		if (labels.join("\n") !== this.labels) {
			this.labels = labels.join("\n");
			this.tags.replaceChildren(...labels.map((text) => el("li", { class: "tag", title: text }, text)));
		}
		show(this.tags, labels.length > 0);
		show(this.element, Boolean(task.result) || last !== "" || labels.length > 0);
	}
}
