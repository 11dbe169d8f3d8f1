#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A start either serves or leaves nothing behind: an unreadable snapshot is never overwritten, an unusable state
directory is detected at once, and whichever step of the start fails, everything that was there before stays.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import re
import shutil

from e2e import TRACKD, Daemon, as_user, check, comment, main, need_root, subprocess, test, until

CONFIGURATION, UNAVAILABLE, OS_ERROR, IO_ERROR, NO_PERMISSION = 2, 69, 71, 74, 77
SERVICE = 64311


def mounted(options, folder):
    """What stands before a command that sees another file system on a folder."""
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
            f"mount -t tmpfs -o {options} none {folder} && exec \"$@\"", "sh"]


def snapshot(site):
    return os.path.join(site.state, site.board[1:] + ".snapshot")


def saved(site):
    """A snapshot of five tasks and no board. Its bytes."""
    site.daemon("--state-dir", site.state)
    site.test_client("open write no-worker", "fill 5 t")
    site.processes[0].terminate()
    os.unlink(site.shm)
    with open(snapshot(site), "rb") as file:
        return file.read()


def inject(what, path=None, log="/dev/null"):
    """Before the daemon's command: it stays the process that was started."""
    return ["strace", "-D", "-f", "-o", log, *(["-P", path, "-P", os.path.basename(path)] if path else []),
            "-e", "trace=" + what.split(":")[0], "-e", "inject=" + what]


def tree(folder):
    """Every file and folder below one."""
    return sorted(os.path.join(at, name) for at, folders, files in os.walk(folder) for name in folders + files)


def everything(site):
    return site.left() + tree(site.run) + tree(site.state)


def refused(site, expected, *words, prefix=(), state=None, program=TRACKD):
    """It must not start, say why, and leave everything as it was."""
    before = everything(site)
    code, said = site.daemon_fails("--state-dir", state or site.state, prefix=prefix, program=program)
    comment(said.strip())
    check(code == expected, f"trackd exited {code} and not {expected}: {said}")
    for word in words:
        check(word in said, f"it does not say {word}: {said}")
    check(everything(site) == before, lambda: f"before: {before}, after: {everything(site)}")


# ---- The snapshot --------------------------------------------------------------------------------------------------


@test("a snapshot that cannot be opened or read refuses the start and stays as it is")
def _(site):
    good = saved(site)
    for what, code in (("openat:error=EACCES", NO_PERMISSION), ("openat:error=EIO", IO_ERROR),
                       ("openat:error=EMFILE", OS_ERROR), ("openat:error=ENOMEM", OS_ERROR),
                       ("read:error=EIO:when=1", IO_ERROR), ("read:error=EIO:when=2", IO_ERROR)):
        refused(site, code, "cannot be read", snapshot(site), prefix=inject(what, snapshot(site)))
        with open(snapshot(site), "rb") as file:
            check(file.read() == good, f"{what}: the snapshot has changed")
    site.daemon("--state-dir", site.state)
    check(site.test_client("open").do("stats").used == "5", "with the fault gone they are back")


@test("a snapshot of root's, as after a restore from a backup, refuses the start of a daemon that is not root")
def _(site):
    need_root()
    site.give_to(SERVICE)
    start = {"prefix": as_user(SERVICE), "program": site.program("trackd")}
    site.daemon("--state-dir", site.state, **start)
    site.test_client("open write no-worker", "fill 5 t")
    site.processes[0].terminate()
    os.unlink(site.shm)
    os.chown(snapshot(site), 0, 0)
    os.chmod(snapshot(site), 0o600)
    refused(site, NO_PERMISSION, "cannot be read", "chown", **start)
    os.chown(snapshot(site), SERVICE, SERVICE)
    site.daemon("--state-dir", site.state, **start)
    check(site.test_client("open").do("stats").used == "5", "the tasks are lost")


@test("another user's snapshot refuses the start")
def _(site):
    need_root()
    saved(site)
    os.chown(snapshot(site), 64323, 64323)
    refused(site, NO_PERMISSION, "cannot be read")


