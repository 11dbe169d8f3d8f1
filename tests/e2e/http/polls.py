#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""/v1/tasks/{id}: conditional requests, and long polls that answer as soon as the task changes."""

import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import check, main, test, until
from gateway import read_reply, request, serving
from replies import ADA, Later, expect, problem, tag_of


@test("an unchanged task is not sent again")
def _(site):
    gateway, worker = serving(site, "t owner=ada")
    tag = tag_of(gateway, ADA)
    for given in (tag, tag[2:], f'"x", {tag}', f'W/"y",{tag} , "z"', "*"):
        for path in ("/v1/tasks/t", "/documents/t/status"):
            reply = expect(gateway.get(path, ADA, {"If-None-Match": given}), 304, etag=tag)
            check(reply.body == b"", repr(reply))
    for lines in (('"x"', tag), (tag, '"x"'), ('"x", "y"', f'W/"z" ,{tag}'), ("", "*"), ('"a,b"', tag)):
        twice = dict(zip(("If-None-Match", "if-none-match"), lines))
        expect(gateway.get("/v1/tasks/t", ADA, twice), 304, etag=tag)
    expect(gateway.get("/v1/tasks/t", ADA, {"If-None-Match": f'"a,b",W/",,",{tag}'}), 304)
    for given in ('"x"', tag[:-2] + '"', "", "garbage", f'"x,{tag[2:]}', tag[2:-1], '"*"',
                  f"x{tag}", "W/", '"', f'"{tag[2:]}'):
        expect(gateway.get("/v1/tasks/t", ADA, {"If-None-Match": given}), 200, etag=tag)
    worker.do("update t extracting")
    other = expect(gateway.get("/v1/tasks/t", ADA, {"If-None-Match": tag}), 200).headers["etag"]
    worker.do("advance t 1")
    expect(gateway.get("/v1/tasks/t", ADA, {"If-None-Match": other}), 200)
    worker.do("remove t")
    worker.do("create t owner=ada")
    expect(gateway.get("/v1/tasks/t", ADA, {"If-None-Match": tag}), 200)


@test("HEAD is GET without the body")
def _(site):
    gateway, _ = serving(site, "t owner=ada")
    for path in ("/v1/tasks/t", "/documents/t/status", "/v1/tasks", "/v1/tasks/none", "/none",
                 "/openapi.json"):
        get, head = gateway.get(path, ADA), gateway.ask("HEAD", path, ADA)
        check(head.body == b"" and head.stable()[:2] == get.stable()[:2], f"{path}: {head!r}")
        check(head.stable()[2] == get.stable()[2], f"{path}: {head!r}, {get!r}")


@test("a long poll answers as soon as the task changes, with Prefer and with the wait parameter")
def _(site):
    gateway, worker = serving(site, "t owner=ada")
    for path, wait in (("/v1/tasks/t?wait=50", {}), ("/v1/tasks/t", {"Prefer": "wait=50"}),
                       ("/documents/t/status", {"Prefer": "respond-async, wait=50"}),
                       ("/documents/t/status?wait=50", {}),
                       ("/v1/tasks/t", {"Prefer": "respond-async", "prefer": "wait=50"})):
        for move in ("update t extracting", "update t chunking", "advance t 1",
                     "update t keep a_word"):
            later = Later(gateway, path, ADA, {"If-None-Match": tag_of(gateway, ADA), **wait})
            until(lambda: gateway.connections() == 1, "it waits")
            began = time.monotonic()
            worker.do(move)
            reply = expect(later.get(), 200, preference_applied="wait=50" if wait else None)
            took = time.monotonic() - began
            check(took < 40, f"{path} took {took:.1f} s after {move}")
            check(reply.headers["etag"] == tag_of(gateway, ADA), repr(reply))
            until(lambda: gateway.connections() == 0, "nobody waits")


@test("without a change it ends with 304 when its time is over")
def _(site):
    gateway, _ = serving(site, "t owner=ada")
    for path, wait in (("/v1/tasks/t?wait=1", {}), ("/v1/tasks/t", {"Prefer": "wait=1"})):
        began = time.monotonic()
        expect(gateway.get(path, ADA, {"If-None-Match": tag_of(gateway, ADA), **wait}), 304,
               preference_applied="wait=1" if wait else None)
        check(time.monotonic() - began > 0.9, "after a second")


@test("a request without an entity tag, or with another one, does not wait; a wait must be a number")
def _(site):
    gateway, _ = serving(site, "t owner=ada")
    began = time.monotonic()
    expect(gateway.get("/v1/tasks/t?wait=50", ADA), 200)
    expect(gateway.get("/v1/tasks/t?wait=50", ADA, {"If-None-Match": '"old"'}), 200)
    expect(gateway.get("/v1/tasks/none?wait=50", ADA, {"If-None-Match": '"old"'}), 404)
    check(time.monotonic() - began < 45, "at once")
    for wrong in ("x", "-1", "1.5", "", "1x"):
        problem(gateway.get(f"/v1/tasks/t?wait={wrong}", ADA), 400, "Bad Request",
                "wait must be a number of seconds, 0 to 60")
    # A preference is one: what is not understood is left alone.
    expect(gateway.get("/v1/tasks/t", ADA, {"Prefer": "wait=soon"}), 200, preference_applied=None)


@test("a long poll for a task that is removed ends")
def _(site):
    gateway, worker = serving(site, "t owner=ada")
    later = Later(gateway, "/v1/tasks/t?wait=50", ADA, {"If-None-Match": tag_of(gateway, ADA)})
    until(lambda: gateway.connections() == 1, "it waits")
    worker.do("remove t")
    expect(later.get(), 404)


@test("a waiting client that disconnects leaves nothing behind")
def _(site):
    gateway, worker = serving(site, "t owner=ada")
    connections = []
    for _ in range(50):
        connection = gateway.connect()
        connection.sendall(request("GET", "/v1/tasks/t?wait=60", ADA,
                                   {"If-None-Match": tag_of(gateway, ADA)}))
        connections.append(connection)
    until(lambda: gateway.connections() == 50, "they wait")
    for connection in connections[:25]:
        connection.close()
    worker.do("update t extracting")
    for connection in connections[25:]:
        expect(read_reply(connection), 200)
        connection.close()
    until(lambda: gateway.connections() == 0, "all are gone")


main()
