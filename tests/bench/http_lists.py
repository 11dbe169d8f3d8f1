#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make bench-http: what the lists of one user cost another who polls a status.

    http_lists.py [SECONDS [LISTS [TASKS]]]         5 s, 40 lists at a time, 10000 tasks

One user asks for pages of 500 of all tasks over LISTS connections, without a pause, and another asks
for the status of a task 200 times a second: alone, beside the lists, and beside counts. Figures are
printed and judge nothing but that p99 beside the lists should stay below 5 ms; the exit status is 1
for a wrong answer. TRACKD_HTTP_BIN names another gateway to compare with.
"""

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "http"))
from measurement import pinned, row, run
from e2e import check
from gateway import Gateway, request, token

PAGE, PAUSE_S, AIM_MS = 500, 0.005, 5
ADA, EVE = token("ada"), token("eve")


def fill(site, n):
    """Tasks of all states, so that what is written is as in life."""
    worker = site.test_client("open write", "create hers owner=eve", "update hers embedding At_work",
                         f"fill {n} t owner=ada")
    for i in range(0, n, 4):
        worker.do(f"update t-{i} extracting Reading_page_{i}")
    for i in range(0, n, 8):
        worker.do(f"update t-{i} embedding Generating_embeddings_for_40_chunks")
        worker.do(f"complete t-{i}")
    worker.do(f"fail t-{n - 1} out_of_paper")


def pages(gateway):
    """The path of every page, from the newest on."""
    path = f"/v1/tasks?page_size={PAGE}"
    while path:
        yield path
        following = gateway.get(path, ADA).json()["next_page_token"]
        path = following and f"/v1/tasks?page_size={PAGE}&page_token={following}"


class Lists:
    """wrk with lists or counts, for as long as the block runs."""

    def __init__(self, site, gateway, paths, connections, seconds):
        file = os.path.join(site.folder, "lists")
        with open(file, "w", encoding="utf-8") as out:
            out.writelines(f"{path} {ADA}\n" for path in paths)
        self.popen = subprocess.Popen(
            [*pinned(1), "wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "60s",
             "-s", os.path.join(HERE, "http", "lists.lua"), f"http://127.0.0.1:{gateway.port}", "--", file],
            text=True, stdout=subprocess.PIPE)

    def end(self):
        """(answers a second, MB a second)"""
        said = self.popen.communicate(timeout=120)[0]
        match = re.search(r"^seen (\d+) (\d+) (\d+) (\d+)$", said, re.M)
        check(match and int(match[4]) == 0, f"wrk said {said}")
        requests, duration, size, _ = (int(word) for word in match.groups())
        return requests / duration * 1e6, size / duration


def poll(gateway, seconds):
    """Milliseconds of each answer of the other user's poll."""
    asked, seen = request("GET", "/documents/hers/status", EVE), []
    with gateway.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.perf_counter_ns()
            connection.sendall(asked)
            answer = connection.recv(4096)
            seen.append((time.perf_counter_ns() - began) / 1e6)
            check(answer.startswith(b"HTTP/1.1 200 "), repr(answer))
            time.sleep(PAUSE_S)
    return seen


def report(what, seen, aim=""):
    cuts = statistics.quantiles(seen, n=100)
    row(f"{what}: median, p99", f"{cuts[49]:.2f}, {cuts[98]:.2f} ms", f"most {max(seen):.2f} ms {aim}")
    return cuts[98]


def beside(what, lists, gateway, seconds):
    time.sleep(0.3)
    seen = poll(gateway, seconds)
    rate, speed = lists.end()
    p99 = report(what, seen)
    row("answers beside it a second, MB a second", f"{rate:.0f}, {speed:.0f}")
    return p99


def measure(site, seconds, n_lists, n_tasks):
    check(shutil.which("wrk"), "wrk is missing")
    print(f"\nwhat one user's lists cost another: {n_lists} connections, {n_tasks} tasks, {seconds} s each")
    site.daemon()
    fill(site, n_tasks)
    gateway = Gateway.on(site, prefix=pinned(0), settings={"owner_rate": 0, "address_rate": 0})
    paths = list(pages(gateway))
    check(len(paths) == n_tasks // PAGE or len(paths) == n_tasks // PAGE + 1, f"{len(paths)} pages")
    report("the other's status, alone", poll(gateway, seconds))
    p99 = beside(f"beside {n_lists} lists of {PAGE} of {n_tasks}",
                 Lists(site, gateway, paths, n_lists, seconds + 1), gateway, seconds)
    row("p99 beside the lists", f"{p99:.2f} ms", f"below {AIM_MS} ms: {'met' if p99 < AIM_MS else 'MISSED'}")
    if gateway.get("/v1/task-counts", ADA).status == 200:
        beside(f"beside {n_lists} counts of {n_tasks}",
               Lists(site, gateway, ["/v1/task-counts"], n_lists, seconds + 1), gateway, seconds)
    began = time.monotonic()
    check(len(list(pages(gateway))) == len(paths), "the same pages")
    row(f"all {len(paths)} pages, one after the other", f"{(time.monotonic() - began) * 1000:.0f} ms")


run(measure, 5, 40, 10000)
