# SPDX-License-Identifier: MIT
"""A trackd-http of a test's own, and a client that shows answers to the byte.

    gateway = Gateway.on(site, "--owner-rate", "0")     # ready; after site.daemon()
    answer = gateway.get("/v1/tasks/t", token("ada"))
    answer.status, answer.reason, answer.headers["etag"], answer.body, answer.json()

Settings that a test does not name are those of a gateway without limits; set() of its
configuration file and reload() change them.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time

from e2e import BUILD, LIMIT, Process, check, until

TRACKD_HTTP = os.environ.get("TRACKD_HTTP_BIN") or os.path.join(BUILD, "trackd-http")
SECRET = b"a secret of the tests that is long enough"


# ---- Tokens ----------------------------------------------------------------------------------------


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(owner, ttl=3600, secret=SECRET, **claims):
    """A signed JWT; claims are added, or taken away by None."""
    claims = {"sub": owner, "exp": int(time.time()) + ttl, **claims}
    claims = {key: value for key, value in claims.items() if value is not None}
    signed = ".".join(base64url(json.dumps(part).encode())
                      for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return signed + "." + base64url(hmac.new(secret, signed.encode(), hashlib.sha256).digest())


# ---- Answers ---------------------------------------------------------------------------------------


class Reply:
    """An answer to the byte: raw is all of it."""

    def __init__(self, raw, bodyless=False):
        self.raw = raw
        head, separator, self.body = raw.partition(b"\r\n\r\n")
        check(separator, f"no whole answer: {raw[:300]!r}")
        first, *lines = head.decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) (.*)", first)
        check(match, f"no status line: {first!r}")
        self.status, self.reason = int(match[1]), match[2]
        self.lines = lines
        self.headers = {name.lower(): value for name, value in
                        (line.split(": ", 1) for line in lines)}
        if not bodyless and "content-length" in self.headers:
            length = int(self.headers["content-length"])
            check(len(self.body) >= length, f"a body that is cut short: {raw!r}")
            self.rest, self.body = self.body[length:], self.body[:length]
        else:
            self.rest = b""

    def json(self):
        return json.loads(self.body)

    def stable(self):
        """All but the times, and whether the connection stays."""
        lines = [line for line in self.lines
                 if not line.lower().startswith(("date:", "connection:"))]
        return self.status, self.reason, lines, self.body

    def __repr__(self):
        return f"{self.status} {self.lines} {self.body[:500]!r}"


def read_all(connection, limit=LIMIT):
    """Until the other side ends it."""
    connection.settimeout(limit)
    data = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return data
        if not piece:
            return data
        data += piece


def read_reply(connection, bodyless=False, limit=LIMIT):
    """One answer of a connection that stays."""
    connection.settimeout(limit)
    data = b""
    while True:
        head, separator, body = data.partition(b"\r\n\r\n")
        if separator:
            length = re.search(rb"\r\ncontent-length: (\d+)", head, re.I)
            if bodyless or not length or len(body) >= int(length[1]):
                return Reply(data, bodyless)
        piece = connection.recv(65536)
        check(piece, f"the connection ended in an answer: {data!r}")
        data += piece


# ---- The gateway -----------------------------------------------------------------------------------


class Gateway(Process):
    count = 0

    def __init__(self, site, *arguments, settings=None, env=None, prefix=(), stdout=None):
        Gateway.count += 1
        self.site = site
        self.folder = os.path.join(site.folder, f"gateway-{Gateway.count}")
        os.mkdir(self.folder)
        self.key = self.path("key")
        with open(os.open(self.key, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(SECRET)
        self.store = self.path("documents.db")
        self.spool = self.path("spool")
        for name in ("", "tmp", "new", "work"):
            os.mkdir(os.path.join(self.spool, name))
        self.admin_path = self.path("admin.sock")
        self.conf = self.path("http.conf")
        self.settings = {
            "board": site.board, "socket": site.socket, "listen": "127.0.0.1:0",
            "admin": f"unix:{self.admin_path}", "state_dir": self.path("state"),
            "store": self.store, "spool": self.spool, "key_file": self.key,
            "address_rate": 0, "owner_rate": 0, "address_connections": 0,
            "address_streams": 0, "owner_streams": 0, **(settings or {})}
        self.set()
        self.arguments, self.environment = arguments, env or site.env
        self.prefix = prefix
        self.log_path = self.path("log")
        self.port = None
        self.run()

    @classmethod
    def on(cls, site, *arguments, **options):
        return site.start(cls(site, *arguments, **options)).ready()

    def path(self, name):
        return os.path.join(self.folder, name)

    def set(self, **settings):
        """Write the configuration file; None takes a setting out."""
        self.settings.update(settings)
        with open(self.conf, "w", encoding="utf-8") as file:
            for key, value in self.settings.items():
                if value is not None:
                    file.write(f"{key} = {value}\n")

    def run(self):
        with open(self.log_path, "ab") as log:
            self.log_begins = log.tell()
            super().__init__([*self.prefix, TRACKD_HTTP, "--config", self.conf, *self.arguments],
                             self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def log(self):
        """What it has said since it was started."""
        with open(self.log_path, "rb") as file:
            file.seek(self.log_begins)
            return file.read().decode(errors="replace")

    def said(self, text, limit=LIMIT):
        until(lambda: text in self.log(), lambda: f"it says {text!r}; it said: {self.log()}", limit)

    def ready(self):
        def listens():
            check(self.popen.poll() is None,
                  lambda: f"trackd-http exited {self.popen.returncode}: {self.log()}")
            return re.search(r"listening on (.*)", self.log())

        where = until(listens, lambda: f"it listens: {self.log()}")[1]
        match = re.search(r":(\d+)", where)
        self.port = int(match[1]) if match else None
        return self

    def restart(self):
        """Ended in good order and started again, on the same port."""
        self.terminate()
        if self.port:
            self.set(listen=f"127.0.0.1:{self.port}")
        self.run()
        return self.ready()

    def terminate(self):
        self.signal(signal.SIGTERM)
        code = self.wait()
        check(code == 0, f"trackd-http exited {code} after SIGTERM: {self.log()[-2000:]}")

    def reload(self, said="configuration and key reloaded"):
        before = self.log().count(said)
        self.signal(signal.SIGHUP)
        until(lambda: self.log().count(said) > before, lambda: f"it says {said!r}: {self.log()}")

    # ---- What it has ---------------------------------------------------------------------------------

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def resident_kib(self):
        """Of its own; which pages of files and of the board are resident is the kernel's to decide."""
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))

    def connections(self):
        """How many there are to it over TCP: a poll that waits is one."""
        port = f":{self.port:04X}"
        with open(f"/proc/{self.pid}/net/tcp", encoding="ascii") as file:
            return sum(1 for line in file if line.split()[1].endswith(port) and line.split()[3] == "01")

    # ---- Asking ------------------------------------------------------------------------------------

    def connect(self, admin=False):
        if admin:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(self.admin_path)
            return connection
        return socket.create_connection(("127.0.0.1", self.port), LIMIT)

    def raw(self, data, admin=False, limit=LIMIT):
        """Send bytes, and read until it closes."""
        with self.connect(admin) as connection:
            try:
                connection.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has heard enough
            return read_all(connection, limit)

    def ask(self, method, path, bearer=None, headers=(), body=None, admin=False, limit=LIMIT):
        """One request on a connection of its own."""
        return Reply(self.raw(request(method, path, bearer, headers, body, close=True),
                              admin, limit), method == "HEAD")

    def get(self, path, bearer=None, headers=(), **options):
        return self.ask("GET", path, bearer, headers, **options)

    def operator(self, path, headers=()):
        return self.ask("GET", path, headers=headers, admin=True)


    def readiness(self, verbose=False):
        """(status, text), or of a problem (status, detail)."""
        reply = self.operator("/readyz" + ("?verbose" if verbose else ""))
        if reply.status == 200:
            check(reply.headers["content-type"] == "text/plain; charset=utf-8", repr(reply))
            return 200, reply.body.decode()
        check(reply.headers["content-type"] == "application/problem+json", repr(reply))
        problem = reply.json()
        check((reply.status, problem["type"], problem["title"], problem["status"]) ==
              (503, "about:blank", "Service Unavailable", 503), problem)
        for part in problem["checks"]:
            check(part["ok"] == ("why" not in part), problem)
            check(not part["needed"] or part["ok"] == (part["name"] + ": " not in problem["detail"]), problem)
        return 503, problem["detail"]


def serving(site, *create, **settings):
    """A daemon, a gateway, and a producer with tasks."""
    site.daemon()
    producer = site.test_client("open write", *[f"create {line}" for line in create])
    return Gateway.on(site, settings=settings), producer


def request(method, path, bearer=None, headers=(), body=None, close=False):
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if close:
        lines.append("Connection: close")
    if bearer is not None:
        lines.append(f"Authorization: Bearer {bearer}")
    lines += [f"{name}: {value}" for name, value in dict(headers).items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


# ---- The store -------------------------------------------------------------------------------------


def make_store(path, *documents):
    """A store as docproc's with documents (id, owner, finished)."""
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE documents(id TEXT PRIMARY KEY, user_id TEXT NOT NULL, "
                         "filename TEXT, content_type TEXT, pages INTEGER, language TEXT, "
                         "summary TEXT, created_at INTEGER, finished_at INTEGER) WITHOUT ROWID")
        database.executemany("INSERT INTO documents(id, user_id, created_at, finished_at) "
                             "VALUES(?, ?, 1, ?)",
                             [(name, owner, 2 if finished else None)
                              for name, owner, finished in documents])
    database.close()
