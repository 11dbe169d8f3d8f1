#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The choice of the board, which other users cannot influence: their names in /dev/shm and in the socket's
directory stop no daemon and no client, a board is never taken for the lock of another, and a client that names a
board uses that one.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import socket

from e2e import E_OTHER_BOARD, TRACKCTL, TRACKD, Site, as_user, check, main, need_root, subprocess, test, until

SERVICE, STRANGER = 64311, 64323
CAPACITY = 20


def squat(path):
    with open(path, "wb"):
        pass
    os.chown(path, STRANGER, STRANGER)


@test("another user's files beside the board do not prevent a replacement")
def _(site):
    need_root()
    site.give_to(SERVICE)
    start = {"prefix": as_user(SERVICE), "program": site.program("trackd")}
    site.daemon("--capacity", "1024", **start).terminate()
    for suffix in (".new", ":new", ":new-0000000000000000", ".lock"):
        squat(site.shm + suffix)
    site.daemon("--capacity", "2048", **start).terminate()
    check(site.header(CAPACITY, "<I") == 2048, f"the capacity is {site.header(CAPACITY, '<I')}")
    with open(site.shm, "r+b") as file:
        file.seek(8)
        file.write(b"\1")  # given up by its daemon: it must be replaced
    site.daemon("--capacity", "2048", **start)


@test("another user's files beside the socket do not prevent a start")
def _(site):
    need_root()
    site.give_to(SERVICE)
    os.chown(site.run, 0, 0)
    os.chmod(site.run, 0o1777)
    squat(site.socket + ".new")
    daemon = site.daemon(prefix=as_user(SERVICE), program=site.program("trackd"))
    daemon.terminate()
    check(sorted(os.listdir(site.run)) == ["trackd.sock.new"], f"left: {os.listdir(site.run)}")


@test("no board's name equals the name of another's lock: each board can have a daemon")
def _(site):
    first = site.daemon("--capacity", "64")
    worker = site.test_client("open write", "create a")
    for suffix in (".lock", ".new"):
        other = Site()
        try:
            other.board = site.board + suffix
            other.env.update(TRACKD_BOARD=other.board)
            other.daemon("--capacity", "32")
            other.test_client("open write", "create b")
            code, said = site.daemon_fails("--socket", site.socket + "2")
            check(code == 75 and "serves board" in said, f"a second daemon of {site.board} exited {code}: {said}")
            worker.do("update a extracting")
            check(first.popen.poll() is None, "the first daemon is gone")
        finally:
            other.end()


@test("a name that clients refuse is refused by the daemon too")
def _(site):
    for name in ("a b", "a:lock", "x" * 60, ".a", "a/b", "", "\xe4"):
        done = subprocess.run([TRACKD, "--check-config", "--board", name, "--socket", site.socket],
                              capture_output=True, text=True, check=False)
        check(done.returncode == 2 and "board" in done.stderr, f"{name}: {done.returncode}: {done.stderr}")
        done = subprocess.run([TRACKCTL, "--board", "/" + name, "ls"], capture_output=True, text=True, check=False)
        check(done.returncode == 2, f"{name}: trackctl exited {done.returncode}: {done.stderr}")
    for name in ("x" * 59, "/a.B-c_9"):
        done = subprocess.run([TRACKD, "--check-config", "--board", name, "--socket", site.socket],
                              capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"{name}: {done.returncode}: {done.stderr}")


# ---- --remove ------------------------------------------------------------------------------------------------------


def remove(site):
    done = subprocess.run([TRACKD, "--board", site.board, "--socket", site.socket, "--remove"], capture_output=True,
                          text=True, check=False)
    check(done.returncode == 0, f"--remove exited {done.returncode}: {done.stderr}")
    check(site.left() == [], f"left: {site.left()}")
    return done.stderr


def manager(site, listening):
    """The socket of a service manager, in place of what is there."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    made.bind(site.socket + ".made")
    os.rename(site.socket + ".made", site.socket)
    if listening:
        made.listen()
    return made


@test("--remove takes the socket of a killed daemon away, and none that a service manager has made")
def _(site):
    site.daemon().kill()
    check(os.path.exists(site.socket), "a killed daemon leaves its socket")
    remove(site)
    check(not os.path.exists(site.socket), "the socket is still there")
    for listening, end in ((True, "terminate"), (False, "terminate"), (True, "kill"), (False, "kill")):
        getattr(site.daemon(), end)()
        with manager(site, listening):
            said = remove(site)
            check(os.path.exists(site.socket) and "was not removed" in said, f"the socket is gone: {said}")
        os.unlink(site.socket)


# ---- Which one -----------------------------------------------------------------------------------------------------


@test("a socket from the environment does not decide for a board that is named on the command line")
def _(site):
    site.daemon()
    site.test_client("open write", "create a")
    done = subprocess.run([TRACKCTL, "--board", site.board + "-other", "ls"], env=site.env, capture_output=True,
                          text=True, check=False)
    check(done.returncode == 69 and "no board" in done.stderr, f"{done.returncode}: {done.stdout}{done.stderr}")
    done = subprocess.run([TRACKCTL, "--board", site.board, "ls"], env=site.env, capture_output=True, text=True,
                          check=False)
    check(done.returncode == 0 and "a" in done.stdout, f"the board of the environment: {done.stderr}")


@test("a daemon that serves another board than the one that was named is refused, with advice")
def _(site):
    site.daemon()
    site.test_client("open write", "create a")
    env = {**site.env, "TRACKD_BOARD": site.board + "-other"}
    client = site.test_client(env=env)
    for line in ("open", "open write"):
        client.refuse(line, E_OTHER_BOARD)
    done = subprocess.run([TRACKCTL, "ls"], env=env, capture_output=True, text=True, check=False)
    check(done.returncode == 69 and "another board" in done.stderr and "--socket" in done.stderr,
          f"{done.returncode}: {done.stderr}")


@test("with a socket but no board named, clients use the board served there")
def _(site):
    site.daemon()
    site.test_client("open write", "create a")
    env = {key: value for key, value in site.env.items() if key != "TRACKD_BOARD"}
    client = site.test_client("open write", env=env)
    check(client.show("a").state == "pending", client.show("a").line)
    site.processes[0].kill()
    site.daemon("--capacity", "1024")  # and stays so when it is replaced
    site.test_client("open write").do("update a extracting")
    until(lambda: client.ask("show a").fields.get("state") == "active", "the client moved to the new board")


@test("a user's file with the name of another user's board diverts no client")
def _(site):
    need_root()
    victim = 64324
    site.give_to(SERVICE)
    name = f"/dev/shm/trackd-{victim}"
    check(not os.path.exists(name), f"{name} is there already")
    squat(name)
    try:
        env = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": "/nonexistent"}
        done = subprocess.run([*as_user(victim), site.program("trackctl"), "stats"], env=env, capture_output=True,
                              text=True, check=False)
    finally:
        os.unlink(name)
    check(f"trackd-{victim}" not in done.stderr + done.stdout, f"{done.returncode}: {done.stdout}{done.stderr}")


main()
