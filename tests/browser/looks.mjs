#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// tests/run: alone=browser timeout=300
//
// What the page looks and sounds like, for everybody: screenshots to look at in build/screenshots/, an audit by axe, the
// keyboard alone, reduced motion, 320 px; and what it lets in.

import fs from "node:fs";
import path from "node:path";
import { card, live, open, sees, shown } from "./lib/page.mjs";
import { BUILD, sleep, token, until } from "./lib/site.mjs";
import { audit, check, main, same, test } from "./lib/tap.mjs";

const SCREENSHOTS = path.join(BUILD, "screenshots");

const LOOKS = {
	light: { colorScheme: "light" },
	dark: { colorScheme: "dark" },
	320: { colorScheme: "light", viewport: { width: 320, height: 720 } },
	"320-dark": { colorScheme: "dark", viewport: { width: 320, height: 720 } },
	"high-contrast": { forcedColors: "active", colorScheme: "dark" },
};

const run = (test_client, id, name, ...lines) => [`create ${id} owner=ada name=${name}`, ...lines.map((line) => line.replace("@", id))]
	.reduce((before, line) => before.then(() => test_client.do(line)), Promise.resolve());

// Documents in every state, and what keeps them there.
const scene = async (site) => {
	await site.startDaemon();
	await site.startGateway();
	const [works, lost] = [await site.test_client("open write"), await site.test_client("open write")];
	await run(works, "a", "quarterly-report-2025.docx", "update @ extracting Extracting", "progress @ 12 12", "update @ chunking Splitting", "progress @ 84 84",
		"update @ embedding Generating", "progress @ 84 84", "update @ indexing Storing", "progress @ 84 84", "update @ summarizing Summary",
		"complete @ Document_processed_successfully");
	await run(works, "b", "scan.pdf", "update @ extracting Extracting", "update @ chunking Splitting", "fail @ Document_appears_to_be_empty");
	await run(lost, "c", "field-notes.md", "update @ extracting Extracting", "progress @ 3 3", "update @ chunking Splitting", "progress @ 130 410");
	await lost.kill();
	await run(works, "d", "photo-album.pdf", "cancel @");
	await run(works, "e", "handbook.pdf", "update @ extracting Extracting_text_from_handbook.pdf", "progress @ 212 212",
		"update @ chunking Splitting_into_semantic_chunks", "progress @ 1290 1290", "update @ embedding Generating_embeddings_for_128_chunks", "progress @ 60 128");
	await run(works, "f", "a-very-long-name-that-somebody-thought-was-a-good-idea-for-the-minutes-of-a-meeting-final-2.pdf",
		"update @ extracting Extracting_text", "progress @ 4 90");
	await run(works, "g", "minutes.txt");
	return works;
};

const narrow = (page) => page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

// ---- Looks -----------------------------------------------------------------------------------------------------------------

test("screenshots are written; axe finds nothing; nothing is wider than the screen", async (site, browser) => {
	fs.mkdirSync(SCREENSHOTS, { recursive: true });
	await scene(site);
	for (const [name, options] of Object.entries(LOOKS)) {
		const context = await browser.context({ reducedMotion: "reduce", ...options });
		const page = await open(context, site.address());
		await page.waitForSelector("#sign-in:not([hidden])");
		await page.screenshot({ path: path.join(SCREENSHOTS, `${name}-sign-in.png`) });
		await audit(page, `${name}, signing in`);
		await page.goto(site.address("ada"));
		await live(page);
		await sees(page, "handbook.pdf", ({ percent }) => percent > 0);
		await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
		await audit(page, name);
		check(await narrow(page), `${name} is wider than the screen`);
		for (const row of await page.locator("summary").all())
			await row.click();
		await page.screenshot({ path: path.join(SCREENSHOTS, `${name}-open.png`), fullPage: true });
		await audit(page, `${name}, opened`);
		check(await narrow(page), `${name} is wider than the screen when opened`);
		await page.setInputFiles("#files", { name: "no.exe", mimeType: "application/x-msdownload", buffer: Buffer.from("MZ") });
		browser.expect(/415|503/);
		await sees(page, "no.exe", ({ state, place }) => place === "upload" && state === "failed");
		await audit(page, `${name}, with a fault`);
		await context.close();
	}
	for (const name of Object.keys(LOOKS))
		check(fs.statSync(path.join(SCREENSHOTS, `${name}.png`)).size > 10000, name);
});

