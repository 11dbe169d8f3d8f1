#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A board is replaced, by a start or because it was unlinked, and nothing that was acknowledged is lost: whatever
stops or kills the daemon on the way, whoever holds a lock, and however a client reaches the next board.
"""
# tests/run: timeout=400

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import errno
import re
import shutil
import signal
import struct
import threading

from e2e import (E_NO_BOARD, TRACKCTL, TRACKD, Daemon, Process, Skip, check, comment, main, need_root,
                 subprocess, test, until, waits_for_nobody)

E_MOVING = -20019
CAPACITY, SIZE, USED_MAP, BODIES, DETAILS, CLOSED = 20, 32, 152, 192, 200, 304
SMALL, LARGE = ("--capacity", "64"), ("--capacity", "4096")
SERVICE, MEMBER, STRANGER = 64311, 64312, 64313
MOVE_LIMIT = 20  # s: clients look once a second, at a call
PAGE = 4096


def begin(site, *arguments, **options):
    """A daemon, a worker with a task that it refers to as ^, and a reader that does the same."""
    daemon = site.daemon(*arguments, **options)
    worker = site.test_client("open write timeout=300", "create b owner=alice", "create a owner=bob", "update a extracting",
                         "advance ^ 1")
    watcher = site.test_client("open", "show a")
    return daemon, worker, watcher


def board_id(client):
    return client.ask("stats").fields.get("board_id")


def inode(site):
    try:
        return os.stat(site.shm).st_ino
    except FileNotFoundError:
        return 0


def replaced(site, before):
    """Wait for a board of the name that is another file."""
    until(lambda: inode(site) not in (0, before), "a new board has the name")
    return inode(site)


def unlink(site):
    """Another process unlinks it; and the next board is there."""
    before = inode(site)
    os.unlink(site.shm)
    return replaced(site, before)


def done(client, task="a"):
    return client.show(task).number("done")


def as_user(user, *groups):
    return ["setpriv", "--reuid", str(user), "--regid", str(user),
            *(["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]),
            "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]


def own_shm(size):
    """In front of a command: a /dev/shm of its own."""
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
            f'mount -t tmpfs -o mode=1777,size={size} shm /dev/shm && exec "$@"', "sh"]


class Inside:
    """A /dev/shm that only the test's own processes see."""

    def __init__(self, site, size):
        need_root()
        keeper = site.start(Process([*own_shm(size), "sleep", "1000"], site.env))
        self.prefix = ["nsenter", "--target", str(keeper.pid), "--mount"]
        self.path = f"/proc/{keeper.pid}/root/dev/shm"
        until(lambda: os.stat(self.path).st_dev != os.stat("/dev/shm").st_dev, "it has a /dev/shm of its own")

    def used(self):
        st = os.statvfs(self.path)
        return (st.f_blocks - st.f_bfree) * st.f_frsize


# ---- A process that stands still ------------------------------------------------------------------------------------


@test("a process stopped inside a lock prevents the replacement, is named, and stops no other client; a later start replaces")
def _(site):
    daemon, worker, watcher = begin(site, *SMALL)
    holder = site.test_client("open write", "hold b")
    holder.stop()
    old = board_id(worker)
    daemon.kill()
    daemon = site.daemon(*LARGE)
    check(f"[{holder.pid}] has held a lock" in daemon.log() and "restart trackd" in daemon.log(), daemon.log())
    check(site.header(CAPACITY, "<I") == 64, "the board was replaced under a lock that was held")
    check(site.header(CLOSED, "<I") == 0, "the board that is served is closed")
    for number in range(2, 6):
        worker.do("advance ^ 1")
        check(done(watcher) == number, watcher.show("a").line)
    worker.do("create c")
    fresh = site.test_client("open write", "create d")
    check({board_id(client) for client in (worker, watcher, fresh)} == {old}, "somebody is on another board")
    holder.cont()
    holder.do("let-go")
    daemon.kill()
    site.daemon(*LARGE)
    check(site.header(CAPACITY, "<I") == 4096, "with the lock free the board is replaced")
    for client in (worker, holder, fresh):
        client.do("advance a 1")
    check(done(watcher) == 8 and done(site.test_client("open")) == 8, watcher.show("a").line)
    site.doctor()


# ---- A daemon that is killed ----------------------------------------------------------------------------------------


def mode_of(site):
    return os.stat(site.shm).st_mode & 0o777


def traced(*arguments, log="/dev/null"):
    """In front of a daemon, which stays the process that was started."""
    if not shutil.which("strace"):
        raise Skip("needs strace")
    return ["strace", "-D", "-f", "-o", log, *arguments]


def calls_of_a_replacement(site, small):
    """Each system call of a start from the making of a new board on: (its name, the how manieth of that name)."""
    log = os.path.join(site.folder, "trace")
    small.kill()
    daemon = site.daemon(*SMALL, "--mode", "0640", prefix=traced(log=log))
    daemon.kill()
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


