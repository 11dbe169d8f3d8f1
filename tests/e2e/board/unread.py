#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The daemon does not wait for readers of its output: it serves and stops even if stderr, the journal and the
service manager do not read. Lost messages are counted, and the count is logged later.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import re
import signal
import socket
import struct

from e2e import Daemon, check, main, need_root, test, until


class Pipe:
    """Something's stderr, which is read only when a test says so."""

    def __init__(self, site):
        self.path = os.path.join(site.folder, "stderr")
        os.mkfifo(self.path)
        self.fd = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)
        self.fill = b""

    def stuff(self):
        """Fill it to the last byte."""
        for size in (65536, 4096, 1):
            try:
                while True:
                    os.write(self.fd, b"#" * size)
            except BlockingIOError:
                pass

    def read(self):
        said = b""
        try:
            while True:
                said += os.read(self.fd, 65536)
        except BlockingIOError:
            return said.replace(b"#", b"").decode()

    def prefix(self):
        return ["sh", "-c", f"exec \"$@\" 2>{self.path}", "sh"]

    def close(self):
        os.close(self.fd)


def serves(site, name):
    """It hands out its board, sees a death, and rings who waits."""
    worker = site.test_client("open write", f"create {name}", f"update {name} extracting")
    watcher = site.test_client("open")
    worker.kill()
    seen = watcher.until_final(name)
    check(seen.reason == "worker_lost", seen.line)
    return watcher


@test("stderr is not read: the daemon serves and stops, and later logs how many lines are missing")
def _(site):
    pipe = Pipe(site)
    daemon = site.daemon("--state-dir", site.state, prefix=pipe.prefix())
    serves(site, "before")
    pipe.stuff()
    serves(site, "unread")
    daemon.signal(signal.SIGHUP)  # what the event loop says, it says about this
    until(lambda: daemon.said.count("READY=1") == 2, lambda: f"reloaded: {daemon.said}")
    serves(site, "after")
    # Transitions have waited for room; what the event loop said has not.
    said = [pipe.read()]
    until(lambda: said.append(pipe.read()) or "after failed" in "".join(said),
          lambda: "".join(said))
    said = "".join(said)
    for task in ("before", "unread", "after"):
        check(f"task {task} created" in said, said)
    check("reloaded" not in said, "the event loop's line was lost")
    check(re.search(r"trackd: [1-9]\d* lines? could not be written", said), said)
    pipe.stuff()
    serves(site, "last")
    daemon.terminate()
    check("last" not in pipe.read(), "who writes to a full pipe?")
    check(os.listdir(site.state), "the snapshot was written")
    pipe.close()


@test("a pipe shared with other processes is not changed for them")
def _(site):
    pipe = Pipe(site)
    daemon = site.daemon(prefix=pipe.prefix())
    serves(site, "a")
    with open(f"/proc/{daemon.pid}/fdinfo/2", encoding="utf-8") as file:
        flags = int(re.search(r"flags:\s*(\d+)", file.read()).group(1), 8)
    check(flags & os.O_NONBLOCK == 0, f"flags {flags:o}")
    pipe.close()


@test("a daemon started with closed descriptors does not log into its own files")
def _(site):
    daemon = site.daemon(prefix=["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"])
    for fd in range(3):
        opened = os.readlink(f"/proc/{daemon.pid}/fd/{fd}")
        check(opened == "/dev/null", f"descriptor {fd} is {opened}")
    serves(site, "a")
    site.doctor()


