#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Clients do not depend on the daemon: it is killed again and again under load, and producers are not affected."""
# tests/run: timeout=300

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import random
import resource
import signal
import socket
import struct
import time

from e2e import Skip, check, comment, main, quickest, test, until, does_not_wait

KILLS = 20
LIMIT_US = 20_000_000  # what a call may take that was not told BUSY, which would be after 2 s


def totals(line):
    return dict(word.split("=", 1) for word in line.split())


@test("killed 20 times under the load of 4 processes: nothing lost, nothing refused, no call delayed")
def _(site):
    arguments = ("--capacity", "1024", "--ttl", "1h")
    daemon = site.daemon(*arguments)
    keeper = site.test_client("open write", "create shared", "update shared extracting")
    watcher = site.test_client("open")
    loads = [site.load(f"load{i}") for i in range(4)]
    for load in loads:
        line = load.line()
        check(line == "ready", f"a load did not begin: {line}")
    victims = []
    for i in range(KILLS):
        victims.append(site.test_client("open write", f"create v{i}", f"update v{i} chunking",
                                   f"advance v{i} {i + 1}"))
        epoch = site.header(280, "<I")
        time.sleep(random.uniform(0, 0.1))  # at any moment of its life, its first ones too
        if i % 2 == 0:  # dies while the daemon lives or is about to die
            victims[i].kill()
        daemon.kill()
        if i % 2 == 1:  # dies while it is away
            victims[i].kill()
        daemon = site.daemon(*arguments)
        check(site.header(280, "<I") != epoch, "the daemon did not raise the epoch")
    for load in loads:
        load.send("")
    results = [totals(load.line()) for load in loads]
    for load, result in zip(loads, results):
        print(f"# {load.argv[1]}: {result}")
    for result in results:
        check(result["errors"] == "0", f"a call failed: {result}")
        check(result["wrong"] == "0", f"an update was lost: {result}")
        check(int(result["max_us"]) < LIMIT_US, f"a call took too long: {result}")
    counted = sum(int(result["shared"]) for result in results)
    seen = watcher.show("shared")
    check(seen.number("done") == counted, f"counted {counted}, the board says {seen.line}")
    check(seen.state == "active" and seen.number("worker") == keeper.pid, seen.line)
    for i in range(KILLS):
        lost = watcher.until_final(f"v{i}")
        check(lost.reason == "worker_lost" and lost.done == str(i + 1) and lost.stage == "1",
              f"v{i}: {lost.line}")
    for load in loads:
        for task in range(16):
            kept = watcher.show(f"{load.argv[1]}-{task}")
            check(kept.state == "active" and kept.number("worker") == load.pid,
                  f"a living worker's task: {kept.line}")
    stats = watcher.do("stats")
    check(stats.number("worker_lost") == KILLS, f"lost other tasks than the victims': {stats.line}")
    for load in loads:  # their deaths are noticed too: all of it still works
        load.kill()
    for task in range(16):
        watcher.until_final(f"load0-{task}")
    until(lambda: site.trackctl("doctor")[0] == 0, lambda: site.trackctl("doctor"))


@test("a waiter and an updater work on while no daemon runs at all")
def _(site):
    daemon = site.daemon()
    worker = site.test_client("open write", "create a", "update a extracting")
    watcher = site.test_client("open")
    daemon.kill()
    worker.do("update a chunking")
    worker.do("create b")
    worker.do("cancel b")

    def seconds_to_see_an_end():
        worker.do("create c replace")
        watcher.send("wait c final 60000")
        worker.do("update c extracting")
        began = time.monotonic()
        worker.do("complete c")
        answer = watcher.answer()
        check(answer.code == 0, answer.line)
        return time.monotonic() - began
    took = quickest(seconds_to_see_an_end, 1.5)
    check(took < 1.5, f"a waiter needed {took} s without a daemon")
    watcher.send("wait a final 60000")
    worker.do("complete a")
    check(watcher.answer().code == 0, "a is over")


@test("a producer that started without a daemon connects when it comes")
def _(site):
    site.daemon().terminate()
    worker = site.test_client("open write", "create a", "update a extracting")
    watcher = site.test_client("open")
    site.daemon()
    worker.do("advance a 1")
    worker.kill()
    seen = watcher.until_final("a")
    check(seen.reason == "worker_lost", seen.line)