@test("a daemon killed at each step of a replacement: writers wait, readers read, and the next one loses nothing")
def _(site):
    calls = calls_of_a_replacement(site, site.daemon(*SMALL))
    check({"linkat", "rename", "fallocate"} <= {name for name, _ in calls}, calls)
    os.unlink(site.shm)
    daemon, worker, watcher = begin(site, *SMALL)
    maker = site.test_client("open write timeout=300")
    counted, created, moving = 1, 0, 0
    for step, (name, when) in enumerate(calls):
        # Each start finds a board of another mode than configured, so that it replaces it.
        mode = 0o640 if mode_of(site) == 0o660 else 0o660
        arguments = (*SMALL, "--mode", f"{mode:o}")
        daemon.kill()
        killed = site.start(Daemon(site, arguments,
                                   prefix=traced("-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={when}")))
        check(killed.wait() == -signal.SIGKILL, f"{name} {when} was not made")
        check(done(watcher) == counted, f"killed at {name} {when}, a reader sees {watcher.show('a').line}")
        answer = worker.ask("advance ^ 1")
        if answer.code == 0:
            counted += 1
        else:
            moving += 1
            check(answer.code == E_MOVING and answer.number("us") >= 300_000, f"killed at {name} {when}: {answer.line}")
        answer = maker.ask(f"create at-{step}")
        if answer.code == 0:
            created += 1
        else:
            check(answer.code == E_MOVING, answer.line)
        daemon = site.daemon(*arguments)
        check(mode_of(site) == mode and site.header(CLOSED, "<I") == 0, "it is not replaced")
        worker.do("update ^ keep at_" + name)
        worker.do("advance ^ 1")
        counted += 1
        for client in (watcher, site.test_client("open")):
            seen = client.show("a")
            check(seen.number("done") == counted and seen.message == "at_" + name, f"killed at {name} {when}: {seen.line}")
            check(client.do("count").code == 2 + created, f"killed at {name} {when}: {client.do('count').line}")
        if created == 20:
            for task in range(step + 1):
                maker.ask(f"remove at-{task}")
            created = 0
        check(site.left() == [site.board[1:], site.board[1:] + ":lock"], site.left())
        site.doctor()
    check(moving > 1, "writers never had to wait")
    comment(f"killed at {len(calls)} calls; at {moving} of them writers had to wait for the next daemon")
    worker.kill()
    check(watcher.until_final("a").reason == "worker_lost", "the worker's death is seen")


@test("a daemon killed when the new board has the name and the old one does not know it: all meet on the new one")
def _(site):
    daemon, worker, watcher = begin(site, *SMALL)
    daemon.kill()
    before = inode(site)
    slow = site.start(Daemon(site, LARGE, prefix=traced("-e", "trace=rename", "-e", "inject=rename:delay_exit=30000000")))
    replaced(site, before)
    slow.kill()
    worker.do("advance ^ 1")
    site.test_client("open write no-daemon", "create c")
    for client in (watcher, site.test_client("open no-daemon")):
        until(lambda who=client: done(who) == 2, "what was written is seen", limit=MOVE_LIMIT)
        check(client.show("c").state == "pending", client.show("c").line)
    site.daemon(*LARGE)
    worker.do("advance ^ 1")
    check(done(watcher) == done(site.test_client("open")) == 3, watcher.show("a").line)
    site.doctor()


@test("a daemon killed when it has closed the board: the next one, which has no reason to replace it, opens it again")
def _(site):
    daemon, worker, watcher = begin(site, *SMALL)
    old = board_id(worker)
    daemon.kill()
    killed = site.start(Daemon(site, LARGE, prefix=traced("-e", "trace=rename", "-e", "inject=rename:signal=SIGKILL:when=1")))
    check(killed.wait() == -signal.SIGKILL and site.header(CLOSED, "<I") == 1, "the board is not closed")
    worker.refuse("advance ^ 1", E_MOVING)
    site.daemon(*SMALL)
    check(site.header(CLOSED, "<I") == 0, "the board that is served is closed")
    worker.do("advance ^ 1")
    check(done(watcher) == 2 and board_id(watcher) == board_id(worker) == old, watcher.show("a").line)


