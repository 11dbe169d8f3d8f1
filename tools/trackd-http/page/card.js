// SPDX-License-Identifier: MIT
// Cards of what is in progress: a task, and a file that is on its way to the server.

import { Bar } from "./bar.js";
import { el, setAttribute, setText, show, uniqueId } from "./dom.js";
import { Notes } from "./notes.js";
import { Stepper } from "./stepper.js";
import { amount, failure, left, nameOf, size, title } from "./words.js";

const frame = (label) => {
	const id = uniqueId("name");
	const name = el("h3", { class: "name", id }, label);
	const percent = el("span", { class: "percent", "aria-hidden": "true" });
	const button = el("button", { type: "button", class: "quiet" });
	const bar = new Bar(id);
	const message = el("p", { class: "message" });
	const rest = el("p", { class: "rest" });
	const fault = el("p", { class: "fault", role: "alert" });
	const article = el("article", { class: "card", "aria-labelledby": id },
		el("div", { class: "card-head" }, name, percent, button), bar.element,
		el("div", { class: "card-line" }, message, rest), fault);

	fault.hidden = true;
	return { element: el("li", {}, article), article, name, percent, button, bar, message, rest, fault };
};

const spokenButton = (button, text, name) => {
	setText(button, text);
	setAttribute(button, "aria-label", `${text}: ${name}`);
};

// ---- A task -----------------------------------------------------------------

export class TaskCard {
	// cancel(id), fold(id)
	constructor({ cancel, fold }) {
		Object.assign(this, frame(""));
		this.stepper = new Stepper();
		this.notes = new Notes();
		this.failure = el("div", { class: "failure" }, el("p", { class: "failure-where" }), el("p", { class: "failure-what" }),
			el("p", { class: "failure-advice" }));
		this.failure.hidden = true;
		this.article.append(this.failure, this.notes.element, this.stepper.element);
		this.button.addEventListener("click", () => (this.task.done ? fold(this.task.id) : cancel(this.task.id)));
	}

	update({ task, at }) {
		const stage = task.stage ? `${title(task.stage.name)}${task.stage.total ? `, ${amount(task.stage.done, task.stage.total)}` : ""}` : "";

		this.task = task;
		this.at = at;
		setAttribute(this.article, "data-state", task.state);
		setText(this.name, nameOf(task));
		setAttribute(this.name, "title", nameOf(task));
		setText(this.percent, task.state === "active" || task.state === "completed" ? `${task.progress}%` : title(task.state));
		this.bar.update(task.progress, task.state === "active" ? stage : title(task.state));
		setText(this.message, task.message);
		this.notes.update(task);
		this.stepper.update(task, at);
		this.#button();
		this.#failure();
		this.tick(Date.now());
	}

	#button() {
		const { task, button } = this;
		const cancelling = !task.done && (task.cancel !== null || this.asked);

		spokenButton(button, task.done ? "Collapse" : cancelling ? "Cancelling…" : "Cancel", nameOf(task));
		// Not "disabled", which would lose the focus.
		setAttribute(button, "aria-disabled", cancelling ? "true" : null);
	}

	#failure() {
		const found = failure(this.task);

		show(this.failure, found !== null);
		if (!found)
			return;
		[found.where, found.what, found.advice].forEach((text, i) => {
			setText(this.failure.children[i], text);
			show(this.failure.children[i], text !== "");
		});
	}

	// What was asked for is shown before the server has told all about it.
	asking(asked) {
		this.asked = asked;
		this.#button();
	}

	say(text) {
		setText(this.fault, text);
		show(this.fault, text !== "");
	}

	tick(now) {
		const { task } = this;
		const seconds = task.eta && !task.done ? task.eta.seconds - (now - this.at) / 1000 : null;

		setText(this.rest, seconds === null ? "" : left(seconds));
		this.stepper.tick(now);
	}
}

// ---- A file that is sent ----------------------------------------------------

export class UploadCard {
	// stop(upload), again(upload)
	constructor(upload, { stop, again }) {
		Object.assign(this, frame(upload.file.name));
		this.upload = upload;
		this.again = el("button", { type: "button", class: "quiet again" }, "Try again");
		setAttribute(this.again, "aria-label", `Try again: ${upload.file.name}`);
		this.button.before(this.again);
		this.button.addEventListener("click", () => stop(upload));
		this.again.addEventListener("click", () => again(upload));
		this.article.classList.add("upload");
		this.update();
	}

	update() {
		const { state, file, loaded, total, fault } = this.upload;
		const percent = total > 0 ? Math.min(100, (100 * loaded) / total) : 0;
		const messages = {
			queued: "Waiting to be uploaded",
			sending: loaded < total ? `Uploading, ${size(Math.min(loaded, file.size))} of ${size(file.size)}` : "Uploaded; submitting",
			waiting: fault,
			failed: "Not uploaded",
		};

		this.state = state;
		setAttribute(this.article, "data-state", state);
		setText(this.percent, state === "failed" ? "Failed" : `${Math.floor(percent)}%`);
		this.bar.update(percent, state === "failed" ? "not uploaded" : "uploading");
		setText(this.message, messages[state] ?? "");
		setText(this.fault, state === "failed" ? fault : "");
		show(this.fault, state === "failed");
		show(this.again, state === "failed");
		spokenButton(this.button, state === "failed" ? "Dismiss" : "Cancel", file.name);
	}
}