test("nothing is claimed before the first answer; what is not uploaded is not in progress", async (site, browser) => {
	browser.expect(/415/);
	fs.mkdirSync(SCREENSHOTS, { recursive: true });
	await site.startDaemon();
	await site.startGateway();
	const context = await browser.context({ reducedMotion: "reduce" });
	let answer;
	const held = new Promise((resolve) => { answer = resolve; });
	let asked = 0;
	await context.route(/\/v1\/(tasks|task-counts|events)\b/, async (route) => {
		asked++;
		await held;
		await route.continue();
	});
	await context.addInitScript(() => {
		window.headings = new Set();
		const look = () => {
			for (const heading of document.querySelectorAll("h2, #empty"))
				if (heading.checkVisibility())
					window.headings.add(heading.innerText.trim());
			requestAnimationFrame(look);
		};
		requestAnimationFrame(look);
	});
	const page = await open(context, site.address("ada"));
	await until(() => asked > 0, "it asks");
	await page.waitForSelector("#work:not([hidden])");
	await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
	same(await page.evaluate(() => [...window.headings]), [], "headings before the first answer");
	answer();
	await live(page);
	await page.waitForSelector("#empty:not([hidden])");
	check((await page.innerText("#empty")).startsWith("No documents yet"), await page.innerText("#empty"));
	same(await page.evaluate(() => [...window.headings]), [await page.innerText("#empty")], "headings of nothing");
	await page.screenshot({ path: path.join(SCREENSHOTS, "empty.png"), fullPage: true });
	await audit(page, "empty");
	await page.setInputFiles("#files", { name: "no.exe", mimeType: "application/x-msdownload", buffer: Buffer.from("MZ") });
	await sees(page, "no.exe", ({ state, place }) => place === "upload" && state === "failed");
	const headings = () => page.evaluate(() => [...document.querySelectorAll("h2")].filter((heading) => heading.checkVisibility()).map((heading) => heading.innerText.trim()));
	await until(async () => (await headings()).join() === "Not uploaded 1", async () => (await headings()).join());
	same(await page.title(), "Documents · trackd");
	for (const [filter, seen] of [["active", false], ["completed", false], ["failed", true], ["all", true]]) {
		await page.check(`#filter-${filter}`, { force: true });
		same("no.exe" in (await shown(page)), seen, filter);
	}
	for (const [name, { viewport, colorScheme }] of Object.entries({ light: LOOKS.light, "320-dark": LOOKS["320-dark"] })) {
		await page.emulateMedia({ colorScheme });
		await page.setViewportSize(viewport ?? { width: 1100, height: 900 });
		await page.screenshot({ path: path.join(SCREENSHOTS, `not-uploaded-${name}.png`), fullPage: true });
		await audit(page, `not uploaded, ${name}`);
	}
	await page.getByRole("button", { name: "Dismiss: no.exe" }).click();
	await until(async () => (await headings()).length === 0, async () => (await headings()).join());
	check(await page.isVisible("#empty"), "there is nothing again");
});

test("it can be read at twice the size, and does not move with reduced motion", async (site, browser) => {
	await scene(site);
	const page = await open(await browser.context({ reducedMotion: "reduce", viewport: { width: 640, height: 800 }, deviceScaleFactor: 2 }), site.address("ada"));
	await live(page);
	await page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
	check(await narrow(page), "it is wider than the screen at twice the size");
	const moving = await page.evaluate(() => [...document.querySelectorAll("*")].filter((element) => {
		const style = getComputedStyle(element);
		return style.animationName !== "none" || (style.transitionProperty !== "none" && parseFloat(style.transitionDuration) > 0);
	}).length);
	same(moving, 0, "elements that move");
	const still = await open(await browser.context(), site.address("ada"));
	await live(still);
	check(await still.evaluate(() => document.getAnimations().length > 0), "others see it move");
});

// ---- By keyboard and by ear ------------------------------------------------------------------------------------------------

