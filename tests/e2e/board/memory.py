#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Memory is bounded: a full board evicts final tasks, and otherwise the error says what to raise; a board that
does not fit, or whose name belongs to another user, is an error that leaves nothing behind.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import stat

from e2e import (E_FULL, E_NOT_FOUND, E_NOT_OURS, check, comment, expect_death_seen, main, need_root, test,
                 until)

# A /dev/shm of its own for what follows; what is left in it is said at the end.
SMALL_SHM = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
             'mount -t tmpfs -o size={size} none /dev/shm || exit 99\n'
             '"$@"\ncode=$?\necho "left: $(ls -A /dev/shm | tr "\\n" " ")" >&2\nexit $code', "sh"]
NO_BOARD, TEMPFAIL, NO_PERMISSION = 69, 75, 77


def small_shm(size):
    return [word.replace("{size}", size) for word in SMALL_SHM]


@test("on a full board the final task that ended first goes")
def _(site):
    site.daemon("--capacity", "16")
    writer = site.test_client("open write", "fill 16 t")
    for task in ("t-9", "t-3", "t-12"):
        writer.do(f"complete {task}")
    writer.do("create new1")
    writer.refuse("show t-9", E_NOT_FOUND)
    check(writer.show("t-3").state == "completed", "one that ended later went first")
    writer.do("complete new1")  # the last of all
    writer.do("create new2")
    writer.refuse("show t-3", E_NOT_FOUND)
    check(writer.show("new1").state == "completed", "the one that ended last went first")
    writer.do("create new3")
    writer.refuse("show t-12", E_NOT_FOUND)
    stats = writer.do("stats")
    check((stats.used, stats.evicted) == ("16", "3"), stats.line)
    site.doctor()


@test("a task can be replaced on a full board, and no other one is evicted")
def _(site):
    site.daemon("--capacity", "16")
    writer = site.test_client("open write", "fill 16 t", "complete t-9")
    for n in range(100):
        writer.do(f"create t-{n % 8} replace")
    check(writer.show("t-9").state == "completed", "a stranger's task")
    stats = writer.do("stats")
    check((stats.used, stats.evicted, stats.capacity) == ("16", "0", "16"), stats.line)
    writer.do("create new")  # t-9 goes
    writer.refuse("create one-more", E_FULL)
    check(writer.do("stats").used == "16", writer.do("stats").line)
    site.doctor()


@test("an expired task goes before a final one")
def _(site):
    site.daemon("--capacity", "16").kill()  # which would be quicker
    writer = site.test_client("open write", "create short ttl=100", "fill 15 t", "complete t-0")
    writer.do("wait-gone short 5000")
    writer.do("create new")
    check(writer.show("t-0").state == "completed", "a final task was evicted instead")
    check(writer.do("stats").evicted == "0", writer.do("stats").line)


@test("without a final task a create is refused with advice, and every task is still there")
def _(site):
    site.daemon("--capacity", "16")
    writer = site.test_client("open write", "fill 16 t")
    writer.refuse("create one-more", E_FULL)
    code, out, err = site.trackctl("create", "one-more")
    check(code == TEMPFAIL and "capacity" in err, f"trackctl exited {code}: {out}{err}")
    for i in range(16):
        check(writer.show(f"t-{i}").state == "pending", f"t-{i}")
    check(writer.do("stats").number("refused_full") >= 2, writer.do("stats").line)
    writer.do("remove t-5")
    writer.do("create one-more")
    site.doctor()


@test("a board that does not fit into /dev/shm gives a clear error, and nothing is left")
def _(site):
    need_root()
    code, said = site.daemon_fails("--capacity", "16384", prefix=small_shm("8m"))
    comment(said)
    check(code == NO_BOARD, f"trackd exited {code}: {said}")
    check("MiB" in said and "capacity" in said, f"it does not say how much is needed: {said}")
    check("left: \n" in said, f"something is left: {said}")
    check(not os.path.exists(site.socket), "the socket is left")