def sockets(site):
    """How many sockets have the name of a daemon's: the one that it listens on, and one a client."""
    with open("/proc/net/unix", encoding="utf-8") as file:
        return sum(line.split()[-1].startswith(site.socket) for line in file)


@test("a producer introduces itself to a new daemon when it writes next")
def _(site):
    site.daemon().kill()
    worker = site.test_client("open write", "create a", "update a extracting")
    site.daemon()
    check(sockets(site) == 1, "it listens, and nobody has connected")
    worker.do("advance a 1")
    until(lambda: sockets(site) == 2, "the producer has connected")


@test("an event loop is notified of a task's end across a restart of the daemon")
def _(site):
    site.daemon()
    worker = site.test_client("open write", "create a", "update a extracting")
    watcher = site.test_client("open")
    while watcher.ask("listen 200").code > 0:  # what it is told at the beginning
        pass
    worker.do("update a chunking")
    check(watcher.do("listen 10000").code > 0, "it does not hear of a stage")
    site.processes[0].kill()
    site.daemon()
    worker.do("complete a")
    until(lambda: watcher.do("listen 10000").code > 0 and watcher.show("a").state == "completed",
          "it hears of the end")
    while watcher.ask("listen 1500").code > 0:  # it is connected again: nothing to look after
        pass
    worker.do("create b")
    began = time.monotonic()
    check(watcher.do("listen 10000").code > 0, "it does not hear of a new task")
    comment(f"heard after {(time.monotonic() - began) * 1000:.2f} ms")


@test("a stopped daemon delays no client")
def _(site):
    daemon = site.daemon()
    worker = site.test_client("open write", "create a")
    watcher = site.test_client("open")
    daemon.stop()
    answers = [worker.do(line) for line in ["update a extracting", "advance a 1", "create b", "remove b",
                                            "progress a 3 5", "update a chunking", "complete a"]]
    check(sum(not does_not_wait(answer) for answer in answers) <= 1, [answer.line for answer in answers])
    check(watcher.show("a").state == "completed", "what a reader sees")
    took = quickest(lambda: site.test_client().do("open write timeout=300").number("us"), 1_500_000)
    check(took < 1_500_000, f"opening took {took} us")
    daemon.cont()


@test("a daemon whose queue of connections is full delays no client")
def _(site):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most < 5000:
        raise Skip(f"may open {most} files only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    daemon = site.daemon()
    worker = site.test_client("open write", "create a")
    daemon.stop()
    waiting = []
    try:
        while len(waiting) < 10_000:
            waiting.append(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            waiting[-1].setblocking(False)
            waiting[-1].connect(site.socket)
        check(False, "the queue has no end")
    except BlockingIOError:
        comment(f"{len(waiting)} connections wait")
    with open(site.shm, "r+b") as file:  # as if a new daemon had come: the worker introduces itself
        epoch = site.header(280, "<I")
        file.seek(280)
        file.write(struct.pack("<I", epoch + 1))
    answer = worker.do("update a extracting")
    check(does_not_wait(answer), f"an update waited: {answer.line}")
    took = quickest(lambda: site.test_client().do("open write timeout=300").number("us"), 1_500_000)
    check(took < 1_500_000, f"opening took {took} us")
    for one in waiting:
        one.close()


@test("the watchdog is fed while the loop works, and not when it hangs")
def _(site):
    config = os.path.join(site.folder, "trackd.conf")
    with open(config, "w", encoding="utf-8"):
        pass
    daemon = site.daemon("--config", config, env={**site.env, "WATCHDOG_USEC": "600000"})

    def fed():
        return daemon.said.count("WATCHDOG=1")

    def starves():
        before = fed()
        time.sleep(2)
        return fed() == before
    until(lambda: fed() >= 3, "the watchdog is fed")
    os.unlink(config)
    os.mkfifo(config)
    daemon.signal(signal.SIGHUP)  # it opens its configuration, and nobody writes it
    until(lambda: any(line.startswith("RELOADING=1") for line in daemon.said), "it reloads")
    until(starves, "the watchdog is not fed by a loop that hangs")
    before = fed()
    with open(config, "w", encoding="utf-8"):
        pass
    until(lambda: fed() > before + 2, "it is fed when the loop goes on")
    daemon.terminate()


main()
