// SPDX-License-Identifier: MIT
// Files from people: chosen, dropped anywhere on the page, or pasted.

const find = (id) => document.getElementById(id);

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;

export class Drop {
	// take(files); ready(): whether any are wanted now.
	constructor(take, ready) {
		this.take = take;
		this.ready = ready;
		this.depth = 0;
		find("choose").addEventListener("click", () => find("files").click());
		find("files").addEventListener("change", ({ target }) => {
			this.#give([...target.files]);
			target.value = ""; // the same file again is a change, too
		});
		addEventListener("dragenter", (event) => this.#over(event, 1));
		addEventListener("dragleave", (event) => this.#over(event, -1));
		addEventListener("dragover", (event) => {
			if (!carriesFiles(event))
				return;
			// Beside the zone as well: the browser would leave the page for the file.
			event.preventDefault();
			event.dataTransfer.dropEffect = this.ready() ? "copy" : "none";
		});
		addEventListener("drop", (event) => {
			if (!carriesFiles(event))
				return;
			event.preventDefault();
			this.#light(0);
			this.#give(this.#filesOf(event.dataTransfer));
		});
		addEventListener("paste", (event) => {
			if (event.clipboardData?.files.length > 0)
				this.#give([...event.clipboardData.files]);
		});
	}

	// A folder is no file; the browser offers it as one that cannot be read.
	#filesOf(transfer) {
		return [...transfer.items].filter((item) => item.kind === "file" && !item.webkitGetAsEntry?.()?.isDirectory)
			.map((item) => item.getAsFile()).filter(Boolean);
	}

	#give(files) {
		if (files.length > 0 && this.ready())
			this.take(files);
	}

	#over(event, by) {
		if (carriesFiles(event) && this.ready())
			this.#light(Math.max(0, this.depth + by));
	}

	#light(depth) {
		this.depth = depth;
		find("drop").classList.toggle("over", depth > 0);
	}
}
