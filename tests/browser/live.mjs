#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// tests/run: alone=browser timeout=300
//
// The page stays true: through kills, restarts of the gateway and of the daemon, with twenty tabs, and without a stream.

import fs from "node:fs";
import path from "node:path";
import { card, link, live, mark, open, sees, shown, stayed } from "./lib/page.mjs";
import { BUILD, sleep, token, until } from "./lib/site.mjs";
import { audit, check, main, same, test } from "./lib/tap.mjs";

const SCREENSHOTS = path.join(BUILD, "screenshots");

const begin = async (test_client, id, name, total = 100) => {
	await test_client.do(`create ${id} owner=ada name=${name}`);
	await test_client.do(`update ${id} extracting Extracting_text_from_${name}`);
	await test_client.do(`progress ${id} 0 ${total}`);
};

const working = (stage) => ({ stages }) => stages[stage] === "running";

// ---- News ----------------------------------------------------------------------------------------------------------------

test("a killed worker's task is seen to fail, with the stage and the count", async (site, browser) => {
	await site.startDaemon();
	await site.startGateway();
	const page = await open(await browser.context(), site.address("ada"));
	await live(page);
	const worker = await site.test_client("open write");
	await begin(worker, "a", "report.pdf");
	await worker.do("progress a 40 100");
	await sees(page, "report.pdf", ({ text }) => text.includes("40 of 100"));
	const began = Date.now();
	await worker.kill();
	const failed = await sees(page, "report.pdf", ({ state }) => state === "failed");
	console.log(`# seen after ${Date.now() - began} ms`);
	check(failed.text.includes("Failed while extracting, at 40 of 100"), failed.text);
	check(failed.text.includes("Upload the document again"), failed.text);
	await sees(page, "report.pdf", ({ place }) => place === "row");
});

test("a result, labels, and what a task was doing before it ended are shown", async (site, browser) => {
	await site.startDaemon();
	await site.startGateway();
	const page = await open(await browser.context(), site.address("ada"));
	const worker = await site.test_client("open write");
	const create = (id, ...labels) => site.trackctl("create", id, "--owner", "ada", "--name", `${id}.pdf`, ...labels.map((label) => `--label=${label}`));
	await create("a", "batch=7", "draft=", "note=<b>bold</b>");
	await create("b");
	const tags = (name) => page.locator("li", { has: page.locator(".name, .row-name", { hasText: name }) }).first().locator(".tag").allTextContents();
	await sees(page, "a.pdf", ({ text }) => text.includes("batch: 7"));
	same(await tags("a.pdf"), ["batch: 7", "draft", "note: <b>bold</b>"], "labels as text");
	same(await tags("b.pdf"), [], "none");
	await site.trackctl("complete", "--result", "12 pages", "a");
	await sees(page, "a.pdf", ({ state, text }) => state === "completed" && text.includes("12 pages"));
	await worker.do("update b embedding Page_3_of_9");
	await worker.do("fail b out_of_paper");
	await sees(page, "b.pdf", ({ state, text }) => state === "failed" && text.includes("Before: Page 3 of 9 (40%)"));
	await audit(page, "notes");
	// A search finds labels and results.
	for (const words of ["batch=7", "12 pages"]) {
		await page.fill("#search", words);
		await until(async () => Object.keys(await shown(page)).join() === "a.pdf", () => words);
	}
});

test("cancel is asked for once, shown at once, and ends as the worker obeys", async (site, browser) => {
	await site.startDaemon();
	await site.startGateway();
	const page = await open(await browser.context(), site.address("ada"));
	const worker = await site.test_client("open write");
	await begin(worker, "a", "report.pdf");
	await worker.do("create b owner=ada name=waiting.md");
	await sees(page, "report.pdf", working("extracting"));
	const answer = page.waitForResponse((response) => response.url().endsWith("/v1/tasks/a/cancel"));
	await card(page, "report.pdf").getByRole("button", { name: "Cancel" }).click();
	await until(async () => (await card(page, "report.pdf").getByRole("button").innerText()) === "Cancelling…", "the button says that it was heard");
	same((await answer).status(), 202, "the board has the request");
	// It may be done before it hears.
	await worker.do("complete a Document_processed_successfully");
	await sees(page, "report.pdf", ({ state }) => state === "completed");
	await card(page, "waiting.md").getByRole("button", { name: "Cancel" }).click();
	await sees(page, "waiting.md", ({ state }) => state === "cancelled");
	// A cancelled task folds away on request, and then has the focus.
	await card(page, "report.pdf").getByRole("button", { name: "Collapse" }).click();
	await sees(page, "report.pdf", ({ place }) => place === "row");
	check((await page.evaluate(() => document.activeElement.innerText)).includes("report.pdf"), "the focus is lost");
	await page.locator(".row", { hasText: "report.pdf" }).locator("summary").click();
	await page.getByRole("button", { name: "Remove from the list: report.pdf" }).click();
	await until(async () => !("report.pdf" in (await shown(page))), "it is removed");
	await check(await worker.do("show a").then(() => false, () => true), "the board has forgotten it");
});

