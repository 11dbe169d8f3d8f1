#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A reader cannot be stalled: not by a writer that is stopped at any moment of its work, not by one that
writes all the time, not by a daemon that hangs. And what a stopped writer holds delays no one for
longer than he allows.
"""
# tests/run: timeout=120

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import random
import signal
import time

from e2e import E_BUSY, check, comment, main, test

ROUNDS = 150
QUICK_US = 200_000  # for a call that waits for nobody, on a busy machine
TASKS = 16  # of one load


def begin(site):
    site.daemon("--capacity", "256")
    keeper = site.puppet("open write", "create shared", "update shared extracting")
    load = site.load("load")
    check(load.line() == "ready", "the load did not begin")
    return keeper, load, site.puppet("open")


def look_at_all(watcher):
    """Read every task of the load. How long the slowest look took."""
    slowest = 0
    for task in range(TASKS):
        seen = watcher.show(f"load-{task}")
        check(seen.state == "active" and seen.message.isdigit() and seen.owner == "load" and
              seen.name == f"load-{task}", f"not whole: {seen.line}")
        slowest = max(slowest, seen.number("us"))
    counted = watcher.do("count load")
    check(TASKS <= counted.code <= TASKS + 2, f"an iteration met {counted.code} tasks")
    return max(slowest, counted.number("us"))


@test("a reader reads every task while the only writer is stopped, wherever that is")
def _(site):
    _, load, watcher = begin(site)
    slowest = 0
    for _ in range(ROUNDS):
        time.sleep(random.uniform(0, 0.002))  # the place where it stops is the point
        load.stop()
        slowest = max(slowest, look_at_all(watcher))
        load.cont()
    comment(f"{ROUNDS} stops; the slowest look took {slowest} us")
    check(slowest < QUICK_US, f"a look took {slowest} us")
    load.send("")
    result = load.line()
    check("errors=0" in result and "wrong=0" in result, f"the load itself: {result}")


@test("a reader reads every task while it is written all the time, and the daemon hangs")
def _(site):
    _, load, watcher = begin(site)
    site.processes[0].stop()
    slowest = max(look_at_all(watcher) for _ in range(ROUNDS))
    comment(f"the slowest look took {slowest} us")
    check(slowest < QUICK_US, f"a look took {slowest} us")
    load.send("")
    result = load.line()
    check("errors=0" in result and "wrong=0" in result, f"the load itself: {result}")


@test("who wants what a stopped writer holds is told so in time, all others go on")
def _(site):
    _, load, watcher = begin(site)
    other = site.puppet("open write timeout=100")
    other.do("create mine")
    busy = longest = 0
    for i in range(ROUNDS):
        time.sleep(random.uniform(0, 0.002))
        load.stop()
        for line in ("update mine extracting", "update mine keep still_here", "advance mine 1"):
            took = other.do(line).number("us")
            check(took < QUICK_US, f"{line} took {took} us though nobody else writes this task")
        theirs = [f"update load-{task} keep 0" for task in range(TASKS)]
        for line in (*theirs, f"create new-{i}", f"remove new-{i}"):
            answer = other.ask(line)
            busy += answer.code == E_BUSY
            longest = max(longest, answer.number("us"))
            check(answer.code >= 0 or answer.code == E_BUSY or line.startswith("remove"),
                  f"{line}: {answer.line}")
        load.cont()
    comment(f"{busy} calls were told that a record is busy; the longest took {longest} us")
    check(longest < 100_000 + QUICK_US, f"a call took {longest} us with a limit of 100 ms")
    load.signal(signal.SIGKILL)
    load.wait()
    for task in range(TASKS):
        seen = watcher.until_final(f"load-{task}")
        check(seen.reason == "worker_lost", seen.line)
    site.doctor()


main()
