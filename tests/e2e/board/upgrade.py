#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A daemon takes over a board of layout 2 while its producers run: they are told, nothing that they had acknowledged
is lost, whatever kills the daemon on the way, and after their restart they go on. The producers are programs with a
frozen copy of the old protocol (tests/harness/old_board.h).
"""
# tests/run: timeout=400

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import re
import signal

from boards import CAPACITY, inode, replaced, traced
from e2e import BUILD, E_LAYOUT, E_NO_BOARD, TEST_CLIENT, Daemon, check, comment, main, release, test

OLD_CLIENT = os.path.join(BUILD, "tests", "e2e", "clients", "old_client")
MAJOR, CLOSED = 12, 304  # where both layouts have them
SIZE = ("--capacity", "256")


def old_client(site, *lines):
    return site.test_client(*lines, program=OLD_CLIENT)


def begin(site):
    """A board of layout 2 and a producer on it, with a task that it works on."""
    return old_client(site, f"make {site.board} 256", "create a owner=alice", "update a 1 at_work")


def layout(site):
    return site.header(MAJOR, "<H")


def expect_counted(seen, answer):
    """All that a worker's calls had acknowledged is there, and nothing else."""
    check(seen.number("done") == answer.number("advanced"), f"{answer.line}; seen: {seen.line}")
    check(seen.message == f"u{answer.number('updated')}", f"{answer.line}; seen: {seen.line}")


@test("producers that work while their board is taken over are told, and lose nothing")
def _(site):
    maker = begin(site)
    maker.do("fill 100")
    workers = []
    for number in range(4):
        worker = old_client(site, f"open {site.board}", f"create w{number} owner=bob", f"update w{number} 0 u0",
                            f"total w{number} 1000000000")
        worker.send(f"work w{number}")
        workers.append(worker)
    for task, how in (("b", "complete"), ("c", "fail"), ("d", "cancelled")):
        for line in (f"create {task}", f"update {task} 2 at_work", f"advance {task} 3", f"cancel {task}",
                     f"{how} {task} the_end"):
            maker.do(line)
    check(layout(site) == 2, "the test's own board is of another layout")
    daemon = site.daemon(*SIZE)
    check(layout(site) == 3, "the board is not taken over")
    reader = site.test_client("open")
    for number, worker in enumerate(workers):
        answer = worker.answer()
        check(answer.code == E_LAYOUT, answer.line)
        check(answer.number("advanced") > 0, answer.line)
        seen = reader.show(f"w{number}")
        expect_counted(seen, answer)
        check(seen.state == "active" and seen.number("worker") == worker.pid, seen.line)
        check(f"old_client[{worker.pid}]" in daemon.log(), daemon.log())
    check(reader.do("count").code == 108, reader.do("count").line)
    for task, state in (("a", "active"), ("b", "completed"), ("c", "failed"), ("d", "cancelled")):
        seen = reader.show(task)
        check(seen.state == state and seen.number("done") == (0 if task == "a" else 3), seen.line)
    for call in ("update a 2 late", "advance a 1", "complete a late"):
        maker.refuse(call, E_LAYOUT)
    site.doctor()


@test("after their restart they go on: as the same process, as another one, and a worker that died has lost its task")
def _(site):
    stays = begin(site)
    others = []
    for task in "bc":
        others.append(old_client(site, f"open {site.board}", f"create {task}", f"update {task} 0 at_work", f"advance {task} 5"))
    stays.do("advance a 7")
    stays.do("create later")
    site.daemon(*SIZE)
    reader = site.test_client("open")
    stays.send(f"exec {TEST_CLIENT}")
    stays.do("open write")
    stays.do("advance a 1")
    stays.do("update a embedding goes_on")
    seen = reader.show("a")
    check(seen.number("worker") == stays.pid and seen.status == "embedding", seen.line)
    stays.do("complete a")
    others[0].kill()
    seen = reader.until_final("b")
    check(seen.reason == "worker_lost" and seen.number("done") == 5, seen.line)
    check(reader.show("c").state == "active", reader.show("c").line)
    again = site.test_client("open write", "update later extracting", "complete later", "create new", "update new chunking")
    check(reader.show("later").state == "completed", reader.show("later").line)
    again.kill()
    check(reader.until_final("new").reason == "worker_lost", reader.show("new").line)
    site.doctor()


@test("a worker that died before the daemon came has lost its task")
def _(site):
    keeper = begin(site)
    worker = old_client(site, f"open {site.board}", "create b", "update b 2 at_work", "advance b 9")
    worker.kill()
    site.daemon(*SIZE)
    seen = site.test_client("open").until_final("b")
    check(seen.reason == "worker_lost" and seen.number("done") == 9, seen.line)
    check(site.test_client("open").show("a").number("worker") == keeper.pid, "the other keeps its task")