// ---- Restarts ------------------------------------------------------------------------------------------------------------

test("a restart of the gateway, and its death, are shown and survived", async (site, browser) => {
	browser.expect(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|503/);
	await site.startDaemon();
	await site.startGateway();
	const page = await open(await browser.context(), site.address("ada"));
	await live(page);
	await mark(page);
	const worker = await site.test_client("open write");
	await begin(worker, "a", "report.pdf");
	await begin(worker, "b", "other.pdf");
	await sees(page, "report.pdf", working("extracting"));
	for (const signal of ["SIGTERM", "SIGKILL"]) {
		await site.gateway.kill(signal);
		await page.waitForSelector('#link[data-state="waiting"]');
		check(Object.keys(await shown(page)).length === 2, "what is known stays");
		// What happens meanwhile is not lost.
		await worker.do(signal === "SIGTERM" ? "update a chunking Splitting" : "complete a Document_processed_successfully");
		await site.startGateway();
		await live(page);
		await sees(page, "report.pdf", ({ stages, state }) => (signal === "SIGTERM" ? stages.chunking === "running" : state === "completed"));
	}
	await worker.do("update b chunking Splitting");
	await sees(page, "other.pdf", working("chunking"), 1000);
	await stayed(page);
});

test("the daemon's death and return are shown and change nothing else; a new board replaces all", async (site, browser) => {
	browser.expect(/503|ERR_/);
	await site.startDaemon();
	await site.startGateway();
	const page = await open(await browser.context(), site.address("ada"));
	const worker = await site.test_client("open write");
	await begin(worker, "a", "report.pdf");
	await sees(page, "report.pdf", working("extracting"));
	await mark(page);
	check(await page.isHidden("#slow"), "all is well");
	const other = await open(page.context(), site.address("ada"));
	await live(other);
	await site.daemon.kill();
	await worker.do("update a chunking Splitting");
	await sees(page, "report.pdf", working("chunking"));
	// All tabs say so, also one that comes later; the link is live all the same.
	await page.waitForSelector("#slow:not([hidden])");
	const late = await open(page.context(), site.address("ada"));
	for (const tab of [page, other, late]) {
		await tab.waitForSelector("#slow:not([hidden])");
		check((await tab.innerText("#slow")).startsWith("Live updates are slower"), await tab.innerText("#slow"));
		await live(tab);
	}
	fs.mkdirSync(SCREENSHOTS, { recursive: true });
	for (const [name, colorScheme, width] of [["light", "light", 1100], ["320-dark", "dark", 320]]) {
		await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
		await page.setViewportSize({ width, height: 700 });
		await page.screenshot({ path: path.join(SCREENSHOTS, `daemon-down-${name}.png`) });
		await audit(page, `daemon down, ${name}`);
	}
	await site.startDaemon();
	for (const tab of [page, other, late])
		await tab.waitForSelector("#slow", { state: "hidden" });
	await worker.do("update a embedding Embedding");
	await sees(page, "report.pdf", working("embedding"));
	await worker.kill();
	await site.daemon.kill();
	site.removeBoard();
	await site.startDaemon();
	await until(async () => Object.keys(await shown(page)).length === 0, async () => `the old board's tasks go: ${JSON.stringify(await shown(page))}`, 40000);
	await begin(await site.test_client("open write"), "a", "new.pdf");
	await sees(page, "new.pdf", working("extracting"));
	await stayed(page);
});

test("a token that ends says so, and a new one goes on", async (site, browser) => {
	browser.expect(/401/);
	await site.startDaemon();
	await site.startGateway();
	const page = await open(await browser.context(), site.address("ada", { ttl: 4 }));
	const worker = await site.test_client("open write");
	await begin(worker, "a", "report.pdf");
	await sees(page, "report.pdf", working("extracting"));
	await page.waitForSelector("#sign-in:not([hidden])");
	check((await page.innerText("#sign-in")).includes("has expired"), await page.innerText("#sign-in"));
	same(await shown(page), {}, "nothing is shown without a token");
	same(await page.evaluate(() => sessionStorage.length), 0, "the token is forgotten");
	await page.fill("#token", token("ada"));
	await page.keyboard.press("Enter");
	await sees(page, "report.pdf", working("extracting"));
});

