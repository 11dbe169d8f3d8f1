// SPDX-License-Identifier: MIT
// A headless Firefox that opens addresses, each in a tab. Debian's takes no orders from playwright-core: the page reports by itself.

import { spawn } from "node:child_process";
import fs from "node:fs";

// It contacts no host but the page's: no updates, no first run, no look for a portal.
const PREFERENCES = {
	"app.normandy.enabled": false, "app.update.enabled": false, "browser.aboutwelcome.enabled": false, "browser.safebrowsing.malware.enabled": false,
	"browser.safebrowsing.phishing.enabled": false, "browser.shell.checkDefaultBrowser": false, "browser.startup.homepage_override.mstone": "ignore",
	"browser.startup.page": 0, "datareporting.policy.dataSubmissionEnabled": false, "dom.ipc.processCount": 1, "extensions.update.enabled": false,
	"network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false, "network.dns.disablePrefetch": true,
	"network.proxy.type": 0, "services.settings.server": "data:,", "toolkit.telemetry.enabled": false,
};

// Returns what ends it.
export const firefox = (profile, ...addresses) => {
	fs.mkdirSync(profile);
	fs.writeFileSync(`${profile}/user.js`, Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`).join(""));
	const child = spawn("firefox-esr", ["--headless", "--no-remote", "--profile", profile, ...addresses],
		{ detached: true, stdio: "ignore", env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: "1" } });
	const ended = new Promise((resolve) => child.once("exit", resolve).once("error", resolve));

	return async () => {
		try {
			process.kill(-child.pid, "SIGKILL"); // and the processes of its tabs
		} catch { /* it has ended */ }
		await ended;
	};
};
