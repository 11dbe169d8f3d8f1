#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A daemon adopts the existing board: unchanged if possible, otherwise its tasks move to a new one, and attached
clients follow by themselves.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import errno
import struct

from boards import (CAPACITY, MOVE_LIMIT, Inside, board_id, expect_same_board, restart, traced)
from e2e import (E_GONE, E_MOVED, E_NOT_FOUND, TRACKD, check, expect_death_seen, main, need_root, subprocess, test, until)

RETIRED, MAJOR, ID_BUCKETS, OWNER_BUCKETS, HEADS = 8, 12, 160, 168, 176


def begin(site, *arguments):
    """A daemon on a board with some tasks, their worker, and a reader."""
    daemon = site.daemon(*arguments)
    worker = site.test_client("open write", "kind video decoding 5 encoding 30", "create a owner=alice",
                         "update a extracting", "update a embedding batch_7", "progress a 480 1000",
                         "create done owner=alice", "complete done", "fill 20 t owner=bob")
    return daemon, worker, site.test_client("open")


def expect_moved(site, worker, watcher, old):
    """Everything is on another board, and so are those who were attached to the old one."""
    check(board_id(site.test_client("open")) != old, "the old board is served")
    expect_same_board(site, worker, watcher)
    expect_kept(site, worker, watcher)


def expect_kept(site, worker, watcher):
    seen = watcher.show("a")
    check((seen.state, seen.stage, seen.total, seen.message) ==
          ("active", "2", "1000", "batch_7"), seen.line)
    check(seen.number("done") >= 480 and seen.number("worker") == worker.pid, seen.line)
    check(watcher.show("done").state == "completed", watcher.show("done").line)
    check(watcher.do("count bob").code == 20 and watcher.do("count alice").code == 2,
          watcher.do("stats").line)
    worker.do("advance a 3")
    worker.do("update a indexing")
    check(site.test_client("open").show("a").stage == "3", "what the worker writes arrives")
    worker.do("kind video")
    site.doctor()
    expect_death_seen(worker, watcher, "a")


def poke(site, offset, data):
    with open(site.shm, "r+b") as file:
        file.seek(offset)
        file.write(data)


@test("a board is adopted as it is: the same board, references and counters")
def _(site):
    daemon, worker, watcher = begin(site)
    board, before = board_id(worker), watcher.show("a")
    restart(daemon)
    check(board_id(worker) == board and watcher.show("a").line.split(" ", 4)[4] ==
          before.line.split(" ", 4)[4], f"{before.line} {watcher.show('a').line}")
    expect_kept(site, worker, watcher)


@test("a larger capacity moves the tasks, and clients along, while they work")
def _(site):
    daemon, worker, watcher = begin(site, "--capacity", "64")
    old = board_id(worker)
    watcher.send("wait t-3 final 8000")
    restart(daemon, "--capacity", "4096")
    check(site.header(CAPACITY, "<I") == 4096, site.header(CAPACITY, "<I"))
    answer = watcher.answer()
    check(answer.code in (E_GONE, E_MOVED, -errno.ETIMEDOUT), f"who waited across the move: {answer.line}")
    expect_moved(site, worker, watcher, old)


@test("a smaller capacity that holds all tasks is taken, one that does not is refused and logged")
def _(site):
    daemon, worker, watcher = begin(site, "--capacity", "4096")
    old = board_id(worker)
    daemon = restart(daemon, "--capacity", "16")
    check(site.header(CAPACITY, "<I") == 4096 and board_id(worker) == old, "tasks do not fit")
    check("capacity" in daemon.log(), daemon.log())
    restart(daemon, "--capacity", "64")
    check(site.header(CAPACITY, "<I") == 64, site.header(CAPACITY, "<I"))
    expect_moved(site, worker, watcher, old)


