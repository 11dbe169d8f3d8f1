#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Event streams: their events, the order, and how they begin and end. streams_again.py tests reconnects and lost
events.
"""

import os
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import check, main, quickest, test, until
from gateway import Gateway, serving, token
from sse import ADA, STAGES, Stream, of_owner, of_task, watched

EVE = token("eve")


def sequence(event):
    match = re.fullmatch(r"[0-9a-f]{32}\.(0|[1-9][0-9]*)(\.end\.[0-9]+)?", event.id or "")
    check(match, lambda: f"no id of ours: {event}")
    return int(match[1])


def open_streams(gateway):
    return int(re.search(r"^trackd_sse_streams (\d+)$", gateway.operator("/metrics").body.decode(),
                         re.M)[1])


# ---- What is told ------------------------------------------------------------------------------------


@test("a stream begins with its headers, a time to retry, and the task")
def _(site):
    gateway, producer = serving(site, "t owner=ada name=A_file")
    stream = of_task(gateway)
    check(stream.headers["content-type"] == "text/event-stream"
          and stream.headers["cache-control"] == "no-cache, no-transform"
          and stream.headers["x-accel-buffering"] == "no"
          and "content-encoding" not in stream.headers, stream.headers)
    snapshot = stream.expect("snapshot")
    check(stream.retry is not None and 2000 <= stream.retry <= 5000, f"retry: {stream.retry}")
    shown = gateway.get("/v1/tasks/t", ADA).json()
    check(snapshot.data == shown, lambda: f"{snapshot} is not {shown}")
    sequence(snapshot)
    producer.do("update t extracting")
    check(of_task(gateway).expect("snapshot").data["status"] == "extracting", "the present state")
    check(len({Stream(gateway, "/v1/events", ADA).expect("snapshot") and s.retry
               for s in [of_task(gateway) for _ in range(8)] if s.expect("snapshot")}) > 1,
          "the time to retry is the same for all")


@test("a stream carries every transition, in order, as it was then, and ends with the task")
def _(site):
    gateway, producer = serving(site, "t owner=ada", "other owner=ada")
    stream = of_task(gateway)
    last = sequence(stream.expect("snapshot"))
    for round in range(3):  # a retry goes back; it is told like any other
        for stage in STAGES:
            producer.do(f"update t {stage} in_round_{round}")
            producer.do(f"update other {stage}")
    producer.do("cancel t")
    producer.do("complete t That_is_all")
    revision = 0
    for round in range(3):
        for index, stage in enumerate(STAGES):
            event = stream.transition()
            data = event.data
            check(data["state"] == "active" and data["status"] == stage and not data["done"]
                  and data["stage"]["index"] == index and data["finished_at"] is None
                  and data["progress"] == [10, 25, 40, 70, 85][index] and data["error"] is None, event)
            check(event.transition["type"] == "stage" and not event.transition["replayed"]
                  and not event.transition["rebuilt"], event)
            check(sequence(event) > last and data["revision"] > revision, event)
            last, revision = sequence(event), data["revision"]
    event = stream.transition()
    check(event.transition["type"] == "cancel" and event.data["cancel"]["requested_at"], event)
    event = stream.transition()
    check(event.transition["type"] == "final" and event.data["status"] == "completed"
          and event.data["progress"] == 100, event)
    end = stream.expect("end")
    shown = gateway.get("/v1/tasks/t", ADA).json()
    check(end.data == shown, lambda: f"{end} is not {shown}")
    stream.closed()
    check(of_task(gateway, "other").expect("snapshot").data["status"] == "summarizing", "the other")


@test("counts and messages come at most ten times a second, the newest last")
def _(site):
    gateway, producer = serving(site, "t owner=ada")
    producer.do("update t extracting")
    one, all_of_them = of_task(gateway), of_owner(gateway)
    one.expect("snapshot")
    all_of_them.expect("snapshot")
    began = time.monotonic()
    for i in range(1, 1001):
        producer.do("advance t 1")
        if i % 100 == 0:
            producer.do(f"update t keep page_{i}")
    for stream in (one, all_of_them):
        told = []
        while not told or told[-1].data["stage"]["done"] < 1000:
            told.append(stream.expect("update"))
        took = time.monotonic() - began
        check(len(told) <= 2 + took * 10, f"{len(told)} updates in {took:.3f} s")
        check(all(event.transition is None for event in told), "no transition has happened")
        counts = [event.data["stage"]["done"] for event in told]
        check(counts == sorted(counts), counts)
        if told[-1].data["message"] != "page 1000":
            check(stream.expect("update").data["message"] == "page 1000", "the last message")
        stream.quiet(0.3)


@test("a quiet stream gets a comment with the present position in the ring")
def _(site):
    gateway, producer = serving(site, "t owner=ada", "other owner=eve", keepalive="1s")
    stream = of_task(gateway)
    first = stream.expect("snapshot")
    for stage in STAGES:
        producer.do(f"update other {stage}")
    check(stream.comment() == "ka", stream.comments)
    stream.poll(lambda: stream.last_id != first.id, 5)
    check(stream.last_id != first.id, "the id has moved on with the board")
    check(not stream.events, stream.events)


@test("a killed worker is on the stream within a second")
def _(site):
    gateway, _ = serving(site)

    def seconds_to_hear():
        worker = site.test_client("open write", "create t owner=ada replace", "update t extracting")
        stream = watched(gateway)
        began = time.monotonic()
        worker.kill()
        check(stream.transition().data["status"] == "failed", "it is told")
        stream.expect("end")
        stream.closed()
        return time.monotonic() - began
    check(quickest(seconds_to_hear, 1) < 1, "it is told late")


@test("a killed worker's event names the stage, and not the pid")
def _(site):
    gateway, producer = serving(site, "t owner=ada")
    producer.do("update t extracting")
    producer.do("update t chunking")
    stream = watched(gateway)
    producer.kill()
    event = stream.transition()
    check(event.data["status"] == "failed" and event.data["error"]["reason"] == "worker_lost"
          and event.data["error"]["stage"] == "chunking", event)
    check(str(producer.pid) not in str(event.data), event)
    check(str(producer.pid) not in str(stream.expect("end").data), "the end")
    stream.closed()


@test("a removed or expired task is gone; its replacement starts anew")
def _(site):
    gateway, producer = serving(site, "t owner=ada", "e owner=ada ttl=1500", "r owner=ada")
    removed, expired, replaced, mine = (of_task(gateway, "t"), of_task(gateway, "e"),
                                        of_task(gateway, "r"), of_owner(gateway))
    for stream in (removed, expired, replaced, mine):
        stream.expect("snapshot")
    producer.do("remove t")
    check(removed.expect("gone").data == {"id": "t", "reason": "removed"}, "removed")
    removed.closed()
    check(mine.expect("gone").data == {"id": "t", "reason": "removed"}, "one of mine")
    producer.do("create r owner=ada replace name=New")
    replaced.expect("reset")
    check(replaced.expect("snapshot").data["name"] == "New", "the new one")
    producer.do("update r extracting")
    check(replaced.transition().data["status"] == "extracting", "it is followed")
    check(expired.expect("gone").data == {"id": "e", "reason": "expired"}, "expired")
    expired.closed()


# ---- All of an owner's ---------------------------------------------------------------------------------


@test("the stream of a user has a list of the tasks, then their updates, and no other user's")
def _(site):
    gateway, producer = serving(site, "a owner=ada", "b owner=ada", "e owner=eve", "n")
    stream = of_owner(gateway)
    snapshot = stream.expect("snapshot")
    check([task["id"] for task in snapshot.data["tasks"]] == ["b", "a"], snapshot)
    check(snapshot.data["more"] is False, snapshot)
    check(snapshot.data["tasks"][0] == gateway.get("/v1/tasks/b", ADA).json(), snapshot)
    for line in ("update e extracting", "update n extracting", "create c owner=ada",
                 "update b extracting", "fail a It_broke", "remove e"):
        producer.do(line)
    seen = [(event.data["id"], event.data["status"], event.transition["type"])
            for event in (stream.transition(), stream.transition(), stream.transition())]
    check(seen == [("c", "pending", "created"), ("b", "extracting", "stage"),
                   ("a", "failed", "final")], seen)
    stream.quiet(0.5)
    check(of_owner(gateway, token("nobody")).expect("snapshot").data == {"tasks": [], "more": False},
          "a list of none")


@test("the newest five hundred tasks are listed, and the list says that there are more")
def _(site):
    gateway, producer = serving(site)
    producer.do("fill 520 task owner=ada")
    snapshot = of_owner(gateway).expect("snapshot")
    names = [task["id"] for task in snapshot.data["tasks"]]
    check(names == [f"task-{i}" for i in range(519, 19, -1)] and snapshot.data["more"] is True,
          f"{len(names)} {names[:3]}")


# ---- Admission -------------------------------------------------------------------------------------------


@test("an active task older than the newest five hundred is on the stream, with its progress")
def _(site):
    site.daemon("--capacity", "4096")
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "create waits owner=ada", "create old owner=ada",
                         "update old extracting", "create other owner=ada", "update other chunking",
                         "fill 1700 t owner=ada")
    stream = Stream(gateway, "/v1/events", ADA)
    snapshot = stream.expect("snapshot")
    check(len(snapshot.data["tasks"]) == 500 and snapshot.data["more"], "the newest")
    told = [stream.expect("update") for _ in range(2)]
    check([(event.data["id"], event.data["status"], event.transition) for event in told] ==
          [("other", "chunking", None), ("old", "extracting", None)], told)
    worker.do("progress old 3 10")
    event = stream.expect("update")
    check((event.data["id"], event.data["stage"]["done"], event.transition) == ("old", 3, None), event)
    worker.do("update old embedding")
    event = stream.expect("update")
    check((event.data["id"], event.data["status"]) == ("old", "embedding") and event.transition, event)
    worker.do("complete old")
    check(stream.expect("update").data["status"] == "completed", "and its end")
    worker.do("progress other 4 10")
    check(stream.expect("update").data["stage"]["done"] == 4, "nothing was told in between")


@test("a missing task and another user's get the same answer; no token, wrong methods")
def _(site):
    gateway, _ = serving(site, "e owner=eve", "n")
    answers = {gateway.get(f"/v1/tasks/{name}/events", ADA).stable()[2:]
               .__repr__() for name in ("e", "n", "missing", "x" * 64)}
    check(len(answers) == 1 and gateway.get("/v1/tasks/e/events", ADA).status == 404, answers)
    for path in ("/v1/tasks/e/events", "/v1/events"):
        check(gateway.get(path).status == 401, path)
        check(gateway.get(path, headers={"Authorization": "Bearer x"}).status == 401, path)
        reply = gateway.ask("POST", path, EVE)
        check(reply.status == 405 and reply.headers["allow"] == "GET, HEAD", reply)
        reply = gateway.ask("HEAD", path, EVE)
        check(reply.status == 200 and reply.headers["content-type"] == "text/event-stream", reply)
    check(open_streams(gateway) == 0, "none is open")


@test("a ticket opens one stream, and that one's reconnects, over a restart")
def _(site):
    gateway, producer = serving(site, "t owner=ada", "u owner=ada")

    def ticket(body=None, **headers):
        reply = gateway.ask("POST", "/v1/stream-tickets", ADA, headers, body)
        check(reply.status == 201 and reply.json()["expires_in"] == 30
              and reply.headers["cache-control"] == "no-store", reply)
        return reply.json()["links"]["events"]

    one = ticket(b'{"task": "t"}')
    check(one.startswith("/v1/tasks/t/events?ticket="), one)
    check(gateway.get(one.replace("/t/", "/u/")).status == 401, "another task's")
    never = ticket(b'{"task": "t"}')
    for method, link, headers in (("HEAD", one, {}), ("HEAD", never, {"Last-Event-ID": "7"}),
                                  ("OPTIONS", one, {}), ("POST", one, {})):
        gateway.ask(method, link, headers=headers)  # none of these opens a stream
    stream = Stream(gateway, one)
    first = stream.expect("snapshot")
    check(gateway.get(one).status == 401, "a second stream")
    stream.close()
    gateway.restart()
    producer.do("update t extracting")
    again = Stream(gateway, one, last=first.id)
    again.expect("snapshot")
    check(again.transition().data["status"] == "extracting", "it goes on")
    check(Stream(gateway, never).expect("snapshot"), "within its 30 s, after a restart")
    for body in (None, b"", b"{}", b'{"task": null}'):
        link = ticket(body)
        check(link.startswith("/v1/events?ticket="), link)
    check(len(Stream(gateway, link).expect("snapshot").data["tasks"]) == 2, "all of ada's")
    for body in (b"[]", b"{", b'{"task": 7}', b'{"task": "a/b"}', b'{"task": ""}',
                 b'{"task": "%s"}' % (b"x" * 64), b'{"task":"a","task":"b"}', b'{"task":"a\\u0000b"}'):
        check(gateway.ask("POST", "/v1/stream-tickets", ADA, body=body).status == 400, body)
    check(gateway.ask("POST", "/v1/stream-tickets", ADA, body=b"x" * 5000).status == 413, "too long")
    check(gateway.ask("POST", "/v1/stream-tickets").status == 401, "without a token")


@test("streams are counted, by user and by address; a client that disconnects makes room at once")
def _(site):
    gateway, _ = serving(site, "t owner=ada", "e owner=eve", owner_streams=2, address_streams=3)
    mine = [of_task(gateway), of_owner(gateway)]
    for stream in mine:
        stream.expect("snapshot")
    reply = gateway.get("/v1/tasks/t/events", ADA)
    check(reply.status == 429 and int(reply.headers["retry-after"]) > 0, reply)
    hers = of_task(gateway, "e", EVE)
    hers.expect("snapshot")
    check(gateway.get("/v1/events", EVE).status == 429, "of one address")
    check(open_streams(gateway) == 3, "three are open")
    mine[0].close()
    until(lambda: open_streams(gateway) == 2, "the place is free")
    of_task(gateway).expect("snapshot")


@test("a stream ends when its token does")
def _(site):
    gateway, _ = serving(site, "t owner=ada")
    # The leeway is a minute.
    stream = of_task(gateway, bearer=token("ada", ttl=-57))
    stream.expect("snapshot")
    stream.closed(limit=60)
    check(gateway.get("/v1/tasks/t/events", token("ada", ttl=-61)).status == 401, "it has expired")


@test("without a board the answer says when to reconnect")
def _(site):
    gateway = Gateway.on(site)
    for path in ("/v1/tasks/t/events", "/v1/events"):
        stream = Stream(gateway, path, ADA)
        check(stream.status == 200 and stream.headers["content-type"] == "text/event-stream",
              stream.headers)
        stream.expect("unavailable")
        check(stream.retry == 15000, stream.retry)
    site.daemon()
    site.test_client("open write", "create t owner=ada")

    def there():
        return Stream(gateway, "/v1/tasks/t/events", ADA).next().name == "snapshot"
    until(there, "the board is found")


main()
