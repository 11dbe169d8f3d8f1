#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Expiry is exact and cheap: a task disappears for all clients at its deadline, with or without a daemon, whatever
the wall clock does; reclaiming costs time in proportion to what expired; and an idle daemon hardly wakes.
"""
# tests/run: timeout=300

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import struct
import time

from e2e import E_GONE, E_NOT_FOUND, Skip, check, comment, expect_death_seen, main, test, until
from shifted_clock import ShiftedClock

EARLY_NS = 1_000_000  # the wall offset is taken from two clocks, one after the other
TICK_NS = int(time.clock_getres(6) * 1e9)  # CLOCK_MONOTONIC_COARSE, by which readers go
LATE_NS = 2 * TICK_NS + EARLY_NS
TEN_YEARS = 10 * 365 * 86400


def write_header(site, offset, form, value):
    with open(site.shm, "r+b") as file:
        file.seek(offset)
        file.write(struct.pack(form, value))


def around_deadline(writer, watcher, task):
    """When a reader in a tight loop last found a task, and when it first did not: ns after its deadline."""
    for ttl in (300, 1500, 6000):  # on a busy machine its time may be over before it is looked at
        writer.do(f"create {task} ttl={ttl}")
        seen = watcher.ask(f"show {task}")
        if seen.code == 0:
            break
    expires = seen.number("expires")
    gone = watcher.do(f"wait-gone {task} 10000")
    return (gone.number("there") or expires) - expires, gone.number("at") - expires


def check_exact(writer, watcher, prefix, n):
    """Never gone early; and not to be found a tick or two late, when nothing delays the clock's tick."""
    seen = [around_deadline(writer, watcher, f"{prefix}{i}") for i in range(n)]
    comment(f"a tick is {TICK_NS / 1e6:.0f} ms; there and gone after the deadline by " +
            ", ".join(f"{there / 1e6:.2f} and {gone / 1e6:.2f} ms" for there, gone in seen))
    check(min(gone for _, gone in seen) >= -EARLY_NS, f"gone too early: {seen}")
    check(min(there for there, _ in seen) <= LATE_NS, f"gone too late: {seen}")


@test("a task is gone at its deadline, not before and hardly after, and is reclaimed")
def _(site):
    site.daemon()
    writer, watcher = site.test_client("open write"), site.test_client("open")
    check_exact(writer, watcher, "t", 4)
    for i in range(4):
        writer.refuse(f"show t{i}", E_NOT_FOUND)
    until(lambda: watcher.do("stats").number("expired") >= 4,
          lambda: f"the daemon reclaims: {watcher.do('stats').line}")
    site.doctor()


@test("the same without a daemon, and the id is free")
def _(site):
    site.daemon().kill()
    writer, watcher = site.test_client("open write"), site.test_client("open")
    check_exact(writer, watcher, "t", 4)
    check(watcher.do("count").code == 0, "an expired task is met by an iteration")
    writer.do("create t0")
    check(watcher.show("t0").state == "pending", watcher.show("t0").line)


@test("a reference to an expired task fails, even before the task is removed")
def _(site):
    site.daemon().kill()
    writer = site.test_client("open write", "create short ttl=300")
    watcher = site.test_client("open")
    watcher.show("short")
    watcher.do("wait-gone short 5000")
    for line in ("show ^", "wait ^ final 0"):
        watcher.refuse(line, E_GONE)
    for line in ("show ^", "update ^ keep late", "progress ^ 1 2", "complete ^", "fail ^",
                 "cancel ^"):
        writer.refuse(line, E_GONE)
    check(writer.do("count").code == 0 and writer.do("stats").used == "0", "it is listed still")


@test("an update renews a task; a final task and one without a worker live for ttl, a worker's for active_ttl too")
def _(site):
    site.daemon("--ttl", "700ms", "--active-ttl", "1h")
    writer = site.test_client("open write", "create waits", "create renewed", "create works",
                         "update works extracting", "create ends", "update ends extracting")
    watcher = site.test_client("open")
    first = watcher.show("renewed").number("expires")
    writer.do("complete ends")
    ends = watcher.show("ends")
    check(ends.number("expires") - ends.number("updated") == 700_000_000, ends.line)
    site.test_client("open write no-worker", "create tool ttl=60000", "update tool extracting")
    tool = watcher.show("tool")
    check(tool.state == "active" and
          tool.number("expires") - tool.number("updated") == 60_000_000_000, tool.line)
    watcher.do("wait-gone waits 5000")
    for _ in range(3):  # it was renewed too late if it is gone by then: make it anew
        if writer.ask("update renewed keep still_here").code == 0:
            break
        writer.do("create renewed")
    check(watcher.show("renewed").number("expires") > first, "an update did not renew")
    watcher.do("wait-gone ends 5000")
    watcher.do("wait-gone renewed 5000")
    check(watcher.show("works").state == "active", watcher.show("works").line)


