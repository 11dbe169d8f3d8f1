#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""POST /documents with trouble on the way: clients that disconnect or send slowly, a disk that is slow, full or
failing, a board that is full or gone, and a shutdown of the gateway.
"""

import os
import signal
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import check, comment, main, need_root, release, until
from form import TYPE, UUID, file, form, id_of, upload
from gateway import Gateway, read_reply, request
from uploads import (ADA, MIB, SANITISED, begin, during, ends_well, names, nothing_left, refused,
                     soon_nothing_left, tasks, waiting)


# ---- Time ------------------------------------------------------------------------------------------


def half(gateway, content=b"x" * 100000):
    """A connection on which half of a document has been sent and arrived."""
    body = form(file("half.txt", content))
    connection = gateway.connect()
    connection.sendall(request("POST", "/documents", ADA, {"Content-Type": TYPE}, body)[:-len(body) // 2])
    return connection, body[-(len(body) // 2):]


def under_way(site, **settings):
    """A gateway to which half of a document has been sent: it, the connection, and the rest."""
    gateway = begin(site, **settings)
    connection, rest = half(gateway)
    until(lambda: len(names(gateway, "tmp")) == 1, "it is under way")
    return gateway, connection, rest


def size_in_tmp(gateway):
    return sum(os.stat(os.path.join(gateway.spool, "tmp", name)).st_size
               for name in names(gateway, "tmp"))


@ends_well("aborted uploads leave nothing: no file, no task, no descriptor")
def _(site):
    gateway = begin(site)
    # What it opens for the first one stays open.
    check(upload(gateway, ADA, "photo.png").status == 415, "refused")
    before = gateway.descriptors()
    connections = [half(gateway)[0] for _ in range(50)]
    until(lambda: len(names(gateway, "tmp")) == 50, "all are under way")
    for connection in connections:
        connection.close()
    soon_nothing_left(gateway)
    check(tasks(gateway) == [], "no task")
    until(lambda: gateway.descriptors() <= before,
          lambda: f"no descriptor: {gateway.descriptors()} instead of {before}")
    # Reset in the middle, as by a client that died.
    connection, _ = half(gateway)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()
    soon_nothing_left(gateway)


@ends_well("a body that drips is cut off at its deadline, and one that comes in time is not")
def _(site):
    gateway, slow, _ = under_way(site, body_timeout="1s")
    began = time.monotonic()
    try:
        while not gone(slow):
            slow.sendall(b"x")
            check(time.monotonic() - began < 60, "it drips for ever")
    except OSError:
        pass
    soon_nothing_left(gateway)
    check(tasks(gateway) == [], "no task")
    check(upload(gateway, ADA).status == 202, "in time")


def gone(connection):
    """Whether the other side has ended it, looking for 50 ms."""
    connection.settimeout(0.05)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False


def strace(*inject):
    # LeakSanitizer does not work under a tracer; the other sanitizers do.
    return ["env", f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"] * SANITISED + [
            "strace", "-D", "-f", "-qq", "-o", "/dev/null",
            *(word for each in inject for word in ("-e", f"inject={each}"))]


@ends_well("others do not wait while a document waits for the disk")
def _(site):
    gateway = begin(site, prefix=strace("fsync:delay_enter=400000"))
    replies, times = [], []
    threads = [threading.Thread(target=lambda: replies.append(upload(gateway, ADA))) for _ in range(2)]

    def ask():
        began = time.monotonic()
        check(gateway.get("/documents/x/status", ADA).status == 404, "asked")
        times.append(time.monotonic() - began)

    began = time.monotonic()
    during(threads, ask)
    took = time.monotonic() - began
    check([reply.status for reply in replies] == [202, 202] and took > 2, f"{replies} {took}")
    times.sort()
    comment(f"while two documents waited {took:.1f} s for the disk, {len(times)} requests of others took "
            f"{times[len(times) // 2] * 1e3:.1f} ms, at most {times[-1] * 1e3:.0f} ms")
    # Eight times the disk makes somebody wait: if that were all, hardly more requests would be quick.
    check(sum(each < 0.4 for each in times) > 16, f"{times}")


@ends_well("ended while a document waits for the disk: it is taken and answered first")
def _(site):
    gateway = begin(site, prefix=strace("fsync:delay_enter=300000"))
    replies = []
    thread = threading.Thread(target=lambda: replies.append(upload(gateway, ADA)))
    thread.start()
    until(lambda: any(name.endswith(".json") for name in names(gateway, "tmp")), "on its way")
    gateway.terminate()
    thread.join()
    check(replies and replies[0].status == 202, f"{replies}")
    check(waiting(gateway, id_of(replies[0]))[0] == b"Some text.\n", "handed in")


@ends_well("ended while the disk takes longer than the end may: it is handed in nevertheless")
def _(site):
    first = begin(site)
    gateway = Gateway.on(site, settings={"state_dir": first.path("state")},
                         prefix=strace("fsync:delay_enter=60000000:when=1"))
    body = form(file("slow.txt", b"text"))
    with gateway.connect() as connection:
        connection.sendall(request("POST", "/documents", ADA, {"Content-Type": TYPE}, body))
        until(lambda: size_in_tmp(gateway) == 4, "all is written")
        gateway.signal(signal.SIGTERM)
        gateway.said("1 request is cut off")
        release(gateway.pid)
        check(gateway.wait() == 0, gateway.log())
    ids = [name for name in names(gateway, "new") if UUID.fullmatch(name)]
    check(len(ids) == 1 and names(gateway, "tmp") == [], f"{names(gateway, 'new')}")
    check(waiting(gateway, ids[0])[0] == b"text", "whole")
    check(first.get(f"/v1/tasks/{ids[0]}", ADA).json()["state"] == "pending", "it waits")


@ends_well("ended in the middle of a body: nothing is left")
def _(site):
    gateway, connection, _ = under_way(site)
    with connection:
        gateway.terminate()
        nothing_left(gateway)


@ends_well("one that was under way is taken when the gateway ends in time")
def _(site):
    gateway, connection, rest = under_way(site)
    with connection:
        gateway.signal(signal.SIGTERM)
        until(lambda: refuses(gateway), "it takes no others")
        connection.sendall(rest)
        check(read_reply(connection).status == 202, "taken")
    check(gateway.wait() == 0, "a good end")
    check(len(names(gateway, "new")) == 2, "handed in")


def refuses(gateway):
    try:
        gateway.connect().close()
        return False
    except OSError:
        return True


# ---- The disk and the board ------------------------------------------------------------------------

UNABLE = "Documents cannot be accepted at the moment"


@ends_well("no spool: said at once, and over when it is there")
def _(site):
    gateway = begin(site)
    os.rename(gateway.spool, gateway.spool + ".away")
    for headers in ({}, {"Expect": "100-continue"}):
        reply = upload(gateway, ADA, headers=headers)
        check((reply.status, reply.json(), reply.headers["retry-after"]) ==
              (503, {"detail": UNABLE}, "10"), repr(reply))
    gateway.said("spool: No such file or directory")
    check(tasks(gateway) == [], "no task")
    check("[!]spool" in gateway.operator("/readyz?verbose").body.decode(), "said to operators")
    os.rename(gateway.spool + ".away", gateway.spool)
    check(upload(gateway, ADA).status == 202, "back")
    # It goes while a document comes.
    connection, rest = half(gateway)
    until(lambda: len(names(gateway, "tmp")) == 1, "it is under way")
    os.rename(os.path.join(gateway.spool, "new"), gateway.path("new"))
    with connection:
        connection.sendall(rest)
        check(read_reply(connection).status == 202, "what was open stays open")


SMALL_SPOOL = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
               'spool=$(sed -n "s/^spool = //p" "$3") && mount -t tmpfs -o size=1m small "$spool" && '
               'mkdir "$spool/tmp" "$spool/new" "$spool/work" && exec "$@"', "sh"]


def small_spool(site, *rules, **settings):
    """A gateway with a spool of 1 MiB, which only it sees; and where to see it nevertheless."""
    gateway = begin(site, prefix=[*SMALL_SPOOL, *strace(*rules)] if rules else SMALL_SPOOL, **settings)
    return gateway, f"/proc/{gateway.pid}/root{gateway.spool}"


@ends_well("a full disk: 507, nothing left, and over when there is room")
def _(site):
    need_root()
    gateway, spool = small_spool(site)
    for content in (b"x" * (2 * MIB), b"x" * MIB):
        reply = upload(gateway, ADA, content=content)
        check((reply.status, reply.json(), reply.headers["retry-after"]) ==
              (507, {"detail": "There is no room for documents at the moment"}, "60"), repr(reply))
        nothing_left(gateway, spool)
    check(tasks(gateway) == [], "no task")
    gateway.said("spool: No space left on device")
    # Room for the document, none for its ticket.
    with open(os.path.join(spool, "ballast"), "wb") as ballast:
        ballast.write(b"x" * (MIB - 8192))
    reply = upload(gateway, ADA, content=b"x" * 8192)
    check(reply.status == 507, repr(reply))
    nothing_left(gateway, spool)
    os.unlink(os.path.join(spool, "ballast"))
    check(upload(gateway, ADA, content=b"x" * (MIB // 2)).status == 202, "there is room again")
    check(len(names(gateway, "new", spool)) == 2, "one document")


@ends_well("a disk that fails at each step: nothing left, and a task that exists is failed")
def _(site):
    first = begin(site)
    # fsync: the document, its ticket, new/; after the last it is handed in whatever comes.
    for rule, status, made in (("fsync:error=EIO:when=1", 503, 0), ("fsync:error=ENOSPC:when=2", 507, 0),
                               ("fsync:error=EIO:when=3", 503, 1), ("fsync:error=EIO:when=4", 202, 1),
                               ("renameat:error=EIO:when=1", 503, 1),
                               ("renameat:error=EDQUOT:when=2", 507, 1)):
        # What it writes at its first start is there.
        gateway = Gateway.on(site, settings={"state_dir": first.path("state")}, prefix=strace(rule))
        reply = upload(gateway, ADA, body=form(file(f"{rule}.txt", b"text")))
        check(reply.status == status, f"{rule}: {reply!r}")
        mine = [task for task in tasks(gateway) if task["name"] == f"{rule}.txt"]
        check(len(mine) == made, f"{rule}: {mine}")
        if status == 202:
            check(len(names(gateway, "new")) == 2, f"{rule}: handed in")
        else:
            nothing_left(gateway)
            for task in mine:
                check((task["state"], (task["error"] or {}).get("message")) ==
                      ("failed", "The document could not be submitted"), f"{rule}: {task}")
        check(upload(gateway, ADA).status == 202, f"{rule}: the next one")
        gateway.kill()


@ends_well("a full board: said, nothing left, and over when there is room")
def _(site):
    gateway = begin(site, tasks=64)
    worker = site.test_client("open write")
    n = 0
    while worker.ask(f"create x{n} owner=eve").code == 0 and n < 1000:
        n += 1
    check(n < 1000, "it is full")
    refused(gateway, upload(gateway, ADA), 503, "There are too many tasks at the moment",
            retry_after="10")
    gateway.said("board: ")
    for i in range(n):
        worker.do(f"remove x{i}")
    check(upload(gateway, ADA).status == 202, "there is room")


@ends_well("no board: said before the body is read; a daemon that comes is found")
def _(site):
    gateway = Gateway.on(site)
    for headers in ({}, {"Expect": "100-continue"}):
        reply = upload(gateway, ADA, headers=headers)
        check((reply.status, reply.json(), reply.headers["retry-after"]) ==
              (503, {"detail": UNABLE}, "2"), repr(reply))
    nothing_left(gateway)
    site.daemon()
    until(lambda: upload(gateway, ADA).status == 202, "found")


@ends_well("the board goes while a document comes")
def _(site):
    gateway = begin(site)
    check(upload(gateway, ADA).status == 202, "it was there")
    connection, rest = half(gateway)
    until(lambda: len(names(gateway, "tmp")) == 1, "it is under way")
    site.processes[0].kill()
    os.unlink(site.shm)
    with connection:
        connection.sendall(rest)
        reply = read_reply(connection)
    # The gateway has the board open as long as there is no other. The document is in the spool, and
    # docproc makes tasks anew that a board has lost.
    check(reply.status == 202 and names(gateway, "tmp") == [], repr(reply))
    check(waiting(gateway, id_of(reply))[1]["name"] == "half.txt", "handed in")
    site.daemon()
    board = site.test_client("open read")

    def on_the_new():
        reply = upload(gateway, ADA)
        return reply.status == 202 and board.ask(f"show {id_of(reply)}").code == 0
    until(on_the_new, "the new board is found")


@ends_well("a daemon that restarts meanwhile changes nothing")
def _(site):
    gateway, connection, rest = under_way(site)
    site.processes[0].kill()
    with connection:
        connection.sendall(rest)
        reply = read_reply(connection)
    check(reply.status == 202, repr(reply))
    site.daemon()
    check(gateway.get(reply.headers["location"], ADA).json()["status"] == "pending", "it waits")


if __name__ == "__main__":
    main()
