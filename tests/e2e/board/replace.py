#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A start replaces the board, and no acknowledged change is lost: whatever stops or kills the daemon meanwhile, and
whichever process holds a lock. Unlinked boards are in unlinked.py, their clients in followers.py.
"""
# tests/run: timeout=400

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import re
import signal

from boards import (CAPACITY, LARGE, MOVE_LIMIT, SMALL, begin, board_id, done, inode, replaced, traced)
from e2e import Daemon, check, comment, expect_death_seen, main, release, test, until

E_MOVING = -20019
CLOSED = 304  # where the header holds it, docs/FORMAT.md


# ---- A process that stands still ------------------------------------------------------------------------------------


@test("a process stopped inside a lock prevents the replacement, is named, and stops no other client; a later start replaces")
def _(site):
    daemon, worker, watcher = begin(site, *SMALL)
    holder = site.test_client("open write", "hold b")
    holder.stop()
    old = board_id(worker)
    daemon.kill()
    daemon = site.daemon(*LARGE)
    check(f"[{holder.pid}] has held a lock" in daemon.log() and "restart trackd" in daemon.log(), daemon.log())
    check(site.header(CAPACITY, "<I") == 64, "the board was replaced under a lock that was held")
    check(site.header(CLOSED, "<I") == 0, "the board that is served is closed")
    for number in range(2, 6):
        worker.do("advance ^ 1")
        check(done(watcher) == number, watcher.show("a").line)
    worker.do("create c")
    fresh = site.test_client("open write", "create d")
    check({board_id(client) for client in (worker, watcher, fresh)} == {old}, "somebody is on another board")
    holder.cont()
    holder.do("let-go")
    daemon.kill()
    site.daemon(*LARGE)
    check(site.header(CAPACITY, "<I") == 4096, "with the lock free the board is replaced")
    for client in (worker, holder, fresh):
        client.do("advance a 1")
    check(done(watcher) == 8 and done(site.test_client("open")) == 8, watcher.show("a").line)
    site.doctor()


# ---- A daemon that is killed ----------------------------------------------------------------------------------------


def mode_of(site):
    return os.stat(site.shm).st_mode & 0o777


def calls_of_a_replacement(site, small):
    """Each system call of a start from the making of a new board on: (its name, the how manieth of that name)."""
    log = os.path.join(site.folder, "trace")
    small.kill()
    daemon = site.daemon(*SMALL, "--mode", "0640", prefix=traced(log=log))
    daemon.kill()
    calls, seen, making = [], {}, False
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            match = re.match(rf"{daemon.pid}\s+(\w+)\(", line)
            if not match:
                continue
            name = match[1]
            seen[name] = seen.get(name, 0) + 1
            making = making or "O_TMPFILE" in line
            if name == "clone3":  # the modules start: the new board is in place
                return calls
            if making:
                calls.append((name, seen[name]))
    return calls


@test("a daemon killed at each step of a replacement: writers wait, readers read, and the next one loses nothing")
def _(site):
    calls = calls_of_a_replacement(site, site.daemon(*SMALL))
    check({"linkat", "rename", "fallocate"} <= {name for name, _ in calls}, calls)
    os.unlink(site.shm)
    daemon, worker, watcher = begin(site, *SMALL)
    maker = site.test_client("open write timeout=300")
    counted, created, moving = 1, 0, 0
    for step, (name, when) in enumerate(calls):
        # Each start finds a board of another mode than configured, so that it replaces it.
        mode = 0o640 if mode_of(site) == 0o660 else 0o660
        arguments = (*SMALL, "--mode", f"{mode:o}")
        daemon.kill()
        killed = site.start(Daemon(site, arguments,
                                   prefix=traced("-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={when}")))
        check(killed.wait() == -signal.SIGKILL, f"{name} {when} was not made")
        check(done(watcher) == counted, f"killed at {name} {when}, a reader sees {watcher.show('a').line}")
        answer = worker.ask("advance ^ 1")
        if answer.code == 0:
            counted += 1
        else:
            moving += 1
            check(answer.code == E_MOVING and answer.number("us") >= 300_000, f"killed at {name} {when}: {answer.line}")
        answer = maker.ask(f"create at-{step}")
        if answer.code == 0:
            created += 1
        else:
            check(answer.code == E_MOVING, answer.line)
        daemon = site.daemon(*arguments)
        check(mode_of(site) == mode and site.header(CLOSED, "<I") == 0, "it is not replaced")
        worker.do("update ^ keep at_" + name)
        worker.do("advance ^ 1")
        counted += 1
        for client in (watcher, site.test_client("open")):
            seen = client.show("a")
            check(seen.number("done") == counted and seen.message == "at_" + name, f"killed at {name} {when}: {seen.line}")
            check(client.do("count").code == 2 + created, f"killed at {name} {when}: {client.do('count').line}")
        if created == 20:
            for task in range(step + 1):
                maker.ask(f"remove at-{task}")
            created = 0
        check(site.left() == [site.board[1:], site.board[1:] + ":lock"], site.left())
        site.doctor()
    check(moving > 1, "writers never had to wait")
    comment(f"killed at {len(calls)} calls; at {moving} of them writers had to wait for the next daemon")
    expect_death_seen(worker, watcher, "a")


@test("a daemon killed when the new board has the name and the old one does not know it: all clients find the new one")
def _(site):
    daemon, worker, watcher = begin(site, *SMALL)
    daemon.kill()
    before = inode(site)
    slow = site.start(Daemon(site, LARGE, prefix=traced("-e", "trace=rename", "-e", "inject=rename:delay_exit=30000000")))
    replaced(site, before)
    slow.signal(signal.SIGKILL)
    release(slow.pid)
    slow.wait()
    worker.do("advance ^ 1")
    site.test_client("open write no-daemon", "create c")
    for client in (watcher, site.test_client("open no-daemon")):
        until(lambda who=client: done(who) == 2, "what was written is seen", limit=MOVE_LIMIT)
        check(client.show("c").state == "pending", client.show("c").line)
    site.daemon(*LARGE)
    worker.do("advance ^ 1")
    check(done(watcher) == done(site.test_client("open")) == 3, watcher.show("a").line)
    site.doctor()


@test("a daemon killed when it has closed the board: the next one, which has no reason to replace it, opens it again")
def _(site):
    daemon, worker, watcher = begin(site, *SMALL)
    old = board_id(worker)
    daemon.kill()
    killed = site.start(Daemon(site, LARGE, prefix=traced("-e", "trace=rename", "-e", "inject=rename:signal=SIGKILL:when=1")))
    check(killed.wait() == -signal.SIGKILL and site.header(CLOSED, "<I") == 1, "the board is not closed")
    worker.refuse("advance ^ 1", E_MOVING)
    site.daemon(*SMALL)
    check(site.header(CLOSED, "<I") == 0, "the board that is served is closed")
    worker.do("advance ^ 1")
    check(done(watcher) == 2 and board_id(watcher) == board_id(worker) == old, watcher.show("a").line)


@test("no board is given up before the next one has its name: a rename that fails leaves every client where it was")
def _(site):
    daemon, worker, watcher = begin(site, *SMALL)
    old = board_id(worker)
    daemon.kill()
    site.daemon(*LARGE, prefix=traced("-e", "trace=rename", "-e", "inject=rename:error=EIO:delay_exit=300000:when=1"))
    for _ in range(3):
        worker.do("advance ^ 1")
    check(site.header(8, "<I") == 0 and site.header(CLOSED, "<I") == 0, "the board that is served is given up")
    check(board_id(worker) == board_id(watcher) == old and done(watcher) == 4, watcher.show("a").line)


main()