@test("a new board for which there is no room leaves the old one in service, unnoticed by clients")
def _(site):
    small = Inside(site, "16M")
    inside, shm = small.prefix, small.path
    daemon = site.daemon("--capacity", "64", prefix=inside)
    worker = site.test_client("open write", "create a", "update a extracting", "create b", prefix=inside)
    watcher = site.test_client("open", prefix=inside)
    old, epoch = board_id(worker), None
    for round_, capacity in enumerate(("65536", "5000", "65536")):
        daemon.kill()
        daemon = site.daemon("--capacity", capacity, prefix=inside)
        check("/dev/shm has no room" in daemon.log(), daemon.log())
        with open(shm + site.board, "rb") as file:
            header = file.read(288)
        number = {"retired": 8, "capacity": 20, "epoch": 280}
        seen = {name: struct.unpack_from("<I", header, at)[0] for name, at in number.items()}
        check(seen["retired"] == 0 and seen["capacity"] == 64 and seen["epoch"] != epoch, seen)
        epoch = seen["epoch"]
        # Old and new clients are on it; what is acknowledged is visible.
        worker.do(f"update a keep round_{round_}")
        worker.do("advance a 2")
        worker.do(f"create new-{round_}")
        fresh = site.test_client("open write", f"create theirs-{round_}", prefix=inside)
        for client in (worker, watcher, fresh):
            check(board_id(client) == old, "a client left the board that is served")
            seen = client.show("a")
            check(seen.message == f"round_{round_}" and seen.done == str(2 * round_ + 2), seen.line)
            for task in (f"new-{round_}", f"theirs-{round_}", "b"):
                check(client.show(task).state == "pending", client.show(task).line)
        check(sorted(os.listdir(shm)) == sorted((site.board[1:], site.board[1:] + ":lock")), os.listdir(shm))
    code, out, err = site.trackctl("doctor", prefix=inside)
    check(code == 0, f"trackctl doctor exited {code}: {out}{err}")
    expect_death_seen(worker, watcher, "a")


@test("a new board that cannot take the old one's place leaves it in service, and no client waits")
def _(site):
    daemon, worker, watcher = begin(site, "--capacity", "64")
    for i, calls in enumerate(("linkat", "rename,renameat,renameat2")):
        # The first such call fails: by then the old board is on its way out.
        daemon.kill()
        daemon = site.daemon("--capacity", "4096", prefix=traced("-e", f"inject={calls}:error=EIO:when=1"))
        check("cannot create a new board" in daemon.log(), daemon.log())
        check(site.header(RETIRED, "<I") == 0, "the board that is served is marked as given up")
        check(site.header(CAPACITY, "<I") == 64, site.header(CAPACITY, "<I"))
        expect_same_board(site, worker, watcher)
        worker.do(f"update a keep round_{i}")
        worker.do("advance a 1")
        worker.do(f"create new-{i}")
        for client in (watcher, site.test_client("open")):
            seen = client.show("a")
            check(seen.message == f"round_{i}" and seen.done == str(481 + i), seen.line)
            check(client.show(f"new-{i}").state == "pending", "what was acknowledged is not seen")
        check(site.left() == [site.board[1:], site.board[1:] + ":lock"], site.left())
    site.doctor()
    expect_death_seen(worker, watcher, "a")


@test("a changed mode is applied")
def _(site):
    daemon, worker, watcher = begin(site)
    old = board_id(worker)
    restart(daemon, "--mode", "0664")
    check(os.stat(site.shm).st_mode & 0o777 == 0o664, oct(os.stat(site.shm).st_mode))
    if board_id(site.test_client("open")) == old:
        expect_kept(site, worker, watcher)
    else:
        expect_moved(site, worker, watcher, old)


def cut(site, table):
    """Empty all buckets of a table of chains while no daemon looks, and start one."""
    _, worker, watcher = begin(site)
    site.processes[0].kill()
    poke(site, site.header(table), bytes(4 * site.header(CAPACITY, "<I")))
    check(watcher.ask("show t-5").code == (E_NOT_FOUND if table == ID_BUCKETS else 0), "by id")
    check(watcher.do("count bob").code == (0 if table == OWNER_BUCKETS else 20), "by owner")
    old = board_id(worker)
    site.daemon()
    expect_moved(site, worker, watcher, old)


@test("a board whose chains of ids are cut is made whole again")
def _(site):
    cut(site, ID_BUCKETS)


@test("a board whose chains of owners are cut is made whole again")
def _(site):
    cut(site, OWNER_BUCKETS)


