#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A reader cannot be stalled: not by a writer that is stopped at any point, not by one that writes all the time,
not by a daemon that hangs. And a stopped writer's locks delay no client for longer than its timeout.
"""
# tests/run: timeout=300

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))

import random
import signal
import time

from e2e import E_BUSY, LIMIT, check, comment, main, test, does_not_wait

ROUNDS = 150
TASKS = 16  # of one load


def begin(site):
    site.daemon("--capacity", "256")
    keeper = site.test_client("open write", "create shared", "update shared extracting")
    load = site.load("load")
    check(load.line() == "ready", "the load did not begin")
    return keeper, load, site.test_client("open")


def look_at_all(watcher):
    """Read every task of the load. In how many calls the reader waited."""
    waited = 0
    for task in range(TASKS):
        seen = watcher.show(f"load-{task}")
        check(seen.state == "active" and seen.message.isdigit() and seen.owner == "load" and
              seen.name == f"load-{task}", f"not whole: {seen.line}")
        waited += not does_not_wait(seen)
    counted = watcher.do("count load")
    check(TASKS <= counted.code <= TASKS + 2, f"an iteration met {counted.code} tasks")
    return waited + (not does_not_wait(counted))


def expect_none_waited(waited):
    """The kernel itself may make a process sleep where it touches a page, on a machine short of memory."""
    comment(f"{waited} of {ROUNDS * (TASKS + 1)} looks waited")
    check(waited < ROUNDS // 10, f"{waited} looks waited")


def expect_well(load):
    """It ends, and has met neither an error nor a wrong count."""
    load.send("")
    result = load.line()
    check("errors=0" in result and "wrong=0" in result, f"the load itself: {result}")


@test("a reader reads every task while the only writer is stopped, wherever that is")
def _(site):
    _, load, watcher = begin(site)
    waited = 0
    for _ in range(ROUNDS):
        time.sleep(random.uniform(0, 0.002))  # the place where it stops is the point
        load.stop()
        waited += look_at_all(watcher)
        load.cont()
    expect_none_waited(waited)
    expect_well(load)


@test("a reader reads every task while it is written all the time, and the daemon hangs")
def _(site):
    _, load, watcher = begin(site)
    site.processes[0].stop()
    expect_none_waited(sum(look_at_all(watcher) for _ in range(ROUNDS)))
    expect_well(load)


@test("a client that needs a record held by a stopped writer gets BUSY in time; all others go on")
def _(site):
    _, load, watcher = begin(site)
    other = site.test_client("open write timeout=100")
    other.do("create mine")
    busy = waited = 0
    told_after = []
    for i in range(ROUNDS):
        time.sleep(random.uniform(0, 0.002))
        load.stop()
        for line in ("update mine extracting", "update mine keep still_here", "advance mine 1"):
            waited += not does_not_wait(other.do(line))
        theirs = [f"update load-{task} keep 0" for task in range(TASKS)]
        for line in (*theirs, f"create new-{i}", f"remove new-{i}"):
            answer = other.ask(line)
            busy += answer.code == E_BUSY
            if answer.code == E_BUSY:
                told_after.append(answer.number("us") / 1e3)
            check(answer.number("us") < LIMIT * 1e6, f"{line}: {answer.line}")
            check(answer.code >= 0 or answer.code == E_BUSY or line.startswith("remove"),
                  f"{line}: {answer.line}")
        load.cont()
    comment(f"{busy} calls were told that a record is busy, after {sorted(told_after)} ms; {waited} others waited")
    check(waited < ROUNDS // 10, f"{waited} calls waited though nobody else writes their task")
    check(busy == 0 or min(told_after) < 300, f"told after {told_after} ms with a limit of 100 ms")
    load.signal(signal.SIGKILL)
    load.wait()
    for task in range(TASKS):
        seen = watcher.until_final(f"load-{task}")
        check(seen.reason == "worker_lost", seen.line)
    site.doctor()


main()
