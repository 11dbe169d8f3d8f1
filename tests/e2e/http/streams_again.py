#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""Event streams that reconnect: after a restart of the gateway, the daemon or the board; after transitions that
the ring has lost; and beside a client that does not read. At the end, five hundred streams get every transition
once, in order, across a restart. `make bench-http` does the same with five thousand.
"""

import ctypes
import os
import signal
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from docproc import Options, Ref
from e2e import BUILD, TestClient, check, comment, main, test, until
from gateway import Gateway, serving, token
from sse import ADA, STAGES, both, of_owner, of_task, watched

SSE_LOAD = os.path.join(BUILD, "tests", "e2e", "clients", "sse_load")
RING = 65536
EVENTS_AT, EVENT_NEXT_AT = 184, 384  # docs/FORMAT.md


def told(stream, n):
    """The next n transitions: (status, replayed, rebuilt)."""
    events = [stream.transition() for _ in range(n)]
    return [(e.data["status"], e.transition["replayed"], e.transition["rebuilt"]) for e in events]


class Writer:
    """A producer in this process, for thousands of transitions in a moment."""

    def __init__(self, site):
        self.library = ctypes.CDLL(os.path.join(BUILD, "libtrackd.so"))
        options = Options(ctypes.sizeof(Options), 3, site.board.encode(), site.socket.encode(), 0, 0)
        self.trackd = ctypes.c_void_p()
        check(self.library.trackd_open(ctypes.byref(self.trackd), ctypes.byref(options)) == 0, "open")

    def go_round(self, name, n):
        """n transitions of a task."""
        ref = Ref()
        check(self.library.trackd_lookup(self.trackd, name.encode(), ctypes.byref(ref)) == 0, name)
        for i in range(n):
            check(self.library.trackd_update(self.trackd, ref, i % 5, None) == 0, "update")

    def close(self):
        self.library.trackd_close(self.trackd)


def overrun(site, name):
    """More transitions of a task than the ring holds."""
    writer = Writer(site)
    writer.go_round(name, RING + 100)
    writer.close()


def spoil(site, back):
    """Make the ring's entry as its producer leaves it who dies before the last word; back 1: the newest."""
    sequence = site.header(EVENT_NEXT_AT) - back
    with open(site.shm, "r+b") as file:
        file.seek(site.header(EVENTS_AT) + 64 * (sequence % RING) + 56)
        word = struct.unpack("<Q", file.read(8))[0]
        file.seek(-8, os.SEEK_CUR)
        file.write(struct.pack("<Q", word ^ 1))


# ---- Coming back -------------------------------------------------------------------------------------


@test("a client that reconnects after a restart gets each missed event once, in order")
def _(site):
    gateway, producer = serving(site, "t owner=ada", "u owner=ada")
    one, mine = of_task(gateway), of_owner(gateway)
    ids = [stream.expect("snapshot").id for stream in (one, mine)]
    producer.do("update t extracting")
    for stream in (one, mine):
        check(told(stream, 1) == [("extracting", False, False)], "it is followed")
    ids = [one.last_id, mine.last_id]
    gateway.terminate()
    for line in ("t chunking", "u extracting", "t embedding", "u chunking"):
        producer.do(f"update {line}")
    gateway.set(listen=f"127.0.0.1:{gateway.port}")
    gateway.run()
    gateway.ready()
    for again in range(2):  # the second as if the first had never been
        one, mine = of_task(gateway, last=ids[0]), of_owner(gateway, last=ids[1])
        check(one.expect("snapshot").data["status"] == "embedding", "the snapshot is of now")
        check(told(one, 2) == [("chunking", True, False), ("embedding", True, False)], "of one")
        check(len(mine.expect("snapshot").data["tasks"]) == 2, "two tasks")
        check(told(mine, 4) == [(status, True, False) for status in
                                ("chunking", "extracting", "embedding", "chunking")], "of all")
    producer.do("update t indexing")
    check(told(one, 1) == told(mine, 1) == [("indexing", False, False)], "and goes on")
    one.quiet(0.3)


