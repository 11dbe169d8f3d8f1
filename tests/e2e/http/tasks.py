#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""/v1/tasks: single tasks, cancelling and removing, and errors. Long polls are in polls.py, lists in lists.py."""

import json
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import check, main, test, until
from gateway import Gateway, read_reply, request, serving
from replies import ADA, EVE, Later, expect, problem, tag_of


# ---- One -------------------------------------------------------------------------------------------


@test("a whole task: stages, counts, links, and no pid")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "create t owner=ada name=report.pdf",
                         "update t extracting", "update t embedding At_work", "progress t 3 10")
    task = expect(gateway.get("/v1/tasks/t", ADA), 200, content_type="application/json",
                  retry_after="1").json()
    check((task["id"], task["owner"], task["name"], task["kind"], task["state"], task["status"],
           task["done"], task["progress"], task["message"], task["error"], task["cancel"]) ==
          ("t", "ada", "report.pdf", "document", "active", "embedding", False, 49, "At work", None,
           None), task)
    check(task["stage"] == {"name": "embedding", "index": 2, "count": 5, "done": 3, "total": 10},
          task)
    check([stage["state"] for stage in task["stages"]] ==
          ["done", "waiting", "running", "waiting", "waiting"], task)
    check(task["links"] == {"self": "/v1/tasks/t", "events": "/v1/tasks/t/events",
                            "cancel": "/v1/tasks/t/cancel"}, task)
    check(task["worker"] is None and "pid" not in json.dumps(task), task)
    worker.do("fail t out_of_paper")
    task = expect(gateway.get("/v1/tasks/t", ADA), 200).json()
    check(task["error"] == {"reason": "error", "message": "out of paper", "stage": "embedding"} and
          task["done"] is True, task)
    check((task["progress"], task["last_progress"], task["last_message"], task["result"]) ==
          (49, 49, "At work", None), task)


@test("a result, and labels")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    site.trackctl("create", "t", "--owner", "ada", "--label", "batch=7", "--label", "note=a \"b\" \u00fc")
    task = expect(gateway.get("/v1/tasks/t", ADA), 200).json()
    check(task["labels"] == {"batch": "7", "note": "a \"b\" \u00fc"} and task["result"] is None, task)
    site.trackctl("complete", "--result", "12 pages", "t")
    task = expect(gateway.get("/v1/tasks/t", ADA), 200).json()
    check(task["result"] == "12 pages" and task["labels"]["batch"] == "7", task)


@test("a missing task and another user's get the same answer, for every method")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    site.test_client("open write", "create hers owner=eve", "create nobodys")
    for method, path in (("GET", "/v1/tasks/%s"), ("HEAD", "/v1/tasks/%s"),
                         ("DELETE", "/v1/tasks/%s"), ("POST", "/v1/tasks/%s/cancel")):
        missing = gateway.ask(method, path % "missing", ADA)
        check(missing.status == 404, repr(missing))
        for name in ("hers", "nobodys"):
            other = gateway.ask(method, path % name, ADA)
            check(other.stable() == missing.stable(), f"{method}: {other!r}, {missing!r}")
    problem(gateway.get("/v1/tasks/missing", ADA), 404, "Not Found")
    check(site.trackctl("ls")[1].count("pending") == 2, "and both are still there")


@test("the answer does not contain the pid of a dead worker")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    victim = site.test_client("open write", "create t owner=ada", "update t chunking")
    victim.kill()
    until(lambda: gateway.get("/v1/tasks/t", ADA).json()["done"], "it has failed")
    seen = gateway.get("/v1/tasks/t", ADA).json()
    check(seen["error"] == {"reason": "worker_lost", "stage": "chunking",
                            "message": "worker test_client was killed by SIGKILL in chunking"}, seen)
    check(seen["worker"] == {"exit": {"status": None, "signal": "SIGKILL", "core_dumped": False,
                                      "out_of_memory": False}}, seen)


# ---- Changes ---------------------------------------------------------------------------------------


