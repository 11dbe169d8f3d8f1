#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// tests/run: alone=browser timeout=300
//
// Real documents through the real chain: the page hands them in, the worker takes them up, the page shows each stage.

import fs from "node:fs";
import { card, live, mark, open, sees, shown, stayed, story, watch } from "./lib/page.mjs";
import { writePdf } from "./lib/pdf.mjs";
import { sample, until } from "./lib/site.mjs";
import { check, main, same, test } from "./lib/tap.mjs";

// So many that each stage takes longer than the screen needs to show it.
const PAGES = 600;
const STAGES = ["extracting", "chunking", "embedding", "indexing", "summarizing"];

const all = async (site, settings = {}) => {
	await site.startDaemon();
	await site.startGateway(settings);
	await site.startWorker("--jobs", "2");
};

const hand = (page, ...files) => page.setInputFiles("#files", files);

// Text that keeps a worker busy for seconds.
const long = (site, name) => {
	const path = site.path(name);
	let text = "";

	for (let i = 0; i < 60000; i++)
		text += `Sentence number ${i} tells of station ${(i * 7) % 1009} on line ${i % 13}.\n${i % 8 ? "" : "\n"}`;
	fs.writeFileSync(path, text);
	return path;
};

const completed = ({ place, state, stages }) => place === "row" && state === "completed" && STAGES.every((stage) => stages[stage] === "done");

const idOf = (page, name) => page.evaluate((wanted) => [...document.querySelectorAll(".row")].find((row) =>
	row.querySelector(".row-name").textContent === wanted)?.querySelector(".facts").textContent.split(" · ")[1], name);

test("a real PDF is uploaded and seen in each of its stages, without a reload", async (site, browser) => {
	await all(site);
	const page = await open(await browser.context(), site.address("ada"));
	await live(page);
	await mark(page);
	await watch(page);
	await hand(page, writePdf(site.path("pages.pdf"), PAGES));
	const row = await sees(page, "pages.pdf", completed, 60000);
	const seen = (await story(page)).filter((line) => line.startsWith("pages.pdf")).map((line) => line.split(": ")[1]);
	same(seen.filter((stage) => STAGES.includes(stage)), STAGES, "stages seen");
	check(seen.includes("completed"), seen.join());
	check(row.text.includes("Completed"), row.text);
	await page.locator(".row", { hasText: "pages.pdf" }).locator("summary").click();
	const facts = await page.locator(".row", { hasText: "pages.pdf" }).locator(".stage-facts").allInnerTexts();
	check(facts[0].includes(PAGES.toLocaleString("en")), `pages are counted: ${facts}`);
	check(facts.every((text) => text.includes(" s")), `durations: ${facts}`);
	await page.mouse.move(0, 0);
	// A document of the tree as well, and one of another kind.
	await hand(page, sample("handbook.pdf"), sample("notes.md"));
	await sees(page, "handbook.pdf", completed);
	await sees(page, "notes.md", completed);
	await stayed(page);
	// The original contract says the same.
	const status = await page.evaluate(async (id) => (await fetch(`documents/${id}/status`, { headers: { Authorization: `Bearer ${sessionStorage.getItem("trackd-token")}` } })).json(), await idOf(page, "pages.pdf"));
	same([status.status, status.progress], ["completed", 100]);
});

test("files are dropped anywhere, and the zone says where", async (site, browser) => {
	await all(site);
	const page = await open(await browser.context(), site.address("ada"));
	await live(page);
	const drag = (type, on = "main") => page.evaluate(([kind, place]) => {
		window.dragged ??= new DataTransfer();
		if (window.dragged.items.length === 0)
			window.dragged.items.add(new File(["# Dropped\n\nA short text with a sentence of its own.\n"], "dropped.md", { type: "text/markdown" }));
		return document.querySelector(place).dispatchEvent(new DragEvent(kind, { dataTransfer: window.dragged, bubbles: true, cancelable: true }));
	}, [type, on]);
	const lit = () => page.evaluate(() => document.querySelector("#drop").classList.contains("over"));
	await drag("dragenter");
	check(await lit(), "the zone lights up");
	await drag("dragleave");
	check(!(await lit()), "and goes out");
	await drag("dragenter");
	check(!(await drag("dragover")), "the browser does not open the file itself");
	await drag("drop");
	check(!(await lit()), "and goes out");
	await sees(page, "dropped.md", completed);
});