@test("no board is given up before the next one has its name: a rename that fails leaves every client where it was")
def _(site):
    daemon, worker, watcher = begin(site, *SMALL)
    old = board_id(worker)
    daemon.kill()
    site.daemon(*LARGE, prefix=traced("-e", "trace=rename", "-e", "inject=rename:error=EIO:delay_exit=300000:when=1"))
    for _ in range(3):
        worker.do("advance ^ 1")
    check(site.header(8, "<I") == 0 and site.header(CLOSED, "<I") == 0, "the board that is served is given up")
    check(board_id(worker) == board_id(watcher) == old and done(watcher) == 4, watcher.show("a").line)


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
    far.kill()
    check(watcher.until_final("far").reason == "worker_lost", "its death is seen")


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
        check(answer.code == -errno.EACCES and waits_for_nobody(answer), f"{line}: {answer.line}")
    answer = reader.ask("show ^")
    check(answer.code < 0 and waits_for_nobody(answer), f"a reader is shown what was: {answer.line}")
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
        check(answer.code == E_NO_BOARD and waits_for_nobody(answer), f"{line}: {answer.line}")
    site.daemon()
    until(lambda: worker.ask("create a").code == 0, "it works again", limit=MOVE_LIMIT)
    worker.do("update a extracting")
    until(lambda: watcher.ask("show a").code == 0, "a reader sees it", limit=MOVE_LIMIT)
    worker.kill()
    check(watcher.until_final("a").reason == "worker_lost", "its death is seen")


# ---- Removed by another process -----------------------------------------------------------------------------------------


@test("a board unlinked or renamed beneath its daemon is replaced at once, and producers lose nothing")
def _(site):
    daemon, worker, watcher = begin(site, *LARGE)
    site.test_client("open write no-worker", "create shared")
    listener = site.test_client("open")
    loads = [site.load(f"load{i}") for i in range(2)]
    for load in loads:
        check(load.line() == "ready", "a load did not begin")
    for number in range(2, 8):
        if number % 3:
            unlink(site)
        else:
            before = inode(site)
            os.rename(site.shm, site.shm + "-elsewhere")
            replaced(site, before)
        worker.do("advance ^ 1")
        check(done(watcher) == number and done(site.test_client("open")) == number, watcher.show("a").line)
        check(listener.show("b").state == "pending", "a reader that was there sees it")
    os.unlink(site.shm + "-elsewhere")
    for load in loads:
        load.popen.stdin.close()
    said = [load.line() for load in loads]
    shared = sum(int(re.search(r"shared=(\d+)", line)[1]) for line in said)
    for line in said:
        comment(line)
        check(" errors=0 " in line and " wrong=0 " in line, line)
    check(done(watcher, "shared") == shared, f"{watcher.show('shared').line}; acknowledged {shared}")
    check(daemon.log().count("somebody has removed") == 6, daemon.log())
    worker.kill()
    check(watcher.until_final("a").reason == "worker_lost", "the worker's death is seen")
    site.doctor()
    check(daemon.popen.poll() is None, "the daemon has ended")


@test("all files of the board in /dev/shm are removed: the board and its lock are made again")
def _(site):
    daemon, worker, watcher = begin(site)
    for _ in range(3):
        before = inode(site)
        for name in site.left():
            os.unlink("/dev/shm/" + name)
        replaced(site, before)
        until(lambda: os.path.exists(site.shm + ":lock"), "the lock is there again")
        worker.do("advance ^ 1")
        until(lambda: site.daemon_fails()[0] == 75, "no second daemon begins beside it")
    check(done(watcher) == 4, watcher.show("a").line)
    daemon.terminate()
    site.daemon()
    check(done(site.test_client("open")) == 4, "the next daemon finds all")


@test("event loops that wait for a board that is replaced are rung, and stay connected")
def _(site):
    _, worker, watcher = begin(site)
    waiter = site.test_client("open")
    for number in range(3):
        waiter.ask("listen 1")  # it has subscribed
        waiter.send("listen 60000")
        unlink(site)
        check(waiter.answer().code == 1, "it was not rung")
        check(waiter.show("a").state == "active", "it is on the new board")
    waiter.ask("listen 1")
    waiter.send("wait a final 60000")
    worker.do("complete a")
    check(waiter.answer().code == 0, "who waits is woken by what happens on the new board")
    check(done(watcher) == 1, watcher.show("a").line)


@test("no transition is missing from the log of a daemon that replaces its board")
def _(site):
    daemon, worker, _ = begin(site)
    for number in range(5):
        worker.do(f"create t-{number}")
        unlink(site)
        worker.do(f"create u-{number}")
    names = [f"{kind}-{number}" for number in range(5) for kind in "tu"]
    until(lambda: all(daemon.log().count(f"task {name} created") == 1 for name in names),
          lambda: f"each is there once: {daemon.log()}")