@test("cancelling asks a worker to stop, ends a pending task, and may be repeated")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "create p owner=ada", "create t owner=ada",
                         "update t extracting")
    first = expect(gateway.ask("POST", "/v1/tasks/p/cancel", ADA), 202)
    task = first.json()
    check(task["state"] == "cancelled" and task["done"] is True, task)
    again = expect(gateway.ask("POST", "/v1/tasks/p/cancel", ADA), 202, etag=first.headers["etag"])
    check(again.json() == task, again)
    for _ in range(2):
        task = expect(gateway.ask("POST", "/v1/tasks/t/cancel", ADA), 202).json()
        check(task["state"] == "active" and task["cancel"]["requested_at"], task)
    check(int(worker.show("t").fields["flags"]) & 8, "the worker sees it")
    expect(gateway.ask("POST", "/v1/tasks/t/cancel", ADA, body=b"{}"), 202)
    code, _, err = site.trackctl("cancel", "--ended", "t")
    check(code == 0, err)
    for line in ("create c owner=ada", "complete c"):
        worker.do(line)
    task = expect(gateway.ask("POST", "/v1/tasks/t/cancel", ADA), 202).json()
    check(task["state"] == "cancelled", task)
    problem(gateway.ask("POST", "/v1/tasks/c/cancel", ADA), 409, "Conflict", "The task is final")


@test("only final tasks can be removed")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "create t owner=ada", "update t extracting")
    problem(gateway.ask("DELETE", "/v1/tasks/t", ADA), 409, "Conflict",
            "The task is not final; cancel it first")
    worker.do("complete t")
    reply = expect(gateway.ask("DELETE", "/v1/tasks/t", ADA), 204)
    check(reply.body == b"" and "content-length" not in reply.headers, repr(reply))
    problem(gateway.ask("DELETE", "/v1/tasks/t", ADA), 404, "Not Found")
    check(worker.ask("show t").code < 0, "it is gone from the board")


# ---- What cannot be --------------------------------------------------------------------------------


@test("other methods and paths")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    for method, path, allow in (("POST", "/v1/tasks/t", "GET, HEAD, DELETE"),
                                ("DELETE", "/v1/tasks", "GET, HEAD"),
                                ("GET", "/v1/tasks/t/cancel", "POST"),
                                ("PUT", "/v1/tasks/t", "GET, HEAD, DELETE"),
                                ("PATCH", "/v1/tasks/t", "GET, HEAD, DELETE"),
                                ("OPTIONS", "/v1/tasks/t", "GET, HEAD, DELETE"),
                                ("POST", "/openapi.json", "GET, HEAD")):
        problem(gateway.ask(method, path, ADA), 405, "Method Not Allowed", allow=allow)
    for path in ("/v1", "/v1/", "/v1/tasks/", "/v1/tasks/t/", "/v1/tasks/t/none", "/v2/tasks",
                 "//v1/tasks", "/v1/tasks/../tasks", "/livez", "/readyz", "/metrics", "/version",
                 "/documents/", "/documents//status", "/documents/t", "/etc/passwd"):
        problem(gateway.get(path, ADA), 404, "Not Found")
    for path in ("/v1/tasks", "/documents/t/status", "/openapi.json"):
        problem(gateway.operator(path), 404, "Not Found")


@test("no token, and one that is not accepted")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    for method, path in (("GET", "/v1/tasks"), ("GET", "/v1/tasks/t"), ("DELETE", "/v1/tasks/t"),
                         ("POST", "/v1/tasks/t/cancel")):
        problem(gateway.ask(method, path), 401, "Unauthorized", "Not authenticated",
                www_authenticate='Bearer realm="trackd"')
        problem(gateway.ask(method, path, "x.y.z"), 401, "Unauthorized", "Invalid token",
                www_authenticate='Bearer realm="trackd", error="invalid_token"')


