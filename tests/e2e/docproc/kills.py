#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=400
"""Processes are killed at every point: every document has exactly one end on the board, no waiting document is
lost, none is processed twice, and no file or half-written attempt is left.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import signal
import time

from docproc import Documents, Server, Stops, end_traced, summarizing
from e2e import check, main, need_root, process_state, test, until
from fake_endpoint import Endpoint


def dead(pid):
    return process_state(pid) in ("", "Z")


# ---- The child -----------------------------------------------------------------------------------


@test("SIGKILL of the child in each stage: worker lost there, nothing is left, the next is processed")
def _(site):
    site.daemon()
    with Endpoint() as endpoint:
        for stage, documents, server, worker in Stops(site, endpoint).stopped("dies"):
            os.kill(worker, signal.SIGKILL)
            documents.expect_lost(f"dies-{stage}", stage)
            documents.unlock()
            last = "embedding" if stage == "embedding" else "summarizing"
            documents.until_stage(f"next-{stage}", last)
            documents.until_gone("dies")
            documents.board.do(f"cancel next-{stage}")
            documents.until_empty()
            check(documents.whole() == [], f"{stage}: the store")
            check("was killed by SIGKILL" in server.log(), server.log())
            server.terminate()


@test("SIGKILL of the child of docproc FILE: exit status 6")
def _(site):
    site.daemon()
    with summarizing(site) as documents:
        process = documents.start("tides.txt", "--id", "one")
        os.kill(documents.stop_in("one", "summarizing"), signal.SIGKILL)
        check(process.wait() == 6, f"exited {process.popen.returncode}")
        documents.expect("one", "failed", "worker_lost")
        check(documents.whole() == [], "the store")


# ---- The parent ----------------------------------------------------------------------------------


@test("SIGKILL of the parent in each stage: its child dies with it, the next server cleans up and continues")
def _(site):
    site.daemon()
    with Endpoint() as endpoint:
        stops = Stops(site, endpoint)
        for stage, documents, server, worker in stops.stopped("dies"):
            server.kill()
            until(lambda: dead(worker), "the child is dead")
            seen = documents.expect_lost(f"dies-{stage}", stage)
            documents.unlock()
            check(documents.files() == [f"new/next-{stage}", f"new/next-{stage}.json",
                                        f"work/dies-{stage}", f"work/dies-{stage}.json"], documents.files())
            plain = Documents(site, store=os.path.join(site.folder, "store", f"{stage}.db")
                              if stage == "embedding" else documents.store)
            server = plain.serve("--jobs", "1")
            plain.expect(f"next-{stage}", "completed")
            plain.until_empty()
            check(documents.show(f"dies-{stage}").revision == seen.revision, "it was touched again")
            check(f"next-{stage}" in plain.whole() and f"dies-{stage}" not in plain.whole(), f"{stage}: the store")
            server.terminate()
        # What a server with another store left is not this one's to know; its own is clean.
        check(stops.first.stored()[1] == 0, "attempts are left")


@test("SIGKILL of docproc FILE itself: its child dies with it, and the next server clears the store")
def _(site):
    site.daemon()
    with summarizing(site) as documents:
        process, worker = documents.start_busy("one")
        check(documents.stored() == ([], 1), f"{documents.stored()}")
        process.kill()
        until(lambda: dead(worker), "the child is dead")
        documents.expect("one", "failed", "worker_lost")
        documents.serve()
        check(documents.stored() == ([], 0), f"{documents.stored()}")


@test("a server's sweep of the store spares the attempts of live processes")
def _(site):
    site.daemon()
    with summarizing(site, "wait:1") as documents:
        process, worker = documents.start_busy("alive")
        documents.stop_in("alive", "summarizing")
        check(documents.stored() == ([], 1), f"{documents.stored()}")
        documents.serve()
        check(documents.stored() == ([], 1), f"{documents.stored()}")
        os.kill(worker, signal.SIGCONT)
        check(process.wait() == 0, f"exited {process.popen.returncode}")
        check(documents.whole() == ["alive"], "the store")


# ---- The daemon ----------------------------------------------------------------------------------


@test("SIGKILL of the daemon in each stage: the work continues, whether or not the daemon returns")
def _(site):
    daemon = site.daemon()

    def prepare(documents, stage):
        """The endpoint answers, but not at once in the stage that is meant."""
        if stage in ("embedding", "summarizing"):
            slow = endpoint.url(f"wait:1/{stage}")
            documents.settings = [slow if "hang" in word and (stage == "summarizing") == ("embed" not in word)
                                  else word for word in documents.settings]
        documents.settings = [word.replace("/hang/v1", f"/ok/{stage}/v1") for word in documents.settings]

    with Endpoint() as endpoint:
        stops = Stops(site, endpoint).stopped("lives", prepare)
        for number, (stage, documents, server, worker) in enumerate(stops):
            until(lambda: documents.board.ask(f"show next-{stage}").code == 0, "it is on the board")
            daemon.kill()
            documents.unlock()
            os.kill(worker, signal.SIGCONT)
            if number % 2 == 0:
                daemon = site.daemon()
            documents.expect(f"lives-{stage}", "completed")
            documents.expect(f"next-{stage}", "completed")
            if number % 2 == 1:
                daemon = site.daemon()
            documents.until_empty()
            documents.whole()
            server.terminate()
        site.doctor()


@test("a child that dies while there is no daemon: the parent ends the task")
def _(site):
    daemon = site.daemon()
    with summarizing(site) as documents:
        documents.serve_busy("dies")
        worker = documents.stop_in("dies", "summarizing")
        daemon.kill()
        os.kill(worker, signal.SIGKILL)
        documents.expect("dies", "failed", "worker_lost", "was killed by SIGKILL in summarizing")
        documents.until_empty()
        check(documents.whole() == [], "the store")


@test("a daemon that returns in time reports the worker lost itself")
def _(site):
    daemon = site.daemon()
    with summarizing(site) as documents:
        server = documents.serve_busy("dies")
        worker = documents.stop_in("dies", "summarizing")
        server.stop()
        daemon.kill()
        os.kill(worker, signal.SIGKILL)
        site.daemon()
        documents.expect("dies", "failed", "worker_lost")
        server.cont()
        documents.until_empty()


# ---- Every point ---------------------------------------------------------------------------------


def killed_at(site, documents, call, n):
    """A server that is killed at its nth call of that name, or not at all if it makes fewer. Whether it was."""
    strace = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", "signal=none",
              "-e", f"inject={call}:signal=SIGKILL:when={n}"]
    server = site.start(Server(documents, ["--jobs", "1"], strace))
    until(lambda: server.popen.poll() is not None or (documents.final("one") and not documents.files()),
          lambda: f"{call} {n}: {documents.files()} {documents.board.ask('show one').line} {server.log()}")
    killed = server.popen.poll() is not None
    end_traced(server)
    return killed


def one_end(documents, what):
    """The document has had one end, and it shows."""
    documents.until_final("one")
    documents.until_empty()
    seen = documents.show("one")
    finished = documents.whole()
    if seen.state == "completed":
        check(finished == ["one"], f"{what}: completed, and the store has {finished}")
    else:
        check((seen.state, seen.reason) == ("failed", "worker_lost"), f"{what}: {seen.line}")
    return seen.state


@test("the server killed at each of its moves, removals and forks: one end, nothing left")
def _(site):
    site.daemon()
    outcomes = {}
    documents = Documents(site)
    for call in ("renameat", "unlinkat", "clone", "waitid", "epoll_wait"):
        for n in range(1, 40):
            documents.store = os.path.join(site.folder, f"store-{call}-{n}", "documents.db")
            documents.settings[documents.settings.index("--store") + 1] = documents.store
            documents.submit("tides.txt", "--id", "one", "--owner", "alice")
            killed = killed_at(site, documents, call, n)
            # Whatever is there: the next one makes an end of it.
            server = documents.serve()
            outcomes.setdefault(call, []).append(one_end(documents, f"{call} {n}"))
            server.terminate()
            if not killed:
                break
    print(f"# {outcomes}")
    check(len(outcomes["renameat"]) == 3 and outcomes["renameat"][-1] == "completed", f"{outcomes}")
    # The zygote and the worker are forked.
    check(len(outcomes["clone"]) == 3, f"{outcomes}")


@test("the child killed at each write of the store to the disk: one end, and the id can be submitted again")
def _(site):
    site.daemon()
    outcomes = []
    documents = Documents(site)
    documents.run("notes.md", "--id", "before")
    for n in range(1, 30):
        documents.submit("tides.txt", "--id", "one", "--owner", "alice")
        strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", "signal=none",
                  "-e", f"inject=fdatasync:signal=SIGKILL:when={n}"]
        server = site.start(Server(documents, ["--jobs", "1"], strace))
        until(lambda: server.popen.poll() is not None or (documents.final("one") and not documents.files()),
              lambda: f"{n}: {documents.board.ask('show one').line} {documents.files()}")
        seen = documents.until_final("one")
        outcomes.append(f"{seen.state}:{seen.reason}:{seen.stage}")
        end_traced(server)
        server = documents.serve()
        documents.until_empty()
        finished = documents.whole()
        check("before" in finished and len(finished) <= 2, f"{n}: {finished}")
        check(seen.state != "completed" or "one" in finished, f"{n}: completed, and not in the store")
        # Again: one document.
        documents.submit("notes.md", "--id", "one", "--owner", "alice")
        documents.expect("one", "completed")
        documents.until_empty()
        check(documents.whole() == ["before", "one"], f"{n}: {documents.whole()}")
        server.terminate()
        if outcomes[-1].startswith("completed"):
            break
    print(f"# {outcomes}")
    check(len(outcomes) > 2 and outcomes[-1].startswith("completed"), f"{outcomes}")
    check(all(outcome.startswith("failed:worker_lost") for outcome in outcomes[:-1]), f"{outcomes}")


@test("recovery from a server's death at each point")
def _(site):
    site.daemon()
    documents = Documents(site)
    documents.serve().terminate()
    board = documents.board
    # The ticket was on its way: processed.
    board.do("create ticket-moved")
    documents.place("ticket-moved", "It has not been begun.")
    os.rename(f"{documents.spool}/new/ticket-moved.json", f"{documents.spool}/work/ticket-moved.json")
    # Both were taken up, no child had begun; with and without a task.
    board.do("create taken owner=alice")
    documents.place("taken", "x", "work", owner="alice")
    documents.place("taken-unknown", "x", "work", owner="alice")
    # The task has its end already.
    board.do("create ended")
    board.do("update ended extracting")
    board.do("fail ended broken")
    documents.place("ended", "x", "work")
    board.do("create over")
    board.do("cancel over")
    documents.place("over", "x")
    # Finished in the store, and forgotten by the board since.
    check(documents.run("tides.txt", "--id", "stored", "--owner", "alice")[0] == 0, "stored")
    when = documents.query("SELECT created_at FROM documents WHERE id = 'stored'")[0][0]
    board.do("remove stored")
    documents.place("stored", "x", "work", owner="alice", created_at=when)
    # A task of an earlier document of that id.
    board.do("create again owner=alice")
    board.do("cancel again")
    documents.place("again", "This is newer than the task.", owner="alice", created_at=int(time.time()) + 3600)
    # Waiting, gone from the board with a reboot.
    documents.place("waiting", "It waits.", owner="alice")
    server = documents.serve()
    documents.expect("ticket-moved", "completed")
    documents.expect("waiting", "completed")
    documents.expect("again", "completed")
    documents.expect("taken", "failed", "worker_lost")
    check(documents.expect("taken-unknown", "failed", "worker_lost").owner == "alice", "the owner")
    documents.expect("ended", "failed", "error", "broken")
    documents.expect("over", "cancelled", "cancelled")
    check(board.ask("show stored").code == -20002, "a document that was finished has failed afterwards")
    documents.until_empty()
    check(documents.whole() == ["again", "stored", "ticket-moved", "waiting"], f"{documents.whole()}")
    check(server.popen.poll() is None, server.log())


# ---- Full disk, limits ---------------------------------------------------------------------------


@test("a full disk at indexing: the task fails, nothing is left, the store stays intact and usable")
def _(site):
    need_root()
    site.daemon()
    folder = os.path.join(site.folder, "small")
    os.mkdir(folder)
    documents = Documents(site, store=os.path.join(folder, "documents.db"))
    server = documents.serve("--jobs", "1", prefix=[
        "unshare", "--mount", "--propagation", "private", "sh", "-c",
        'mount -t tmpfs -o size=3m small "$0" && exec "$@"', folder])
    big = documents.sentences(40000)
    documents.submit("tides.txt", "--id", "before")
    documents.expect("before", "completed")
    documents.submit(big, "--id", "big")
    seen = documents.expect("big", "failed", "error", "The document store is full")
    check(seen.number("stage") == 3, seen.line)
    documents.submit("notes.md", "--id", "after")
    documents.expect("after", "completed")
    documents.until_empty()
    documents.enter = ["nsenter", "-t", str(server.pid), "-m"]
    check(documents.whole() == ["after", "before"], "the store")
    check("make room" in server.log(), server.log())


@test("a document that needs too much time or memory fails with a message, and only that one")
def _(site):
    site.daemon()
    documents = Documents(site)
    text = documents.sentences(500000)
    server = documents.serve("--jobs", "1", "--time-limit", "1s")
    documents.submit(text, "--id", "slow")
    documents.expect("slow", "failed", "error", "more than 1 s of processor time", 120)
    documents.expect(documents.submit("tides.txt"), "completed")
    documents.until_empty()
    server.terminate()
    documents.serve("--jobs", "1", "--memory", "64M")
    documents.submit(text, "--id", "large")
    documents.expect("large", "failed", "error", "more than 64 MiB of memory", 120)
    documents.expect(documents.submit("tides.txt"), "completed")
    documents.until_empty()
    check(len(documents.whole()) == 2, "the store")


main()
