# SPDX-License-Identifier: MIT
"""What the tests of the document worker share: a store and a spool beside the board of a Site, documents,
stopping a worker in a stage, and an independent reader of the board's events.

    documents = Documents(site)                 after site.daemon()
    documents.run("voyager.pdf", "--owner", "alice")     docproc FILE: (code, id, stderr)
    server = documents.serve("--jobs", "2")     docproc --spool, ready
    documents.submit("tides.txt", "--id", "x")
    documents.until_final("x")

A worker is stopped with SIGSTOP when the board shows it in a stage. What keeps it there long enough is the
size of the document, an endpoint that hangs, or a lock on the store; never time.
"""

import contextlib
import ctypes
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

from e2e import BUILD, LIMIT, TREE, Failure, Process, check, process_state, until
from fake_endpoint import Endpoint

DOCPROC = os.environ.get("DOCPROC_BIN") or os.path.join(BUILD, "docproc")
SAMPLES = os.path.join(TREE, "tests", "documents")
STAGES = ["extracting", "chunking", "embedding", "indexing", "summarizing"]
QUERY = """
import json, sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
print(json.dumps(connection.execute(sys.argv[2], sys.argv[3:]).fetchall()))
"""
PERCENT = {"pending": 0, "extracting": 10, "chunking": 25, "embedding": 40, "indexing": 70,
           "summarizing": 85, "completed": 100}


def messages(name):
    """What the message of each status is, as a pattern."""
    return {"pending": "Queued for processing", "extracting": f"Extracting text from {name}",
            "chunking": "Splitting into semantic chunks",
            "embedding": r"Generating embeddings for \d+ chunks", "indexing": "Storing in database",
            "summarizing": "Generating document summary", "completed": "Document processed successfully"}


class Server(Process):
    """docproc --spool, and what it writes to its log."""

    def __init__(self, documents, arguments, prefix=()):
        self.log_path = os.path.join(documents.site.folder, "docproc.log")
        self.before = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        with open(self.log_path, "ab") as log:
            super().__init__([*prefix, DOCPROC, "--spool", documents.spool, *documents.settings,
                              *arguments], documents.site.env, stdin=subprocess.DEVNULL,
                             stdout=log, stderr=log)

    def log(self):
        """What this one said."""
        with open(self.log_path, "rb") as file:
            file.seek(self.before)
            return file.read().decode(errors="replace")

    def ready(self):
        until(lambda: "serving " in self.log() or self.popen.poll() is not None,
              lambda: f"docproc serves; it says: {self.log()[-2000:]}")
        check(self.popen.poll() is None, lambda: f"docproc exited {self.popen.returncode}: {self.log()}")
        return self

    def terminate(self):
        self.signal(signal.SIGTERM)
        code = self.wait(60)
        check(code == 0, lambda: f"docproc exited {code}: {self.log()[-2000:]}")


def end_traced(server):
    """SIGTERM for the child of strace."""
    if server.popen.poll() is None:
        subprocess.run(["pkill", "-TERM", "-P", str(server.pid)], check=False)
        server.wait()


