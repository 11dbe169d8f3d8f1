#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Time limits that a task chose, and active_ttl: what passes one is failed, timed_out, and stays to be
read; nothing else is. Keepers, and workers that die after a request to cancel.
"""
# tests/run: timeout=120

import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))

from e2e import E_FINAL, E_NOT_FOUND, check, comment, main, quickest, test, until

MS = 1_000_000
SLACK_MS = 30  # what a busy machine adds to the daemon's promise


def expect_timed_out(watcher, task, error, state="failed"):
    seen = watcher.until_final(task)
    check(seen.state == state and seen.reason == "timed_out", seen.line)
    check(seen.error == error.replace(" ", "_"), seen.line)
    return seen


def within(watcher, task, since, limit_ms, late_ms, error):
    """How many milliseconds after its limit the task ended; never before it."""
    seen = expect_timed_out(watcher, task, error)
    late = (seen.number("updated") - since) / MS - limit_ms
    check(late >= -1, f"{task} ended {-late} ms early: {seen.line}")
    comment(f"{task} ended {late:.1f} ms after its limit of {limit_ms} ms; at most {late_ms} ms")
    return late


@test("a worker that is stopped is timed out by progress_within, and its late update is refused")
def _(site):
    site.daemon()
    watcher = site.test_client("open")

    def stopped(i=[0]):
        i[0] += 1
        task = f"hangs{i[0]}"
        worker = site.test_client("open write", f"create {task} progress-within=2000 total=9",
                                  f"update {task} embedding", f"advance {task} 3",
                                  "create free", "update free embedding")
        began = watcher.show(task).number("updated")
        worker.stop()
        late = within(watcher, task, began, 2000, 250,
                      "made no progress for 2 s in embedding (progress_within)")
        check(watcher.show(task).done == "3", watcher.show(task).line)
        check(watcher.show("free").state == "active", watcher.show("free").line)
        worker.cont()
        worker.refuse(f"update {task} indexing", E_FINAL)
        worker.refuse(f"advance {task} 1", E_FINAL)
        worker.do("update free indexing")
        worker.do("remove free")
        return late
    late = quickest(stopped, 250 + SLACK_MS, tries=3)
    check(late <= 250 + SLACK_MS, f"late by {late} ms")
    site.doctor()


@test("a short limit is judged within 10 ms")
def _(site):
    site.daemon()
    worker, watcher = site.test_client("open write"), site.test_client("open")

    def short(i=[0]):
        i[0] += 1
        task = f"t{i[0]}"
        worker.do(f"create {task} progress-within=60")
        worker.do(f"update {task} embedding")
        return within(watcher, task, watcher.show(task).number("updated"), 60, 10,
                      "made no progress for 60 ms in embedding (progress_within)")
    late = quickest(short, 10, tries=20)
    check(late <= 10 + SLACK_MS, f"late by {late} ms")


@test("who counts or updates makes progress; without limits nobody is ended")
def _(site):
    site.daemon()
    worker = site.test_client("open write", "create counts progress-within=400", "update counts embedding",
                              "create updates progress-within=400", "update updates embedding",
                              "create free", "update free embedding",
                              "create waits progress-within=400")
    watcher = site.test_client("open")
    end = time.monotonic() + 2
    while time.monotonic() < end:
        worker.do("advance counts 1")
        worker.do("update updates keep working")
        time.sleep(0.02)
    for task in ("counts", "updates", "free"):
        check(watcher.show(task).state == "active", watcher.show(task).line)
    check(watcher.show("waits").state == "pending", watcher.show("waits").line)
    for task in ("counts", "updates"):
        expect_timed_out(watcher, task, "made no progress for 400 ms in embedding (progress_within)")
    check(watcher.show("free").state == "active", watcher.show("free").line)


@test("start_within and finish_within: readers see the end within 50 ms of a daemon")
def _(site):
    site.daemon()
    worker, watcher = site.test_client("open write"), site.test_client("open")
    rows = [("start-within", "did not start within 300 ms (start_within)", False),
            ("finish-within", "did not finish within 300 ms and never started (finish_within)", False),
            ("finish-within", "did not finish within 300 ms in embedding (finish_within)", True)]
    for n, (limit, error, active) in enumerate(rows):
        def ended(i=[0], n=n, limit=limit, error=error, active=active):
            i[0] += 1
            task = f"t{n}-{i[0]}"
            worker.do(f"create {task} {limit}=300")
            if active:
                worker.do(f"update {task} embedding")
            return within(watcher, task, watcher.show(task).number("created"), 300, 50, error)
        late = quickest(ended, 50, tries=5)
        check(late <= 50 + SLACK_MS, f"late by {late} ms")
    worker.do("create started start-within=300")
    worker.do("update started embedding")
    time.sleep(0.5)
    check(watcher.show("started").state == "active", watcher.show("started").line)


@test("without a daemon a writer ends what has passed a limit, and its own call is refused")
def _(site):
    site.daemon().kill()
    writer = site.test_client("open write", "create a start-within=100", "create b finish-within=100",
                              "update b chunking", "create c progress-within=100", "update c chunking")
    watcher = site.test_client("open")
    time.sleep(0.2)
    check(watcher.show("a").state == "pending", "a reader ends nothing")
    writer.refuse("update a chunking", E_FINAL)
    writer.refuse("complete b", E_FINAL)
    writer.do("update c keep nobody_judges_progress")
    expect_timed_out(watcher, "a", "did not start within 100 ms (start_within)")
    expect_timed_out(watcher, "b", "did not finish within 100 ms in chunking (finish_within)")
    site.doctor()


@test("after the daemon was away progress_within starts anew, the others do not")
def _(site):
    daemon = site.daemon()
    site.test_client("open write", "create slow progress-within=1500", "update slow chunking",
                "create late finish-within=1000")
    watcher = site.test_client("open")
    daemon.kill()
    time.sleep(2)
    site.daemon()
    back = time.time_ns()
    expect_timed_out(watcher, "late", "did not finish within 1 s and never started (finish_within)")
    seen = expect_timed_out(watcher, "slow", "made no progress for 1500 ms in chunking (progress_within)")
    check(seen.number("updated") - back > 1000 * MS, f"it did not start anew: {seen.line}")


@test("at active_ttl a task with a live worker is timed out, and stays to be read for ttl")
def _(site):
    site.daemon("--ttl", "900ms", "--active-ttl", "600ms")
    worker = site.test_client("open write", "create a", "update a chunking")
    watcher = site.test_client("open")
    seen = expect_timed_out(watcher, "a", "was not updated for 600 ms in chunking (active_ttl)")
    check(seen.number("expires") - seen.number("updated") == 900 * MS, seen.line)
    check(seen.alive == "1", seen.line)
    worker.refuse("update a indexing", E_FINAL)
    until(lambda: watcher.ask("show a").code == E_NOT_FOUND, "it is gone after its ttl")


@test("a keeper that dies before the first stage has lost its task; after it, the worker answers")
def _(site):
    site.daemon()
    keeper = site.test_client("open write", "create kept keeper", "create taken keeper",
                              "create by-tool keeper", "create free")
    worker = site.test_client("open write", "update taken chunking")
    site.test_client("open write no-worker", "update by-tool chunking")
    watcher = site.test_client("open")
    check(watcher.show("kept").number("worker") == keeper.pid, watcher.show("kept").line)
    check(watcher.show("by-tool").number("worker") == 0, watcher.show("by-tool").line)
    keeper.kill()
    seen = watcher.until_final("kept")
    check(seen.state == "failed" and seen.reason == "worker_lost" and
          seen.error.endswith("before_the_first_stage"), seen.line)
    for task, state in (("taken", "active"), ("by-tool", "active"), ("free", "pending")):
        check(watcher.show(task).state == state, watcher.show(task).line)
    worker.kill()
    check(watcher.until_final("taken").reason == "worker_lost", watcher.show("taken").line)


@test("a keeper that dies while no daemon runs has lost its task too")
def _(site):
    site.daemon().kill()
    site.test_client("open write", "create kept keeper").kill()
    site.daemon()
    watcher = site.test_client("open")
    check(watcher.until_final("kept").reason == "worker_lost", watcher.show("kept").line)


@test("a worker that dies after its task was asked to cancel leaves it cancelled, and says how")
def _(site):
    site.daemon()
    worker = site.test_client("open write", "create a", "update a chunking", "cancel a",
                              "create b", "update b chunking")
    watcher = site.test_client("open")
    worker.kill()
    seen = watcher.until_final("a")
    check(seen.state == "cancelled" and seen.reason == "cancelled" and seen.message == "Cancelled" and
          "chunking" in seen.error, seen.line)
    check(watcher.until_final("b").reason == "worker_lost", watcher.show("b").line)
    site.doctor()


main()
