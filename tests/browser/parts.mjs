#!/usr/bin/env node
// SPDX-License-Identifier: MIT
//
// Modules of the page that need no browser: the reader of event streams, the model, the words, the tokens.

import { same, check } from "./lib/tap.mjs";
import { TREE, token } from "./lib/site.mjs";

globalThis.location = { hash: "", pathname: "/", search: "" };
const part = (name) => import(`${TREE}tools/trackd-http/page/${name}.js`);
const { EventParser } = await part("stream");
const { Model } = await part("model");
const words = await part("words");
const session = await part("session");

const tests = [];
const test = (name, run) => tests.push({ name, run });

const parsed = (pieces) => {
	const events = [];
	const parser = new EventParser((event) => events.push(event));

	for (const piece of pieces)
		parser.push(piece);
	return events;
};

test("a stream is read the same in whatever pieces it comes, with every end of line", () => {
	const text = ": hello\nretry: 2500\n\nevent: snapshot\nid: 1\ndata: {\"tasks\":[\ndata: ]}\n\ndata:no space\nother: x\n\nevent: lost\n\ndata: cut";
	const wanted = [{ comment: true }, { retry: 2500 }, { event: "snapshot", data: "{\"tasks\":[\n]}" }, { event: "message", data: "no space" }];

	for (const end of ["\n", "\r\n", "\r"]) {
		const whole = text.replaceAll("\n", end);
		for (let size = 1; size <= whole.length; size++)
			same(parsed(whole.match(new RegExp(`[^]{1,${size}}`, "g"))), wanted, `pieces of ${size}`);
	}
	same(parsed(["retry: 1e9\nretry: -1\nretry:\n\n"]), [], "what is no number");
});

const task = (id, revision, more = {}) => ({ id, revision, created_at: "2026-01-01T00:00:00.000Z", ...more });

test("the model goes forward only, and back where all is told anew", () => {
	const model = new Model();
	const changes = [];

	model.onChange((id, before, after) => changes.push([id, before?.revision ?? null, after?.revision ?? null]));
	model.merge(task("a", 5), 100);
	model.merge(task("a", 4), 110);
	same(model.get("a").task.revision, 5, "older");
	model.merge(task("a", 1, { created_at: "2026-01-02T00:00:00.000Z" }), 120);
	same(model.get("a").task.revision, 1, "a new task with the same id");
	model.merge(task("b", 1), 300);
	model.merge(task("c", 9), 130);
	// What was asked at 200 knows nothing of what came at 300.
	model.replace([task("c", 3)], 200);
	same([...model.entries.keys()].sort(), ["b", "c"]);
	same(model.get("c").task.revision, 3, "a board that was restored");
	model.merge(task("c", 7), 400);
	model.replace([task("c", 6)], 390);
	same(model.get("c").task.revision, 7, "news that the list did not know");
	model.remove("nobody");
	model.clear();
	same(changes, [["a", null, 5], ["a", 5, 1], ["b", null, 1], ["c", null, 9], ["a", 1, null], ["c", 9, 3], ["c", 3, 7], ["b", 1, null], ["c", 7, null]]);
});

test("times and amounts", () => {
	same([0, 49, 50, 9940, 9960, 59400, 59600, 192000, 3599600, 7500000].map(words.duration),
		["< 0.1 s", "< 0.1 s", "0.1 s", "9.9 s", "10 s", "59 s", "1 min 00 s", "3 min 12 s", "1 h 00 min", "2 h 05 min"]);
	same([-3, 1, 4, 12, 90, 5400].map(words.left), ["a moment left", "a moment left", "about 4 s left", "about 10 s left", "about 2 min left", "about 1.5 h left"]);
	same([0, 999, 1000, 9960, 999600, 81064, 6.4e7].map(words.size), ["0 B", "999 B", "1.0 kB", "10 kB", "1.0 MB", "81 kB", "64 MB"]);
	same([[0, null], [12, null], [12, 40], [40, 40], [0, 1290]].map(([done, total]) => words.amount(done, total)), ["", "12", "12 of 40", "40", "0 of 1,290"]);
	same([1, 2, 1000].map(words.documents), ["1 document", "2 documents", "1,000 documents"]);
});

test("every fault of the API says what to do", () => {
	for (const status of [0, 400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 502, 503, 507, 418]) {
		const text = words.fault(status, "", 3);
		check(text.length > 15 && /[.]$/.test(text) && !text.includes("undefined"), `${status}: ${text}`);
	}
	same(words.fault(429, "", 1), "That was too much at once. Try again in 1 second.");
	check(words.fault(415, "Unsupported file type: .png").startsWith("Unsupported file type: .png. Choose"), words.fault(415, "x"));
});

test("what went wrong, where, and what can be done", () => {
	const of = (error, stages = [{ name: "embedding", done: 12, total: 40 }]) => words.failure({ error, stages, stage: null });

	same(of(null), null);
	same(of({ reason: "worker_lost", message: "worker docproc exited", stage: "embedding" }).where, "Failed while embedding, at 12 of 40");
	check(of({ reason: "worker_lost", message: "x", stage: "embedding" }).advice.includes("Upload it again"), "advice");
	same(of({ reason: "error", message: "Something else", stage: null }), { what: "Something else", where: "Failed before the first stage", advice: "" });
});

test("tokens are looked at before they are sent", () => {
	const refused = (text) => {
		try {
			session.read(text);
		} catch (error) {
			return error.message;
		}
		return "taken";
	};

	same(session.read(token("Ada Löwe")).owner, "Ada Löwe");
	for (const text of ["", "a", "a.b", "a.b.c", "..", `${token("x")}.y`, token("x").replace(/\.[^.]*$/, "."), "é.é.é"])
		check(refused(text).includes("not a whole token"), `${text}: ${refused(text)}`);
	check(refused(token("x", { ttl: -1 })).includes("has expired"), "expired");
	check(refused(token("x", { exp: "soon" })).includes("no end"), "no end");
	check(refused(token("")).includes("name a user"), "nobody");
	same(session.tidy("  Bearer a.b\n.c \n"), "a.b.c");
});

console.log(`1..${tests.length}`);
for (const [i, { name, run }] of tests.entries())
	try {
		run();
		console.log(`ok ${i + 1} - ${name}`);
	} catch (error) {
		console.log(`not ok ${i + 1} - ${name}\n# ${error.stack.replaceAll("\n", "\n# ")}`);
		process.exitCode = 1;
	}
