#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""The spool: a submitted document is processed once, oldest first, and removed; a waiting one stays on the board;
and nothing that users put into the spool harms the server.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import json
import signal
import socket
import subprocess

from docproc import DOCPROC, Documents, Reader, summarizing
from e2e import check, main, need_root, test, until


def signals_waiting(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(line.split()[1] for line in file if line.startswith("ShdPnd:"))


@test("a submitted document is processed and found, and leaves no file")
def _(site):
    site.daemon()
    documents = Documents(site)
    documents.serve()
    ids = [documents.submit("voyager.pdf", "--owner", "alice"), documents.submit("tides.txt"),
           documents.submit("voyager.docx", "--id", "named", "--name", "My file.docx")]
    check(ids[2] == "named", ids)
    for id in ids:
        documents.expect(id, "completed")
    seen = documents.show("named")
    check(seen.name == "My_file.docx", seen.line)
    documents.until_empty()
    check(documents.whole() == sorted(ids), "the store")
    check(documents.query("SELECT user_id FROM documents WHERE id = ?", ids[0]) == [("alice",)], "the owner")


@test("a failed document leaves no file either; its error is on the board, the advice in the log")
def _(site):
    site.daemon()
    documents = Documents(site)
    server = documents.serve()
    id = documents.submit("legacy.doc")
    documents.expect(id, "failed", "error", "Unsupported file type: .doc")
    documents.until_empty()
    check("docx" in server.log(), server.log())
    check(documents.whole() == [], "the store")


@test("documents submitted before the start are processed one after another, oldest first")
def _(site):
    site.daemon()
    documents = Documents(site)
    for number in (3, 1, 4, 2):
        documents.place(f"d{number}", f"Document {number} says something.", created_at=1700000000 + number)
    reader = Reader(site)
    documents.serve("--jobs", "1")
    for number in range(1, 5):
        documents.expect(f"d{number}", "completed")
    order, event = [], reader.next()
    while event:
        if reader.TYPES[event.type] == "stage" and event.stage == 0:
            order.append(event.id.decode())
        event = reader.next()
    reader.close()
    check(order == ["d1", "d2", "d3", "d4"], order)
    documents.until_empty()


@test("at most --jobs documents are processed at once")
def _(site):
    site.daemon()
    with summarizing(site) as documents:
        server = documents.serve("--jobs", "3")
        ids = [documents.submit("tides.txt", "--id", f"d{n}") for n in range(5)]

        def active():
            return [id for id in ids if documents.show(id).state == "active"]
        until(lambda: documents.endpoint.requests("hang") and len(active()) == 3, "three are active")
        workers = {documents.show(id).worker for id in active()}
        check(len(workers) == 3 and str(server.pid) not in workers, f"{workers}")
        check([documents.show(id).state for id in ids[3:]] == ["pending"] * 2, "the others wait")
        documents.board.do(f"cancel {ids[0]}")
        until(lambda: documents.show(ids[3]).state == "active", "the next is taken up")
        for id in ids:
            documents.board.ask(f"cancel {id}")
        documents.until_empty()
        check(documents.whole() == [], "the store")


@test("a document cancelled while it waits is removed and never processed")
def _(site):
    site.daemon()
    with summarizing(site) as documents:
        documents.serve_busy()
        documents.submit("tides.txt", "--id", "second")
        documents.submit("tides.txt", "--id", "third")
        documents.board.do("cancel second")
        documents.until_gone("second")
        seen = documents.show("second")
        check((seen.state, seen.stage) == ("cancelled", "-1"), seen.line)
        documents.board.do("cancel first")
        documents.until_stage("third", "summarizing")
        check(documents.show("second").stage == "-1", "it was begun")
        documents.board.do("cancel third")
        documents.until_empty()


@test("only one server serves a spool; the next one takes over after its end")
def _(site):
    site.daemon()
    documents = Documents(site)
    server = documents.serve()
    code = subprocess.run([DOCPROC, "--spool", documents.spool, *documents.settings], env=site.env, text=True,
                          capture_output=True, check=False)
    check(code.returncode == 75 and "Another docproc serves" in code.stderr, code.stderr)
    server.terminate()
    documents.serve()
    documents.expect(documents.submit("tides.txt"), "completed")


@test("no other server starts while a process of a dead server may be alive")
def _(site):
    site.daemon()
    with summarizing(site) as documents:
        server = documents.serve("--jobs", "1")
        documents.submit("tides.txt", "--id", "one")
        worker = documents.stop_in("one", "summarizing")
        lock = os.path.join(documents.spool, "lock")
        held = [os.readlink(f"/proc/{worker}/fd/{fd}") for fd in os.listdir(f"/proc/{worker}/fd")]
        check(lock in held, f"the child does not hold the lock: {held}")
        # And nothing else of the server's: its document, its streams, its own board and store.
        check(not any("inotify" in name or "/new" in name or "signalfd" in name for name in held), f"{held}")
        server.kill()
        documents.serve("--jobs", "1")
        documents.until_empty()


@test("SIGTERM lets running documents finish, and leaves the others")
def _(site):
    site.daemon()
    documents = Documents(site)
    server = documents.serve("--jobs", "1")
    documents.submit(documents.sentences(40000), "--id", "begun")
    worker = documents.stop_in("begun", "chunking")
    documents.submit("tides.txt", "--id", "waiting")
    server.signal(signal.SIGTERM)
    # It has taken the signal from where it waited.
    until(lambda: "0000000000000000" == signals_waiting(server.pid), "the signal is heard")
    os.kill(worker, signal.SIGCONT)
    check(server.wait(60) == 0, server.log())
    documents.expect("begun", "completed")
    check(documents.show("waiting").state == "pending", "it was begun")
    check(documents.files() == ["new/waiting", "new/waiting.json"], documents.files())
    documents.serve("--jobs", "1")
    documents.expect("waiting", "completed")
    documents.until_empty()
    check(documents.whole() == ["begun", "waiting"], "the store")


@test("a thousand waiting documents outlive their tasks' time to live")
def _(site):
    daemon = site.daemon("--ttl", "1s")
    with summarizing(site) as documents:
        server = documents.serve_busy()
        # By hand, without tasks: they are created. Then many times their life.
        for number in range(1000):
            documents.place(f"d{number:04}", f"Document {number} says something.", owner="alice")
        until(lambda: documents.board.do("count alice").code == 1000, "a thousand tasks")
        created = {id: documents.show(id).created for id in ("d0000", "d0500", "d0999")}
        expires = documents.show("d0500").number("expires")

        def later():
            seen = documents.show("d0500")
            return seen.number("updated") > expires + 3 * 10**9
        until(later, "three lives have passed", 30)
        check(documents.board.do("count alice").code == 1000, "some have expired")
        for id, was in created.items():
            seen = documents.show(id)
            check(seen.created == was and seen.state == "pending", f"{id} is not the same task: {seen.line}")
        server.kill()
        documents.expect("first", "failed", "worker_lost")
        documents = Documents(site)
        # No server renews them now.
        until(lambda: documents.board.do("count alice").code == 0, "they expire")
        # What follows is not about time: a busy machine takes longer than a second for one.
        daemon.terminate()
        site.daemon("--ttl", "10m")
        reader = Reader(site)
        documents.serve("--jobs", "4")
        documents.until_empty(600)
        begun, ended, event = [], [], reader.next()
        while event:
            kind, id = reader.TYPES[event.type], event.id.decode()
            # What the server that was killed had begun is lost, and not begun again.
            if kind == "stage" and event.stage == 0 and id != "first":
                begun.append(id)
            elif kind == "final" and id != "first":
                ended.append(event.state)
            event = reader.next()
        # An entry that its producer leaves unfinished for 10 ms, on a busy machine, counts as lost.
        lost = reader.cursor.lost
        check(1000 - lost <= len(begun) <= 1000, f"{len(begun)} begun, {lost} events lost")
        check(1000 - lost <= len(ended) <= 1000 and set(ended) == {3},
              f"{len(ended)} ended, {sum(state != 3 for state in ended)} not well, {lost} events lost")
        check(len(documents.whole()) == 1000, "the store")
        reader.close()


@test("tasks of waiting documents that are gone from the board are created again")
def _(site):
    site.daemon()
    with summarizing(site) as documents:
        documents.serve_busy()
        documents.submit("tides.txt", "--id", "second", "--owner", "alice")
        until(lambda: documents.show("second").code == 0, "it waits")
        before = documents.show("second").number("generation")
        documents.board.do("remove second")

        def again():
            answer = documents.board.ask("show second")
            return answer.code == 0 and answer.number("generation") != before and answer
        seen = until(again, "it is there again")
        check((seen.state, seen.owner) == ("pending", "alice"), seen.line)
        for id in ("first", "second"):
            documents.board.do(f"cancel {id}")
        documents.until_empty()


@test("on a new board, waiting documents have tasks again, and can be cancelled")
def _(site):
    daemon = site.daemon("--ttl", "4s")
    with summarizing(site) as documents:
        documents.serve_busy()
        documents.submit("tides.txt", "--id", "second", "--owner", "alice")
        documents.submit("tides.txt", "--id", "third", "--owner", "alice")
        # Many events, so that the new board's are far from where the old one's were.
        documents.board.do("fill 200 noise")
        daemon.kill()
        os.unlink(site.shm)
        site.daemon("--ttl", "1h")
        documents.board = site.test_client("open write no-worker")
        for id in ("second", "third"):
            until(lambda: documents.board.ask(f"show {id}").code == 0, f"{id} is there again")
        documents.board.do("cancel second")
        documents.until_gone("second", 10)
        check(documents.show("third").state == "pending", "the other one waits")


@test("more documents than the board has room for: all are processed in the end")
def _(site):
    site.daemon("--capacity", "16")
    documents = Documents(site)
    for number in range(40):
        documents.place(f"d{number:02}", f"Document {number} says something.", created_at=1700000000 + number)
    server = documents.serve("--jobs", "2")
    documents.until_empty(60)
    check(documents.whole() == [f"d{number:02}" for number in range(40)], f"{documents.whole()}")
    check(server.log().count("without a task") < 10, server.log())


@test("garbage with the id of a running document does not harm it")
def _(site):
    site.daemon()
    with summarizing(site, "wait:1") as documents:
        server = documents.serve()
        documents.submit("tides.txt", "--id", "good")
        worker = documents.stop_in("good", "summarizing")
        documents.place("good", "x", size=1000)
        until(lambda: "refused" in server.log(), "it is refused")
        # The log line comes before the action.
        until(lambda: documents.files() == ["work/good", "work/good.json"],
              lambda: f"only the garbage goes: {documents.files()}")
        os.kill(worker, signal.SIGCONT)
        documents.expect("good", "completed")
        documents.until_empty()


@test("the same id submitted while the first runs: one document remains, the newer one")
def _(site):
    site.daemon()
    with summarizing(site, "hang,ok") as documents:
        documents.serve("--jobs", "2")
        documents.submit("tides.txt", "--id", "same")
        # The answer that does not come is this one's.
        documents.endpoint.until("hang,ok", 1)
        worker = documents.stop_in("same", "summarizing")
        # As a gateway might: its own new task in the place of the other.
        documents.board.do("create same name=second.txt replace")
        documents.place("same", "The second document of this id.", name="second.txt")
        # There is room for a second process, which another document gets.
        documents.expect(documents.submit("notes.md", "--id", "other"), "completed")
        check(documents.show("same").state == "pending", "two are at the same id")
        check([name for name in documents.files() if "same" in name] ==
              ["new/same", "new/same.json", "work/same", "work/same.json"], f"{documents.files()}")
        os.kill(worker, signal.SIGCONT)
        documents.expect("same", "completed")
        documents.until_empty()
        check(documents.whole() == ["other", "same"], "the store")
        check(documents.query("SELECT filename FROM documents WHERE id = 'same'") == [("second.txt",)],
              "the newer one stays")


# ---- Garbage -------------------------------------------------------------------------------------


def put(path, text=""):
    """A file that appears at once."""
    temporary = path + ".making"
    place = os.path.join(os.path.dirname(os.path.dirname(path)), "tmp", os.path.basename(temporary))
    with open(place, "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(place, path)


def make_garbage(site, documents):
    """Put everything into new/ that should not be there."""
    new = os.path.join(documents.spool, "new")
    documents.board.do("create no-ticket")
    put(os.path.join(new, "no-ticket"), "x")
    documents.board.do("create bad-json")
    put(os.path.join(new, "bad-json.json"), "{ no json")
    put(os.path.join(new, "bad-json"), "x")
    documents.board.do("create slash")
    documents.place("slash", "x", name="../../etc/passwd")
    documents.board.do("create short")
    documents.place("short", "x", size=1000)
    documents.board.do("create foreign owner=bob")
    documents.place("foreign", "x", owner="alice")
    documents.place("other-id", "x", id="another")
    put(os.path.join(new, "a name with spaces"), "x")
    put(os.path.join(new, "control\x1b[2Jcharacters"), "x")
    put(os.path.join(new, "x" * 200), "x")
    put(os.path.join(new, "link.json"), json.dumps({"id": "link"}))
    os.symlink("/etc/passwd", os.path.join(new, "link"))
    os.symlink("/nowhere", os.path.join(new, "dangling"))
    put(os.path.join(new, "pipe.json"), json.dumps({"id": "pipe"}))
    os.mkfifo(os.path.join(new, "pipe"))
    os.mkdir(os.path.join(new, "folder"))
    os.mkdir(os.path.join(documents.spool, "tmp", "full"))
    put(os.path.join(documents.spool, "tmp", "inside"), "x")
    os.rename(os.path.join(documents.spool, "tmp", "inside"),
              os.path.join(documents.spool, "tmp", "full", "inside"))
    os.rename(os.path.join(documents.spool, "tmp", "full"), os.path.join(new, "full"))
    os.mkfifo(os.path.join(new, "pipe-ticket.json"))
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.getcwd()
        os.chdir(new)
        bound.bind("socket")
        os.chdir(here)


def expect_refused(documents, server):
    documents.until_empty()
    for id in ("no-ticket", "bad-json", "slash", "short"):
        documents.expect(id, "failed", "error")
    seen = documents.show("foreign")
    check((seen.state, seen.owner) == ("pending", "bob"), seen.line)
    check("refused from the spool: slash" in server.log(), server.log())
    check("\x1b" not in server.log(), "control characters in the log")
    check(documents.whole() == [], "the store")
    documents.expect(documents.submit("tides.txt"), "completed")
    check(server.popen.poll() is None, "the server has ended")


@test("garbage that arrives is refused, and the next document is processed")
def _(site):
    site.daemon()
    documents = Documents(site)
    server = documents.serve()
    make_garbage(site, documents)
    expect_refused(documents, server)


@test("garbage present at the start is refused")
def _(site):
    site.daemon()
    documents = Documents(site)
    documents.serve().terminate()
    make_garbage(site, documents)
    for name in ("stray", "stray2.json", "bad name"):
        with open(os.path.join(documents.spool, "work", name), "w", encoding="utf-8") as file:
            file.write("x")
    server = documents.serve()
    expect_refused(documents, server)


@test("a document with the id of another user's task does not touch that task")
def _(site):
    site.daemon()
    documents = Documents(site)
    server = documents.serve()
    documents.board.do("create theirs owner=bob")
    documents.board.do("update theirs extracting")
    documents.place("theirs", "x", owner="alice")
    documents.until_empty()
    seen = documents.show("theirs")
    check((seen.state, seen.owner) == ("active", "bob"), seen.line)
    check("refused" in server.log(), server.log())


# ---- Handing in ----------------------------------------------------------------------------------


@test("submit refuses an id that is waiting or running, and replaces a finished one")
def _(site):
    site.daemon()
    documents = Documents(site)
    documents.submit("tides.txt", "--id", "one")
    again = subprocess.run([DOCPROC, "submit", "--spool", documents.spool, *documents.settings, "--id", "one",
                            documents.sample("notes.md")], env=site.env, text=True, capture_output=True,
                           check=False)
    check(again.returncode == 4 and "exists" in again.stderr, f"{again.returncode} {again.stderr}")
    check(documents.files() == ["new/one", "new/one.json"], documents.files())
    documents.serve()
    documents.expect("one", "completed")
    documents.until_empty()
    documents.submit("notes.md", "--id", "one")
    documents.expect("one", "completed")
    documents.until_empty()
    check(documents.query("SELECT filename FROM documents") == [("notes.md",)], "the newer one stays")


@test("a full disk during a submission leaves no file and no waiting task")
def _(site):
    need_root()
    site.daemon()
    documents = Documents(site)
    documents.serve().terminate()
    script = ('mount -t tmpfs -o size=64k full "$1" && exec "$2" submit --spool "$1" --id full "$3"')
    big = documents.write("big.txt", "x" * 200000)
    done = subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c",
                           script + '; code=$?; ls -R "$1" >&2; exit $code', "sh", documents.spool, DOCPROC, big],
                          env=site.env, text=True, capture_output=True, check=False)
    check(done.returncode == 75 and "No space left" in done.stderr, f"{done.returncode} {done.stderr}")
    answer = documents.board.ask("show full")
    check(answer.code != 0 or answer.state == "failed", answer.line)


main()
