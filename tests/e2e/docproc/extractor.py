#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The extractor's isolation: what an extractor of a running server has mapped and open, and what happens when the
extractor, the zygote or the worker dies. tests/unit/docproc/test_attacker.c tests the calls that it may make.
"""

import os
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from docproc import Documents
from e2e import check, main, process_state, test, until


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def children(pid):
    """(pid, name) of a process's children."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            pids = [int(word) for word in file.read().split()]
    except OSError:
        return []
    return [(child, name) for child in pids if (name := name_of(child))]


def zygote_of(server):
    return until(lambda: next((pid for pid, name in children(server.popen.pid) if name == "docproc-zygote"), 0),
                 lambda: f"a zygote among {children(server.popen.pid)}")


def begin(site):
    """A daemon, and documents with a server: they and its zygote."""
    site.daemon()
    documents = Documents(site)
    return documents, zygote_of(documents.serve())


def is_locked_in(pid):
    """Both of its filters are loaded: from there on it parses."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return "Seccomp_filters:\t2" in file.read()
    except OSError:
        return False


def catch(zygote):
    """An extractor at work, stopped; 0 if there is none at this moment."""
    for pid, _ in children(zygote):
        try:
            if is_locked_in(pid):
                os.kill(pid, signal.SIGSTOP)
                until(lambda pid=pid: process_state(pid) in ("T", "Z", ""), f"{pid} has stopped or ended")
                if process_state(pid) == "T":
                    return pid
        except ProcessLookupError:
            pass
    return 0


def stop_extractor(documents, zygote, id):
    """Hand in documents until the extractor of one is stopped while it reads: its pid and the document's id."""
    for n in range(200):
        name = f"{id}{n}"
        documents.submit("voyager.pdf", "--id", name)
        caught = []
        until(lambda: (pid := catch(zygote)) and caught.append(pid) or caught or documents.final(name),
              lambda name=name: f"{name} is worked on")
        if caught:
            return caught[0], name
    raise AssertionError("no extractor was seen at work")


def maps_of(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        return file.read().splitlines()


def descriptors_of(pid):
    folder = f"/proc/{pid}/fd"
    return {int(fd): os.readlink(os.path.join(folder, fd)) for fd in os.listdir(folder)}


@test("an extractor has no board, no store, no socket, and shares no memory")
def _(site):
    documents, zygote = begin(site)
    extractor, name = stop_extractor(documents, zygote, "held")
    for pid in (zygote, extractor):
        wrong = [line for line in maps_of(pid)
                 if "/dev/shm" in line or ".db" in line or line.split()[1].endswith("s")
                 and not (line.split()[1] == "r--s" and "/usr/lib/" in line)]  # the C library's index of converters
        check(not wrong, f"{pid} has {wrong}")
    open_ = descriptors_of(extractor)
    check({0, 1, 2, 3, 4} <= set(open_) <= {0, 1, 2, 3, 4, 5, 6}, f"{open_}")
    check(all(open_[fd] == "/dev/null" for fd in (0, 1, 2)), f"{open_}")
    check(open_[4].startswith("pipe:") and not any("socket:" in where for where in open_.values()), f"{open_}")
    os.kill(extractor, signal.SIGCONT)
    documents.expect(name, "completed")


@test("a killed extractor fails only its document, with a message; the server continues")
def _(site):
    documents, zygote = begin(site)
    extractor, name = stop_extractor(documents, zygote, "killed")
    os.kill(extractor, signal.SIGKILL)
    documents.expect(name, "failed", "error", "The process that read the document was killed by signal 9 (Killed)")
    documents.submit("tides.txt", "--id", "next")
    documents.expect("next", "completed")


@test("an extractor dies with its reader, and a cancelled task ends it")
def _(site):
    documents, zygote = begin(site)
    extractor, name = stop_extractor(documents, zygote, "left")
    os.kill(documents.until_stage(name, "extracting"), signal.SIGKILL)
    documents.expect(name, "failed", "worker_lost")
    until(lambda: not children(zygote), lambda: f"{children(zygote)} left of {extractor}")
    extractor, name = stop_extractor(documents, zygote, "unwanted")
    documents.board.ask(f"cancel {name}")
    documents.expect(name, "cancelled", "cancelled")
    until(lambda: not children(zygote), lambda: f"{children(zygote)} left of {extractor}")


@test("if the zygote dies, the server finishes its running documents and exits, to be restarted")
def _(site):
    site.daemon()
    documents = Documents(site)
    server = documents.serve()
    os.kill(zygote_of(server), signal.SIGKILL)
    check(server.popen.wait(60) != 0, f"exit status {server.popen.returncode}")
    documents.submit("tides.txt", "--id", "later")
    documents.serve()
    documents.expect("later", "completed")


main()