test("all of it is done by keyboard alone", async (site, browser) => {
	const works = await scene(site);
	const page = await open(await browser.context(), site.address());
	const focus = () => page.evaluate(() => document.activeElement === document.body ? "BODY" : document.activeElement.id || document.activeElement.getAttribute("aria-label") || document.activeElement.innerText || document.activeElement.tagName);
	const press = (key) => page.keyboard.press(key);
	const tabTo = async (wanted) => {
		const passed = [];
		for (let i = 0; i < 40; i++) {
			await press("Tab");
			passed.push(await focus());
			if (passed.at(-1).includes(wanted)) {
				const visible = await page.evaluate(() => {
					const element = document.activeElement, label = element.nextElementSibling;
					return [element, label].some((one) => one && getComputedStyle(one).outlineStyle !== "none");
				});
				return check(visible, `where the focus is cannot be seen at ${wanted}`);
			}
		}
		throw new Error(`${wanted} is not reached: ${passed.join(" | ")}`);
	};

	await page.waitForSelector("#sign-in:not([hidden])");
	same(await focus(), "token", "the focus is where one types");
	await page.keyboard.insertText(token("ada"));
	await press("Enter");
	await live(page);
	await page.evaluate(() => document.activeElement.blur());
	await tabTo("Skip to the documents");
	await press("Enter");
	same(await focus(), "documents");
	same(await page.evaluate(() => location.href.includes("token")), false);
	await tabTo("Cancel: minutes.txt");
	await press("Space");
	await sees(page, "minutes.txt", ({ state }) => state === "cancelled");
	check((await focus()).includes("Collapse: minutes.txt"), "the focus stays on the button");
	await press("Enter");
	await sees(page, "minutes.txt", ({ place }) => place === "row");
	await press("Enter");
	check(await page.evaluate(() => document.activeElement.parentElement.open), "the row opens");
	await tabTo("Remove from the list: minutes.txt");
	await press("Enter");
	await until(async () => !("minutes.txt" in (await shown(page))), "it is removed");
	check((await focus()) !== "BODY", "the focus is not lost");
	await page.evaluate(() => document.activeElement.blur());
	await page.locator("#sign-out").focus();
	const chooser = page.waitForEvent("filechooser");
	await tabTo("choose");
	await press("Enter");
	await chooser;
	await tabTo("search");
	await page.keyboard.type("field");
	await until(async () => Object.keys(await shown(page)).join() === "field-notes.md", "the search finds");
	await press("Escape");
	await page.fill("#search", "");
	await tabTo("filter-all");
	await press("ArrowRight");
	await press("ArrowRight");
	await until(async () => Object.values(await shown(page)).every(({ state }) => state === "completed"), "the filter filters");
	await page.evaluate(() => document.activeElement.blur());
	await works.do("show e");
});

test("a screen reader hears of starts, stages and ends, each once and not too often", async (site, browser) => {
	await site.startDaemon();
	await site.startGateway();
	const page = await open(await browser.context(), site.address("ada"));
	await live(page);
	await page.evaluate(() => {
		window.heard = [];
		new MutationObserver(() => window.heard.push([Date.now(), document.querySelector("#live").textContent]))
			.observe(document.querySelector("#live"), { childList: true, characterData: true, subtree: true });
	});
	const heard = () => page.evaluate(() => window.heard);
	const worker = await site.test_client("open write");
	await run(worker, "a", "report.pdf", "update @ extracting Extracting", "progress @ 0 1000");
	for (let i = 1; i <= 100; i++)
		await worker.do(`progress a ${10 * i} 1000`);
	await until(async () => (await heard()).some(([, text]) => text.includes("report.pdf: extracting")), async () => JSON.stringify(await heard()));
	for (let i = 0; i < 8; i++)
		await run(worker, `n${i}`, `notes-${i}.md`, "update @ extracting Extracting");
	await worker.do("fail a Document_appears_to_be_empty");
	await until(async () => (await heard()).some(([, text]) => text.startsWith("report.pdf failed: Document appears to be empty")), async () => JSON.stringify(await heard()));
	const all = await heard();
	check(all.length <= 3, `said ${all.length} times: ${JSON.stringify(all)}`);
	check(all.every(([at], i) => i === 0 || at - all[i - 1][0] >= 3900), `said too often: ${JSON.stringify(all)}`);
	check(all.at(-1)[1].includes("more changed"), all.at(-1)[1]);
	check(!all.some(([, text]) => text.includes("%")), "no percentages");
	const bar = page.locator(".card", { hasText: "notes-1.md" }).getByRole("progressbar", { name: "notes-1.md" });
	same(await bar.getAttribute("aria-valuetext"), "10%, Extracting");
});

// ---- What it lets in -------------------------------------------------------------------------------------------------------

