// SPDX-License-Identifier: MIT
// Tests with their own site and browser, reported as TAP. What the page writes to the console as an error fails a test.

import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";
import { BUILD, Site } from "./site.mjs";

const require = createRequire(path.join(BUILD, "browser", "here.js"));
const tests = [];

export const test = (name, run) => tests.push({ name, run });

export const check = (condition, seen) => {
	if (!condition)
		throw new Error(typeof seen === "function" ? seen() : seen);
};

export const same = (seen, wanted, what = "") => {
	const [a, b] = [JSON.stringify(seen), JSON.stringify(wanted)];
	check(a === b, `${what}: ${a} instead of ${b}`);
};

const axeSource = () => fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

// Colours that a reader forces upon all pages are the reader's, and axe does not know them.
export const audit = async (page, what) => {
	await page.evaluate(axeSource());
	const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"],
		rules: { "color-contrast": { enabled: !matchMedia("(forced-colors: active)").matches } } }));
	const found = violations.map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`);

	same(found, [], `axe, ${what}`);
};

const comment = (text) => console.log(String(text).split("\n").map((line) => `# ${line}`).join("\n"));

// ---- A browser ---------------------------------------------------------------------------------------------------------

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
	"--disable-dev-shm-usage"];

export class Browser {
	static async start() {
		const { chromium } = require("playwright-core");

		return new Browser(await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS }));
	}

	constructor(browser) {
		this.browser = browser;
		this.errors = [];
		this.expected = [];
	}

	// What the browser itself says about an answer that the test has brought about.
	expect(pattern) {
		this.expected.push(pattern);
	}

	// Tabs of one context share what tabs of one person share.
	async context(options = {}) {
		const context = await this.browser.newContext({ viewport: { width: 1100, height: 900 }, ...options });

		context.on("page", (page) => this.#listen(page));
		return context;
	}

	#listen(page) {
		const note = (text) => {
			if (!this.expected.some((pattern) => pattern.test(text)))
				this.errors.push(text);
		};

		page.on("console", (message) => {
			if (message.type() === "error" || message.type() === "warning")
				note(`${message.text()} (${message.location().url})`);
		});
		page.on("pageerror", (error) => note(`uncaught: ${error.stack}`));
	}

	async end() {
		await this.browser.close();
	}
}

// ---- Running ---------------------------------------------------------------------------------------------------------------

const one = async (number, { name, run }) => {
	const site = new Site();
	let browser;

	try {
		browser = await Browser.start();
		await run(site, browser);
		same(browser.errors, [], "the console");
		console.log(`ok ${number} - ${name}`);
		return true;
	} catch (error) {
		console.log(`not ok ${number} - ${name}`);
		comment(error.stack ?? error);
		if (browser?.errors.length)
			comment(`console: ${browser.errors.join("\n")}`);
		for (const log of ["trackd.log", "http.log", "docproc.log"])
			if (fs.existsSync(site.path(log)))
				comment(`${log}: ${fs.readFileSync(site.path(log), "utf8").split("\n").slice(-12).join("\n")}`);
		return false;
	} finally {
		await browser?.end();
		await site.end();
	}
};

// All tests, or those whose name holds an argument.
export const main = async () => {
	const wanted = tests.filter(({ name }) => process.argv.length < 3 || process.argv.slice(2).some((word) => name.includes(word)));
	let good = true;

	console.log(`1..${wanted.length}`);
	for (const [i, each] of wanted.entries())
		good = (await one(i + 1, each)) && good;
	process.exitCode = good ? 0 : 1;
};