@test("a client that is disconnected between two transitions gets the second")
def _(site):
    gateway, producer = serving(site, "t owner=ada")
    stream = watched(gateway)
    for stage in STAGES:
        producer.do(f"update t {stage}")
    ids = [stream.transition().id for _ in STAGES]
    for i, last in enumerate(ids):
        stream = watched(gateway, last=last)
        check(told(stream, 4 - i) == [(stage, True, False) for stage in STAGES[i + 1:]], f"after {i}")
        stream.quiet(0.05)


@test("a client that has received the end gets 204, whatever happened to the task")
def _(site):
    gateway, producer = serving(site, "t owner=ada")
    stream = watched(gateway)
    producer.do("update t extracting")
    producer.do("complete t")
    check(told(stream, 1) == [("extracting", False, False)], "its beginning")
    final, end = stream.transition().id, stream.expect("end").id
    stream.closed()
    check(final != end, "whether the end was heard is known")
    reply = gateway.get("/v1/tasks/t/events", ADA, {"Last-Event-ID": end})
    check(reply.status == 204 and reply.body == b"", reply)
    stream = of_task(gateway, last=final)  # only the end was missed
    stream.expect("snapshot")
    check(stream.expect("end").id == end, "the end")
    stream.closed()
    producer.do("remove t")
    check(gateway.get("/v1/tasks/t/events", ADA, {"Last-Event-ID": end}).status == 204, "forgotten")
    check(gateway.get("/v1/tasks/t/events", ADA, {"Last-Event-ID": final}).status == 404, "not had")
    producer.do("create t owner=ada")
    stream = of_task(gateway, last=end)
    check(stream.expect("snapshot").data["status"] == "pending", "another task of that id")
    check(told(stream, 1) == [("pending", True, False)], "its creation was not told yet")


@test("an id that is unknown or too old gets a reset and a new list")
def _(site):
    gateway, producer = serving(site, "t owner=ada", "busy owner=eve")
    stream = of_task(gateway)
    first = stream.expect("snapshot").id
    board = first.partition(".")[0]
    for last in ("garbage", "7", board, f"{board}.", f"{board}.-1", f"{board}.01", f"{board}.1.end",
                 f"{board}.1.end.x", f"{board}.18446744073709551616", f"{board}.9999999",
                 f"{board}.1.2", f"{'0' * 32}.1", f"{board.upper()}.1", "x" * 4000):
        for stream in (of_task(gateway, last=last), of_owner(gateway, last=last)):
            check(stream.status == 200, f"{last}: {stream.status}")
            stream.expect("reset")
            stream.expect("snapshot")
            stream.close()
    overrun(site, "busy")
    for open_again in (of_task, of_owner):
        stream = open_again(gateway, last=first)
        stream.expect("reset")
        stream.expect("snapshot")
        producer.do("update t extracting")
        check(told(stream, 1) == [("extracting", False, False)], "and goes on")
        producer.do("update t chunking")
        check(told(stream, 1) == [("chunking", False, False)], "in order")


# ---- What the ring has lost --------------------------------------------------------------------------


@test("a transition that a dying producer did not publish comes from the stage history")
def _(site):
    gateway, producer = serving(site, "t owner=ada")
    one, mine = both(gateway)
    gateway.stop()
    for stage in STAGES[:3]:
        producer.do(f"update t {stage}")
    spoil(site, 2)
    gateway.cont()
    check(told(one, 3) == [("extracting", False, False), ("chunking", False, True),
                           ("embedding", False, False)], "one between two")
    gateway.stop()
    producer.do("update t indexing")
    spoil(site, 1)
    gateway.cont()
    check(told(one, 1) == [("indexing", False, True)], "the newest")
    gateway.stop()
    producer.do("complete t")
    spoil(site, 1)
    gateway.cont()
    check(told(one, 1) == [("completed", False, True)], "the last of all")
    one.expect("end")
    one.closed()
    # The stream of all tasks keeps no account of each: it starts anew.
    seen = mine.next()
    while seen.name != "reset" or mine.events and mine.events[0].data["tasks"][0]["state"] != "completed":
        seen = mine.next()
        check(seen is not None, "the list shows it completed in the end")
    check(mine.expect("snapshot").data["tasks"][0]["state"] == "completed", "the list")