@test("a task is renewed even if its worker only counts")
def _(site):
    site.daemon()
    worker = site.test_client("open write", "create a active-ttl=1500", "update a extracting",
                         "create b active-ttl=1500", "update b extracting")
    watcher = site.test_client("open")
    first = watcher.show("a").number("expires")

    def counted():
        worker.do("advance a 1")
        return watcher.show("b").state == "failed"
    until(counted, "the task that nobody works on has ended")
    check(watcher.show("b").reason == "timed_out", watcher.show("b").line)
    for _ in range(3):
        worker.do("advance a 1")
    seen = watcher.show("a")
    check(seen.state == "active" and seen.number("expires") > first, seen.line)


@test("a jump of the wall clock, forwards and backwards, expires nothing")
def _(site):
    clock = ShiftedClock(site)
    daemon = site.daemon(env=clock.env)
    check(clock.shim in open(f"/proc/{daemon.pid}/maps", encoding="utf-8").read(), "the shim is loaded")
    worker = site.test_client("open write", "create a ttl=600000", "create b", "update b extracting",
                         env=clock.env)
    watcher = site.test_client("open", env=clock.env)
    offset = site.header(256)
    for seconds in (TEN_YEARS, -TEN_YEARS):
        clock.set(wall=seconds)
        check(watcher.show("a").state == "pending", watcher.ask("show a").line)
        check(watcher.show("b").state == "active", watcher.ask("show b").line)
        check(watcher.do("count").code == 2 and watcher.do("stats").used == "2",
              f"{watcher.do('count').code} tasks are met, {watcher.do('stats').used} counted")
        worker.do("update b chunking")
        worker.do("update b extracting")  # two transitions: the daemon has looked at the board
        until(lambda: abs(site.header(256) - offset - seconds * 10**9) < 10**9,
              lambda: f"the daemon tells people the new time: {site.header(256) - offset} ns")
        moved = watcher.show("a").number("created") / 1e9 - time.time() - seconds
        check(abs(moved) < 60, f"people are shown a time {moved} s off")
        daemon.kill()
        daemon = site.daemon(env=clock.env)
        check(watcher.show("a").state == "pending", "over a restart at the other time")
        check(watcher.show("b").state == "active", "over a restart at the other time")
    check(watcher.do("stats").expired == "0", watcher.do("stats").line)


SUSPEND = 264  # where the header holds how long the host has slept
SLEPT = 100  # seconds


def off(site, offset, right):
    return (site.header(offset) - right) / 1e9


@test("the daemon publishes how long the host has slept")
def _(site):
    site.daemon()
    right = site.header(SUSPEND)
    for seconds in (SLEPT, -SLEPT):
        write_header(site, SUSPEND, "<q", right + seconds * 10**9)
        until(lambda: abs(off(site, SUSPEND, right)) < 0.002,
              lambda: f"{off(site, SUSPEND, right)} s off")


@test("after a suspend without a daemon a reader goes on by the old time for a second, and no longer")
def _(site):
    clock = ShiftedClock(site)
    site.daemon().kill()
    writer = site.test_client("open write", "create stays ttl=600000",
                         f"create short ttl={SLEPT * 500}", env=clock.env)
    watcher = site.test_client("open", env=clock.env)
    before = watcher.show("stays")
    watcher.show("short")
    right, wall = site.header(SUSPEND), site.header(256)
    clock.set(SLEPT, SLEPT)
    began = time.monotonic()
    until(lambda: watcher.ask("show short").code == E_NOT_FOUND, "what has expired is gone", limit=10)
    took = time.monotonic() - began
    comment(f"gone {took:.2f} s after the suspend")
    for line in ("wait ^ final 0", "show ^"):
        watcher.refuse(line, E_GONE)
    check(took < 3, f"gone {took} s after the suspend")  # one, and a busy machine
    check(watcher.do("count").code == 1, "an iteration meets what has expired")
    moved = watcher.show("stays").number("expires") - before.number("expires")
    check(abs(moved) < EARLY_NS, f"people are shown a time {moved} ns off")
    check(off(site, SUSPEND, right) == 0, "a reader cannot write")
    fresh = site.test_client("open", env=clock.env)  # who comes now looks at once
    fresh.refuse("show short", E_NOT_FOUND)
    check(fresh.show("stays").state == "pending", fresh.show("stays").line)
    # The first writer corrects the header for all readers.
    writer.do("update stays keep still_here")
    check(abs(off(site, SUSPEND, right) - SLEPT) < 0.01, f"{off(site, SUSPEND, right)} s")
    check(abs(off(site, 256, wall)) < 0.1, "the wall clock slept as well")
    writer.refuse("show short", E_NOT_FOUND)
    watcher.refuse("show short", E_NOT_FOUND)
    check(watcher.show("stays").state == "pending", watcher.show("stays").line)


