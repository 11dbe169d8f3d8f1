#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A board that another process unlinks, renames or covers is replaced by its daemon, and no acknowledged change is
lost; without a daemon, clients report it within a second.
"""
# tests/run: timeout=400

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import re
import threading

from boards import LARGE, MOVE_LIMIT, Inside, begin, board_id, done, inode, replaced, unlink
from e2e import E_NO_BOARD, check, comment, expect_death_seen, main, need_root, test, until, does_not_wait

STRANGER = 64313


@test("a board unlinked or renamed beneath its daemon is replaced at once, and producers lose nothing")
def _(site):
    daemon, worker, watcher = begin(site, *LARGE)
    site.test_client("open write no-worker", "create shared")
    listener = site.test_client("open")
    loads = [site.load(f"load{i}") for i in range(2)]
    for load in loads:
        check(load.line() == "ready", "a load did not begin")
    for number in range(2, 8):
        if number % 3:
            unlink(site)
        else:
            before = inode(site)
            os.rename(site.shm, site.shm + "-elsewhere")
            replaced(site, before)
        worker.do("advance ^ 1")
        check(done(watcher) == number and done(site.test_client("open")) == number, watcher.show("a").line)
        check(listener.show("b").state == "pending", "a reader that was there sees it")
    os.unlink(site.shm + "-elsewhere")
    for load in loads:
        load.popen.stdin.close()
    said = [load.line() for load in loads]
    shared = sum(int(re.search(r"shared=(\d+)", line)[1]) for line in said)
    for line in said:
        comment(line)
        check(" errors=0 " in line and " wrong=0 " in line, line)
    check(done(watcher, "shared") == shared, f"{watcher.show('shared').line}; acknowledged {shared}")
    check(daemon.log().count("has been removed") == 6, daemon.log())
    expect_death_seen(worker, watcher, "a")
    site.doctor()
    check(daemon.popen.poll() is None, "the daemon has ended")


@test("all files of the board in /dev/shm are removed: the board and its lock are made again")
def _(site):
    daemon, worker, watcher = begin(site)
    for _ in range(3):
        before = inode(site)
        for name in site.left():
            os.unlink("/dev/shm/" + name)
        replaced(site, before)
        until(lambda: os.path.exists(site.shm + ":lock"), "the lock is there again")
        worker.do("advance ^ 1")
        until(lambda: site.daemon_fails()[0] == 75, "no second daemon begins beside it")
    check(done(watcher) == 4, watcher.show("a").line)
    daemon.terminate()
    site.daemon()
    check(done(site.test_client("open")) == 4, "the next daemon finds all")


@test("event loops waiting on a replaced board are woken, and stay connected")
def _(site):
    _, worker, watcher = begin(site)
    waiter = site.test_client("open")
    for number in range(3):
        waiter.ask("listen 1")  # it has subscribed
        waiter.send("listen 60000")
        unlink(site)
        check(waiter.answer().code == 1, "it was not rung")
        check(waiter.show("a").state == "active", "it is on the new board")
    waiter.ask("listen 1")
    waiter.send("wait a final 60000")
    worker.do("complete a")
    check(waiter.answer().code == 0, "who waits is woken by what happens on the new board")
    check(done(watcher) == 1, watcher.show("a").line)


@test("no transition is missing from the log of a daemon that replaces its board")
def _(site):
    daemon, worker, _ = begin(site)
    for number in range(5):
        worker.do(f"create t-{number}")
        unlink(site)
        worker.do(f"create u-{number}")
    names = [f"{kind}-{number}" for number in range(5) for kind in "tu"]
    until(lambda: all(daemon.log().count(f"task {name} created") == 1 for name in names),
          lambda: f"each is there once: {daemon.log()}")


@test("another user takes the name: it is logged, the socket serves the board, and it gets its name back when it is free")
def _(site):
    need_root()
    daemon, worker, watcher = begin(site)
    # Renamed over it, so that the stranger's file is there before the daemon can be.
    with open(site.shm + "-other", "wb") as file:
        file.write(b"not yours")
    os.chown(site.shm + "-other", STRANGER, STRANGER)
    os.rename(site.shm + "-other", site.shm)
    until(lambda: "a file that is not its own" in daemon.log(), lambda: daemon.log())
    old = board_id(watcher)
    until(lambda: daemon.log().count("has been removed") == 1, "said once")
    fresh = site.test_client("open write", "create c")
    deadline = 3
    for number in range(2, 2 + 10 * deadline):
        check(worker.do("advance ^ 1").number("us") < 2_000_000 and done(watcher) == number, watcher.show("a").line)
        threading.Event().wait(0.1)  # over some looks of a client's, one a second
    check(board_id(worker) == board_id(watcher) == board_id(fresh) == old, "somebody left the board that is served")
    check(watcher.show("c").state == "pending", "newcomers are on it")
    with open(site.shm, "rb") as file:
        check(file.read() == b"not yours", "the stranger's file was touched")
    check(daemon.log().count("has been removed") == 1, daemon.log())
    before = inode(site)
    os.unlink(site.shm)
    replaced(site, before)
    worker.do("advance ^ 1")
    check(done(watcher) == done(site.test_client("open")) == 2 + 10 * deadline, watcher.show("a").line)
    check("a new board with all tasks" in daemon.log(), daemon.log())


@test("a lock that is held when the board is unlinked: the log names the holder, and the daemon tries again")
def _(site):
    daemon, worker, watcher = begin(site)
    holder = site.test_client("open write", "hold b")
    holder.stop()
    os.unlink(site.shm)
    until(lambda: f"[{holder.pid}] holds a lock" in daemon.log(), lambda: daemon.log())
    for number in range(2, 40):
        until(lambda: worker.ask("advance ^ 1").code == 0, "producers go on")
        check(done(watcher) == number, watcher.show("a").line)
        threading.Event().wait(0.05)
    holder.cont()
    holder.do("let-go")
    replaced(site, 0)
    worker.do("advance ^ 1")
    check(done(watcher) == done(site.test_client("open")) == 40, watcher.show("a").line)
    check(daemon.log().count(f"[{holder.pid}] holds") == 1, daemon.log())


@test("no room for another board when it is unlinked: it is logged, and done as soon as there is room")
def _(site):
    inside = Inside(site, "35M")
    daemon = site.daemon("--capacity", "5000", prefix=inside.prefix)
    worker = site.test_client("open write", "create a", "update a extracting", prefix=inside.prefix)
    with open(inside.path + "/ballast", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 6 << 20)
    used = inside.used()
    os.unlink(inside.path + site.board)
    until(lambda: "no room" in daemon.log(), lambda: daemon.log())
    for _ in range(3):
        worker.do("advance a 1")
        check(inside.used() <= used, "the attempt fills /dev/shm")
    os.unlink(inside.path + "/ballast")
    until(lambda: os.path.exists(inside.path + site.board), "it has a name again")
    worker.do("advance a 1")
    check(done(site.test_client("open no-daemon", prefix=inside.prefix)) == 4, "nothing is lost")


@test("a board unlinked while no daemon runs: within a second calls are refused, and go on when there is one")
def _(site):
    daemon, worker, watcher = begin(site, "--state-dir", site.state)
    counter = site.test_client("open write", "advance a 1")
    daemon.terminate()
    os.unlink(site.shm)
    until(lambda: worker.ask("update ^ keep x").code == E_NO_BOARD, "a producer notices", limit=MOVE_LIMIT)
    for line in ("advance ^ 1", "update ^ keep x", "create c", "complete ^"):
        answer = worker.ask(line)
        check(answer.code == E_NO_BOARD and does_not_wait(answer), f"{line}: {answer.line}")
    # One that only counts reads no clock; it looks whenever it has counted so far.
    check(E_NO_BOARD in [counter.ask("advance ^ 1").code for _ in range(2 * 256)], "one that only counts does not notice")
    site.daemon("--state-dir", site.state)
    until(lambda: worker.ask("advance a 1").code == 0, "it follows", limit=MOVE_LIMIT)
    until(lambda: done(watcher) == done(site.test_client("open")) == 3, "a reader follows", limit=MOVE_LIMIT)


main()