// ---- Many tabs -------------------------------------------------------------------------------------------------------------

test("twenty tabs stay live on one stream, also when the tab that reads it goes", async (site, browser) => {
	await site.startDaemon();
	await site.startGateway();
	const context = await browser.context();
	const tabs = [];
	const asked = [];
	context.on("request", (request) => asked.push(new URL(request.url()).pathname));
	for (let i = 0; i < 20; i++)
		tabs.push(await open(context, site.address("ada")));
	await Promise.all(tabs.map(live));
	const streams = () => asked.filter((path) => path === "/v1/events").length;
	same(streams(), 1, "streams");
	const worker = await site.test_client("open write");
	await begin(worker, "a", "report.pdf");
	await Promise.all(tabs.map((tab) => sees(tab, "report.pdf", working("extracting"))));
	// The first one reads. It closes, then the next, then the next.
	for (const [n, stage] of ["chunking", "embedding", "indexing"].entries()) {
		await tabs.shift().close();
		await until(() => streams() === n + 2, () => `another tab reads; ${streams()} streams`);
		await worker.do(`update a ${stage} On_and_on`);
		await Promise.all(tabs.map((tab) => sees(tab, "report.pdf", working(stage))));
		await Promise.all(tabs.map(live));
	}
	const began = Date.now();
	await worker.kill();
	await Promise.all(tabs.map((tab) => sees(tab, "report.pdf", ({ state }) => state === "failed")));
	console.log(`# ${tabs.length} tabs saw it after ${Date.now() - began} ms`);
	// A late subscriber gets the current state.
	await sees(await open(context, site.address("ada")), "report.pdf", ({ state }) => state === "failed");
	same(streams(), 4, "streams");
	// Another user's tab has a stream of its own and sees nothing of this.
	const other = await open(context, site.address("bob"));
	await live(other);
	same(await shown(other), {}, "another user sees nothing");
	same(streams(), 5, "streams");
});

test("a tab whose reader is frozen takes over", async (site, browser) => {
	await site.startDaemon();
	await site.startGateway();
	const context = await browser.context();
	const reader = await open(context, site.address("ada"));
	await live(reader);
	const other = await open(context, site.address("ada"));
	await live(other);
	// As if it were frozen: it hears and says nothing any more. The other tab's clock runs ahead.
	await reader.evaluate(() => { BroadcastChannel.prototype.postMessage = () => {}; });
	await other.evaluate(() => {
		const now = Date.now.bind(Date);
		Date.now = () => now() + 60000;
	});
	const worker = await site.test_client("open write");
	await begin(worker, "a", "report.pdf");
	await sees(other, "report.pdf", working("extracting"));
	// The old reader is back in the line, and gets the same events as the others.
	await worker.do("update a chunking Splitting");
	await sees(reader, "report.pdf", working("chunking"));
});

// ---- Without a stream ------------------------------------------------------------------------------------------------------

test("where there is no stream it asks every few seconds", async (site, browser) => {
	browser.expect(/ERR_FAILED|502/);
	await site.startDaemon();
	await site.startGateway();
	const context = await browser.context();
	let barred = true;
	await context.route("**/v1/events", (route) => (barred ? route.fulfill({ status: 502, body: "" }) : route.continue()));
	const page = await open(context, site.address("ada"));
	await page.waitForSelector('#link[data-state="polling"]');
	check((await page.innerText("#link")).includes("every few seconds"), await page.innerText("#link"));
	const worker = await site.test_client("open write");
	await begin(worker, "a", "report.pdf");
	await sees(page, "report.pdf", working("extracting"));
	await worker.do("update a chunking Splitting");
	await sees(page, "report.pdf", working("chunking"));
	await worker.do("fail a Broken");
	await sees(page, "report.pdf", ({ state }) => state === "failed");
	await worker.do("remove a");
	await until(async () => !("report.pdf" in (await shown(page))), "what is removed goes");
	barred = false;
	await live(page);
});

test("a proxy that holds the stream back is found out", async (site, browser) => {
	browser.expect(/ERR_/);
	await site.startDaemon();
	await site.startGateway();
	const context = await browser.context();
	await context.route("**/v1/events", () => {}); // never answered
	const page = await open(context, site.address("ada"));
	await page.waitForSelector('#link[data-state="polling"]');
	same(await link(page), "polling");
});

await main();
