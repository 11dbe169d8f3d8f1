// SPDX-License-Identifier: MIT
// The page as a test sees it.

import { LIMIT_MS, until } from "./site.mjs";
import { check } from "./tap.mjs";

export const open = async (context, address) => {
	const page = await context.newPage();

	page.setDefaultTimeout(LIMIT_MS);
	await page.goto(address);
	return page;
};

export const link = (page) => page.getAttribute("#link", "data-state");

export const live = (page) => page.waitForSelector('#link[data-state="live"]');

// {name: {place, state, percent, message, stages: {name: state}, text}} of what is shown.
export const shown = (page) => page.evaluate(() => {
	const found = {};
	const stages = (root) => Object.fromEntries([...root.querySelectorAll(".stage")].map((stage) =>
		[stage.querySelector(".stage-name").firstChild.textContent.toLowerCase(), stage.dataset.state]));

	for (const card of document.querySelectorAll(".card"))
		found[card.querySelector(".name").textContent] = { place: card.classList.contains("upload") ? "upload" : "card", state: card.dataset.state,
			percent: Number(card.querySelector('[role="progressbar"]').getAttribute("aria-valuenow")),
			message: card.querySelector(".message").textContent, stages: stages(card), text: card.innerText };
	for (const row of document.querySelectorAll(".row"))
		found[row.querySelector(".row-name").textContent] = { place: "row", state: row.dataset.state, stages: stages(row), text: row.innerText };
	return found;
});

// Until the page shows a document as wanted(of shown()).
export const sees = (page, name, wanted, limit = LIMIT_MS) => until(async () => {
	const one = (await shown(page))[name];
	return one && wanted(one) ? one : null;
}, async () => `${name} as ${wanted}; the page shows ${JSON.stringify(await shown(page), null, 1)}`, limit);

export const card = (page, name) => page.locator(".card", { has: page.locator(".name", { hasText: name }) });

// Each state that a document is shown in, from now on, as the page itself sees it: watch() before, seen() after.
export const watch = (page) => page.evaluate(() => {
	window.story = [];
	const look = () => {
		for (const card of document.querySelectorAll(".card:not(.upload)")) {
			const running = card.querySelector('.stage[data-state="running"] .stage-name')?.firstChild.textContent.toLowerCase();
			const now = `${card.querySelector(".name").textContent}: ${running ?? card.dataset.state}`;
			if (!window.story.includes(now))
				window.story.push(now);
		}
	};
	new MutationObserver(look).observe(document.querySelector("#documents"), { subtree: true, childList: true, attributes: true, characterData: true });
});

export const story = (page) => page.evaluate(() => window.story);

// Nothing was loaded anew: a mark that only a page that stays has.
export const mark = (page) => page.evaluate(() => { window.mark = true; });
export const stayed = async (page) => check(await page.evaluate(() => window.mark === true), "the page was loaded anew");