@test("too many requests: by user, by address, and by the address that a proxy names")
def _(site):
    site.daemon()
    gateway = Gateway.on(site, settings={"owner_rate": 1, "owner_burst": 3,
                                         "trusted_proxies": "127.0.0.1"})

    def statuses(bearer, path="/v1/tasks", headers=()):
        return [gateway.get(path, bearer, headers).status for _ in range(5)]

    check(statuses(ADA)[:3] == [200] * 3, "three at once")
    reply = gateway.get("/v1/tasks", ADA)
    problem(reply, 429, "Too Many Requests", "Too many requests")
    check(1 <= int(reply.headers["retry-after"]) <= 4, repr(reply))
    check(statuses(EVE)[0] == 200, "others are not held up")
    reply = gateway.get("/documents/t/status", ADA)
    check(reply.status == 429 and reply.json() == {"detail": "Too many requests"}, repr(reply))
    gateway.set(owner_rate=0, address_rate=1, address_burst=3)
    gateway.reload()
    check(429 in statuses(ADA), "one address")
    # A proxy that adds a line, as HAProxy does, has the last word too.
    for header in ("10.1.2.3", "6.6.6.6, 10.1.2.3", "6.6.6.6\r\nX-Forwarded-For: 10.1.2.3",
                   "6.6.6.6, 7.7.7.7\r\nx-forwarded-for: 10.1.2.3", "::ffff:10.1.2.3"):
        check(statuses(ADA, headers={"X-Forwarded-For": header}).count(429) > 0, header)
    for other in ("10.9.9.9", "10.1.2.3\r\nX-Forwarded-For: 10.9.9.8", "2001:db8::1"):
        check(gateway.get("/v1/tasks", ADA, {"X-Forwarded-For": other}).status == 200, "another")
    check(any(gateway.get("/v1/tasks", ADA, {"X-Forwarded-For": f"2001:db8::{i}:1"}).status == 429
              for i in range(2, 99)), "a network of 64 bits is one")
    until(lambda: gateway.get("/v1/tasks", ADA).status == 200, "time heals")


@test("at shutdown: waiting clients are answered, new requests are refused, and it exits with 0")
def _(site):
    gateway, _ = serving(site, "t owner=ada")
    later = Later(gateway, "/v1/tasks/t?wait=60", ADA, {"If-None-Match": tag_of(gateway, ADA)})
    # One that holds it up: its body does not come.
    slow, kept = gateway.connect(), gateway.connect()
    kept.sendall(request("GET", "/v1/tasks/t", ADA))
    expect(read_reply(kept), 200)
    slow.sendall(request("POST", "/documents", ADA, {"Content-Type": "multipart/form-data; "
                                                     "boundary=x", "Content-Length": "99"}))
    until(lambda: gateway.connections() == 3, "all are there")
    gateway.signal(15)
    expect(later.get(), 304)
    until(lambda: gateway.operator("/readyz").status == 503, "operators are told")
    check(b"shutting down" in gateway.operator("/readyz").body, "and why")
    check(gateway.operator("/livez").status == 200, "it is alive")
    kept.sendall(request("GET", "/v1/tasks/t", ADA))
    problem(read_reply(kept), 503, "Service Unavailable", "Shutting down", retry_after="2")
    began = time.monotonic()
    check(gateway.wait() == 0, gateway.log())
    check(time.monotonic() - began < 40, "within 5 s, and not with the end of the upload")
    slow.close()
    kept.close()


@test("without open requests it ends at once")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    expect(gateway.get("/v1/tasks", ADA), 200)
    began = time.monotonic()
    gateway.terminate()
    check(time.monotonic() - began < 4.5, "at once, and not after the 5 s of those who are open")


@test("a daemon that restarts is not noticed; a board that is new is")
def _(site):
    daemon = site.daemon()
    gateway = Gateway.on(site)
    site.test_client("open write", "create t owner=ada")
    expect(gateway.get("/v1/tasks/t", ADA), 200)
    daemon.terminate()
    expect(gateway.get("/v1/tasks/t", ADA), 200)
    os.unlink(site.shm)
    site.daemon()
    worker = site.test_client("open write", "create new owner=ada")
    until(lambda: gateway.get("/v1/tasks/new", ADA).status == 200, "it moves on")
    expect(gateway.get("/v1/tasks/t", ADA), 404)
    later = Later(gateway, "/v1/tasks/new?wait=50", ADA, {"If-None-Match": tag_of(gateway, ADA, "new")})
    until(lambda: gateway.connections() == 1, "it waits")
    worker.do("update new extracting")
    expect(later.get(), 200)


@test("without a board lists are answered 503, and answered when there is one")
def _(site):
    gateway = Gateway.on(site)
    problem(gateway.get("/v1/tasks", ADA), 503, "Service Unavailable",
            "The board cannot be read at the moment", retry_after="2")
    problem(gateway.get("/v1/tasks/t", ADA), 503, "Service Unavailable",
            "The board cannot be read at the moment", retry_after="2")
    site.daemon()
    until(lambda: gateway.get("/v1/tasks", ADA).status == 200, "the board is found")


main()
