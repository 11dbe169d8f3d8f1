#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// tests/run: alone=browser timeout=300
//
// A web application of another origin asks the gateway, in Chromium and in Firefox: it may read all answers if its origin
// is configured, and none if it is not.

import http from "node:http";
import { firefox } from "./lib/firefox.mjs";
import { open } from "./lib/page.mjs";
import { token, until } from "./lib/site.mjs";
import { main, same, test } from "./lib/tap.mjs";

// ---- The application -----------------------------------------------------------------------------------------------------

// Runs in the page. Each step is what a script can see of one request: a status and headers, or "TypeError".
const application = async () => {
	const { gateway, bearer, id } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
	const report = (what) => fetch("/report", { method: "POST", body: JSON.stringify(what) });
	const ask = (path, options = {}) => fetch(gateway + path, options).then((response) => response, (error) => ({ status: error.name, headers: new Headers() }));
	const mine = (headers = {}) => ({ headers: { Authorization: `Bearer ${bearer}`, ...headers } });
	const seen = {};
	const step = async (name, path, options, ...headers) => {
		const response = await ask(path, options);
		seen[name] = [response.status, ...headers.map((header) => response.headers.get(header) !== null)];
		return response;
	};
	const form = (name, size) => {
		const data = new FormData();
		data.append("file", new File([new Uint8Array(size).fill(97)], name));
		return { method: "POST", body: data, ...mine() };
	};

	const task = await step("task", `/v1/tasks/${id}`, mine(), "ETag");
	await step("unchanged", `/v1/tasks/${id}`, mine({ "If-None-Match": task.headers.get("ETag") ?? "x", Prefer: "wait=0" }));
	await step("no token", "/v1/tasks", {}, "WWW-Authenticate");
	await step("none", "/v1/tasks/none", mine());
	await step("no path", "/nothing", mine());
	await step("not final", `/v1/tasks/${id}`, { method: "DELETE", ...mine() });
	await step("upload", "/documents", form("a.txt", 100), "Location", "Retry-After");
	await step("odd", "/documents", form("a.exe", 100));
	await step("large", "/documents", form("a.txt", 1 << 21));
	seen.stream = await ask("/v1/events", mine()).then(async (response) => response.body && (await response.body.getReader().read()).value.length > 0);
	const ticket = await step("ticket", "/v1/stream-tickets", { method: "POST", body: JSON.stringify({ task: id }), ...mine({ "Content-Type": "application/json" }) });
	const address = seen.ticket[0] === 201 ? (await ticket.json()).links.events : `/v1/tasks/${id}/events?ticket=x`;
	const source = new EventSource(gateway + address);
	const untilStatus = (status) => new Promise((resolve) => {
		for (const event of ["snapshot", "update"])
			source.addEventListener(event, ({ data }) => JSON.parse(data).status === status && resolve(status));
		source.addEventListener("error", () => source.readyState === EventSource.CLOSED && resolve("closed"));
	});
	seen.events = await untilStatus("pending");
	await fetch(`${gateway}/v1/tasks`, { mode: "no-cors" }).then(({ type }) => { seen.reached = type; }, () => { seen.reached = "no"; });
	for (let i = 0; i < 200 && seen.events === "pending" && seen.busy?.[0] !== 429; i++)
		await step("busy", "/v1/tasks", mine(), "Retry-After");
	await report(seen);
	// It comes back with Last-Event-ID after the server has gone, and gets what it has missed.
	if (seen.events === "pending")
		await report({ again: await untilStatus("extracting") });
};

const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>An application</title><link rel="icon" href="data:,"><script>(${application})()</script>`;

// Serves the application on an origin of its own; reports: what the pages have said, in order.
const serve = async (host) => {
	const reports = [];
	const server = http.createServer(async (request, response) => {
		if (request.method !== "POST")
			return response.setHeader("Content-Type", "text/html").end(PAGE);
		let text = "";
		for await (const piece of request)
			text += piece;
		reports.push(JSON.parse(text));
		response.end();
	});

	await new Promise((resolve) => server.listen(0, host, resolve));
	return { origin: `http://${host}:${server.address().port}`, reports, close: () => server.close() };
};

const START_MS = 200000; // two browsers, on a machine that is busy

const READ = {
	task: [200, true], unchanged: [304], "no token": [401, true], none: [404], "no path": [404], "not final": [409], upload: [202, true, true],
	odd: [415], large: [413], stream: true, ticket: [201], events: "pending", reached: "opaque", busy: [429, true],
};
const BARRED = {
	task: ["TypeError", false], unchanged: ["TypeError"], "no token": ["TypeError", false], none: ["TypeError"], "no path": ["TypeError"],
	"not final": ["TypeError"], upload: ["TypeError", false, false], odd: ["TypeError"], large: ["TypeError"], ticket: ["TypeError"], events: "closed", reached: "opaque",
};

test("a configured origin reads answers and faults, and follows events over a restart; another reads nothing", async (site, browser) => {
	browser.expect(/CORS policy|ERR_|status of 4\d\d|404|401/);
	const applications = [];
	for (const host of ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"])
		applications.push(await serve(host));
	const [chromium, fire, barred_chromium, barred_fire] = applications;
	const settings = { cors_origins: `${chromium.origin} ${fire.origin}`, upload_max: "1M", owner_rate: 1, owner_burst: 60, address_rate: 0 };
	let end = async () => {};
	try {
		await site.startDaemon();
		await site.startGateway(settings);
		const worker = await site.test_client("open write", "create t owner=ada", "create u owner=bob");
		const at = ({ origin }, owner, id) => `${origin}/#gateway=${encodeURIComponent(site.address().slice(0, -1))}&bearer=${token(owner)}&id=${id}`;
		// Each browser has a user of its own, so that neither uses up the limit of the other.
		end = firefox(site.path("profile"), at(fire, "bob", "u"), at(barred_fire, "bob", "u"));
		for (const application of [chromium, barred_chromium])
			await open(await browser.context(), at(application, "ada", "t"));
		await until(() => applications.every(({ reports }) => reports.length > 0), () => JSON.stringify(applications.map(({ reports }) => reports)), START_MS);
		for (const [name, { reports }, wanted] of [["Chromium", chromium, READ], ["Firefox", fire, READ], ["Chromium, barred", barred_chromium, BARRED], ["Firefox, barred", barred_fire, BARRED]])
			for (const [step, value] of Object.entries(wanted))
				same(reports[0][step], value, `${name}: ${step}`);
		await site.gateway.kill("SIGTERM");
		await worker.do("update t extracting Extracting");
		await worker.do("update u extracting Extracting");
		await site.startGateway(settings);
		await until(() => chromium.reports.length > 1 && fire.reports.length > 1, () => JSON.stringify([chromium.reports[1], fire.reports[1]]));
		same([chromium.reports[1], fire.reports[1]], [{ again: "extracting" }, { again: "extracting" }], "what was missed");
	} finally {
		await end();
		for (const { close } of applications)
			close();
	}
});

await main();
