// SPDX-License-Identifier: MIT
// One stream of Server-Sent Events over fetch, since EventSource cannot send the token in a header.

// Lines of text/event-stream become {event, data, retry} or {comment: true}.
export class EventParser {
	constructor(deliver) {
		this.deliver = deliver;
		this.rest = "";
		this.clear();
	}

	clear() {
		this.event = "";
		this.data = [];
	}

	push(text) {
		// A CR at the end may be the first half of a CRLF.
		let whole = this.rest + text;
		const held = whole.endsWith("\r") ? "\r" : "";
		whole = held ? whole.slice(0, -1) : whole;
		const lines = whole.split(/\r\n|\n|\r/);
		this.rest = lines.pop() + held;
		for (const line of lines)
			this.line(line);
	}

	line(line) {
		if (line === "") {
			if (this.data.length > 0)
				this.deliver({ event: this.event || "message", data: this.data.join("\n") });
			this.clear();
			return;
		}
		const colon = line.indexOf(":");
		if (colon === 0) {
			this.deliver({ comment: true });
			return;
		}
		const field = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
		if (field === "event")
			this.event = value;
		else if (field === "data")
			this.data.push(value);
		else if (field === "retry" && /^\d+$/.test(value))
			this.deliver({ retry: Number(value) });
	}
}

// Nothing may be silent for longer: the server says something every 15 s.
const SILENCE_MS = 50000;
// A proxy that gathers answers would hold the first event back for ever.
const FIRST_MS = 10000;

// Open it and deliver what each piece brought, as a list, until it ends. Resolves when the server ends it; rejects with a
// Fault, or with what fetch() says when the connection breaks or is given up.
export const follow = async (api, deliver, signal) => {
	const ending = new AbortController();
	const stop = () => ending.abort();
	let timer;
	const expect = (ms) => {
		clearTimeout(timer);
		timer = setTimeout(stop, ms);
	};

	signal.addEventListener("abort", stop, { once: true });
	try {
		expect(FIRST_MS);
		const response = await api.ask("v1/events", { headers: { Accept: "text/event-stream" }, signal: ending.signal });
		if (!response.headers.get("Content-Type")?.startsWith("text/event-stream"))
			throw new Error("no stream of events");
		let events = [];
		const parser = new EventParser((event) => events.push(event));
		const reader = response.body.getReader();
		const decoder = new TextDecoder();
		for (;;) {
			const { done, value } = await reader.read();
			if (done)
				return;
			expect(SILENCE_MS);
			parser.push(decoder.decode(value, { stream: true }));
			deliver(events);
			events = [];
		}
	} finally {
		clearTimeout(timer);
		signal.removeEventListener("abort", stop);
		ending.abort();
	}
};
