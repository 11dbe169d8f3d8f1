#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Permissions: users outside the group can open nothing, a reader cannot write, and 0664 lets every user read."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import errno
import pwd

import e2e
from e2e import E_READ_ONLY, as_user, check, expect_death_seen, main, need_root, test

# Users without accounts. The daemon runs as SERVICE, in a group of the same number.
SERVICE, MEMBER, STRANGER = 64301, 64302, 64303
GROUP = 64304


def begin(site, mode):
    """A daemon of the user SERVICE, and its programs where every user can run them."""
    need_root()
    site.give_to(SERVICE)
    return site.daemon("--mode", mode, "--group", str(SERVICE), "--state-dir", site.state,
                       program=site.program("trackd"), prefix=as_user(SERVICE))


def client(site, user, *groups, lines=()):
    return site.test_client(*lines, prefix=as_user(user, *groups), program=site.program("test_client"))


def run_as(prefix, *command):
    done = e2e.subprocess.run([*prefix, *command], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


CONNECT = ("import socket, sys\n"
           "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
           "try:\n    s.connect(sys.argv[1])\n"
           "except PermissionError:\n    sys.exit(13)\n")


@test("the daemon needs no root, and the board and its socket belong to its user and group")
def _(site):
    daemon = begin(site, "0660")
    with open(f"/proc/{daemon.pid}/status", encoding="utf-8") as file:
        status = file.read()
    check(f"Uid:\t{SERVICE}\t{SERVICE}" in status, status)
    check("CapEff:\t0000000000000000" in status, "the daemon has capabilities")
    for path in (site.shm, site.socket):
        st = os.stat(path)
        check((st.st_uid, st.st_gid, st.st_mode & 0o777) == (SERVICE, SERVICE, 0o660),
              f"{path}: {st}")
    lock = os.stat(site.shm + ":lock")
    check((lock.st_uid, lock.st_mode & 0o777) == (SERVICE, 0o600), f"the lock: {lock}")


@test("the board and its socket go to the group that is configured, another one than the daemon's own")
def _(site):
    need_root()
    site.give_to(SERVICE)
    site.daemon("--mode", "0660", "--group", str(GROUP), program=site.program("trackd"),
                prefix=as_user(SERVICE, GROUP))
    for path in (site.shm, site.socket):
        check(os.stat(path).st_gid == GROUP, f"{path}: {os.stat(path)}")
    client(site, MEMBER, GROUP).do("open write")
    client(site, STRANGER, SERVICE).refuse("open", -errno.EACCES)


@test("a member of the group may produce, and its death is seen")
def _(site):
    begin(site, "0660")
    member = client(site, MEMBER, SERVICE, lines=("open write", "create a", "update a extracting"))
    watcher = client(site, MEMBER, SERVICE, lines=("open",))
    expect_death_seen(member, watcher, "a")


@test("outside the group nothing opens: neither the socket nor the segment")
def _(site):
    begin(site, "0660")
    stranger = client(site, STRANGER)
    for line in ("open", "open write", "open no-daemon", "open write no-daemon"):
        stranger.refuse(line, -errno.EACCES)
    code, err = run_as(as_user(STRANGER), "/usr/bin/python3", "-c", CONNECT, site.socket)
    check(code == 13, f"connecting to the socket: {code} {err}")
    for mode in ("rb", "r+b"):
        code, err = run_as(as_user(STRANGER), "/usr/bin/python3", "-c",
                           f"open({site.shm!r}, {mode!r})")
        check("PermissionError" in err, f"opening the segment: {code} {err}")
    code, err = run_as(as_user(STRANGER), site.program("trackctl"),
                       "--board", site.board, "--socket", site.socket, "ls")
    check(code == 77, f"trackctl exited {code}: {err}")


@test("with mode 0640 the group reads and cannot write, whatever it tries")
def _(site):
    begin(site, "0640")
    root = site.test_client("open write", "create a owner=alice", "update a extracting")
    member = client(site, MEMBER, SERVICE)
    for line in ("open write", "open write no-daemon"):
        member.refuse(line, -errno.EACCES)
    member.do("open")
    check(member.show("a").state == "active", member.show("a").line)
    member.refuse("update a chunking", E_READ_ONLY)
    member.refuse("create b", E_READ_ONLY)
    member.refuse("mprotect", -errno.EACCES)
    code, err = run_as(as_user(MEMBER, SERVICE), "/usr/bin/python3", "-c",
                       f"open({site.shm!r}, 'r+b')")
    check("PermissionError" in err, f"opening the segment to write: {code} {err}")
    client(site, STRANGER).refuse("open", -errno.EACCES)
    check(root.show("a").state == "active", root.show("a").line)


@test("a reader that could write has asked not to: the kernel holds it to that")
def _(site):
    begin(site, "0660")
    site.test_client("open write", "create a")
    member = client(site, MEMBER, SERVICE)
    for line in ("open", "open no-daemon"):
        member.do(line)
        member.refuse("mprotect", -errno.EACCES)
        member.refuse("cancel a", E_READ_ONLY)
        member.do("close")


@test("with mode 0664 anyone may read, and only the group may write")
def _(site):
    begin(site, "0664")
    client(site, MEMBER, SERVICE, lines=("open write", "create a owner=alice", "update a extracting"))
    stranger = client(site, STRANGER)
    for line in ("open write", "open write no-daemon"):
        stranger.refuse(line, -errno.EACCES)
    for line in ("open", "open no-daemon"):
        stranger.do(line)
        check(stranger.show("a").state == "active", stranger.show("a").line)
        stranger.refuse("mprotect", -errno.EACCES)
        stranger.do("close")
    code, err = run_as(as_user(STRANGER), site.program("trackctl"),
                       "--board", site.board, "--socket", site.socket, "show", "a")
    check(code == 0, f"trackctl exited {code}: {err}")


@test("the board's mode decides even for a client that reaches the socket")
def _(site):
    begin(site, "0640")
    os.chmod(site.socket, 0o666)  # as a socket unit may have made it
    site.test_client("open write", "create a")
    member = client(site, MEMBER, SERVICE)
    member.refuse("open write", -errno.EACCES)
    member.do("open")
    check(member.show("a").state == "pending", member.show("a").line)
    member.refuse("mprotect", -errno.EACCES)
    stranger = client(site, STRANGER)
    for line in ("open", "open write"):
        stranger.refuse(line, -errno.EACCES)


@test("a board that the owner of the socket's folder did not make is not used")
def _(site):
    begin(site, "0664").terminate()
    os.unlink(site.shm)
    with open(site.shm, "wb") as file:
        file.write(bytes(4096))
    os.chown(site.shm, STRANGER, STRANGER)
    os.chmod(site.shm, 0o666)
    client(site, MEMBER, SERVICE).refuse("open", e2e.E_NOT_OURS)
    client(site, MEMBER, SERVICE).refuse("open write", e2e.E_NOT_OURS)


@test("a daemon of another user gets an error that names the owner, and what to do")
def _(site):
    begin(site, "0664")
    check(not any(user.pw_uid == SERVICE for user in pwd.getpwall()), f"there is a user {SERVICE}")
    code, said = site.daemon_fails(program=site.program("trackd"), prefix=as_user(STRANGER))
    words = f"board {site.board} belongs to uid {SERVICE} (its lock file does); choose another --board"
    check(code == 77 and words in said, f"trackd exited {code}: {said}")


@test("a file that is no daemon's lock is reported as such")
def _(site):
    os.symlink("/dev/null", site.shm + ":lock")
    code, said = site.daemon_fails()
    check(code == 77 and f"{site.shm}:lock is not a lock file of trackd" in said, f"trackd exited {code}: {said}")
    os.unlink(site.shm + ":lock")


main()
