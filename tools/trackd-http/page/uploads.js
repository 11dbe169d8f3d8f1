// SPDX-License-Identifier: MIT
// Files on their way to the server: a few at a time, the others wait.

const AT_ONCE = 2;
const TRIES = 5;

export class Uploads {
	// changed(upload), done(upload, status): the server has taken it; refused(): it does not know us any more.
	constructor(api, { changed, done, refused }) {
		this.api = api;
		this.calls = { changed, done, refused };
		this.all = new Set();
	}

	add(files) {
		for (const file of files) {
			const upload = { file, state: "queued", loaded: 0, total: file.size, fault: "", tries: 0 };

			this.all.add(upload);
			this.calls.changed(upload);
		}
		this.#next();
	}

	again(upload) {
		upload.tries = 0;
		this.#set(upload, { state: "queued", loaded: 0, fault: "" });
		this.#next();
	}

	stop(upload) {
		this.all.delete(upload);
		upload.abort?.abort();
		clearTimeout(upload.timer);
		this.calls.changed(upload);
		this.#next();
	}

	stopAll() {
		for (const upload of [...this.all])
			this.stop(upload);
	}

	// Whether leaving the page would lose one.
	busy() {
		return [...this.all].some((upload) => upload.state !== "failed");
	}

	#set(upload, values) {
		Object.assign(upload, values);
		if (this.all.has(upload))
			this.calls.changed(upload);
	}

	#next() {
		let sending = 0;

		for (const upload of this.all)
			sending += upload.state === "sending";
		for (const upload of this.all)
			if (sending < AT_ONCE && upload.state === "queued") {
				sending++;
				this.#send(upload);
			}
	}

	async #send(upload) {
		upload.abort = new AbortController();
		upload.tries++;
		this.#set(upload, { state: "sending", loaded: 0, fault: "" });
		try {
			const progress = (loaded, total) => this.#set(upload, { loaded, total });
			const status = await this.api.upload(upload.file, { progress, signal: upload.abort.signal });

			this.all.delete(upload);
			this.calls.done(upload, status);
		} catch (error) {
			this.#failed(upload, error);
		}
		this.#next();
	}

	// A server that is busy or restarting has not taken it: that is tried again without being asked.
	#failed(upload, error) {
		if (!this.all.has(upload))
			return;
		if (error.status === 401)
			this.calls.refused();
		if ((error.status === 429 || error.status === 503) && upload.tries < TRIES) {
			const seconds = Math.max(1, error.after) + Math.random();

			this.#set(upload, { state: "waiting", fault: `The server is busy; trying again in ${Math.round(seconds)} s` });
			upload.timer = setTimeout(() => {
				this.#set(upload, { state: "queued" });
				this.#next();
			}, seconds * 1000);
			return;
		}
		// A server that refuses what is too large may close before the browser has heard why.
		const lost = error.status === 0 && upload.loaded > 0 && upload.loaded < upload.total;
		this.#set(upload, { state: "failed", fault: lost
			? "The connection was lost during the upload. Try again; the file may be larger than this server accepts."
			: error.message });
	}
}