class Documents:
    def __init__(self, site, *settings, store=None):
        self.site = site
        self.spool = os.path.join(site.folder, "spool")
        self.store = store or os.path.join(site.folder, "store", "documents.db")
        empty = os.path.join(site.folder, "docproc.conf")
        with open(empty, "w", encoding="utf-8"):
            pass
        self.settings = ["--config", empty, "--store", self.store, *settings]
        self.board = site.test_client("open write no-worker")
        self.lock = None
        self.enter = []  # what brings a command to where the store is

    def sample(self, name):
        return name if os.path.isabs(name) else os.path.join(SAMPLES, name)

    def write(self, name, text):
        path = os.path.join(self.site.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def pages(self, n, name="pages.pdf"):
        """A PDF of n pages."""
        path = os.path.join(self.site.folder, name)
        subprocess.run([sys.executable, os.path.join(SAMPLES, "make_documents.py"), "--pages", str(n),
                        path], check=True, stdout=subprocess.DEVNULL)
        return path

    def sentences(self, n, name="sentences.txt"):
        """A text of n different sentences."""
        return self.write(name, "".join(
            f"Sentence number {i} tells of station {i * 7 % 1009} on line {i % 13}.\n"
            + ("\n" if i % 8 == 0 else "") for i in range(n)))

    # ---- Running --------------------------------------------------------------------------------

    def start(self, name, *arguments):
        """docproc FILE, not waited for. Its id must be given."""
        return self.site.start(Process(
            [DOCPROC, self.sample(name), *self.settings, *arguments], self.site.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def start_busy(self, id):
        """docproc FILE, whose document stays in summarizing: the process and its worker."""
        process = self.start("tides.txt", "--id", id)
        return process, self.until_stage(id, "summarizing")

    def run(self, name, *arguments, limit=120, prefix=()):
        done = subprocess.run([*prefix, DOCPROC, self.sample(name), *self.settings, *arguments],
                              env=self.site.env, text=True, capture_output=True, timeout=limit,
                              check=False)
        return done.returncode, done.stdout.strip(), done.stderr

    def serve(self, *arguments, prefix=()):
        return self.site.start(Server(self, arguments, prefix)).ready()

    def serve_busy(self, id="first"):
        """A server that works on one document at a time, and has one that stays in summarizing."""
        server = self.serve("--jobs", "1")
        self.submit("tides.txt", "--id", id)
        self.until_stage(id, "summarizing")
        return server

    def submit(self, name, *arguments):
        """Hand a file in; its id."""
        done = subprocess.run([DOCPROC, "submit", "--spool", self.spool, *self.settings,
                               self.sample(name), *arguments], env=self.site.env, text=True,
                              capture_output=True, timeout=LIMIT, check=False)
        check(done.returncode == 0, f"submit exited {done.returncode}: {done.stderr}")
        return done.stdout.strip()

    def place(self, id, text, /, folder="new", **ticket):
        """Put both files of a document into a folder of the spool by hand."""
        self.place_bytes(id, text.encode(), folder, **ticket)

    def place_bytes(self, id, content, /, folder="new", **ticket):
        for at in ("tmp", "new", "work"):
            os.makedirs(os.path.join(self.spool, at), exist_ok=True)
        ticket = {"id": id, "owner": "", "name": f"{id}.txt", "size": len(content),
                  "created_at": 1700000000, **ticket}
        for name, data in ((f"{id}.json", json.dumps(ticket).encode()), (id, content)):
            path = os.path.join(self.spool, "tmp", name)
            with open(path, "wb") as file:
                file.write(data)
            os.rename(path, os.path.join(self.spool, folder, name))

    # ---- Looking --------------------------------------------------------------------------------

    def show(self, id):
        return self.board.show(id)

    def final(self, id):
        answer = self.board.ask(f"show {id}")
        return answer if answer.code == 0 and answer.state in ("completed", "failed", "cancelled") else None

    def until_final(self, id, limit=60):
        return until(lambda: self.final(id), lambda: f"{id} ends: {self.board.ask('show ' + id).line}", limit)

    def expect(self, id, state, reason="none", error=None, limit=60):
        seen = self.until_final(id, limit)
        check(seen.state == state and seen.reason == reason, f"{id}: {seen.line}")
        if error is not None:
            check(error in seen.error.replace("_", " "), f"{id}: {seen.line}")
        return seen

    def expect_lost(self, id, stage):
        """Its worker was lost in that stage."""
        seen = self.expect(id, "failed", "worker_lost")
        check(seen.number("stage") == STAGES.index(stage), seen.line)
        return seen

    def until_gone(self, id, limit=LIMIT):
        until(lambda: not [name for name in self.files() if id in name], f"the files of {id} are gone", limit)

    def files(self):
        """What is in the spool, but the lock."""
        found = []
        for at in ("tmp", "new", "work"):
            folder = os.path.join(self.spool, at)
            if os.path.isdir(folder):
                found += [f"{at}/{name}" for name in sorted(os.listdir(folder))]
        return found

    def until_empty(self, limit=30):
        until(lambda: not self.files(), lambda: f"the spool is empty: {self.files()}", limit)

    def query(self, sql, *parameters):
        done = subprocess.run([*self.enter, "/usr/bin/python3", "-c", QUERY, self.store, sql, *parameters],
                              text=True, capture_output=True, check=False)
        check(done.returncode == 0, f"{sql}: {done.stderr[-500:]}")
        return [tuple(row) for row in json.loads(done.stdout)]

    def stored(self):
        """(finished documents, unfinished attempts)"""
        if not self.enter and not os.path.exists(self.store):
            return [], 0
        rows = self.query("SELECT id, finished_at FROM documents ORDER BY id")
        return [row[0] for row in rows if row[1] is not None], sum(row[1] is None for row in rows)

    def whole(self):
        """No attempt is left, nothing is there twice, nothing is without an owner."""
        finished, attempts = self.stored()
        check(attempts == 0, f"{attempts} unfinished attempts are left in the store")
        check(len(finished) == len(set(finished)), "a document is stored twice")
        if self.enter or os.path.exists(self.store):
            check(self.query("PRAGMA integrity_check") == [("ok",)], "the store is damaged")
            check(self.query("PRAGMA foreign_key_check") == [], "rows without document")
        return finished

    # ---- Stopping -------------------------------------------------------------------------------

    def until_stage(self, id, stage):
        """The worker, once the board shows it in that stage."""
        index = STAGES.index(stage)

        def there():
            answer = self.board.ask(f"show {id}")
            if answer.code != 0 or answer.state == "pending":
                return None
            check(answer.state == "active" and answer.number("stage") <= index,
                  f"{id} went past {stage}: {answer.line}")
            return answer.number("worker") if answer.number("stage") == index else None
        return until(there, lambda: f"{id} reaches {stage}: {self.board.ask('show ' + id).line}")

    def stop_in(self, id, stage):
        """SIGSTOP its worker in a stage."""
        worker = self.until_stage(id, stage)
        os.kill(worker, signal.SIGSTOP)
        until(lambda: process_state(worker) == "T", f"{worker} stopped")
        seen = self.show(id)
        check(seen.state == "active" and seen.number("stage") == STAGES.index(stage),
              f"stopped too late: {seen.line}")
        return worker

    def stop_at_lock(self, id):
        """SIGSTOP its worker in indexing, where it waits for a lock on the store that is ours until unlock().
        The document must take some time to chunk."""
        worker = self.stop_in(id, "chunking")
        self.lock = sqlite3.connect(self.store, isolation_level=None)
        self.lock.execute("BEGIN IMMEDIATE")
        os.kill(worker, signal.SIGCONT)
        return self.stop_in(id, "indexing")

    def stop_at(self, id, stage):
        """Either of the two."""
        return self.stop_at_lock(id) if stage == "indexing" else self.stop_in(id, stage)

    def unlock(self):
        if self.lock:
            self.lock.execute("ROLLBACK")
            self.lock.close()
            self.lock = None


@contextlib.contextmanager
def summarizing(site, plan="hang"):
    """Documents that stay in summarizing: what answers for the summary does as planned."""
    with Endpoint() as endpoint:
        documents = Documents(site, "--chat-url", endpoint.url(plan), "--chat-model", "m", "--chat-timeout", "1h")
        documents.endpoint = endpoint
        yield documents


class Stops:
    """Documents that can be stopped in each stage, and the settings for it."""

    def __init__(self, site, endpoint):
        self.site, self.endpoint = site, endpoint
        self.first = Documents(site)
        self.texts = {"extracting": self.first.pages(4000), "chunking": self.first.sentences(40000),
                      "indexing": self.first.sentences(20000, "fewer.txt")}

    def text(self, stage):
        """A document that takes long enough there."""
        return self.texts.get(stage, "voyager.pdf")

    def documents(self, stage):
        settings = ["--chat-url", self.endpoint.url("hang"), "--chat-model", "m"]
        store = self.first.store
        if stage == "embedding":
            settings += ["--embedding-url", self.endpoint.url("hang/embed"), "--embedding-model", "m",
                         "--dimension", "384"]
            store = os.path.join(self.site.folder, "store", "endpoint.db")
        return Documents(self.site, *settings, store=store)

    def stopped(self, name, prepare=None):
        """In each stage (stage, documents, server, worker): the document NAME-STAGE is stopped there, and
        next-STAGE waits. prepare(documents, stage) may change the settings before."""
        for stage in STAGES:
            documents = self.documents(stage)
            if prepare:
                prepare(documents, stage)
            server = documents.serve("--jobs", "1")
            documents.submit(self.text(stage), "--id", f"{name}-{stage}", "--owner", "alice")
            worker = documents.stop_at(f"{name}-{stage}", stage)
            documents.place(f"next-{stage}", "This one waits for its turn.")
            yield stage, documents, server, worker


# ---- An independent reader -----------------------------------------------------------------------


class Ref(ctypes.Structure):
    _fields_ = [("slot", ctypes.c_uint32), ("generation", ctypes.c_uint32)]


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("flags", ctypes.c_uint), ("board", ctypes.c_char_p),
                ("socket", ctypes.c_char_p), ("timeout_ms", ctypes.c_uint32),
                ("worker_pid", ctypes.c_int32)]


class Event(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("sequence", ctypes.c_uint64), ("time_ns", ctypes.c_uint64), ("ref", Ref),
                ("revision", ctypes.c_uint64), ("done", ctypes.c_uint64), ("total", ctypes.c_uint64),
                ("owner_hash", ctypes.c_uint64), ("kind", ctypes.c_int32), ("type", ctypes.c_uint8),
                ("state", ctypes.c_uint8), ("stage", ctypes.c_int8), ("reason", ctypes.c_uint8),
                ("id", ctypes.c_char * 64)]


class Cursor(ctypes.Structure):
    _fields_ = [("next", ctypes.c_uint64), ("lost", ctypes.c_uint64), ("stalled_ns", ctypes.c_uint64),
                ("lineage", ctypes.c_uint64)]


class View(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("ref", Ref), ("revision", ctypes.c_uint64), ("done", ctypes.c_uint64),
                ("total", ctypes.c_uint64), ("updated", ctypes.c_uint64), ("state", ctypes.c_uint8),
                ("reason", ctypes.c_uint8), ("stage", ctypes.c_int8), ("reserved", ctypes.c_uint8),
                ("flags", ctypes.c_uint16), ("kind", ctypes.c_int16), ("stamp", ctypes.c_uint64),
                ("board", ctypes.c_void_p), ("head", ctypes.c_void_p)]


class Reader:
    """A read-only client in this process, which has nothing to do with docproc: its own mapping, through the
    shared library."""

    TYPES = {1: "created", 2: "stage", 3: "final", 4: "cancel", 5: "removed", 6: "expired"}

    def __init__(self, site):
        self.library = ctypes.CDLL(os.path.join(BUILD, "libtrackd.so"))
        for name in ("status", "message"):
            getattr(self.library, f"trackd_view_{name}").restype = ctypes.c_char_p
        self.library.trackd_view_valid.restype = ctypes.c_bool
        options = Options(ctypes.sizeof(Options), 0, site.board.encode(), site.socket.encode(), 0, 0)
        self.trackd = ctypes.c_void_p()
        error = self.library.trackd_open(ctypes.byref(self.trackd), ctypes.byref(options))
        check(error == 0, f"the reader cannot open the board: {error}")
        self.cursor = Cursor()
        self.library.trackd_cursor_now(self.trackd, ctypes.byref(self.cursor))

    def close(self):
        self.library.trackd_close(self.trackd)

    def next(self):
        """The next event, or None."""
        event = Event(size=ctypes.sizeof(Event))
        result = self.library.trackd_next_event(self.trackd, ctypes.byref(self.cursor), ctypes.byref(event))
        check(result >= 0, f"the cursor says {result}")
        return event if result == 1 else None

    def view(self, ref):
        """(status, progress, message) of one version, or None."""
        view = View(size=ctypes.sizeof(View))
        while True:
            if self.library.trackd_get(self.trackd, ref, ctypes.byref(view)) < 0:
                return None
            at = ctypes.byref(view)
            seen = (self.library.trackd_view_status(at).decode(),
                    self.library.trackd_view_progress(at),
                    self.library.trackd_view_message(at).decode())
            if self.library.trackd_view_valid(at):
                return seen

    def follow(self, id, limit=60):
        """From the creation of a task to its end: its events, and every version that was seen on the way."""
        events, versions, ref = [], [], None

        def look():
            nonlocal ref
            if ref is not None:
                seen = self.view(ref)
                if seen and (not versions or versions[-1] != seen):
                    versions.append(seen)
            event = self.next()
            while event:
                if event.id.decode() == id:
                    ref = Ref(event.ref.slot, event.ref.generation)
                    events.append((self.TYPES[event.type], event.state, event.stage))
                event = self.next()
            return events and events[-1][0] == "final"

        deadline = time.monotonic() + limit
        while not look():  # as fast as it can: what it misses, it misses by being slow
            if time.monotonic() > deadline:
                raise Failure(f"{id} did not end: {events}")
        check(self.cursor.lost == 0, f"{self.cursor.lost} events were lost")
        return events, versions
