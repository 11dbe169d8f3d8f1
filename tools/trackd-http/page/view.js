// SPDX-License-Identifier: MIT
// The lists: what is in progress as cards, what has ended as rows; filter and search.

import { TaskCard, UploadCard } from "./card.js";
import { arrange, el, setAttribute, setText, show } from "./dom.js";
import { FINAL, OPEN } from "./model.js";
import { Row } from "./row.js";
import { documents, nameOf, title } from "./words.js";

// How long an end is shown in its place before it folds.
const LINGER_MS = 6000;
const HOVER_MS = 30000;
// How many cards and rows there are at first, and how many more each time they are asked for.
const CARDS = 20;
const ROWS = 50;
const MORE = 100;

const FILTERS = { all: "All", active: "Active", completed: "Completed", failed: "Failed", cancelled: "Cancelled" };
const STATES = { all: [...OPEN, ...FINAL], active: OPEN, completed: ["completed"], failed: ["failed"], cancelled: ["cancelled"] };

// What a search looks through.
const searched = (task) => [nameOf(task), task.message, task.error?.message ?? "", task.status, task.id, task.result ?? "",
	...Object.entries(task.labels ?? {}).map(([key, value]) => `${key}=${value} ${key}: ${value}`)].join(" ").toLowerCase();

const kindOf = (task) => (task.done ? task.state : "active");

const newestFirst = (a, b) => (a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : a.id < b.id ? 1 : -1);

// What runs before what waits.
const runningFirst = (a, b) => (b.state === "active") - (a.state === "active") || newestFirst(a, b);

// "50 of 12,340"
const part = (n, all) => (n < all ? `${n.toLocaleString("en")} of ${all.toLocaleString("en")}` : all > 0 ? all.toLocaleString("en") : "");

const find = (id) => document.getElementById(id);

export class View {
	// actions: cancel, forget (of tasks), stop, again (of uploads), more(filter, enough()): load final ones, history()
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
		this.most = { cards: CARDS, rows: ROWS };
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
		for (const [list, what] of [["active", "cards"], ["final", "rows"]])
			find(`${list}-more`).addEventListener("click", () => this.#showMore(list, what));
	}

	#set(values) {
		Object.assign(this, { most: { cards: CARDS, rows: ROWS } }, values);
		this.#layout();
		this.#draw();
		this.#fill();
	}

	// The focus is on the first one that has come if the button goes.
	async #showMore(list, what) {
		const before = find(list).children.length;

		this.most[what] += MORE;
		this.#layout();
		this.#draw();
		await this.#fill();
		if (find(`${list}-more`).hidden)
			find(list).children[before]?.querySelector("summary, button").focus();
	}

	// Rows that are to be seen and are not known are asked for. A search looks through what is known.
	async #fill() {
		const { filter } = this;

		if (this.known)
			await this.actions.more(filter, () => filter !== this.filter ||
				(!this.actions.history().behind(filter) && this.#known().length >= this.most.rows));
	}

	// Totals have changed.
	recount() {
		this.rearrange = true;
		this.schedule();
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
			const card = this.uploads.get(upload), before = card.state;

			card.update();
			if (card.state === before)
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
		return this.words.length === 0 || this.#matches(searched(task));
	}

	// Final tasks that a filter shows, of those that are known without a gap.
	#known() {
		const after = this.actions.history()?.after(this.filter) ?? "";

		return this.model.tasks().filter((task) => task.done && task.created_at >= after && !this.folding.has(task.id) &&
			(this.filter === "all" || task.state === this.filter));
	}

	#layout() {
		const active = this.model.tasks().filter((task) => (!task.done || this.folding.has(task.id)) && this.#wanted(task)).sort(runningFirst);
		const known = this.#known();
		const final = known.filter((task) => this.#wanted(task)).sort(newestFirst);
		const uploads = [...this.uploads.values()].filter((card) => this.#matches(card.upload.file.name.toLowerCase())).reverse();
		const going = uploads.filter((card) => card.upload.state !== "failed" && ["all", "active"].includes(this.filter));
		const refused = uploads.filter((card) => card.upload.state === "failed" && ["all", "failed"].includes(this.filter));
		const cards = [...going, ...active];

		this.rearrange = false;
		arrange(find("refused"), refused.slice(0, this.most.cards).map((card) => card.element));
		arrange(find("active"), cards.slice(0, this.most.cards).map((one) => (one instanceof UploadCard ? one : this.#card(one.id)).element));
		arrange(find("final"), final.slice(0, this.most.rows).map((task) => this.#row(task.id).element));
		this.#prune();
		setText(find("refused-count"), part(Math.min(refused.length, this.most.cards), refused.length));
		show(find("refused-section"), refused.length > 0);
		this.#headings({ cards, known, final, none: refused.length === 0 });
	}

	// What is not in the page any more is not kept up to date either.
	#prune() {
		for (const shown of [this.cards, this.rows])
			for (const [id, { element }] of shown)
				if (!element.isConnected)
					shown.delete(id);
	}

	#headings({ cards, known, final, none }) {
		const { model, filter } = this;
		const running = model.count(...OPEN);
		const folding = [...this.folding.keys()].filter((id) => STATES[filter].includes(model.get(id)?.task.state)).length;
		// Of those that there are; of a search, of those that were found.
		const all = this.words.length > 0 ? final.length : Math.max(final.length, model.count(...STATES[filter].filter((state) => FINAL.includes(state))) - folding);
		const more = this.actions.history()?.more(filter) ?? false;

		for (const [value, element] of Object.entries(this.counts)) {
			const n = model.count(...STATES[value]);
			setText(element, n > 0 ? n.toLocaleString("en") : "");
		}
		setText(find("active-count"), part(Math.min(cards.length, this.most.cards), cards.length));
		setText(find("final-count"), part(Math.min(final.length, this.most.rows), all));
		show(find("active-section"), cards.length > 0);
		show(find("active-more"), cards.length > this.most.cards);
		setText(find("active-more"), `Show more of the ${documents(cards.length)}`);
		show(find("final-section"), final.length > 0 || more);
		show(find("final-more"), final.length > this.most.rows || more);
		setText(find("final-more"), this.words.length > 0 && final.length <= this.most.rows
			? `Search more than ${known.length.toLocaleString("en")} of the ${documents(all === final.length ? model.count(...STATES[filter]) : all)}` : `Show more of the ${documents(all)}`);
		show(find("empty"), cards.length + final.length === 0 && none && !more && this.known);
		setText(find("empty"), model.total() === 0 ? "No documents yet. Uploaded documents appear here and are tracked until they are finished." : "No matching documents.");
		document.title = running > 0 ? `(${running.toLocaleString("en")}) Documents · trackd` : "Documents · trackd";
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

	// The tasks have been told of. What is wanted beyond them is asked for.
	heard() {
		this.known = true;
		this.recount();
		this.#fill();
	}

	link(state, text) {
		setAttribute(find("link"), "data-state", state);
		setText(find("link-text"), text);
		show(find("link"), true);
	}
}