@test("users see the right time when the clock is set and no daemon runs")
def _(site):
    site.daemon().kill()
    site.test_client("open write", "create a ttl=600000")
    watcher = site.test_client("open")
    before, wall = watcher.show("a").number("created"), site.header(256)
    for seconds in (TEN_YEARS, -TEN_YEARS):
        write_header(site, 256, "<q", wall + seconds * 10**9)
        until(lambda: abs(watcher.show("a").number("created") - before) < 10**8,
              lambda: f"people are shown {watcher.show('a').line}")
        check(off(site, 256, wall) == seconds, "a reader cannot write")


@test("a header far in the future expires nothing for longer than a second")
def _(site):
    site.daemon().kill()
    writer = site.test_client("open write", "create a ttl=600000")
    watcher = site.test_client("open")
    right = site.header(SUSPEND)
    for seconds in (TEN_YEARS, -TEN_YEARS, TEN_YEARS):
        write_header(site, SUSPEND, "<q", right + seconds * 10**9)
        until(lambda: watcher.ask("show a").code == 0, "what has not expired is there", limit=10)
    writer.do("update a keep still_here")
    check(abs(off(site, SUSPEND, right)) < 0.01, "a writer puts it right")
    check(watcher.show("a").state == "pending", watcher.show("a").line)


@test("the wall clock in the header decides nothing")
def _(site):
    site.daemon().kill()
    writer = site.test_client("open write", "create a ttl=600000", "create short ttl=600")
    watcher = site.test_client("open")
    for offset in (site.header(256) + TEN_YEARS * 10**9, -TEN_YEARS * 10**9):
        write_header(site, 256, "<q", offset)
        check(watcher.show("a").state == "pending", "gone by the wall clock")
        writer.do("update a keep still_here")
    watcher.do("wait-gone short 5000")
    writer.refuse("update short keep late", E_NOT_FOUND)


@test("an idle daemon wakes at most once a second, with tasks, workers and a subscriber")
def _(site):
    daemon = site.daemon()
    site.test_client("open write", *(f"create t{i}" for i in range(50)), "create a",
                "update a extracting")
    site.test_client("open write", "create b", "update b extracting")
    site.test_client("open")

    def wakes_a_second(seconds):
        before, began = daemon.wakes(), time.monotonic()
        time.sleep(seconds)
        return (daemon.wakes() - before) / (time.monotonic() - began)
    # A machine short of memory makes a process sleep in other places too, but not for ever.
    seen = []
    until(lambda: seen.append(wakes_a_second(10)) or seen[-1] <= 1.1,
          lambda: f"an idle daemon wakes so many times a second: {seen}", limit=60)
    comment(f"wake-ups of all threads a second, over 10 s each: {seen}")


def free_memory():
    with open("/proc/meminfo", encoding="utf-8") as file:
        available = next(int(line.split()[1]) for line in file if "MemAvailable" in line) * 1024
    shm = os.statvfs("/dev/shm")
    return min(available, shm.f_bavail * shm.f_frsize)


# Which pages this touches is looked at in tests/unit/daemon/test_reaper.c.
@test("more than the ring of events holds expire at once, and exactly those are reclaimed")
def _(site):
    live, expired = 200_000, 70_000
    if (live + expired) * 2121 * 1.3 + 8e6 > free_memory():
        raise Skip("needs 0.8 GB of memory in /dev/shm")
    site.daemon("--capacity", str(live + expired + 1024))
    writer, watcher = site.test_client("open write", f"fill {live} live"), site.test_client("open")
    writer.do(f"fill {expired} short ttl=3000")
    began = time.monotonic()
    worker = site.test_client("open write", "create a", "update a extracting")
    until(lambda: watcher.do("stats").number("expired") == expired,
          lambda: f"all are reclaimed: {watcher.do('stats').line}", limit=120)
    comment(f"{expired} of {live + expired} reclaimed {time.monotonic() - began:.2f} s after they were made")
    check(watcher.do("stats").number("used") == live + 1, watcher.do("stats").line)
    for task in ("live-0", f"live-{live - 1}"):
        check(watcher.show(task).state == "pending", watcher.show(task).line)
    expect_death_seen(worker, watcher, "a")
    site.doctor()


main()