@test("a board of layout 2 that nobody uses is taken over")
def _(site):
    begin(site).kill()
    site.daemon("--capacity", "64")
    check(layout(site) == 3 and site.header(CAPACITY, "<I") == 64, "it is not taken over")
    check(site.test_client("open").until_final("a").reason == "worker_lost", "its task is there")
    site.doctor()


@test("a process that stands still inside a lock is named, and stops nobody: its call fails")
def _(site):
    maker = begin(site)
    maker.do("create b")
    holder = old_client(site, f"open {site.board}", "hold b")
    holder.stop()
    maker.send("work a")
    daemon = site.daemon(*SIZE)
    check(f"old_client[{holder.pid}] has held a lock" in daemon.log(), daemon.log())
    answer = maker.answer()
    check(answer.code == E_LAYOUT, answer.line)
    reader = site.test_client("open")
    expect_counted(reader.show("a"), answer)
    check(reader.show("b").state == "pending", reader.show("b").line)
    holder.cont()
    holder.refuse("finish late", E_LAYOUT)
    site.doctor()


@test("trackd --remove removes a board of layout 2, and tells its producers")
def _(site):
    maker = begin(site)
    code, said = site.daemon_fails("--remove")
    check(code == 0 and "removed" in said and not os.path.exists(site.shm), said)
    maker.refuse("advance a 1", E_NO_BOARD)


@test("a board of layout 2 that is damaged is given up, and a start without room for a new one changes nothing")
def _(site):
    maker = begin(site)
    code, said = site.daemon_fails("--capacity", "16000000")
    check(code != 0 and "/dev/shm" in said, said)
    check(layout(site) == 2 and site.header(CLOSED, "<I") == 0, "the board was changed")
    maker.do("advance a 1")
    os.truncate(site.shm, os.path.getsize(site.shm) + 4096)
    site.daemon(*SIZE)
    check(layout(site) == 3 and site.test_client("open").do("count").code == 0, "it begins anew")


# ---- A daemon that is killed --------------------------------------------------------------------------------------


def calls_of_a_start(site):
    """Each system call of a start from the making of the new board on: (its name, the how manieth of that name)."""
    begin(site).kill()
    log = os.path.join(site.folder, "trace")
    daemon = site.daemon(*SIZE, prefix=traced(log=log))
    daemon.kill()
    os.unlink(site.shm)
    calls, seen, making = [], {}, False
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            match = re.match(rf"{daemon.pid}\s+(\w+)\(", line)
            if not match:
                continue
            name = match[1]
            seen[name] = seen.get(name, 0) + 1
            making = making or "O_TMPFILE" in line
            if name == "clone3":  # the modules start: the new board is in place
                return calls
            if making:
                calls.append((name, seen[name]))
    return calls


@test("a daemon killed at each step of taking over: producers go on or wait, and the next one loses nothing")
def _(site):
    calls = calls_of_a_start(site)
    check({"linkat", "rename", "futex", "fallocate"} <= {name for name, _ in calls}, calls)
    closed = 0
    for name, when in calls:
        maker = begin(site)
        maker.do("create b")
        maker.send("work a")
        killed = site.start(Daemon(site, SIZE, prefix=traced("-e", f"trace={name}", "-e",
                                                            f"inject={name}:signal=SIGKILL:when={when}")))
        check(killed.wait() == -signal.SIGKILL, f"{name} {when} was not made")
        closed += layout(site) == 2 and site.header(CLOSED, "<I") != 0
        daemon = site.daemon(*SIZE)
        answer = maker.answer()
        check(answer.code == E_LAYOUT, f"killed at {name} {when}: {answer.line}")
        reader = site.test_client("open")
        expect_counted(reader.show("a"), answer)
        check(reader.show("a").number("worker") == maker.pid, f"killed at {name} {when}: {reader.show('a').line}")
        check(reader.do("count").code == 2, f"killed at {name} {when}: {reader.do('count').line}")
        check(site.left() == [site.board[1:], site.board[1:] + ":lock"], site.left())
        site.doctor()
        daemon.kill()
        maker.kill()
        os.unlink(site.shm)
    comment(f"killed at {len(calls)} calls; at {closed} of them the board stayed closed until the next start")
    check(closed > 0, "it never stayed closed")


@test("a daemon killed when the new board has the name and the old one does not know it: producers are told by the name")
def _(site):
    maker = begin(site)
    before = inode(site)
    maker.send("work a")
    slow = site.start(Daemon(site, SIZE, prefix=traced("-e", "trace=rename", "-e", "inject=rename:delay_exit=30000000")))
    replaced(site, before)
    slow.signal(signal.SIGKILL)
    release(slow.pid)
    slow.wait()
    answer = maker.answer()
    check(answer.code == E_LAYOUT, answer.line)
    expect_counted(site.test_client("open no-daemon").show("a"), answer)
    site.daemon(*SIZE)
    expect_counted(site.test_client("open").show("a"), answer)
    site.doctor()


main()