@test("a board whose links are garbage is made whole again")
def _(site):
    _, worker, watcher = begin(site)
    site.processes[0].kill()
    heads, n = site.header(HEADS), site.header(CAPACITY, "<I")
    for slot in range(n):
        poke(site, heads + 64 * slot + 48, struct.pack("<III", 0xdeadbeef, slot + 1, 0xffffffff))
    old = board_id(worker)
    site.daemon()
    expect_moved(site, worker, watcher, old)


@test("a board with another layout is replaced, and its clients move to the new one")
def _(site):
    _, worker, watcher = begin(site)
    site.processes[0].kill()
    poke(site, MAJOR, struct.pack("<H", 99))
    site.test_client().refuse("open no-daemon", -20016)
    old = board_id(watcher)
    site.daemon()
    fresh = site.test_client("open")
    until(lambda: board_id(watcher) == board_id(fresh) != old, "a reader moved", limit=MOVE_LIMIT)
    until(lambda: worker.ask("create new").code == 0 and fresh.ask("show new").code == 0,
          "a producer moved", limit=MOVE_LIMIT)
    worker.do("update new extracting")
    expect_death_seen(worker, fresh, "new")


@test("a file of the daemon's user that is not a board is replaced")
def _(site):
    for data in (b"", b"x", os.urandom(100_000), bytes(1 << 20)):
        with open(site.shm, "wb") as file:
            file.write(data)
        daemon = site.daemon()
        site.test_client("open write", "create a")
        site.doctor()
        daemon.terminate()
        site.end_processes()


@test("a truncated board is replaced")
def _(site):
    begin(site)
    site.end_processes()
    os.truncate(site.shm, os.path.getsize(site.shm) // 2)
    site.daemon()
    site.test_client("open write", "create a")
    site.doctor()


@test("a board made in another pid namespace moves into the daemon's")
def _(site):
    need_root()
    inner = site.daemon(prefix=["unshare", "--pid", "--fork", "--kill-child"])
    reader = site.test_client("open")
    old = board_id(reader)
    site.test_client().refuse("open write", -20014)
    inner.kill()
    until(lambda: site.trackctl("stats")[0] == 0 and lock_is_free(site), "the daemon within is gone")
    site.daemon()
    worker = site.test_client("open write", "create a", "update a extracting")
    check(board_id(worker) != old, "the board of another pid namespace was kept")
    until(lambda: board_id(reader) == board_id(worker), "a reader moved", limit=MOVE_LIMIT)
    expect_death_seen(worker, reader, "a")


@test("all clients leave an unlinked board when there is another one")
def _(site):
    daemon, worker, watcher = begin(site)
    old = board_id(watcher)
    daemon.terminate()
    os.unlink(site.shm)
    worker.do("advance a 1")  # a board without a name is still a board
    check(watcher.show("a").done == "481", watcher.show("a").line)
    site.daemon()
    fresh = site.test_client("open")
    check(board_id(fresh) != old, "the old board has come back")
    expect_same_board(site, worker, watcher)
    worker.do("create b")
    worker.do("update b extracting")
    expect_death_seen(worker, watcher, "b")


def lock_is_free(site):
    return subprocess.run(["flock", "--nonblock", site.shm + ":lock", "true"], check=False) \
        .returncode == 0


@test("--remove refuses while a daemon serves, then removes all, and clients find the next board")
def _(site):
    daemon, worker, watcher = begin(site)
    command = [TRACKD, "--board", site.board, "--socket", site.socket, "--remove"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    check(done.returncode == 75, f"--remove exited {done.returncode}: {done.stderr}")
    check(os.path.exists(site.shm) and os.path.exists(site.socket), "it removed something")
    check(site.test_client("open").show("a").state == "active", "it removed something")
    daemon.terminate()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"--remove exited {done.returncode}: {done.stderr}")
    check(site.left() == [] and not os.path.exists(site.socket), f"left: {site.left()}")
    old = board_id(watcher)
    site.daemon()
    until(lambda: board_id(watcher) != old, "a reader moved", limit=MOVE_LIMIT)
    until(lambda: board_id(worker) == board_id(watcher), "a producer moved", limit=MOVE_LIMIT)
    # The reference that it used last; one number in 255 is that of the board before.
    worker.refuse("advance ^ 1", E_GONE, E_MOVED, E_MOVED)
    worker.do("create a")
    check(watcher.show("a").state == "pending", watcher.show("a").line)


main()