@test("transitions that the ring lost while the client was away are found when it reconnects")
def _(site):
    gateway, producer = serving(site, "t owner=ada")
    stream = watched(gateway)
    producer.do("update t extracting")
    last = stream.transition().id
    gateway.terminate()
    until(lambda: not producer.do("advance t 1").code, "some time")
    time.sleep(0.005)  # of producers that publish within a millisecond nobody knows who was first
    for stage in STAGES[1:4]:
        producer.do(f"update t {stage}")
    spoil(site, 2)
    producer.do("fail t It_broke")
    spoil(site, 1)
    gateway.run()
    gateway.ready()
    stream = watched(gateway, last=last)
    check(told(stream, 4) == [("chunking", True, False), ("embedding", False, True),
                              ("indexing", True, False), ("failed", False, True)], "what was missed")
    stream.expect("end")
    stream.closed()


@test("a ring that has overtaken us loses no stage of a task")
def _(site):
    gateway, producer = serving(site, "t owner=ada", "busy owner=eve")
    one, mine = both(gateway)
    gateway.stop()
    for stage in STAGES[:3]:
        producer.do(f"update t {stage}")
    overrun(site, "busy")
    producer.do("update t indexing")
    gateway.cont()
    check(told(one, 4) == [(stage, False, True) for stage in STAGES[:3]] + [("indexing", False, False)],
          "from the history, then the ring")
    mine.expect("reset")
    check(mine.expect("snapshot").data["tasks"][0]["status"] == "indexing", "all anew")


# ---- Other restarts ----------------------------------------------------------------------------------


@test("a stream continues while the daemon is dead, and over its restart")
def _(site):
    daemon = site.daemon()
    producer = site.test_client("open write", "create t owner=ada")
    gateway = Gateway.on(site)
    one, mine = both(gateway)
    daemon.kill()
    producer.do("update t extracting")
    check(told(one, 1) == told(mine, 1) == [("extracting", False, False)], "without a daemon")
    site.daemon()
    producer.do("update t chunking")
    producer.do("complete t")
    for stream in (one, mine):
        check(told(stream, 2) == [("chunking", False, False), ("completed", False, False)], "after")
    one.expect("end")


def unlink(site):
    """The board is unlinked, and its daemon replaces it."""
    before = os.stat(site.shm).st_ino
    os.unlink(site.shm)
    until(lambda: os.path.exists(site.shm) and os.stat(site.shm).st_ino != before, "a new board")


@test("a board that is replaced with its tasks: streams continue unaffected")
def _(site):
    daemon = site.daemon("--capacity", "64")
    producer = site.test_client("open write timeout=300", "create t owner=ada", "create u owner=ada")
    gateway = Gateway.on(site)
    one, mine = of_task(gateway), of_owner(gateway)
    first = one.expect("snapshot")
    mine.expect("snapshot")
    tag = gateway.get("/v1/tasks/u", ADA).headers["etag"]
    unlink(site)
    producer.do("update t extracting")
    daemon.terminate()
    site.daemon("--capacity", "4096")
    producer.do("update t chunking")
    unlink(site)
    producer.do("update t embedding")
    steps = [(stage, False, False) for stage in STAGES[:3]]
    for stream in (one, mine):
        check(told(stream, 3) == steps, "each once, in order")
    check(one.last_id.partition(".")[0] == first.id.partition(".")[0], f"{first.id}, {one.last_id}")
    reply = gateway.get("/v1/tasks/u", ADA, {"If-None-Match": tag})
    check(reply.status == 304, f"an unchanged task is: {reply}")
    again = of_task(gateway, last=first.id)
    again.expect("snapshot")
    check(told(again, 3) == [(stage, True, False) for stage in STAGES[:3]], "replayed from the ring")
    producer.do("complete t")
    for stream in (one, mine, again):
        check(told(stream, 1) == [("completed", False, False)], "nothing twice")
    one.expect("end")


