// SPDX-License-Identifier: MIT
// The wording of times, amounts, stages and errors.

const plural = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

export const documents = (n) => plural(n, "document");

// A duration that has passed.
export const duration = (ms) => {
	const s = Math.max(0, ms) / 1000;

	if (s < .05)
		return "< 0.1 s";
	if (s < 9.95)
		return `${s.toFixed(1)} s`;
	if (s < 59.5)
		return `${Math.round(s)} s`;
	const total = Math.round(s);
	if (total < 3600)
		return `${Math.floor(total / 60)} min ${String(total % 60).padStart(2, "0")} s`;
	return `${Math.floor(total / 3600)} h ${String(Math.floor(total / 60) % 60).padStart(2, "0")} min`;
};

// A remaining duration, rounded because it is an estimate.
export const left = (seconds) => {
	if (seconds < 1.5)
		return "a moment left";
	if (seconds < 60)
		return `about ${seconds < 10 ? Math.round(seconds) : Math.round(seconds / 5) * 5} s left`;
	if (seconds < 3600)
		return `about ${Math.round(seconds / 60)} min left`;
	return `about ${(seconds / 3600).toFixed(1)} h left`;
};

export const size = (bytes) => {
	const units = ["B", "kB", "MB", "GB", "TB"];
	let i = 0, n = bytes;

	for (; n >= 999.5 && i < units.length - 1; i++)
		n /= 1000;
	return `${i > 0 && n < 9.95 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
};

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const moment = (rfc3339) => {
	const date = new Date(rfc3339);

	if (Number.isNaN(date.getTime()))
		return "";
	return (date.toDateString() === new Date().toDateString() ? clock : dayAndClock).format(date);
};

export const amount = (done, total) => {
	if (total)
		return done >= total ? total.toLocaleString("en") : `${done.toLocaleString("en")} of ${total.toLocaleString("en")}`;
	return done > 0 ? done.toLocaleString("en") : "";
};

// A stage or a state, as a heading.
export const title = (name) => {
	const text = name.replace(/[_-]+/g, " ").trim();
	return text.charAt(0).toUpperCase() + text.slice(1);
};

export const nameOf = (task) => task.name || task.id;

// What went wrong, where, and what can be done: {what, where, advice}.
export const failure = (task) => {
	const { error, stages, stage } = task;

	if (!error)
		return null;
	const at = error.stage ?? stage?.name ?? null;
	const found = stages.find((one) => one.name === at);
	const count = found && found.total ? `, at ${found.done.toLocaleString("en")} of ${found.total.toLocaleString("en")}` : "";
	const advice = task.worker?.exit?.out_of_memory
		? "The program that was processing it ran out of memory. Upload the document again; if the problem persists, split it."
		: {
			worker_lost: "The program that was processing it ended unexpectedly. Upload the document again; if the problem persists, the document may be too large or damaged.",
			host_restart: "The server was restarted. Upload the document again.",
			timed_out: "It took longer than it may. Upload the document again; if the problem persists, the document may be too large.",
		}[error.reason] ?? adviceFor(error.message ?? "");
	return {
		what: error.message || "Processing failed",
		where: at ? `${task.state === "cancelled" ? "Cancelled" : "Failed"} while ${at.replace(/[_-]+/g, " ")}${count}` : "Failed before the first stage",
		advice,
	};
};

// What a task was doing when it failed or was cancelled.
export const before = (task) => (task.last_message ? `Before: ${task.last_message} (${task.last_progress}%)` : "");

const adviceFor = (message) => {
	if (message.startsWith("Unsupported file type"))
		return "Save it as PDF, Word (.docx), Markdown or plain text, and upload that file.";
	if (message === "Document appears to be empty")
		return "It contains no readable text. A scan needs text recognition first.";
	return "";
};

// An error response of the server.
export const fault = (status, detail, after) => {
	const again = after > 0 ? ` Try again in ${plural(after, "second")}.` : " Try again in a moment.";

	switch (status) {
	case 0: return "The server cannot be reached. Check your connection; nothing is lost.";
	case 401: return "Your token is no longer accepted. Sign in with a new one.";
	case 403: return "You are not allowed to do this.";
	case 404: return "It no longer exists.";
	case 409: return detail === "The task is final" ? "It has already finished." : detail || "Its current state does not allow this.";
	case 400: return detail ? `${detail}.` : "The server did not understand the request. Reload the page and try again.";
	case 413: return "The file is larger than this server accepts. Split it, or ask the operator for a higher limit.";
	case 415: return `${detail || "This file type is not supported"}. Choose a PDF, Word (.docx), Markdown or plain text file.`;
	case 408: return "The upload took too long. Try again on a faster connection.";
	case 429: return `Too many requests.${again}`;
	case 507: return "The server has no space for more documents. Try again later, or contact its operator.";
	case 502: case 503: case 504: return `The server is busy or restarting.${again}`;
	default: return status >= 500 ? `The server reported an error (${status}). Try again later; if the problem persists, contact its operator.` : `${detail || `The server responded with ${status}`}.`;
	}
};
