#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Clients follow a board that is replaced: by the socket alone, without access, with a cursor, idle, and under
trackctl run.
"""
# tests/run: timeout=400

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import errno
import signal
import struct
import subprocess
import threading

from boards import (LARGE, MOVE_LIMIT, SMALL, Inside, begin, board_id, own_shm, restart, unlink)
from e2e import (E_NO_BOARD, TRACKCTL, TRACKD, Process, as_user, check, comment, expect_death_seen, main,
                 need_root, test, until, does_not_wait)

USED_MAP, BODIES, DETAILS = 152, 192, 200  # where the header holds them, docs/FORMAT.md
SERVICE, MEMBER = 64311, 64312
PAGE = 4096


# ---- Who reaches the next board how ----------------------------------------------------------------------------------


@test("a client that has only the socket follows every replacement, and its writes land on the new board")
def _(site):
    need_root()
    daemon, worker, watcher = begin(site, *SMALL)
    far = site.test_client("open write", "create far", "update far extracting", prefix=own_shm("1M"))
    far_reader = site.test_client("open", "show far", prefix=own_shm("1M"))
    for number, how in enumerate((LARGE, None, SMALL, None), 1):
        if how:
            daemon.kill()
            daemon = site.daemon(*how)
        else:
            unlink(site)
        until(lambda: far.ask("advance far 1").code == 0 and board_id(far) == board_id(site.test_client("open")),
              "a producer with another /dev/shm follows", limit=MOVE_LIMIT)
        far.do(f"create far-{number}")
        check(watcher.show(f"far-{number}").state == "pending", "what was acknowledged is not on the new board")
        far.do(f"update far keep round_{number}")
        until(lambda: far_reader.show("far").message == f"round_{number}", "a reader follows too", limit=MOVE_LIMIT)
    expect_death_seen(far, watcher, "far")


@test("a client that the new board's mode keeps out gets an error at once, and never a success")
def _(site):
    need_root()
    site.give_to(SERVICE)
    options = {"program": site.program("trackd"), "prefix": as_user(SERVICE)}
    daemon = site.daemon("--mode", "0660", **options)
    member = site.test_client("open write", "create a", "update a extracting", "create b", program=site.program("test_client"),
                         prefix=as_user(MEMBER, SERVICE))
    reader = site.test_client("open", "show a", program=site.program("test_client"), prefix=as_user(MEMBER, SERVICE))
    daemon.kill()
    site.daemon("--mode", "0600", **options)
    before = site.test_client("open", program=site.program("test_client"), prefix=as_user(SERVICE)).do("count").code
    for line in ("advance ^ 1", "update ^ keep x", "complete ^", "create c", "remove ^", "cancel ^", "kind new one 1"):
        answer = member.ask(line)
        check(answer.code == -errno.EACCES and does_not_wait(answer), f"{line}: {answer.line}")
    answer = reader.ask("show ^")
    check(answer.code < 0 and does_not_wait(answer), f"a reader is shown what was: {answer.line}")
    check(site.test_client("open", program=site.program("test_client"), prefix=as_user(SERVICE)).do("count").code == before,
          "something was written")


@test("--remove beneath a producer: every later call is refused at once, and works again on the next board")
def _(site):
    daemon, worker, watcher = begin(site)
    daemon.terminate()
    codes, stop = [], threading.Event()

    def produce():
        while not stop.is_set():
            codes.append(worker.ask("advance ^ 1").code)

    thread = threading.Thread(target=produce)
    thread.start()
    try:
        until(lambda: len(codes) > 100, "it produces")
        command = [TRACKD, "--board", site.board, "--socket", site.socket, "--remove"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        seen = len(codes)
        until(lambda: len(codes) > seen + 100, "it goes on")
    finally:
        stop.set()
        thread.join()
    check(ended.returncode == 0, ended.stderr)
    first = codes.index(E_NO_BOARD)
    check(set(codes[:first]) == {0} and set(codes[first:]) == {E_NO_BOARD}, f"after {first} calls: {set(codes[first:])}")
    for line in ("advance ^ 1", "update ^ keep x", "complete ^", "create c", "remove ^", "cancel ^", "kind new one 1"):
        answer = worker.ask(line)
        check(answer.code == E_NO_BOARD and does_not_wait(answer), f"{line}: {answer.line}")
    site.daemon()
    until(lambda: worker.ask("create a").code == 0, "it works again", limit=MOVE_LIMIT)
    worker.do("update a extracting")
    until(lambda: watcher.ask("show a").code == 0, "a reader sees it", limit=MOVE_LIMIT)
    expect_death_seen(worker, watcher, "a")


# ---- Events, memory, trackctl ---------------------------------------------------------------------------------------


@test("an event cursor goes on over replacements without a gap, and reports a board that begins anew")
def _(site):
    daemon, worker, watcher = begin(site, *SMALL)
    watcher.do("cursor")
    last = None
    for number, way in enumerate((LARGE, None, SMALL, None)):
        for i in range(5):
            worker.do(f"create old-{number}-{i}")
        if number % 2:  # what it has read lies before, what it has not on both sides
            last = watcher.do("events").number("last")
            worker.do(f"create between-{number}")
        if way:
            daemon = restart(daemon, *way)
        else:
            unlink(site)
        for i in range(5):
            worker.do(f"create new-{number}-{i}")
        seen = watcher.do("events")
        check(seen.number("n") == (6 if number % 2 else 10), seen.line)
        check(seen.number("gaps") == seen.number("lapped") == seen.number("lost") == 0, seen.line)
        check(last is None or seen.number("first") == last + 1, f"{seen.line} after {last}")
        last = seen.number("last")
    # Anew: nothing of the old board is there. More happens on it than the cursor's sequence says.
    old = board_id(watcher)
    daemon.terminate()
    os.unlink(site.shm)
    site.daemon(*LARGE)
    until(lambda: worker.ask("update ^ keep x").code < 0 and board_id(worker) != old, "it follows", limit=MOVE_LIMIT)
    worker.do("create anew")
    for i in range(last + 20):
        worker.do(f"create anew-{i}")
    until(lambda: watcher.ask("show anew").code == 0, "the reader is on it", limit=MOVE_LIMIT)
    seen = watcher.do("events")
    check(seen.number("lapped") == 1 and seen.number("lost") > 0, seen.line)
    check(seen.number("n") >= last + 21, f"all that the new board has: {seen.line}")


@test("an idle client keeps no more of an old board than the pages with its locks; a reader lets go at its next call")
def _(site):
    inside = Inside(site, "300M")
    site.daemon("--capacity", "16384", prefix=inside.prefix)
    producer = site.test_client("open write", "fill 16000 t", prefix=inside.prefix)
    readers = [site.test_client("open", "count", prefix=inside.prefix) for _ in range(3)]
    name = inside.path + site.board
    with open(name, "rb") as file:
        header = file.read(PAGE)
    used_map, bodies, details = (struct.unpack_from("<Q", header, at)[0] for at in (USED_MAP, BODIES, DETAILS))
    locks = used_map + (details - bodies) + 2 * PAGE
    alone = inside.used()
    os.unlink(name)
    until(lambda: os.path.exists(name), "a new board has the name")
    until(lambda: inside.used() - alone <= locks, lambda: f"{inside.used() - alone} bytes of the old board are pinned")
    comment(f"of {os.stat(name).st_blocks * 512} bytes {inside.used() - alone} are pinned by idle clients, {locks} may be")
    producer.do("count")
    for reader in readers:
        reader.do("show t-0")
    check(inside.used() - alone <= locks, f"{inside.used() - alone} bytes are pinned")
    producer.do("close")
    until(lambda: inside.used() - alone <= PAGE, lambda: f"readers pin {inside.used() - alone} bytes of the old board")


def shown(site, task):
    code, out, _ = site.trackctl("show", "--json", task)
    return out if code == 0 else ""


@test("trackctl run goes on over two replacements: progress arrives, and it can be cancelled")
def _(site):
    daemon = site.daemon(*SMALL)
    fifo = os.path.join(site.folder, "step")
    os.mkfifo(fifo)
    command = f'while read line; do echo "$line" >"$TRACKD_PROGRESS"; done <{fifo}; exec sleep 1000'
    runner = site.start(Process([TRACKCTL, "run", "--id", "job", "--", "sh", "-c", command], site.env))
    with open(fifo, "w", encoding="utf-8") as steps:
        for number, way in enumerate((None, LARGE, None, SMALL), 1):
            if number == 3:
                unlink(site)
            elif way:
                daemon = restart(daemon, *way)
            steps.write(f"{number}/9 step {number}\n")
            steps.flush()
            until(lambda: f'"step {number}"' in shown(site, "job"), lambda: f"progress arrives: {shown(site, 'job')}")
            check(f'"pid":{runner.pid}' in shown(site, "job").replace(" ", ""), shown(site, "job"))
    site.trackctl("cancel", "job")
    check(runner.wait() == -signal.SIGTERM, f"trackctl run ended with {runner.popen.returncode}")
    check('"cancelled"' in shown(site, "job"), shown(site, "job"))


main()