class Manager:
    """A service manager that reads only when a test says so."""

    def __init__(self, site):
        self.path = os.path.join(site.folder, "manager")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(self.path)
        self.said = []

    def stuff(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
            try:
                while True:
                    sender.sendto(b"STATUS=full", self.path)
            except BlockingIOError:
                pass

    def has_said(self, word):
        try:
            while True:
                self.said += self.socket.recv(4096).decode().split("\n")
        except BlockingIOError:
            return word in self.said


@test("a service manager that does not read delays neither a reload nor the stop")
def _(site):
    manager = Manager(site)
    daemon = site.start(Daemon(site, (), prefix=["env", f"NOTIFY_SOCKET={manager.path}"]))
    until(lambda: manager.has_said("READY=1"), "it is ready")
    manager.said = []
    manager.stuff()
    daemon.signal(signal.SIGHUP)
    until(lambda: "configuration reloaded" in daemon.log(), daemon.log)
    serves(site, "unread")
    until(lambda: manager.has_said("READY=1"), lambda: f"said later: {manager.said}")
    check(manager.said.index("RELOADING=1") < manager.said.index("READY=1"), manager.said)
    manager.stuff()
    daemon.terminate()
    manager.socket.close()


def journal_entry(data):
    """Its fields, by the native protocol."""
    fields = {}
    while data:
        name, _, rest = data.partition(b"\n")
        if b"=" in name:
            key, _, value = name.partition(b"=")
            data = rest
        else:
            size, = struct.unpack_from("<Q", rest)
            key, value, data = name, rest[8:8 + size], rest[9 + size:]
        fields[key.decode()] = value.decode()
    return fields


@test("a journal that does not read delays nothing; one that does gets every field")
def _(site):
    need_root()
    folder = os.path.join(site.folder, "journal")
    os.mkdir(folder)
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    journal.bind(os.path.join(folder, "socket"))
    prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
              "mount -t tmpfs none /run && mkdir -p /run/systemd/journal && "
              f"mount --bind {folder} /run/systemd/journal && "
              "export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) && exec \"$@\"", "sh"]
    daemon = site.daemon(prefix=prefix)
    entries = []

    def told(task, status):
        try:
            while True:
                entries.append(journal_entry(journal.recv(65536)))
        except BlockingIOError:
            return [entry for entry in entries
                    if entry["TRACKD_TASK"] == task and entry["TRACKD_STATUS"] == status]
    writer = site.test_client("open write", "create told owner=alice name=Report.pdf",
                         "update told extracting Page_3", "progress told 3 9", "fail told no_space_today")
    entry = until(lambda: told("told", "failed"), lambda: f"it is in the journal: {entries}")[0]
    for key, value in {"PRIORITY": "3", "SYSLOG_IDENTIFIER": "trackd", "TRACKD_OWNER": "alice",
                       "TRACKD_BOARD": site.board, "TRACKD_NAME": "Report.pdf",
                       "TRACKD_KIND": "document", "TRACKD_DONE": "3", "TRACKD_TOTAL": "9",
                       "TRACKD_REASON": "error", "TRACKD_LAST_MESSAGE": "Page 3",
                       "TRACKD_LAST_PROGRESS": "15", "TRACKD_WORKER": str(writer.pid)}.items():
        check(entry.get(key) == value, f"{key}: {entry}")
    check(entry["MESSAGE"].startswith("task told failed (error): no space"), str(entry))
    site.trackctl("create", "tagged", "--label", "batch=7")
    site.trackctl("complete", "tagged", "--result", "12 pages")
    entry = until(lambda: told("tagged", "completed"), lambda: f"it is in the journal: {entries}")[0]
    check((entry["TRACKD_LABEL"], entry["TRACKD_RESULT"]) == ("batch=7", "12 pages") and
          "TRACKD_LAST_MESSAGE" not in entry, str(entry))
    writer.do("fill 3000 many")  # more than its queue holds
    serves(site, "unread")
    check(not [entry for entry in entries if entry["TRACKD_TASK"] == "unread"], "who reads it?")
    until(lambda: told("unread", "failed"), "what waited is sent when it reads again")
    check(len({entry["TRACKD_TASK"] for entry in entries}) == 3003, f"{len(entries)} entries")
    writer.do("fill 3000 more")
    daemon.terminate()
    missing = re.findall(r"(\d+) transitions? could not be sent to the journal", daemon.log())
    check(missing and 1000 < int(missing[0]) <= 3000, daemon.log()[-1000:])
    journal.close()


main()
