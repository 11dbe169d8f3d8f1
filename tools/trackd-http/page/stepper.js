// SPDX-License-Identifier: MIT
// The stages of a task, ticking off: what each counted and how long it took.

import { el, setAttribute, setText } from "./dom.js";
import { amount, duration, title } from "./words.js";

const SPOKEN = { waiting: "not started", running: "in progress", done: "done", failed: "failed", cancelled: "cancelled" };

export class Stepper {
	constructor() {
		this.element = el("ol", { class: "stages", "aria-label": "Stages" });
		this.steps = [];
	}

	#step(name) {
		const icon = el("span", { class: "stage-icon", "aria-hidden": "true" });
		const spoken = el("span", { class: "visually-hidden" });
		const count = el("span", { class: "stage-count" });
		const time = el("span", { class: "stage-time" });
		const item = el("li", { class: "stage" }, icon, el("span", { class: "stage-name" }, title(name), spoken),
			el("span", { class: "stage-facts" }, count, time));

		return { item, spoken, count, time, name };
	}

	update(task, at) {
		const names = task.stages.map((stage) => stage.name).join("\n");

		this.task = task;
		this.at = at;
		if (names !== this.names) {
			this.names = names;
			this.steps = task.stages.map((stage) => this.#step(stage.name));
			this.element.replaceChildren(...this.steps.map((step) => step.item));
		}
		task.stages.forEach((stage, i) => {
			const step = this.steps[i];
			// The counts of the stage that runs are fresher in the task itself.
			const counts = task.stage?.index === i && stage.state === "running" ? task.stage : stage;

			setAttribute(step.item, "data-state", stage.state);
			setAttribute(step.item, "aria-current", stage.state === "running" ? "step" : null);
			setText(step.spoken, `, ${SPOKEN[stage.state] ?? stage.state}`);
			setText(step.count, amount(counts.done, counts.total));
		});
		this.tick(Date.now());
	}

	// Time passes in the stage that runs, also when nothing is told of it.
	tick(now) {
		this.task?.stages.forEach((stage, i) => {
			const grown = stage.state === "running" ? Math.max(0, now - this.at) : 0;

			setText(this.steps[i].time, stage.duration_ms === null ? "" : duration(stage.duration_ms + grown));
		});
	}
}
