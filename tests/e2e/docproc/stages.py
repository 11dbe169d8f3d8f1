#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""A document goes through all stages in order, as an independent reader of the board sees it; and the messages for
bad documents, failing endpoints and interruptions by users.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import concurrent.futures
import json
import re
import signal
import sqlite3
import subprocess
from datetime import datetime

from docproc import (DOCPROC, PERCENT, STAGES, Documents, Reader, Server, Stops, end_traced, messages,
                     summarizing)
from e2e import check, main, test, until
from fake_endpoint import Endpoint


def follow(site, documents, name, id):
    """One run: the events, and what was seen of each status."""
    reader = Reader(site)
    process = documents.start(name, "--id", id, "--owner", "alice")
    events, versions = reader.follow(id)
    check(process.wait() == 0, f"docproc exited {process.popen.returncode}")
    reader.close()
    return events, versions


def sequence(site, name):
    site.daemon()
    documents = Documents(site)
    expected, seen = messages(name), {}
    # A stage may be over before a reader that is not scheduled sees its message; its event it cannot miss.
    for run in range(50):
        events, versions = follow(site, documents, name, f"run-{run}")
        check(events == [("created", 1, -1)] + [("stage", 2, i) for i in range(5)] + [("final", 3, 4)],
              f"run {run}: {events}")
        order = [status for status, _, _ in versions]
        check(sorted(order, key=list(PERCENT).index) == order, f"run {run}: {order}")
        percents = [percent for _, percent, _ in versions]
        check(sorted(percents) == percents, f"run {run}: {percents}")
        for status, percent, message in versions:
            check(re.fullmatch(expected[status], message), f"{status}: {message}")
            seen.setdefault(status, set()).add(percent)
        if all(PERCENT[status] in seen.get(status, ()) for status in expected):
            break
    check(list(sorted(seen, key=list(PERCENT).index)) == list(expected), f"seen: {seen}")
    for status, percent in PERCENT.items():
        check(percent in seen[status], f"{status} begins at {min(seen[status])} instead of {percent}")
    durations(site, "run-0")


def durations(site, id):
    """Those of all stages in trackctl show, for programs and for people; in ms."""
    code, out, err = site.trackctl("show", "--json", id)
    check(code == 0, err)
    stages = json.loads(out)["stages"]
    check([stage["name"] for stage in stages] == STAGES, out)
    for stage in stages:
        check(stage["state"] == "done" and stage["duration_ms"] is not None, f"{stage}")
        check(stage["name"] == "summarizing" or stage["done"] == stage["total"] > 0, f"{stage}")
    took = datetime.fromisoformat(stages[-1]["finished_at"]) - datetime.fromisoformat(stages[0]["started_at"])
    total = sum(stage["duration_ms"] for stage in stages)
    check(abs(total - took.total_seconds() * 1000) <= len(stages), f"{total} ms do not add up to {took}: {stages}")
    code, out, err = site.trackctl("show", id)
    check(code == 0, err)
    for stage in stages:
        shown = re.search(rf"{stage['name']} +(\d+\.\d) s\b", out)
        check(shown and abs(float(shown[1]) - stage["duration_ms"] / 1000) < 0.1, f"{stage} is shown as {out}")
    return {stage["name"]: stage["duration_ms"] for stage in stages}


@test("a PDF: every transition in order, none skipped, with its percentage and message")
def _(site):
    sequence(site, "voyager.pdf")


@test("a DOCX: the same")
def _(site):
    sequence(site, "voyager.docx")


@test("trackctl show prints the duration of each stage")
def _(site):
    site.daemon()
    documents = Documents(site)
    code, _, said = documents.run(documents.sentences(60000), "--id", "long")
    check(code == 0, said)
    took = durations(site, "long")
    print(f"# ms: {took}")
    check(max(took.values()) >= 300, f"too fast to see whether durations are right: {took}")


@test("docproc FILE prints the id, its status follows the task's end, and the document is found")
def _(site):
    site.daemon()
    documents = Documents(site)
    code, id, said = documents.run("tides.txt", "--owner", "alice", "--name", "The tides.txt")
    check(code == 0 and re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", id),
          f"{code} {id} {said}")
    check(" 10 %  extracting" in said and "100 %  completed" in said, said)
    seen = documents.show(id)
    check((seen.owner, seen.name, seen.state) == ("alice", "The_tides.txt", "completed"), seen.line)
    found = subprocess.run([DOCPROC, *documents.settings, "search", "--owner", "alice", "spring tides"],
                           env=site.env, text=True, capture_output=True, check=False)
    check(found.returncode == 0 and "The tides.txt" in found.stdout, found.stdout + found.stderr)
    shown = subprocess.run([DOCPROC, *documents.settings, "show", id], env=site.env, text=True,
                           capture_output=True, check=False)
    check(shown.returncode == 0 and "The tides.txt" in shown.stdout, shown.stdout + shown.stderr)
    check(documents.whole() == [id], "the store")