test("an upload shows how far it is, and can be stopped", async (site, browser) => {
	await all(site);
	const page = await open(await browser.context(), site.address("ada"));
	await live(page);
	const wire = await page.context().newCDPSession(page);
	await wire.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 1 << 20 });
	await hand(page, long(site, "long.txt"), sample("tides.txt"));
	const percents = new Set();
	await until(async () => {
		const one = (await shown(page))["long.txt"];
		if (one?.place === "upload")
			percents.add(one.percent);
		return percents.size >= 5;
	}, () => `a bar that moves: ${[...percents]}`);
	const rising = [...percents];
	check(rising.every((percent, i) => i === 0 || percent >= rising[i - 1]), `${rising}`);
	check((await shown(page))["long.txt"].message.match(/^Uploading, [\d.]+ k?M?B of [\d.]+ MB$/), (await shown(page))["long.txt"].message);
	await card(page, "long.txt").getByRole("button", { name: "Cancel" }).click();
	await until(async () => !("long.txt" in (await shown(page))), "it is gone");
	await page.mouse.move(0, 0);
	await sees(page, "tides.txt", completed);
	same(fs.readdirSync(site.path("spool/tmp")), [], "nothing is left of it");
});

test("a refusal of the server is shown in words", async (site, browser) => {
	browser.expect(/415|413|ERR_CONNECTION|400/);
	await all(site, { upload_max: "1M" });
	const page = await open(await browser.context(), site.address("ada"));
	await live(page);
	fs.writeFileSync(site.path("picture.png"), Buffer.from("89504e470d0a1a0a", "hex"));
	fs.copyFileSync(site.path("picture.png"), site.path("renamed.pdf"));
	await hand(page, site.path("picture.png"), site.path("renamed.pdf"), long(site, "large.txt"), sample("empty.txt"));
	const refused = await sees(page, "picture.png", ({ state }) => state === "failed");
	check(refused.text.includes("Unsupported file type: .png") && refused.text.includes("Choose a PDF"), refused.text);
	const renamed = await sees(page, "renamed.pdf", ({ state }) => state === "failed");
	check(renamed.text.includes("The file is a picture (.png), not a PDF. Choose a PDF"), renamed.text);
	const large = await sees(page, "large.txt", ({ state }) => state === "failed");
	check(/larger than this server accepts|more than this server accepts/.test(large.text), large.text);
	console.log(`# too large: ${large.text.replace(/\n+/g, " | ")}`);
	const empty = await sees(page, "empty.txt", ({ place, state }) => place === "row" && state === "failed");
	check(empty.text.includes("Failed while chunking: Document appears to be empty"), empty.text);
	await card(page, "picture.png").getByRole("button", { name: "Dismiss" }).click();
	await until(async () => !("picture.png" in (await shown(page))), "it is dismissed");
});

test("a server that is busy is asked again; one that is away when the reader wants", async (site, browser) => {
	browser.expect(/503|429|ERR_/);
	await all(site);
	const context = await browser.context();
	const answers = [429, 503, 0, 202];
	await context.route("**/documents", (route) => {
		const status = answers.shift();
		if (status === 202 || status === undefined)
			return route.continue();
		return status ? route.fulfill({ status, headers: { "Retry-After": "1" }, body: '{"detail":"Too many requests"}' }) : route.abort("connectionrefused");
	});
	const page = await open(context, site.address("ada"));
	await live(page);
	await hand(page, sample("tides.txt"));
	await sees(page, "tides.txt", ({ message }) => message.includes("trying again in"));
	const failed = await sees(page, "tides.txt", ({ state }) => state === "failed");
	check(failed.text.includes("cannot be reached"), failed.text);
	await card(page, "tides.txt").getByRole("button", { name: "Try again" }).click();
	await page.mouse.move(0, 0);
	await sees(page, "tides.txt", completed);
	same(answers, [], "answers left");
});

test("a real worker is killed, another one cancelled; the page shows both", async (site, browser) => {
	await all(site);
	const board = await site.test_client("open write no-worker");
	const page = await open(await browser.context(), site.address("ada"));
	await live(page);
	await hand(page, long(site, "one.txt"), long(site, "two.txt"));
	const working = ({ place, state, stages }) => place === "card" && state === "active" && STAGES.some((stage) => stages[stage] === "running");
	await sees(page, "two.txt", working);
	await sees(page, "one.txt", working);
	await card(page, "two.txt").getByRole("button", { name: "Cancel" }).click();
	await sees(page, "two.txt", ({ state }) => state === "cancelled");
	const id = await page.evaluate(async () => {
		const answer = await fetch("v1/tasks", { headers: { Authorization: `Bearer ${sessionStorage.getItem("trackd-token")}` } });
		return (await answer.json()).tasks.find((task) => task.name === "one.txt").id;
	});
	const worker = Number((await board.do(`show ${id}`)).match(/worker=(\d+)/)[1]);
	check(worker > 1, `worker ${worker}`);
	const began = Date.now();
	process.kill(worker, "SIGKILL");
	const failed = await sees(page, "one.txt", ({ state }) => state === "failed");
	console.log(`# seen after ${Date.now() - began} ms`);
	check(/Failed while \w+ing/.test(failed.text), failed.text);
});

await main();