@test("one that just fits works when /dev/shm is full to the last byte")
def _(site):
    need_root()
    site.daemon("--capacity", "1000", prefix=small_shm("8m"))
    pid = int(until(lambda: open(f"/proc/{site.processes[0].pid}/task/{site.processes[0].pid}/"
                                 "children", encoding="utf-8").read().split()[:1], "trackd runs")[0])
    try:
        with open(f"/proc/{pid}/root/dev/shm/filler", "wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
    except OSError as error:
        comment(f"filled up: {error}")
    inside = ["nsenter", "--target", str(pid), "--mount"]
    writer = site.test_client("open write", "fill 1000 t complete", "fill 500 u complete", prefix=inside)
    check(writer.do("stats").used == "1000", writer.do("stats").line)
    os.kill(pid, 15)
    check(site.processes[0].wait() == 0, site.processes[0].log())


def refused(site, what):
    """Neither daemon nor client touch the file that has the board's name."""
    before = os.lstat(site.shm)
    code, said = site.daemon_fails()
    comment(f"{what}: {said.strip()}")
    check(code in (NO_BOARD, NO_PERMISSION), f"{what}: trackd exited {code}: {said}")
    check(site.board[1:] in said, f"{what}: it does not name the file: {said}")
    after = os.lstat(site.shm)
    same = ("st_ino", "st_mode", "st_uid", "st_size", "st_nlink", "st_mtime_ns")
    check(all(getattr(before, key) == getattr(after, key) for key in same),
          f"{what}: touched: {before} {after}")
    client = site.test_client()
    for line in ("open", "open write", "open no-daemon"):
        client.refuse(line, E_NOT_OURS)


def stranger(path, user=64323):
    os.chown(path, user, user, follow_symlinks=False)


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


@test("a socket that cannot be made is a clear error, and nothing is left")
def _(site):
    nowhere = os.path.join(site.folder, "missing", "folder", "trackd.sock")
    code, said = site.daemon_fails("--socket", nowhere)
    check(code == NO_BOARD and "directory" in said and "--socket" in said, f"trackd exited {code}: {said}")
    taken = os.path.join(site.folder, "taken")
    with open(taken, "w", encoding="utf-8") as file:
        file.write("mine")
    code, said = site.daemon_fails("--socket", taken)
    check(code == NO_BOARD and "remove" in said, f"trackd exited {code}: {said}")
    left = [name for name in os.listdir("/dev/shm") if name.startswith(os.path.basename(site.shm))]
    check(not left and os.path.getsize(taken) == 4, f"left: {left}")
    check(not os.path.exists(taken + ".new"), "a socket is left beside it")


@test("another user's file with the board's name is refused and stays untouched")
def _(site):
    need_root()
    write(site.shm, b"mine\n" * 1000)
    stranger(site.shm)
    refused(site, "another user's file")
    check(open(site.shm, "rb").read() == b"mine\n" * 1000, "its bytes changed")


@test("another user's copy of a good board is refused too")
def _(site):
    need_root()
    site.daemon("--capacity", "16").terminate()
    data = open(site.shm, "rb").read()
    os.unlink(site.shm)
    write(site.shm, data)
    stranger(site.shm)
    refused(site, "another user's board")
    check(open(site.shm, "rb").read() == data, "its bytes changed")


@test("a symbolic link with the board's name is refused and not followed")
def _(site):
    target = os.path.join(site.folder, "target")
    write(target, b"precious")
    os.symlink(target, site.shm)
    refused(site, "a symbolic link")
    check(open(target, "rb").read() == b"precious", "the target changed")
    os.unlink(target)
    refused(site, "a dangling link")
    check(not os.path.exists(target), "the target was made")


@test("a second link to a file with the board's name is refused")
def _(site):
    other = f"{site.shm}.other"
    write(other, b"precious" * 4096)
    os.link(other, site.shm)
    refused(site, "a hard link")
    check(open(other, "rb").read() == b"precious" * 4096, "the other name's bytes changed")


@test("a folder, a fifo and a socket with the board's name are refused, and no client hangs on them")
def _(site):
    for what, make in (("a folder", lambda: os.mkdir(site.shm)),
                       ("a fifo", lambda: os.mkfifo(site.shm)),
                       ("a socket", lambda: os.mknod(site.shm, stat.S_IFSOCK | 0o600))):
        make()
        refused(site, what)
        (os.rmdir if what == "a folder" else os.unlink)(site.shm)


@test("a second daemon on the board is refused, and clients go on")
def _(site):
    first = site.daemon()
    worker = site.test_client("open write", "create a", "update a extracting")
    epoch = site.header(280, "<I")
    code, said = site.daemon_fails()
    comment(said)
    check(code == TEMPFAIL, f"the second exited {code}: {said}")
    code, said = site.daemon_fails("--socket", os.path.join(site.run, "other.sock"))
    check(code == TEMPFAIL, f"the second with its own socket exited {code}: {said}")
    check(site.header(280, "<I") == epoch, "the second took the board over")
    check(first.popen.poll() is None, "the first is gone")
    watcher = site.test_client("open")  # over the first's socket, which the second must not have replaced
    expect_death_seen(worker, watcher, "a")


main()
