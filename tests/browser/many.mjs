#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// tests/run: serial timeout=300
//
// Ten thousand tasks: what is open is always there, numbers are those of all, and the page is as quick as with one.

import fs from "node:fs";
import path from "node:path";
import { live, open, sees, shown } from "./lib/page.mjs";
import { BUILD, until } from "./lib/site.mjs";
import { audit, check, main, same, test } from "./lib/tap.mjs";

const SCREENSHOTS = path.join(BUILD, "screenshots");
const MANY = 10000;
const FAILED = 300; // of these, the oldest

const LOOKS = {
	light: { colorScheme: "light" }, "320-dark": { colorScheme: "dark", viewport: { width: 320, height: 720 } },
};

const range = (n, each) => Array.from({ length: n }, (_, i) => each(i));

// One that runs, then the many that are finished, then some that wait.
const crowd = async (site) => {
	await site.startDaemon();
	await site.startGateway({ owner_rate: 0, address_rate: 0 });
	const worker = await site.test_client("open write", "create old owner=ada name=handbook.pdf", "update old extracting Extracting", "progress old 10 1000");
	for (let i = 0; i < MANY; i += 500)
		await worker.doAll(range(500, (k) => i + k).flatMap((n) => [`create d${n} owner=ada name=report-${n}.pdf`,
			n < FAILED ? `fail d${n} Document_appears_to_be_empty` : `complete d${n} Document_processed_successfully`]));
	await worker.doAll([...range(40, (n) => `create w${n} owner=ada name=waiting-${n}.md`), "create one owner=bob name=one.pdf"]);
	return worker;
};

const counts = (page) => page.evaluate(() => Object.fromEntries([...document.querySelectorAll("#filter .choice"), ...document.querySelectorAll("h2")]
	.filter((element) => element.checkVisibility()).map((element) => [element.textContent.trim().split(/\s+/).slice(0, element.matches("h2") ? 2 : 1).join(" "), element.querySelector(".count")?.textContent])));

// How long from going there until a task, and until the page can be used: a key that is typed has had its effect.
const measure = async (browser, address, name) => {
	const page = await open(await browser.context(), "about:blank");

	await page.addInitScript((wanted) => {
		const look = () => {
			if (![...document.querySelectorAll("#active .name")].some((element) => element.textContent === wanted))
				return requestAnimationFrame(look);
			window.painted = performance.now();
			document.querySelector("#search").value = "handbook";
			document.querySelector("#search").dispatchEvent(new Event("input"));
			requestAnimationFrame(() => setTimeout(() => { window.used = performance.now(); }));
		};
		requestAnimationFrame(look);
	}, name);
	await page.goto(address);
	await page.waitForFunction(() => window.used);
	return { page, ...await page.evaluate(() => ({ painted: Math.round(window.painted), used: Math.round(window.used) })) };
};

test("ten thousand tasks: the one that runs is there at once, the numbers are of all, more come on demand", async (site, browser) => {
	const worker = await crowd(site);
	fs.mkdirSync(SCREENSHOTS, { recursive: true });
	const few = await measure(browser, site.address("bob"), "one.pdf");
	const { page, painted, used } = await measure(browser, site.address("ada"), "handbook.pdf");
	console.log(`# of ${MANY} tasks the first are seen after ${painted} ms, used after ${used} ms; of one task ${few.painted} ms, ${few.used} ms`);
	check(used < 1000 + 2 * few.used, `${used} ms; with one task ${few.used} ms`);
	await few.page.close();
	await live(page);
	await page.fill("#search", "");
	const all = { All: "10,041", Active: "41", Completed: "9,700", Failed: "300" };
	await until(async () => JSON.stringify(await counts(page)) === JSON.stringify({ ...all, Cancelled: "", "In progress": "20 of 41", "Finished 50": "50 of 10,000" }), async () => JSON.stringify(await counts(page)));
	same(await page.title(), "(41) Documents · trackd");
	same(Object.keys(await shown(page))[0], "handbook.pdf", "what runs is first");
	const elements = await page.evaluate(() => document.querySelectorAll("*").length);
	check(elements < 6000, `${elements} elements`);
	for (const [name, { colorScheme, viewport }] of Object.entries(LOOKS)) {
		await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
		await page.setViewportSize(viewport ?? { width: 1100, height: 900 });
		await page.screenshot({ path: path.join(SCREENSHOTS, `many-${name}.png`), fullPage: true });
		check(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${name} is wider than the screen`);
	}
	await audit(page, "many");
	await page.setViewportSize({ width: 1100, height: 900 });
	// Beyond what the stream begins with, it is followed too.
	await worker.do("progress old 500 1000");
	await sees(page, "handbook.pdf", ({ text }) => text.includes("500 of 1,000"));
	// On demand, with the pages of the server before and after.
	for (const n of [150, 250]) {
		await page.click("#final-more");
		await until(async () => (await page.innerText("#final-count")) === `${n} of 10,000`, async () => page.innerText("#final-count"));
		const names = await page.locator(".row-name").allTextContents();
		same(names, range(n, (i) => `report-${MANY - 1 - i}.pdf`), "newest first, without a gap");
	}
	await page.click("#active-more");
	same(await page.innerText("#active-count"), "41");
	// A filter looks behind what the others have.
	await page.check("#filter-failed", { force: true });
	await until(async () => (await page.innerText("#final-count")) === "50 of 300", async () => JSON.stringify(await counts(page)));
	same((await page.locator(".row-name").allTextContents())[0], `report-${FAILED - 1}.pdf`);
	for (let n = 150; n <= 300; n += 100) {
		await page.click("#final-more");
		await until(async () => (await page.locator("#final > li").count()) === Math.min(n, 300), async () => page.innerText("#final-count"));
	}
	await page.click("#final-more");
	await until(async () => (await page.innerText("#final-count")) === "300", async () => page.innerText("#final-count"));
	check(await page.isHidden("#final-more"), "there are no more");
	check(await page.evaluate(() => document.activeElement.matches("summary")), "the focus is not lost with the button");
	await page.check("#filter-all", { force: true });
	// What happens is counted, by the server in the end.
	await worker.do("complete old Document_processed_successfully");
	await worker.doAll(["remove d0", "cancel w0", "create w99 owner=ada name=late.md"]);
	await until(async () => JSON.stringify(Object.values(await counts(page)).slice(0, 5)) === JSON.stringify(["10,041", "40", "9,701", "299", "1"]), async () => JSON.stringify(await counts(page)));
	await sees(page, "late.md", ({ place }) => place === "card");
	// A search says how much it has looked through.
	await page.fill("#search", "report-9000.pdf");
	await until(async () => (await page.innerText("#final-more")).startsWith("Search more than"), async () => page.innerText("#final-more"));
	// After a new beginning it is all there again.
	await page.fill("#search", "");
	browser.expect(/ERR_|503/);
	await site.gateway.kill("SIGTERM");
	await page.waitForSelector('#link[data-state="waiting"]');
	await worker.do("remove d1");
	await site.startGateway({ owner_rate: 0, address_rate: 0 });
	await live(page);
	await until(async () => (await page.innerText('label[for="filter-failed"]')) === "Failed 298", async () => JSON.stringify(await counts(page)));
	await sees(page, "waiting-39.md", ({ place }) => place === "card");
});

await main();
