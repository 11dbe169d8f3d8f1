# SPDX-License-Identifier: MIT
"""Boards that are replaced beneath their clients: which file has a board's name, who is on which board, and
where a board may lie.

    daemon, worker, watcher = begin(site, *SMALL)
    unlink(site)                      # another process unlinks it; the next board is there
    expect_same_board(site, worker, watcher)
"""

import os
import shutil

from e2e import Process, Skip, need_root, until

CAPACITY = 20  # where the header holds it, docs/FORMAT.md
SMALL, LARGE = ("--capacity", "64"), ("--capacity", "4096")
MOVE_LIMIT = 20  # s: clients look once a second, at a call


def begin(site, *arguments, **options):
    """A daemon, a worker with a task that it refers to as ^, and a reader that does the same."""
    daemon = site.daemon(*arguments, **options)
    worker = site.test_client("open write timeout=300", "create b owner=alice", "create a owner=bob", "update a extracting",
                         "advance ^ 1")
    watcher = site.test_client("open", "show a")
    return daemon, worker, watcher


def restart(daemon, *arguments):
    """SIGKILL, and another one in its place."""
    daemon.kill()
    return daemon.site.daemon(*arguments)


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


def expect_same_board(site, *clients):
    """Each client moves by itself to the board that a new one opens."""
    newest = board_id(site.test_client("open"))
    for client in clients:
        until(lambda who=client: board_id(who) == newest, "a client moved by itself", limit=MOVE_LIMIT)


# ---- Where a board lies ------------------------------------------------------------------------------


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


def traced(*arguments, log="/dev/null"):
    """In front of a daemon, which stays the process that was started."""
    if not shutil.which("strace"):
        raise Skip("needs strace")
    return ["strace", "-D", "-f", "-o", log, *arguments]