@test("a damaged snapshot is read as far as it goes by every start until one succeeds, and is kept")
def _(site):
    good = saved(site)
    damaged = good[:len(good) // 2]
    with open(snapshot(site), "wb") as file:
        file.write(damaged)
    kept = snapshot(site) + ".corrupt"
    code, said = site.daemon_fails("--state-dir", site.state, prefix=inject("epoll_create1:error=EMFILE:when=2"))
    check(code == OS_ERROR and not os.path.exists(site.shm), f"trackd exited {code}: {said}; left: {site.left()}")
    daemon = site.daemon("--state-dir", site.state)
    left = site.test_client("open").do("stats").number("used")
    check(1 <= left < 5, f"{left} of the first half are back")
    check("corrupt" in daemon.log(), daemon.log())
    daemon.terminate()
    with open(kept, "rb") as file:
        check(file.read() == damaged, "what is kept has changed")
    check(not os.path.exists(kept + ".2"), "it is kept twice")
    with open(snapshot(site), "rb") as file:
        check(file.read() != damaged, "no new one was written")


@test("a board that cannot be read is not damaged: the start is refused and the board stays")
def _(site):
    site.daemon()
    site.test_client("open write no-worker", "fill 5 t")
    site.processes[0].terminate()
    before = os.stat(site.shm)
    for what, code in (("openat:error=EIO", IO_ERROR), ("openat:error=EMFILE", OS_ERROR),
                       ("pread64:error=EIO", IO_ERROR), ("mmap:error=ENOMEM", OS_ERROR)):
        ended, said = site.daemon_fails(prefix=inject(what, site.shm))
        comment(said.strip())
        check(ended == code and "cannot be read" in said, f"{what}: trackd exited {ended}: {said}")
        after = os.stat(site.shm)
        check((before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns), f"{what}: it was changed")
    site.daemon()
    check(site.test_client("open").do("stats").used == "5", "with the fault gone they are there")


# ---- The state directory -------------------------------------------------------------------------------------------


def check_config(site, state, prefix=(), program=TRACKD):
    done = subprocess.run([*prefix, program, "--check-config", "--board", site.board, "--socket", site.socket,
                           "--state-dir", state], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@test("a missing state directory is made with its parents, for the daemon's user alone")
def _(site):
    state = os.path.join(site.state, "a", "b", "c")
    code, said = check_config(site, state)
    check(code == 0 and os.listdir(site.state) == [], f"--check-config exited {code}: {said}")
    daemon = site.daemon("--state-dir", state)
    for folder in ("a", "a/b", "a/b/c"):
        mode = os.stat(os.path.join(site.state, folder)).st_mode & 0o7777
        check(mode == 0o700, f"{folder} has mode {mode:o}")
    site.test_client("open write no-worker", "fill 5 t")
    daemon.terminate()
    os.unlink(site.shm)
    site.daemon("--state-dir", state + "/")
    check(site.test_client("open").do("stats").used == "5", "the snapshot is not there")


def unusable(site, state, prefix=(), program=TRACKD):
    """Found out by --check-config and at start."""
    code, said = check_config(site, state, prefix, program)
    check(code == CONFIGURATION and "state_dir" in said, f"{state}: --check-config exited {code}: {said}")
    refused(site, CONFIGURATION, "state_dir", state, prefix=prefix, state=state, program=program)


@test("a socket that cannot be made is a wrong configuration, found out before the start")
def _(site):
    path = os.path.join(site.folder, "file")
    with open(path, "w", encoding="utf-8"):
        pass
    os.symlink("/nonexistent/target", os.path.join(site.folder, "link"))
    for socket, said in ((path, "remove what is there"), (f"{path}/s", "Not a directory"),
                         (os.path.join(site.folder, "link", "s"), "make its directory"),
                         (os.path.join(site.folder, "a", "b", "s"), "make its directory"),
                         (os.path.join(site.folder, "new", "s"), ""),
                         (site.socket, "")):
        done = subprocess.run([TRACKD, "--check-config", "--board", site.board, "--socket", socket],
                              capture_output=True, text=True, check=False)
        check(done.returncode == (CONFIGURATION if said else 0) and said in done.stderr,
              f"{socket}: {done.returncode}: {done.stderr}")
        check(not os.path.exists(os.path.join(site.folder, "new")), "it makes nothing")
        if said:
            refused = subprocess.run([TRACKD, "--board", site.board, "--socket", socket, "--state-dir", ""],
                                     capture_output=True, text=True, check=False)
            check(refused.returncode not in (0, None) and said in refused.stderr,
                  f"{socket}: a start says {refused.returncode}: {refused.stderr}")


@test("a state directory that cannot be made is a wrong configuration")
def _(site):
    with open(os.path.join(site.folder, "file"), "w", encoding="utf-8"):
        pass
    os.symlink("/nonexistent/target", os.path.join(site.folder, "link"))
    for state in ("file", "file/below", "link", "link/below"):
        unusable(site, os.path.join(site.folder, state))
    refused(site, CONFIGURATION, "state_dir", state="/proc/trackd")


@test("a state directory that the daemon's user may not write is a wrong configuration")
def _(site):
    need_root()
    site.give_to(SERVICE)
    os.chown(site.state, 0, 0)
    start = {"prefix": as_user(SERVICE), "program": site.program("trackd")}
    unusable(site, site.state, **start)
    unusable(site, os.path.join(site.state, "below"), **start)


@test("a state directory on a file system that is read-only is a wrong configuration")
def _(site):
    need_root()
    unusable(site, site.state, prefix=mounted("ro", site.state))
    unusable(site, os.path.join(site.state, "below"), prefix=mounted("ro", site.state))


@test("a state directory on a disk that fails refuses the start, which the next one may pass")
def _(site):
    refused(site, IO_ERROR, "state_dir", prefix=inject("write:error=EIO", snapshot(site) + ".new"))


@test("a full disk is logged at start, at error priority, and the board is served")
def _(site):
    need_root()
    full = mounted("size=16k,mode=0700", site.state)
    full[-2] = full[-2].replace("&& exec", f"&& {{ cat /dev/zero >{site.state}/filler 2>/dev/null; true; }} && exec")
    daemon = site.daemon("--state-dir", site.state, prefix=full)
    check("state_dir" in daemon.log() and "No space" in daemon.log(), daemon.log())
    site.test_client("open write", "create a")


# ---- Every step ----------------------------------------------------------------------------------------------------

STEPS = ("openat:error=EMFILE", "openat:error=EIO", "socket:error=EMFILE", "bind:error=ENOSPC", "listen:error=EINVAL",
         "chmod:error=EPERM", "fchmodat:error=EPERM", "fchmod:error=EPERM", "rename:error=EACCES", "linkat:error=ENOSPC",
         "fallocate:error=ENOSPC", "mkdir:error=EACCES", "epoll_create1:error=EMFILE",
         "epoll_ctl:error=ENOMEM", "eventfd2:error=EMFILE", "timerfd_create:error=EMFILE", "signalfd4:error=EMFILE",
         "clone3:error=EAGAIN", "getrandom:error=EIO", "fcntl:error=ENOLCK")


def start_with(site, fault, log):
    """A start during which one call fails: the daemon, ready or ended."""
    daemon = site.start(Daemon(site, ["--state-dir", os.path.join(site.state, "a", "b"), "--capacity", "16"],
                               inject(fault, log=log)))
    until(lambda: os.path.exists(site.socket) and os.path.exists(site.shm) or daemon.popen.poll() is not None,
          lambda: f"{fault}: neither serves nor ended: {daemon.log()[-1000:]}")
    return daemon


def clear(site):
    subprocess.run([TRACKD, "--board", site.board, "--socket", site.socket, "--remove"], check=False,
                   stderr=subprocess.DEVNULL)
    for folder in os.listdir(site.state):
        shutil.rmtree(os.path.join(site.state, folder))
    shutil.rmtree(os.path.dirname(site.socket), ignore_errors=True)


@test("whichever call of a start fails, the start fails and leaves nothing, or it serves")
def _(site):
    site.socket = os.path.join(site.run, "made", "trackd.sock")  # its folder is made as well
    log, failed, served = os.path.join(site.folder, "calls"), 0, 0
    for step in STEPS:
        n = 0
        while True:
            n += 1
            daemon = start_with(site, f"{step}:when={n}", log)
            if daemon.popen.poll() is None:
                daemon.signal(15)
                code, said = daemon.wait(), daemon.log()
                # The fault may have met the snapshot of the stop.
                unsaved = code == 74 and "no snapshot could be written" in said
                check(code == 0 or unsaved, f"{step}, {n}: exited {code}: {said[-999:]}")
                served += 1
                clear(site)
            else:
                check(daemon.popen.returncode != 0, f"{step}, {n}: exited 0")
                failed += 1
            check(everything(site) == [], lambda at=f"{step}, {n}": f"{at}: left: {everything(site)}")
            with open(log, encoding="utf-8", errors="replace") as file:
                if "(INJECTED)" not in file.read():
                    break
    comment(f"{failed} starts failed, {served} served")
    check(failed > 30, "the faults were not met")


@test("a start that fails leaves the board, the lock and the socket of the daemon before as they were")
def _(site):
    site.daemon().kill()
    names = site.left()
    check(len(names) == 2 and os.path.exists(site.socket), f"a killed daemon leaves {names}")
    code, said = site.daemon_fails(prefix=inject("epoll_create1:error=EMFILE:when=2"))
    check(code == OS_ERROR, f"trackd exited {code}: {said}")
    check(site.left() == names and os.path.exists(site.socket), f"left: {site.left()}")
    site.daemon()
    site.test_client("open write", "create a")


@test("the next daemon removes what one killed during its start has left")
def _(site):
    site.daemon("--capacity", "64").terminate()
    tracer = site.start(Daemon(site, ["--capacity", "128"], inject("rename:signal=SIGKILL:when=1")))
    tracer.wait()
    check(any(re.fullmatch(r".*:new-[0-9a-f]{16}", name) for name in site.left()), f"left: {site.left()}")
    check(len(os.listdir(site.run)) == 1, f"left: {os.listdir(site.run)}")
    if os.geteuid() == 0:  # nobody can stop the next start by taking the names that were seen
        taken = [os.path.join("/dev/shm", name) for name in site.left() if ":new-" in name]
        taken += [os.path.join(site.run, name) for name in os.listdir(site.run)]
        for path in taken:
            os.chown(path, 64323, 64323)
        site.daemon("--capacity", "256").terminate()
        for path in taken:
            os.chown(path, 0, 0)
    site.daemon("--capacity", "128")
    names = sorted([site.board[1:], site.board[1:] + ":lock"])
    check(site.left() == names and os.listdir(site.run) == [os.path.basename(site.socket)],
          f"left: {site.left()} {os.listdir(site.run)}")


@test("a board that is unlinked while its daemon starts is replaced like any other")
def _(site):
    site.daemon()
    site.test_client("open write no-worker", "fill 5 t")
    site.processes[0].terminate()
    log = os.path.join(site.folder, "calls")
    # The rename brings the socket out, between the board's adoption and the look at its name.
    daemon = site.start(Daemon(site, [], inject("rename:signal=SIGSTOP:when=1", log=log)))

    def stopped():
        with open(log, encoding="utf-8", errors="replace") as file:
            return "stopped by SIGSTOP" in file.read()
    until(lambda: os.path.exists(log) and stopped(), "it stands still")
    os.unlink(site.shm)
    daemon.cont()
    daemon.ready()
    until(lambda: os.path.exists(site.shm), lambda: f"the board has a name again: {daemon.log()}")
    check(site.test_client("open").do("stats").used == "5", "the tasks are lost")


main()