test("names are text, whatever they are; no other host is contacted", async (site, browser) => {
	await site.startDaemon();
	await site.startGateway();
	const context = await browser.context();
	const asked = [];
	context.on("request", (request) => asked.push(request.url()));
	const page = await open(context, site.address("ada"));
	await live(page);
	const worker = await site.test_client("open write");
	await run(worker, "x", "<img/src=x/onerror=window.hurt=1>.pdf", "update @ extracting <script>window.hurt=1</script>", "progress @ 1 2");
	await sees(page, "<img/src=x/onerror=window.hurt=1>.pdf", ({ message }) => message === "<script>window.hurt=1</script>");
	await worker.do("fail x <b>bold</b>");
	await sees(page, "<img/src=x/onerror=window.hurt=1>.pdf", ({ text }) => text.includes("<b>bold</b>"));
	same(await page.evaluate(() => [window.hurt, document.querySelectorAll("#documents img, #documents b, #documents script").length]), [null, 0]);
	check(asked.every((url) => new URL(url).origin === new URL(site.address()).origin), asked.join("\n"));
	check(!asked.some((url) => url.includes("eyJ")), "no token in an address");
	const answer = await page.request.get(site.address());
	const policy = answer.headers()["content-security-policy"];
	check(/default-src 'none'/.test(policy) && !policy.includes("unsafe"), policy);
	check(!/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=/.test(await answer.text()), "nothing is inline");
	// It is enforced.
	browser.expect(/Content Security Policy|Trusted(HTML|Script)/);
	same(await page.evaluate(() => {
		const script = document.createElement("script");
		try {
			script.textContent = "window.hurt = 2";
			document.body.append(script);
		} catch { /* so much the better */ }
		return window.hurt ?? null;
	}), null, "an inline script");
});

test("files are kept for ever under their version, the page is asked for anew", async (site, browser) => {
	await site.startDaemon();
	await site.startGateway();
	const page = await open(await browser.context(), site.address());
	const asked = await page.evaluate(() => performance.getEntriesByType("resource").map((entry) => new URL(entry.name).pathname));
	check(asked.includes(asked.find((one) => /^\/page\/[0-9a-f]{16}\/main\.js$/.test(one))), asked.join());
	const get = (where, headers) => page.request.get(new URL(where, site.address()).href, { headers });
	const index = await get("/");
	same([index.status(), index.headers()["cache-control"], index.headers()["content-type"]], [200, "no-cache", "text/html; charset=utf-8"]);
	same((await get("/", { "If-None-Match": index.headers().etag })).status(), 304);
	const file = await get(asked.find((one) => one.endsWith("/main.js")));
	same([file.status(), file.headers()["cache-control"]], [200, "public, max-age=31536000, immutable"]);
	const old = await get("/page/0000000000000000/main.js");
	same([old.status(), old.headers()["cache-control"]], [200, "no-cache"]);
	same((await get("/page/0000000000000000/nothing.js")).status(), 404);
	same((await page.request.post(new URL("/", site.address()).href)).status(), 405);
});

// ---- Signing in ------------------------------------------------------------------------------------------------------------

test("a token in the fragment is taken out of the address; one that is no good says why", async (site, browser) => {
	browser.expect(/401/);
	await site.startDaemon();
	await site.startGateway();
	const page = await open(await browser.context(), `${site.address()}?x=1#token=${token("ada")}`);
	await live(page);
	same(await page.evaluate(() => [location.search, location.hash, history.length]), ["?x=1", "", 2]);
	same(await page.innerText("#owner"), "ada");
	await page.reload();
	await live(page);
	await page.click("#sign-out");
	await page.waitForSelector("#sign-in:not([hidden])");
	same(await page.evaluate(() => sessionStorage.length), 0, "kept after signing out");
	for (const [text, words] of [["nonsense", "This token is incomplete"], [token("ada").slice(0, -44), "This token is incomplete"], [token("ada", { ttl: -10 }), "has expired"],
		[token("ada", { sub: undefined }), "does not name a user"], [`${token("ada").slice(0, -4)}AAAA`, "does not accept"]]) {
		await page.fill("#token", text);
		await page.keyboard.press("Enter");
		await until(async () => (await page.innerText("#sign-in")).includes(words), async () => `${words}: ${await page.innerText("#sign-in")}`);
		await page.waitForSelector("#sign-in:not([hidden])");
	}
	await page.fill("#token", ` Bearer ${token("ada")}\n`);
	await page.keyboard.press("Enter");
	await live(page);
	// Another token in the fragment of a tab that is open.
	await page.evaluate((text) => { location.hash = `token=${text}`; }, token("bob"));
	await until(async () => (await page.innerText("#owner")) === "bob", "bob is signed in");
	same(await page.evaluate(() => location.hash), "");
	await sleep(0);
	check((await card(page, "nothing").count()) === 0, "nothing of ada's");
});

await main();
