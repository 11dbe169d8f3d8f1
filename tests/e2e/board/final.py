#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A final state never changes: later updates are refused and counted; starting again makes another record."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import E_EXISTS, E_FINAL, check, main, test

LATE = ("update t keep late", "update t extracting late", "update t summarizing", "advance t 1",
        "progress t 3 4", "complete t late", "fail t late", "cancel t")
CANCEL_REQUESTED = 8
FACTS = ("state", "reason", "status", "progress", "stage", "done", "total", "revision", "message",
         "error", "updated", "expires", "flags", "generation")


def begin(site):
    site.daemon()
    worker = site.test_client("open write", "create t owner=alice", "update t extracting",
                         "advance t 7", "update t embedding batch", "progress t 40 100",
                         "advance t 2")
    return worker, site.test_client("open")


def expect_latched(worker, watcher, state):
    before, refused = watcher.show("t"), worker.do("stats").number("refused_final")
    check((before.state, before.done, before.total) == (state, "42", "100"), before.line)
    for line in LATE:
        worker.refuse(line, E_FINAL)
    after = watcher.show("t")
    for key in FACTS:
        check(after.fields[key] == before.fields[key], f"{key} changed: {after.line}")
    counted = worker.do("stats").number("refused_final") - refused
    check(counted == len(LATE), f"{len(LATE)} were refused, {counted} counted")


@test("a completed, a failed and a cancelled task accept no update, and keep their counts")
def _(site):
    worker, watcher = begin(site)
    for verb, state in (("complete", "completed"), ("fail", "failed")):
        worker.do(f"{verb} t")
        expect_latched(worker, watcher, state)
        for line in ("remove t", "create t owner=alice", "update t embedding", "progress t 42 100"):
            worker.do(line)
    site.doctor()


@test("so does one whose worker was lost")
def _(site):
    worker, watcher = begin(site)
    other = site.test_client("open write")
    worker.kill()
    watcher.until_final("t")
    expect_latched(other, watcher, "failed")


@test("so does one that was cancelled before it began; cancelling it again does nothing")
def _(site):
    site.daemon()
    worker = site.test_client("open write", "create t total=100", "cancel t")
    before = worker.show("t")
    check(before.state == "cancelled", before.line)
    for line in LATE:
        if line == "cancel t":
            worker.do(line)
        else:
            worker.refuse(line, E_FINAL)
    check(worker.show("t").line.split(" ", 2)[2] == before.line.split(" ", 2)[2],
          worker.show("t").line)


@test("starting again is a new record: nothing of the old one is in it")
def _(site):
    worker, _ = begin(site)
    worker.do("cancel t")  # it runs, so it is only asked
    asked = worker.show("t")
    check(asked.state == "active" and asked.number("flags") & CANCEL_REQUESTED, asked.line)
    worker.do("fail t no_text")
    worker.refuse("create t owner=alice", E_EXISTS)
    worker.refuse("create t owner=bob replace", E_EXISTS)
    worker.do("create t owner=alice replace")
    again = worker.show("t")
    check((again.slot, again.generation) != (asked.slot, asked.generation), again.line)
    expected = {"state": "pending", "reason": "none", "progress": "0", "stage": "-1", "done": "0",
                "total": "0", "message": "Queued_for_processing", "error": "", "flags": "0"}
    for key, value in expected.items():
        check(again.fields[key] == value, f"{key}: {again.line}")
    worker.do("update t extracting")
    worker.do("advance t 1")
    check(worker.show("t").done == "1", worker.show("t").line)
    check(worker.do("count alice").code == 1, "the old one is listed still")


main()
