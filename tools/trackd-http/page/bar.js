// SPDX-License-Identifier: MIT
// A progress bar.

import { el, setAttribute } from "./dom.js";

export class Bar {
	constructor(labelledby) {
		this.fill = el("span", { class: "bar-fill" });
		this.element = el("div", { class: "bar", role: "progressbar", "aria-labelledby": labelledby,
			"aria-valuemin": 0, "aria-valuemax": 100 }, this.fill);
	}

	// text: what is said besides the number.
	update(percent, text) {
		const whole = Math.max(0, Math.min(100, Math.floor(percent)));

		setAttribute(this.element, "aria-valuenow", whole);
		setAttribute(this.element, "aria-valuetext", text ? `${whole}%, ${text}` : `${whole}%`);
		// The style of an element may be set by a script; an attribute "style" is what the policy forbids.
		this.fill.style.setProperty("transform", `translateX(${Math.max(0, Math.min(100, percent)) - 100}%)`);
	}
}