@test("another user takes the name: it is logged, the socket serves the board, and it gets its name back when it is free")
def _(site):
    need_root()
    daemon, worker, watcher = begin(site)
    # Renamed over it, so that the stranger's file is there before the daemon can be.
    with open(site.shm + "-other", "wb") as file:
        file.write(b"not yours")
    os.chown(site.shm + "-other", STRANGER, STRANGER)
    os.rename(site.shm + "-other", site.shm)
    until(lambda: "belongs to somebody else" in daemon.log(), lambda: daemon.log())
    old = board_id(watcher)
    until(lambda: daemon.log().count("somebody has removed") == 1, "said once")
    fresh = site.test_client("open write", "create c")
    deadline = 3
    for number in range(2, 2 + 10 * deadline):
        check(worker.do("advance ^ 1").number("us") < 2_000_000 and done(watcher) == number, watcher.show("a").line)
        threading.Event().wait(0.1)  # over some looks of a client's, one a second
    check(board_id(worker) == board_id(watcher) == board_id(fresh) == old, "somebody left the board that is served")
    check(watcher.show("c").state == "pending", "newcomers are on it")
    with open(site.shm, "rb") as file:
        check(file.read() == b"not yours", "the stranger's file was touched")
    check(daemon.log().count("somebody has removed") == 1, daemon.log())
    before = inode(site)
    os.unlink(site.shm)
    replaced(site, before)
    worker.do("advance ^ 1")
    check(done(watcher) == done(site.test_client("open")) == 2 + 10 * deadline, watcher.show("a").line)
    check("a new board is there" in daemon.log(), daemon.log())


@test("a lock that is held when the board is unlinked: the log names the holder, and the daemon tries again")
def _(site):
    daemon, worker, watcher = begin(site)
    holder = site.test_client("open write", "hold b")
    holder.stop()
    os.unlink(site.shm)
    until(lambda: f"[{holder.pid}] holds a lock" in daemon.log(), lambda: daemon.log())
    for number in range(2, 40):
        until(lambda: worker.ask("advance ^ 1").code == 0, "producers go on")
        check(done(watcher) == number, watcher.show("a").line)
        threading.Event().wait(0.05)
    holder.cont()
    holder.do("let-go")
    replaced(site, 0)
    worker.do("advance ^ 1")
    check(done(watcher) == done(site.test_client("open")) == 40, watcher.show("a").line)
    check(daemon.log().count(f"[{holder.pid}] holds") == 1, daemon.log())


@test("no room for another board when it is unlinked: it is logged, and done as soon as there is room")
def _(site):
    inside = Inside(site, "30M")
    daemon = site.daemon("--capacity", "5000", prefix=inside.prefix)
    worker = site.test_client("open write", "create a", "update a extracting", prefix=inside.prefix)
    with open(inside.path + "/ballast", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 6 << 20)
    used = inside.used()
    os.unlink(inside.path + site.board)
    until(lambda: "no room" in daemon.log(), lambda: daemon.log())
    for _ in range(3):
        worker.do("advance a 1")
        check(inside.used() <= used, "the attempt fills /dev/shm")
    os.unlink(inside.path + "/ballast")
    until(lambda: os.path.exists(inside.path + site.board), "it has a name again")
    worker.do("advance a 1")
    check(done(site.test_client("open no-daemon", prefix=inside.prefix)) == 4, "nothing is lost")


@test("a board unlinked while no daemon runs: within a second calls are refused, and go on when there is one")
def _(site):
    daemon, worker, watcher = begin(site, "--state-dir", site.state)
    counter = site.test_client("open write", "advance a 1")
    daemon.terminate()
    os.unlink(site.shm)
    until(lambda: worker.ask("update ^ keep x").code == E_NO_BOARD, "a producer notices", limit=MOVE_LIMIT)
    for line in ("advance ^ 1", "update ^ keep x", "create c", "complete ^"):
        answer = worker.ask(line)
        check(answer.code == E_NO_BOARD and waits_for_nobody(answer), f"{line}: {answer.line}")
    # One that only counts reads no clock; it looks whenever it has counted so far.
    check(E_NO_BOARD in [counter.ask("advance ^ 1").code for _ in range(2 * 256)], "one that only counts does not notice")
    site.daemon("--state-dir", site.state)
    until(lambda: worker.ask("advance a 1").code == 0, "it follows", limit=MOVE_LIMIT)
    until(lambda: done(watcher) == done(site.test_client("open")) == 3, "a reader follows", limit=MOVE_LIMIT)


# ---- Events, memory, trackctl ---------------------------------------------------------------------------------------


def restart(site, daemon, *arguments):
    daemon.kill()
    return site.daemon(*arguments)


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
            daemon = restart(site, daemon, *way)
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
                daemon = restart(site, daemon, *way)
            steps.write(f"{number}/9 step {number}\n")
            steps.flush()
            until(lambda: f'"step {number}"' in shown(site, "job"), lambda: f"progress arrives: {shown(site, 'job')}")
            check(f'"pid":{runner.pid}' in shown(site, "job").replace(" ", ""), shown(site, "job"))
    site.trackctl("cancel", "job")
    check(runner.wait() == -signal.SIGTERM, f"trackctl run ended with {runner.popen.returncode}")
    check('"cancelled"' in shown(site, "job"), shown(site, "job"))


main()
