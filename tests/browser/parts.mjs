#!/usr/bin/env node
// SPDX-License-Identifier: MIT
//
// Modules of the page that need no browser: the reader of event streams, the model, the words, the tokens.

import { same, check } from "./lib/tap.mjs";
import { TREE, token, until } from "./lib/site.mjs";

globalThis.location = { hash: "", pathname: "/", search: "" };
const part = (name) => import(`${TREE}tools/trackd-http/page/${name}.js`);
const { EventParser } = await part("stream");
const { Model } = await part("model");
const { History } = await part("history");
globalThis.addEventListener = globalThis.removeEventListener = () => {};
globalThis.document = { baseURI: "http://here/", hidden: false };
const { Api } = await part("api");
const { Feed } = await part("feed");
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

test("the model goes forward only, and back after a reset", () => {
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

test("a list covers its part, and no more; what happens is counted until the server has counted again", () => {
	const model = new Model();
	const at = (n, state = "completed") => ({ state, done: state !== "active" && state !== "pending", created_at: `2026-01-01T00:00:0${n}.000Z` });
	const ids = () => [...model.entries.keys()].sort().join("");

	for (const [id, n, state] of [["a", 1], ["b", 2, "active"], ["c", 3], ["d", 3], ["e", 5, "failed"]])
		model.merge(task(id, 1, at(n, state)), 100);
	same([model.count("completed"), model.count("active", "pending"), model.total()], [3, 1, 5], "what is known");
	model.counts = { pending: 0, active: 1, completed: 30, failed: 1, cancelled: 0 };
	same([model.count("completed"), model.total()], [30, 32], "what the server has counted");
	model.cover([task("d", 1, at(3))], 200, ({ done }) => done, at(3).created_at);
	same(ids(), "abcd", "what is newer than the list's end and not in it has gone");
	same([model.count("failed"), model.total()], [0, 31], "and is not counted");
	model.cover([], 200, ({ done }) => !done);
	same(ids(), "acd", "nothing is open");
	model.merge(task("f", 1, at(6, "active")), 300);
	same([model.count("completed"), model.count("active")], [30, 1], "one that came");
	model.merge(task("f", 2, at(6)), 310);
	same([model.count("completed"), model.count("active")], [31, 0], "one that came and ended");
	model.replace([task("a", 1, at(1))], 400);
	same([model.count("completed"), model.total()], [1, 1], "all is known");
});

test("each filter goes as far back as it is asked, without a gap, also after a new beginning", async () => {
	const model = new Model();
	const all = Array.from({ length: 900 }, (_, i) => task(`t${i}`, 1, { state: i % 3 ? "completed" : "failed", done: true,
		created_at: new Date(1.7e12 + 1000 * Math.floor(i / 4)).toISOString() })).reverse();
	// Pages as the server gives them: it looks at 100 tasks for each.
	const api = new Api("t");
	api.json = async (path) => {
		const query = new URL(path, "http://here").searchParams;
		const from = Number(query.get("page_token") ?? 0), tasks = [];
		let i = from;
		for (; i < Math.min(from + 100, all.length) && tasks.length < Number(query.get("page_size")); i++)
			if (query.get("state") === "final" || query.get("state") === all[i].state)
				tasks.push(all[i]);
		return { tasks, next_page_token: i < all.length ? String(i) : null };
	};
	const history = new History(api, model, undefined);
	const seen = (filter) => model.tasks().filter((one) => one.created_at >= history.after(filter) && (filter === "all" || one.state === filter)).length;
	const begin = async (since) => {
		const { tasks, next } = await api.list({ state: "final", size: 50 });
		history.begin(tasks, next, since);
	};

	await begin(1);
	same([seen("all"), history.more("all"), history.more("active")], [50, true, false]);
	await history.load("all");
	same(seen("all"), 250, "a page more");
	await history.load("failed");
	same([seen("failed"), seen("all") - seen("all") % 10], [200, 250], "one filter is further");
	await history.load("failed");
	same([seen("failed"), history.more("failed"), history.behind("failed")], [300, false, false], "and at its end");
	all.splice(200, 1);
	await begin(Date.now() + 1);
	const before = seen("all");
	same([before - before % 10, history.behind("all")], [250, true], "what was known is still shown");
	Date.now = ((now) => () => now() + 10)(Date.now);
	while (history.behind("all"))
		await history.load("all");
	same([model.get(`t${899 - 200}`) ?? null, seen("all"), history.more("all")], [null, before, true], "and is put right");
	while (history.more("all"))
		await history.load("all");
	same([seen("all"), model.tasks().length], [899, 899], "all there are");
});

test("what runs behind many that wait is asked for before all of them", async () => {
	const api = new Api("t");
	const wait = Array.from({ length: 700 }, (_, i) => task(`w${i}`, 1, { state: "pending" })), run = task("run", 1, { state: "active" });
	const received = [];

	api.json = async (path) => {
		const query = new URL(path, "http://here").searchParams, from = Number(query.get("page_token") ?? 0), to = from + Number(query.get("page_size"));
		const all = { open: [...wait, run], active: [run], final: [] }[query.get("state")] ?? [];
		return path.includes("counts") ? { pending: 700, active: 1 } : { tasks: all.slice(from, to), next_page_token: to < all.length ? String(to) : null };
	};
	const { open } = await api.overview({ partly: (overview) => received.push(overview.open.map(({ id }) => id)) });
	same(received.map((ids) => [ids.length, ids.includes("run")]), [[50, false], [51, true]], "so far");
	same([open.length, open.at(-1).id], [701, "run"], "in the end each is there once");
});

test("the feed says that the daemon is down, and asks for what a stream does not begin with", async () => {
	const received = [];
	const asked = [];
	const ending = new AbortController();
	const events = (...pieces) => new Response(pieces.map(([event, data]) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`).join(""), { headers: { "Content-Type": "text/event-stream" } });
	const streams = [events(["snapshot", { tasks: [], more: false }], ["daemon", { up: false }], ["daemon", { up: true }], ["daemon", { up: false }]),
		events(["snapshot", { tasks: [task("n", 1, { state: "completed", done: true })], more: true }], ["update", task("m", 1, { state: "active" })])];
	const api = new Api("t");
	const lists = { open: { tasks: [task("o", 1, { state: "active" })] }, final: { tasks: [], next_page_token: "x" }, counts: { active: 2 } };
	api.ask = async () => streams.shift() ?? new Promise(() => {});
	api.json = async (path) => {
		asked.push(path.replace(/&.*/, ""));
		return path.includes("counts") ? lists.counts : path.includes("=open") ? { next_page_token: null, ...lists.open } : { ...lists.final, next_page_token: path.includes("token") ? null : "x" };
	};
	const feed = new Feed(api, (message) => {
		received.push(message);
		if (message.type === "counts")
			ending.abort();
	});
	feed.run(ending.signal);
	feed.retry = 1;
	// The second stream never ends by itself; the third is never answered.
	await until(() => ending.signal.aborted, () => JSON.stringify(received));
	feed.wake();
	const types = received.filter(({ type }) => !["alive", "state"].includes(type));
	same(types.filter(({ type }) => type === "daemon").map(({ up }) => up), [false, true, false, true], "down, up, down; nothing is known once the stream has ended");
	check(received.findLastIndex(({ type }) => type === "daemon") < received.findIndex(({ state }) => state === "waiting"), "at once");
	same(types.filter(({ type }) => type !== "daemon").map(({ type }) => type), ["snapshot", "newest", "changes", "overview", "counts"]);
	same(types.find(({ type }) => type === "overview").open.map(({ id }) => id), ["o"]);
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
	same(words.fault(429, "", 1), "Too many requests. Try again in 1 second.");
	check(words.fault(415, "Unsupported file type: .png").startsWith("Unsupported file type: .png. Choose"), words.fault(415, "x"));
});

test("what went wrong, where, and what can be done", () => {
	same(words.before({ last_message: "Page 3", last_progress: 40 }), "Before: Page 3 (40%)", "before the end");
	same(words.before({ last_message: null, last_progress: null }), "", "nothing before");
	const of = (error, stages = [{ name: "embedding", done: 12, total: 40 }]) => words.failure({ error, stages, stage: null });

	same(of(null), null);
	same(of({ reason: "worker_lost", message: "worker docproc exited", stage: "embedding" }).where, "Failed while embedding, at 12 of 40");
	check(of({ reason: "worker_lost", message: "x", stage: "embedding" }).advice.includes("Upload the document again"), "advice");
	check(words.failure({ error: { reason: "worker_lost", message: "x", stage: null }, stages: [], stage: null,
		worker: { exit: { status: null, signal: "SIGKILL", core_dumped: false, out_of_memory: true } } }).advice.includes("ran out of memory"), "memory");
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
		check(refused(text).includes("This token is incomplete"), `${text}: ${refused(text)}`);
	check(refused(token("x", { ttl: -1 })).includes("has expired"), "expired");
	check(refused(token("x", { exp: "soon" })).includes("never expires"), "never expires");
	check(refused(token("")).includes("name a user"), "nobody");
	same(session.tidy("  Bearer a.b\n.c \n"), "a.b.c");
});

console.log(`1..${tests.length}`);
for (const [i, { name, run }] of tests.entries())
	try {
		await run();
		console.log(`ok ${i + 1} - ${name}`);
	} catch (error) {
		console.log(`not ok ${i + 1} - ${name}\n# ${error.stack.replaceAll("\n", "\n# ")}`);
		process.exitCode = 1;
	}
