// SPDX-License-Identifier: MIT
// A task that has ended, folded to a row that opens.

import { el, setAttribute, setText, show } from "./dom.js";
import { Notes } from "./notes.js";
import { Stepper } from "./stepper.js";
import { duration, failure, moment, nameOf, title } from "./words.js";

const took = (task) => {
	const ms = Date.parse(task.finished_at) - Date.parse(task.started_at);
	return Number.isFinite(ms) ? duration(ms) : "";
};

export class Row {
	// forget(id)
	constructor({ forget }) {
		this.icon = el("span", { class: "row-icon", "aria-hidden": "true" });
		this.name = el("span", { class: "row-name" });
		this.outcome = el("span", { class: "row-outcome" });
		this.time = el("span", { class: "row-time" });
		this.why = el("span", { class: "row-why" });
		this.summary = el("summary", { class: "row-head" }, this.icon, this.name, this.outcome, this.time, this.why);
		this.message = el("p", { class: "message" });
		this.advice = el("p", { class: "failure-advice" });
		this.facts = el("p", { class: "facts" });
		this.fault = el("p", { class: "fault", role: "alert" });
		this.stepper = new Stepper();
		this.notes = new Notes();
		this.remove = el("button", { type: "button", class: "quiet" }, "Remove from the list");
		this.details = el("details", { class: "row" }, this.summary,
			el("div", { class: "row-body" }, this.message, this.advice, this.notes.element, this.stepper.element, el("div", { class: "row-foot" }, this.facts, this.remove), this.fault));
		this.element = el("li", {}, this.details);
		this.fault.hidden = true;
		this.remove.addEventListener("click", () => forget(this.task.id));
	}

	update({ task, at }) {
		const found = failure(task);
		const when = moment(task.finished_at ?? task.updated_at);

		this.task = task;
		setAttribute(this.details, "data-state", task.state);
		setText(this.name, nameOf(task));
		setText(this.outcome, title(task.state));
		setText(this.time, [took(task), when].filter(Boolean).join(" · "));
		setText(this.why, found ? `${found.where}: ${found.what}` : "");
		show(this.why, found !== null);
		setText(this.message, task.message);
		show(this.message, task.message !== "" && !found);
		setText(this.advice, found?.advice ?? "");
		show(this.advice, Boolean(found?.advice));
		setText(this.facts, `Submitted ${moment(task.created_at)} · ${task.id}`);
		setAttribute(this.remove, "aria-label", `Remove from the list: ${nameOf(task)}`);
		this.notes.update(task);
		this.stepper.update(task, at);
	}

	say(text) {
		setText(this.fault, text);
		show(this.fault, text !== "");
	}
}