@test("a new board in place of the old one: streams start again")
def _(site):
    daemon = site.daemon()
    site.test_client("open write", "create t owner=ada")
    gateway = Gateway.on(site)
    one, mine = of_task(gateway), of_owner(gateway)
    board = one.expect("snapshot").id.partition(".")[0]
    mine.expect("snapshot")
    daemon.kill()
    os.unlink(site.shm)
    site.daemon()
    site.test_client("open write", "create u owner=ada")
    check(one.expect("gone").data["id"] == "t", "there is none")
    one.closed()
    until(lambda: [task["id"] for task in (mine.next() or mine.next()).data.get("tasks", [])] == ["u"],
          "the new board's")
    check(not mine.last_id.startswith(board), mine.last_id)


@test("SIGTERM ends open requests in order, and does not wait for clients that do not read")
def _(site):
    gateway, producer = serving(site, "t owner=ada")
    streams = [of_task(gateway), of_owner(gateway)]
    for stream in streams:
        stream.expect("snapshot")
    gateway.terminate()
    for stream in streams:
        stream.closed()
    gateway.run()
    gateway.ready()


# ---- A client that does not read -----------------------------------------------------------------------


@test("a client that does not read costs nothing, delays no other client, and is reset when it reads")
def _(site):
    gateway, producer = serving(site, "t owner=ada", "busy owner=ada")
    one = watched(gateway)
    deaf = [of_owner(gateway, receive=4096) for _ in range(20)]
    writer = Writer(site)
    writer.go_round("busy", 2000)
    before = gateway.resident_kib()
    i, began = 0, time.monotonic()
    while i < 10 or time.monotonic() < began + 4:  # behind by 64 KiB, and for two seconds
        i += 1
        n = 2000 if i <= 10 else 5  # not so many that the ring overtakes them
        writer.go_round("busy", n)
        producer.do(f"update t {STAGES[i % 5]}")
        check(one.transition(limit=60).data["status"] == STAGES[i % 5], "others are told")
    writer.close()
    grown = gateway.resident_kib() - before
    # A table of whose the ring's entries are fills meanwhile: 1 MiB, however many streams.
    check(grown < 1024 + 20 * 64, f"{grown} KiB for 20 that do not read")
    comment(f"20 clients that did not read {20000 + 5 * (i - 10)} transitions: {grown} KiB more")
    stream = deaf[0]
    stream.expect("snapshot")
    event = stream.next(60)
    while event.name != "reset":
        event = stream.next(60)
        check(event is not None, "it is told anew")
    check(len(stream.expect("snapshot", 60).data["tasks"]) == 2, "all anew")
    gateway.signal(signal.SIGTERM)
    check(gateway.wait(60) == 0, "it does not wait for them")


# ---- Many ------------------------------------------------------------------------------------------------


@test("five hundred streams get each of their transitions once, in order, across a restart")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    before = gateway.resident_kib()
    load = site.start(TestClient(site.env, argv=(SSE_LOAD, str(gateway.port), token("load"), "500",
                                             "500", "4")))
    check(load.line() == "connected", "all are connected")
    each = (gateway.resident_kib() - before) / 500
    load.send("go")
    check(load.line(60) == "half", "half of it")
    gateway.restart()
    line = load.line(120)
    comment(f"{line} resident_kib={each:.1f}")
    seen = dict(word.split("=") for word in line.split())
    check(seen["lost"] == seen["doubled"] == seen["resets"] == "0", line)
    check(int(seen["reconnects"]) >= 500 and int(seen["replayed"]) > 0, line)
    check(load.wait() == 0, line)
    check(each <= 24, f"{each} KiB a stream")


main()
