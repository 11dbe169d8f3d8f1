#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make bench-http: many event streams on loopback, and what they cost.

    http_streams.py [STREAMS [RATE [SECONDS]]]     5000 streams, 1000 transitions a second, 20 s

Every transition must reach the one stream that watches its task, in order, once, also over a restart
of the gateway in the middle: else the exit status is 1. Figures are printed and judge nothing.
"""

import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "http"))
from measurement import memory_kib, processor_s, row, run
from e2e import BUILD, TestClient, check
from gateway import Gateway, token

LIMIT_KIB = 24


def measure(site, streams, rate, seconds):
    print(f"\n{streams} event streams, {rate} transitions a second, for {seconds} s")
    site.daemon("--capacity", str(max(16384, 2 * streams)))
    gateway = Gateway.on(site)
    before = memory_kib(gateway.pid, "VmRSS")
    began = time.monotonic()
    load = site.start(TestClient(site.env, argv=(
        os.path.join(BUILD, "tests", "e2e", "clients", "sse_load"), str(gateway.port),
        token("load"), str(streams), str(rate), str(seconds))))
    check(load.line(120) == "connected", "all are connected")
    row("all connected and shown their task", f"{time.monotonic() - began:.2f} s")
    began, used = time.monotonic(), processor_s(gateway.pid)
    load.send("go")
    check(load.line(seconds + 120) == "half", "half of it")
    share = (processor_s(gateway.pid) - used) / (time.monotonic() - began)
    row("gateway's share of a processor", f"{100 * share:.0f} %")
    each = (memory_kib(gateway.pid, "VmRSS") - before) / streams
    row("resident memory of a stream", f"{each:.1f} KiB",
        f"at most {LIMIT_KIB}: {'met' if each <= LIMIT_KIB else 'MISSED'}")
    gateway.restart()
    line = load.line(seconds + 240)
    check("=" in line, f"the load ended with {line!r}")
    seen = {key: float(value) for key, value in (word.split("=") for word in line.split())}
    row("from publishing to the client's read: median", f"{seen['p50_us'] / 1000:.2f} ms")
    row("p99", f"{seen['p99_us'] / 1000:.2f} ms")
    row("longest", f"{seen['max_us'] / 1000:.2f} ms")
    row("a transition costs its producer, nobody watching", f"{seen['cost_alone_ns']:.0f} ns")
    row("and with all streams open", f"{seen['cost_watched_ns']:.0f} ns")
    for key, text in (("received", "transitions received"),
                      ("reconnects", "streams that came back after the restart"),
                      ("replayed", "transitions that they had missed and were told"),
                      ("lost", "lost"), ("doubled", "told twice"), ("resets", "told anew")):
        row(text, f"{seen[key]:.0f}")
    check(load.wait() == 0, line)


run(measure, 5000, 1000, 20)
