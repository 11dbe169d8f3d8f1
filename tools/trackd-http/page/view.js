// SPDX-License-Identifier: MIT
// The lists: what is in progress as cards, what has ended as rows; filter and search.

import { TaskCard, UploadCard } from "./card.js";
import { arrange, el, setAttribute, setText, show } from "./dom.js";
import { Row } from "./row.js";
import { documents, nameOf, title } from "./words.js";

// How long an end is shown in its place before it folds.
const LINGER_MS = 6000;
const HOVER_MS = 30000;
const ROWS = 50;

const FILTERS = { all: "All", active: "Active", completed: "Completed", failed: "Failed", cancelled: "Cancelled" };

const kindOf = (task) => (task.done ? task.state : "active");

const newestFirst = (a, b) => (a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : a.id < b.id ? 1 : -1);

const find = (id) => document.getElementById(id);

export class View {
	// actions: cancel, forget (of tasks), stop, again (of uploads)
	constructor(model, actions) {
		this.model = model;
		this.actions = actions;
		this.cards = new Map(); // id: TaskCard
		this.rows = new Map(); // id: Row
		this.uploads = new Map(); // upload: UploadCard
		this.folding = new Map(); // id: when it may fold
		this.dirty = new Set(); // ids whose card is behind
		this.rearrange = true;
		this.filter = "all";
		this.words = [];
		this.most = ROWS;
		this.known = false; // whether the tasks have been heard of at all
		this.#controls();
		model.onChange((id, before, after) => this.#changed(id, before, after));
	}

	#controls() {
		this.counts = {};
		find("filter").append(...Object.entries(FILTERS).map(([value, text]) => {
			const input = el("input", { type: "radio", name: "filter", value, id: `filter-${value}`, checked: value === "all" });
			const count = el("span", { class: "count" });

			this.counts[value] = count;
			input.addEventListener("change", () => this.#set({ filter: value }));
			return el("span", { class: "choice" }, input, el("label", { for: `filter-${value}` }, text, " ", count));
		}));
		find("search").addEventListener("input", (event) => {
			this.#set({ words: event.target.value.toLowerCase().split(/\s+/).filter(Boolean) });
		});
		find("more").addEventListener("click", () => this.#set({ most: this.most + ROWS }));
	}

	#set(values) {
		Object.assign(this, { most: ROWS }, values);
		this.#layout();
		this.#draw();
	}

	#changed(id, before, after) {
		if (!after) {
			this.cards.delete(id);
			this.rows.delete(id);
			this.folding.delete(id);
			this.dirty.delete(id);
			this.rearrange = true;
		} else {
			this.dirty.add(id);
			if (before && !before.done && after.done && this.cards.has(id))
				this.folding.set(id, Date.now() + LINGER_MS);
			if (!before || before.state !== after.state || before.created_at !== after.created_at)
				this.rearrange = true;
		}
		this.schedule();
	}

	upload(upload, present) {
		if (!present)
			this.uploads.delete(upload);
		else if (this.uploads.has(upload)) {
			this.uploads.get(upload).update();
			return;
		} else
			this.uploads.set(upload, new UploadCard(upload, this.actions));
		this.#layout();
		this.#draw();
	}

	// Drawn once a frame; hidden pages have no frames.
	schedule() {
		if (this.scheduled)
			return;
		this.scheduled = true;
		const draw = () => {
			this.scheduled = false;
			this.#draw();
		};
		if (document.hidden)
			setTimeout(draw, 250);
		else
			requestAnimationFrame(draw);
	}