@test("on a terminal progress is one line, and no name moves the cursor")
def _(site):
    site.daemon()
    documents = Documents(site)
    command = [DOCPROC, documents.sample("voyager.pdf"), *documents.settings, "--name", "a\x1b[2Jb\x07.pdf"]
    ours, theirs = os.openpty()
    process = subprocess.Popen(command, env={**site.env, "TERM": "xterm", "LC_ALL": "C.UTF-8"}, stdin=theirs,
                               stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while data := os.read(ours, 65536):
            said += data
    except OSError:  # how a terminal says that nobody has it open any more
        pass
    os.close(ours)
    id = process.communicate()[0].decode().strip()
    check(process.returncode == 0 and documents.whole() == [id], f"{process.returncode} {said}")
    check(said.startswith(b"\r[") and b"\n" not in said and b"100 %  completed" in said, said)
    check(said.endswith(b"\r\x1b[K"), "the line is left")
    check(b"\x1b[2J" not in said and b"\x07" not in said, "the name reached the terminal")


@test("the same id twice is one document; while the first runs, the second is refused")
def _(site):
    site.daemon()
    documents = Documents(site)
    check(documents.run("tides.txt", "--id", "one")[0] == 0, "the first")
    check(documents.run("notes.md", "--id", "one")[0] == 0, "the second")
    check(documents.whole() == ["one"], "the store")
    check(documents.query("SELECT filename FROM documents") == [("notes.md",)], "the newer one stays")
    documents.board.do("create waiting owner=bob")
    code, _, said = documents.run("tides.txt", "--id", "waiting")
    check(code == 4 and "exists" in said, f"{code} {said}")


@test("each kind of failure has its message and exit status, and leaves nothing")
def _(site):
    site.daemon()
    documents = Documents(site)
    cases = [("legacy.doc", "Unsupported file type: .doc", 0), ("empty.txt", "Document appears to be empty", 1),
             ("no_text.docx", "Document appears to be empty", 1),
             ("scanned.pdf", "Document appears to be empty (no text layer)", 1),
             ("encrypted.pdf", "encrypted", 0), ("truncated.pdf", "truncated", 0),
             ("truncated.docx", "truncated", 0), ("renamed.pdf", "renamed.pdf is a DOCX", 0),
             ("zip_bomb.docx", "zip bomb", 0), ("xml_bomb.docx", "XML entities", 0)]
    for number, (name, error, stage) in enumerate(cases):
        code, _, said = documents.run(name, "--id", f"bad-{number}")
        seen = documents.expect(f"bad-{number}", "failed", "error", error)
        check(code == 1 and seen.number("stage") == stage, f"{name}: {code} {seen.line}")
        check(seen.message == "Processing_failed", seen.line)
        check(error in said and site.folder not in seen.error, said)
    check("docx" in documents.run("legacy.doc")[2], "no advice for .doc")
    check(documents.whole() == [], "the store")


@test("unreadable files and invalid names create no task")
def _(site):
    site.daemon()
    documents = Documents(site)
    os.mkfifo(os.path.join(site.folder, "pipe"))
    for code, arguments in ((2, ["/nowhere/at/all.pdf"]), (2, [site.folder]),
                            (2, [os.path.join(site.folder, "pipe")]), (2, ["tides.txt", "--id", "a b"]),
                            (2, ["tides.txt", "--id", "x.json"]), (2, ["tides.txt", "--owner", "x" * 64]),
                            (2, ["tides.txt", "--name", "a/b"]), (2, ["tides.txt", "notes.md"]),
                            (2, ["tides.txt", "--jobs", "0"]), (2, ["tides.txt", "--nonsense"])):
        got, out, said = documents.run(*arguments)
        check(got == code and out == "" and said, f"{arguments}: {got} {out} {said}")
    check(documents.board.do("stats").number("used") == 0, "a task was made")


@test("without a board it says so and exits 69")
def _(site):
    os.makedirs(os.path.join(site.folder, "x"))
    done = subprocess.run([DOCPROC, "--store", os.path.join(site.folder, "x", "s.db"),
                           Documents.sample(None, "tides.txt")], env=site.env, text=True,
                          capture_output=True, check=False)
    check(done.returncode == 69 and "trackd" in done.stderr, f"{done.returncode} {done.stderr}")


# ---- Cancelling ----------------------------------------------------------------------------------


@test("a task can be cancelled in every stage, and leaves nothing")
def _(site):
    site.daemon()
    with Endpoint() as endpoint:
        documents = Documents(site)
        check(documents.run("tides.txt", "--id", "kept")[0] == 0, "the first document")
        stops = Stops(site, endpoint)
        for stage in STAGES:
            id, used = f"cancel-{stage}", stops.documents(stage)
            process = used.start(stops.text(stage), "--id", id)
            worker = used.stop_at(id, stage)
            used.board.do(f"cancel {id}")
            used.unlock()
            os.kill(worker, signal.SIGCONT)
            seen = used.expect(id, "cancelled", "cancelled")
            check(seen.number("stage") == STAGES.index(stage), f"{stage}: {seen.line}")
            check(process.wait() == 5, f"{stage}: docproc exited {process.popen.returncode}")
            used.whole()
        check(documents.whole() == ["kept"], "the store")


@test("Ctrl-C asks to cancel; a second one kills")
def _(site):
    site.daemon()
    with summarizing(site) as documents:
        process, _ = documents.start_busy("once")
        process.signal(signal.SIGINT)
        documents.expect("once", "cancelled", "cancelled")
        check(process.wait() == 5, f"exited {process.popen.returncode}")
        process = documents.start("tides.txt", "--id", "twice")
        documents.stop_in("twice", "summarizing")
        process.signal(signal.SIGINT)
        until(lambda: int(documents.show("twice").flags) & 8, "asked to cancel")
        process.signal(signal.SIGINT)
        documents.expect("twice", "cancelled", "cancelled")
        check(process.wait() == 130, f"exited {process.popen.returncode}")
        check(documents.whole() == [], "the store")


@test("a task that another process ends or replaces is abandoned")
def _(site):
    site.daemon()
    with summarizing(site) as documents:
        process, worker = documents.start_busy("ended")
        documents.stop_in("ended", "summarizing")
        documents.board.do("fail ended enough")
        os.kill(worker, signal.SIGCONT)
        check(process.wait() == 5, f"exited {process.popen.returncode}")
        check(documents.whole() == [], "the store")


# ---- Endpoints -----------------------------------------------------------------------------------


@test("a failing endpoint: the task fails with a specific message, or continues when it recovers")
def _(site):
    site.daemon()
    cases = [("hang", "did not answer within"), ("500", "500"), ("429:0", "429"), ("garbage", "not JSON"),
             ("dimension:8", "8 dimensions"), ("close", "embedding service"), ("fewer", "embedding service")]
    with Endpoint() as endpoint:
        documents = [Documents(site, "--embedding-url", endpoint.url(plan), "--embedding-model", "m",
                               "--dimension", "384", "--embedding-timeout", "500ms", "--embedding-retries", "1",
                               store=os.path.join(site.folder, f"store-{number}", "documents.db"))
                     for number, (plan, _) in enumerate(cases)]
        # Most of the time they wait for the endpoint: all at once.
        with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
            runs = pool.map(lambda one: one[1].run("tides.txt", "--id", f"trouble-{one[0]}"), enumerate(documents))
            for number, (code, _, said) in enumerate(runs):
                plan, error = cases[number]
                seen = documents[number].expect(f"trouble-{number}", "failed", "error", error)
                check(code == 1 and seen.number("stage") == 2, f"{plan}: {code} {seen.line}")
                check(error in said, said)
                check(documents[number].whole() == [], "the store")
        for number, plan in enumerate(("500,ok", "429:0,ok", "close,ok")):
            documents = Documents(site, "--embedding-url", endpoint.url(plan), "--embedding-model", "m",
                                  store=os.path.join(site.folder, "store", f"{number}.db"))
            code, id, said = documents.run("tides.txt", "--owner", "alice")
            check(code == 0, f"{plan}: {said}")
            check(documents.whole() == [id], "the store")


@test("a store refuses another provider before any document is read")
def _(site):
    site.daemon()
    with Endpoint(dimension=16) as endpoint:
        documents = Documents(site)
        check(documents.run("tides.txt", "--id", "built-in")[0] == 0, "built in")
        documents = Documents(site, "--embedding-url", endpoint.url("ok"), "--embedding-model", "m",
                              "--dimension", "16")
        code, _, said = documents.run("tides.txt", "--id", "other")
        seen = documents.expect("other", "failed", "error")
        check(code == 1 and seen.number("stage") == 0, f"{seen.line} {said}")
        check(endpoint.requests("ok") == [], "the endpoint was asked")
        check(documents.whole() == ["built-in"], "the store")


@test("another program may close the store as the last one while a worker enters its sandbox")
def _(site):
    site.daemon()
    documents = Documents(site)
    check(documents.run("notes.md", "--id", "before")[0] == 0, "the first document")
    documents.submit("tides.txt", "--id", "one")
    # The worker waits where its rules for files name the log beside the store, which whoever is last removes.
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=landlock_restrict_self", "-e", "signal=none",
              "-e", "inject=landlock_restrict_self:delay_enter=500000"]
    server = site.start(Server(documents, ["--jobs", "1"], strace))
    while not documents.final("one"):
        other = sqlite3.connect(documents.store)
        other.execute("SELECT count(*) FROM documents").fetchall()
        other.close()
    documents.expect("one", "completed")
    check(documents.whole() == ["before", "one"], "the store")
    end_traced(server)


main()
