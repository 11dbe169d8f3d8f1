#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Which board is meant, and that strangers do not decide it: a client that names a board is on that one."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from e2e import E_OTHER_BOARD, TRACKCTL, check, main, need_root, subprocess, test, until

SERVICE, STRANGER = 64311, 64323


def as_user(user):
    return ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups", "--inh-caps=-all",
            "--bounding-set=-all", "--no-new-privs"]


def squat(path):
    with open(path, "wb"):
        pass
    os.chown(path, STRANGER, STRANGER)


@test("a socket from the environment does not decide for a board that is named on the command line")
def _(site):
    site.daemon()
    site.puppet("open write", "create a")
    done = subprocess.run([TRACKCTL, "--board", site.board + "-other", "ls"], env=site.env, capture_output=True,
                          text=True, check=False)
    check(done.returncode == 69 and "no board" in done.stderr, f"{done.returncode}: {done.stdout}{done.stderr}")
    done = subprocess.run([TRACKCTL, "--board", site.board, "ls"], env=site.env, capture_output=True, text=True,
                          check=False)
    check(done.returncode == 0 and "a" in done.stdout, f"the board of the environment: {done.stderr}")


@test("a daemon that serves another board than the one that was named is refused, with advice")
def _(site):
    site.daemon()
    site.puppet("open write", "create a")
    env = {**site.env, "TRACKD_BOARD": site.board + "-other"}
    client = site.puppet(env=env)
    for line in ("open", "open write"):
        client.refuse(line, E_OTHER_BOARD)
    done = subprocess.run([TRACKCTL, "ls"], env=env, capture_output=True, text=True, check=False)
    check(done.returncode == 69 and "another board" in done.stderr and "--socket" in done.stderr,
          f"{done.returncode}: {done.stderr}")


@test("where a socket is named and no board, the board is the one that is served")
def _(site):
    site.daemon()
    site.puppet("open write", "create a")
    env = {key: value for key, value in site.env.items() if key != "TRACKD_BOARD"}
    client = site.puppet("open write", env=env)
    check(client.show("a").state == "pending", client.show("a").line)
    site.processes[0].kill()
    site.daemon("--capacity", "1024")  # and stays so when it is replaced
    site.puppet("open write").do("update a extracting")
    until(lambda: client.ask("show a").fields.get("state") == "active", "the client moved to the new board")


@test("a user's file of the name of another user's board diverts nobody")
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
