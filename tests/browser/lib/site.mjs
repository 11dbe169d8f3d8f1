// SPDX-License-Identifier: MIT
// What the tests of the page run against: a board of their own with its daemon, the gateway, the document worker, and
// clients on strings (tests/e2e/clients/test_client.c) that can be any process.

import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { createInterface } from "node:readline";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const TREE = fileURLToPath(new URL("../../..", import.meta.url));
export const BUILD = path.resolve(process.env.TRACKD_BUILD ?? path.join(TREE, "build"));
export const LIMIT_MS = 60000; // after which a condition that must come true has failed
const BOARD = process.env.TRACKD_TEST_BOARD ?? `/tt-browser-${process.pid}`;
const SECRET = "a secret of the tests that is long enough";

export const sample = (name) => path.join(TREE, "tests/documents", name);

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Wait until condition() is true or a value; what: text or a function that says what was seen.
export const until = async (condition, what, limit = LIMIT_MS, pause = 20) => {
	const end = Date.now() + limit;

	for (;;) {
		const value = await condition();
		if (value)
			return value;
		if (Date.now() > end)
			throw new Error(`not within ${limit} ms: ${typeof what === "function" ? await what() : what}`);
		await sleep(pause);
	}
};

const base64url = (data) => Buffer.from(data).toString("base64url");

export const token = (owner, { ttl = 3600, ...claims } = {}) => {
	const signed = [{ alg: "HS256", typ: "JWT" }, { sub: owner, exp: Math.floor(Date.now() / 1000) + ttl, ...claims }]
		.map((part) => base64url(JSON.stringify(part))).join(".");
	return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
};

// ---- Processes ---------------------------------------------------------------------------------------------------------

class Program {
	constructor(argv, env, log) {
		const file = log ? fs.openSync(log, "a") : null;

		this.log_path = log;
		this.said_from = log ? fs.fstatSync(file).size : 0;
		this.child = spawn(argv[0], argv.slice(1), { env, stdio: log ? ["ignore", file, file] : ["pipe", "pipe", "inherit"] });
		if (file !== null)
			fs.closeSync(file);
		this.name = path.basename(argv[0]);
		this.ended = new Promise((resolve) => this.child.once("exit", (code, signal) => {
			this.over = true;
			resolve(code ?? signal);
		}));
	}

	get pid() {
		return this.child.pid;
	}

	log() {
		return fs.readFileSync(this.log_path, "utf8").slice(this.said_from);
	}

	async said(pattern) {
		return until(() => {
			if (this.over)
				throw new Error(`${this.name} has ended: ${this.log()}`);
			return this.log().match(pattern);
		}, () => `${this.name} says ${pattern}; it said: ${this.log()}`);
	}

	async kill(signal = "SIGKILL") {
		if (!this.over)
			this.child.kill(signal);
		return this.ended;
	}
}

export class TestClient extends Program {
	constructor(env) {
		super([path.join(BUILD, "tests/e2e/clients/test_client")], env);
		this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
		this.child.stdin.on("error", () => {});
	}

	// Must succeed.
	async do(line) {
		this.child.stdin.write(`${line}\n`);
		const { value } = await this.lines.next();
		if (value === undefined || Number.parseInt(value, 10) < 0)
			throw new Error(`${line}: ${value}`);
		return value;
	}

	// Many at once; all must succeed.
	async doAll(lines) {
		this.child.stdin.write(lines.map((line) => `${line}\n`).join(""));
		for (const line of lines) {
			const { value } = await this.lines.next();
			if (value === undefined || Number.parseInt(value, 10) < 0)
				throw new Error(`${line}: ${value}`);
		}
	}
}

// ---- The site ------------------------------------------------------------------------------------------------------------

export class Site {
	static count = 0;

	constructor() {
		this.board = `${BOARD}-${++Site.count}`;
		this.folder = fs.mkdtempSync(path.join(process.env.TMPDIR ?? os.tmpdir(), "page-"));
		fs.chmodSync(this.folder, 0o755);
		for (const name of ["run", "state", "spool", "spool/tmp", "spool/new", "spool/work", "store", "http-state"])
			fs.mkdirSync(this.path(name));
		fs.writeFileSync(this.path("key"), SECRET, { mode: 0o600 });
		fs.writeFileSync(this.path("none.conf"), "");
		this.socket = this.path("run/trackd.sock");
		this.env = { ...process.env, TRACKD_BOARD: this.board, TRACKD_SOCKET: this.socket };
		delete this.env.NOTIFY_SOCKET;
		this.programs = [];
		this.port = 0;
	}

	path(name) {
		return path.join(this.folder, name);
	}

	#start(program) {
		this.programs.push(program);
		return program;
	}

	async startDaemon(...options) {
		this.daemon = this.#start(new Program([path.join(BUILD, "trackd"), "--board", this.board, "--socket", this.socket,
			"--state-dir", this.path("state"), "--config", this.path("none.conf"), ...options], this.env, this.path("trackd.log")));
		const looker = () => new Promise((resolve) => {
			spawn(path.join(BUILD, "trackctl"), ["stats", "--json"], { env: this.env, stdio: ["ignore", "pipe", "ignore"] })
				.stdout.setEncoding("utf8").once("data", (text) => resolve(text.includes(`"pid": ${this.daemon.pid}`))).once("end", () => resolve(false));
		});
		await until(looker, () => `trackd serves; it said: ${this.daemon.log()}`);
	}

	// Settings are lines of http.conf; a port that was once taken is kept.
	async startGateway(settings = {}) {
		const all = { board: this.board, socket: this.socket, listen: `127.0.0.1:${this.port}`, admin: `unix:${this.path("run/admin.sock")}`,
			state_dir: this.path("http-state"), store: this.path("store/documents.db"), spool: this.path("spool"), key_file: this.path("key"), ...settings };

		fs.rmSync(this.path("run/admin.sock"), { force: true });
		fs.writeFileSync(this.path("http.conf"), Object.entries(all).map(([key, value]) => `${key} = ${value}\n`).join(""));
		this.gateway = this.#start(new Program([path.join(BUILD, "trackd-http"), "--config", this.path("http.conf")], this.env, this.path("http.log")));
		this.port = Number((await this.gateway.said(/listening on \S*:(\d+)/))[1]);
	}

	async startWorker(...options) {
		this.worker = this.#start(new Program([path.join(BUILD, "docproc"), "--spool", this.path("spool"), "--config", this.path("none.conf"),
			"--store", this.path("store/documents.db"), ...options], this.env, this.path("docproc.log")));
		await this.worker.said(/serving /);
	}

	// Must succeed.
	async trackctl(...words) {
		const child = spawn(path.join(BUILD, "trackctl"), words, { env: this.env, stdio: ["ignore", "ignore", "inherit"] });
		const code = await new Promise((resolve) => child.once("exit", resolve));

		if (code !== 0)
			throw new Error(`trackctl ${words.join(" ")}: ${code}`);
	}

	async test_client(...lines) {
		const test_client = this.#start(new TestClient(this.env));

		for (const line of lines)
			await test_client.do(line);
		return test_client;
	}

	address(owner, options) {
		return `http://127.0.0.1:${this.port}/${owner ? `#token=${token(owner, options)}` : ""}`;
	}

	removeBoard() {
		for (const name of fs.readdirSync("/dev/shm"))
			if (name.startsWith(this.board.slice(1)))
				fs.rmSync(path.join("/dev/shm", name), { recursive: true });
	}

	async end() {
		for (const program of this.programs.reverse())
			await program.kill();
		this.removeBoard();
		fs.rmSync(this.folder, { recursive: true, force: true });
	}
}
