// SPDX-License-Identifier: MIT
// Requests with the token. Every failure is a Fault that says in words what to do.

import { fault } from "./words.js";

const PAGE = 500; // the largest that the server gives
const FIRST = 50; // of each list, before anything is shown

export class Fault extends Error {
	constructor(status, detail = "", after = 0) {
		super(fault(status, detail, after));
		this.status = status;
		this.detail = detail;
		this.after = after;
	}
}

// Below the folder that the page is in, so that a proxy may move it.
const address = (path) => new URL(path, document.baseURI).href;

const detailOf = (text) => {
	try {
		const body = JSON.parse(text);
		return typeof body.detail === "string" ? body.detail : typeof body.title === "string" ? body.title : "";
	} catch {
		return "";
	}
};

const afterOf = (value) => {
	const seconds = Number.parseInt(value ?? "", 10);
	return Number.isFinite(seconds) ? seconds : 0;
};

export class Api {
	constructor(token) {
		this.token = token;
	}

	// A response that is good, or a Fault.
	async ask(path, { method = "GET", headers = {}, signal } = {}) {
		let response;
		try {
			response = await fetch(address(path), {
				method, signal, headers: { Authorization: `Bearer ${this.token}`, ...headers },
				cache: "no-store", credentials: "omit", redirect: "error",
			});
		} catch (error) {
			if (signal?.aborted)
				throw error;
			throw new Fault(0);
		}
		if (response.ok)
			return response;
		const text = await response.text().catch(() => "");
		throw new Fault(response.status, detailOf(text), afterOf(response.headers.get("Retry-After")));
	}

	async json(path, options) {
		const response = await this.ask(path, options);
		try {
			return await response.json();
		} catch (error) {
			if (options?.signal?.aborted)
				throw error;
			throw new Fault(0);
		}
	}

	task(id) {
		return this.json(`v1/tasks/${encodeURIComponent(id)}`);
	}

	// How many of the user's tasks there are in each state.
	counts(signal) {
		return this.json("v1/task-counts", { signal });
	}

	// Tasks of a state, newest first, from a token on, until `size` are found or the list ends: {tasks, next}. A page may be
	// short, or empty, although more follows.
	async list({ state, size, token = null, signal }) {
		const tasks = [];
		let next = token;
		do {
			const query = new URLSearchParams({ state, page_size: String(Math.min(PAGE, size - tasks.length)) });
			if (next)
				query.set("page_token", next);
			const page = await this.json(`v1/tasks?${query}`, { signal });
			tasks.push(...page.tasks);
			next = page.next_page_token;
		} while (next && tasks.length < size);
		return { tasks, next };
	}

	// What is shown before anything is asked for: how many there are, all that are open, the newest final ones.
	// {counts, open, final, next, since}. partly(the same): as soon as the first open ones are there, and those that run.
	async overview({ signal, partly = () => {} } = {}) {
		const since = Date.now();
		const [counts, first, { tasks: final, next }] = await Promise.all([
			this.counts(signal), this.list({ state: "open", size: FIRST, signal }), this.list({ state: "final", size: FIRST, signal }),
		]);
		if (!first.next)
			return { counts, open: first.tasks, final, next, since };
		partly({ counts, open: first.tasks, final, next, since });
		// Many wait: what runs may be behind them all.
		const running = await this.list({ state: "active", size: FIRST, signal });
		partly({ counts, open: [...first.tasks, ...running.tasks], final, next, since });
		const rest = await this.list({ state: "open", size: Infinity, token: first.next, signal });
		return { counts, open: [...first.tasks, ...rest.tasks], final, next, since };
	}

	cancel(id) {
		return this.json(`v1/tasks/${encodeURIComponent(id)}/cancel`, { method: "POST" });
	}

	async forget(id) {
		await this.ask(`v1/tasks/${encodeURIComponent(id)}`, { method: "DELETE" });
	}

	// Only XMLHttpRequest tells how much of a body has gone. Resolves with the document's status.
	upload(file, { progress, signal }) {
		return new Promise((resolve, reject) => {
			const request = new XMLHttpRequest();
			const form = new FormData();

			form.append("file", file, file.name);
			request.open("POST", address("documents"));
			request.setRequestHeader("Authorization", `Bearer ${this.token}`);
			request.upload.addEventListener("progress", (event) => progress(event.loaded, event.lengthComputable ? event.total : file.size));
			request.addEventListener("load", () => {
				const fail = () => reject(new Fault(request.status, detailOf(request.responseText), afterOf(request.getResponseHeader("Retry-After"))));
				if (request.status < 200 || request.status > 299)
					return fail();
				try {
					resolve(JSON.parse(request.responseText));
				} catch {
					fail();
				}
			});
			request.addEventListener("error", () => reject(new Fault(0)));
			request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
			signal.addEventListener("abort", () => request.abort());
			request.send(form);
		});
	}
}