	#draw() {
		if (this.rearrange)
			this.#layout();
		for (const id of this.dirty) {
			const shown = this.cards.get(id) ?? this.rows.get(id);

			if (shown)
				shown.update(this.model.get(id));
		}
		this.dirty.clear();
	}

	// ---- What is where ------------------------------------------------------

	#matches(text) {
		return this.words.every((word) => text.includes(word));
	}

	#wanted(task) {
		if (this.filter !== "all" && kindOf(task) !== this.filter)
			// What has just ended stays until it folds.
			if (!(this.filter === "active" && this.folding.has(task.id)))
				return false;
		return this.words.length === 0 || this.#matches(`${nameOf(task)} ${task.message} ${task.error?.message ?? ""} ${task.status} ${task.id}`.toLowerCase());
	}

	#layout() {
		const all = this.model.tasks().sort(newestFirst);
		const wanted = all.filter((task) => this.#wanted(task));
		const asCard = (task) => !task.done || this.folding.has(task.id);
		const active = wanted.filter(asCard), final = wanted.filter((task) => !asCard(task));
		const uploads = this.filter === "all" || this.filter === "active"
			? [...this.uploads.values()].filter((card) => this.#matches(card.upload.file.name.toLowerCase())) : [];

		this.rearrange = false;
		arrange(find("active"), [...uploads.map((card) => card.element).reverse(), ...active.map((task) => this.#card(task.id).element)]);
		arrange(find("final"), final.slice(0, this.most).map((task) => this.#row(task.id).element));
		this.#headings(all, uploads.length + active.length, final.length);
	}

	#headings(all, active, final) {
		const running = all.filter((task) => !task.done).length;

		for (const [value, element] of Object.entries(this.counts)) {
			const n = value === "all" ? all.length : all.filter((task) => kindOf(task) === value).length;
			setText(element, n > 0 ? n.toLocaleString("en") : "");
		}
		setText(find("active-count"), active > 0 ? active.toLocaleString("en") : "");
		setText(find("final-count"), final > 0 ? final.toLocaleString("en") : "");
		show(find("active-section"), active > 0);
		show(find("final-section"), final > 0);
		show(find("more"), final > this.most);
		setText(find("more"), `Show more of the ${documents(final)}`);
		show(find("empty"), active + final === 0 && this.known);
		setText(find("empty"), all.length === 0 ? "No documents yet. What you upload appears here and is followed until it is done." : "No document matches.");
		document.title = running > 0 ? `(${running}) Documents · trackd` : "Documents · trackd";
	}

	#card(id) {
		let card = this.cards.get(id);

		if (!card) {
			card = new TaskCard({ cancel: (task) => this.actions.cancel(task), fold: (task) => this.#fold(task, true) });
			this.cards.set(id, card);
			card.update(this.model.get(id));
		}
		return card;
	}

	#row(id) {
		let row = this.rows.get(id);

		this.cards.delete(id);
		if (!row) {
			row = new Row({ forget: (task) => this.actions.forget(task) });
			this.rows.set(id, row);
			row.update(this.model.get(id));
		}
		return row;
	}

	// ---- Folding ------------------------------------------------------------

	#fold(id, focus) {
		this.folding.delete(id);
		this.#layout();
		if (focus)
			(this.rows.get(id)?.summary ?? find("documents")).focus();
	}

	// Each second. Nothing folds away under the focus, nor at once under a pointer, which may have been left there.
	tick(now) {
		for (const card of this.cards.values())
			card.tick(now);
		for (const [id, when] of this.folding) {
			const element = this.cards.get(id)?.element;

			if (now >= when && !element?.matches(":focus-within") && (now >= when + HOVER_MS || !element?.matches(":hover")))
				this.#fold(id, false);
		}
	}

	// ---- For actions --------------------------------------------------------

	shown(id) {
		return this.cards.get(id) ?? this.rows.get(id);
	}

	// Before a row goes: where the focus is to be afterwards.
	focusBeside(id) {
		const item = this.rows.get(id)?.element;

		if (!item?.contains(document.activeElement))
			return;
		const beside = item.nextElementSibling ?? item.previousElementSibling;
		(beside?.querySelector("summary") ?? find("documents")).focus();
	}

	heard() {
		if (this.known)
			return;
		this.known = true;
		this.rearrange = true;
		this.schedule();
	}

	link(state, text) {
		setAttribute(find("link"), "data-state", state);
		setText(find("link-text"), text);
		show(find("link"), true);
	}
}
