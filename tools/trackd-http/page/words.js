// SPDX-License-Identifier: MIT
// How times, amounts, stages and faults are said.

const plural = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

export const documents = (n) => plural(n, "document");

// How long something took.
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

// How long something will take: rough, as the estimate is.
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
	const advice = {
		worker_lost: "The program that worked on it ended unexpectedly. Upload it again; if this happens again, the document may be too much for it.",
		host_restart: "The machine was restarted meanwhile. Upload it again.",
	}[error.reason] ?? adviceFor(error.message ?? "");
	return {
		what: error.message || "Processing failed",
		where: at ? `Failed while ${at.replace(/[_-]+/g, " ")}${count}` : "Failed before the first stage",
		advice,
	};
};

const adviceFor = (message) => {
	if (message.startsWith("Unsupported file type"))
		return "Save it as PDF, Word (.docx), Markdown or plain text, and upload that.";
	if (message === "Document appears to be empty")
		return "It has no text that can be read. A scan needs text recognition first.";
	return "";
};

// An answer of the server that is not the one hoped for.
export const fault = (status, detail, after) => {
	const again = after > 0 ? ` Try again in ${plural(after, "second")}.` : " Try again in a moment.";

	switch (status) {
	case 0: return "The server cannot be reached. Check your connection; nothing is lost.";
	case 401: return "Your token is not accepted any more. Sign in with a new one.";
	case 403: return "You are not allowed to do this.";
	case 404: return "It is not there any more.";
	case 409: return detail === "The task is final" ? "It has finished already." : detail || "Its state does not allow this.";
	case 400: return detail ? `${detail}.` : "The server did not understand the request. Reload the page and try again.";
	case 413: return "It is larger than this server accepts. Split it, or ask for a higher limit.";
	case 415: return `${detail || "This file type is not supported"}. Choose a PDF, Word (.docx), Markdown or plain text file.`;
	case 408: return "The upload took too long. Try again on a faster connection.";
	case 429: return `That was too much at once.${again}`;
	case 507: return "The server has no room for more documents. Try again later, or tell its operator.";
	case 502: case 503: case 504: return `The server is busy or restarting.${again}`;
	default: return status >= 500 ? `The server has a fault (${status}). Try again later; if it stays, tell its operator.` : `${detail || `The server answered ${status}`}.`;
	}
};
