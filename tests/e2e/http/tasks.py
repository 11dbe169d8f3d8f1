#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""/v1/tasks: one task and many, conditions and long polls, cancelling and forgetting, and the
answers to what cannot be.
"""

import json
import os
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import Failure, check, main, test, until
from gateway import Gateway, read_reply, request, token

ADA, EVE = token("ada"), token("eve")


def expect(reply, status, **headers):
    check(reply.status == status, f"expected {status}, got {reply!r}")
    for name, value in headers.items():
        name = name.replace("_", "-")
        check(reply.headers.get(name) == value, f"{name} is not {value!r}: {reply!r}")
    return reply


def problem(reply, status, title, detail=None, **headers):
    """An error of RFC 9457, with nothing else in it."""
    expect(reply, status, content_type="application/problem+json", **headers)
    wanted = {"type": "about:blank", "title": title, "status": status}
    if detail:
        wanted["detail"] = detail
    check(reply.json() == wanted, repr(reply))


class Later(threading.Thread):
    """A request that is answered later."""

    def __init__(self, gateway, *arguments, **options):
        super().__init__(daemon=True)
        self.gateway, self.arguments, self.options = gateway, arguments, options
        self.reply = self.error = None
        self.start()

    def run(self):
        try:
            self.reply = self.gateway.get(*self.arguments, **self.options)
        except (Failure, OSError) as error:
            self.error = error

    def get(self):
        self.join(20)
        check(not self.is_alive(), "no answer within 20 s")
        check(self.reply, self.error)
        return self.reply


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
    check("worker" not in task and "pid" not in json.dumps(task), task)
    worker.do("fail t out_of_paper")
    task = expect(gateway.get("/v1/tasks/t", ADA), 200).json()
    check(task["error"] == {"reason": "error", "message": "out of paper", "stage": "embedding"} and
          task["done"] is True, task)


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
    error = gateway.get("/v1/tasks/t", ADA).json()["error"]
    check(error == {"reason": "worker_lost", "message": "worker test_client exited in chunking",
                    "stage": "chunking"}, error)


# ---- Conditions and long polls ---------------------------------------------------------------------


def tag_of(gateway, name="t"):
    return gateway.get(f"/v1/tasks/{name}", ADA).headers["etag"]


@test("an unchanged task is not sent again")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "create t owner=ada")
    tag = tag_of(gateway)
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
    site.daemon()
    gateway = Gateway.on(site)
    site.test_client("open write", "create t owner=ada")
    for path in ("/v1/tasks/t", "/documents/t/status", "/v1/tasks", "/v1/tasks/none", "/none",
                 "/openapi.json"):
        get, head = gateway.get(path, ADA), gateway.ask("HEAD", path, ADA)
        check(head.body == b"" and head.stable()[:2] == get.stable()[:2], f"{path}: {head!r}")
        check(head.stable()[2] == get.stable()[2], f"{path}: {head!r}, {get!r}")


@test("a long poll answers as soon as the task moves, by both ways to ask")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "create t owner=ada")
    for path, wait in (("/v1/tasks/t?wait=50", {}), ("/v1/tasks/t", {"Prefer": "wait=50"}),
                       ("/documents/t/status", {"Prefer": "respond-async, wait=50"}),
                       ("/documents/t/status?wait=50", {}),
                       ("/v1/tasks/t", {"Prefer": "respond-async", "prefer": "wait=50"})):
        for move in ("update t extracting", "update t chunking", "advance t 1",
                     "update t keep a_word"):
            later = Later(gateway, path, ADA, {"If-None-Match": tag_of(gateway), **wait})
            until(lambda: waiting(gateway) == 1, "it waits")
            began = time.monotonic()
            worker.do(move)
            reply = expect(later.get(), 200, preference_applied="wait=50" if wait else None)
            took = time.monotonic() - began
            check(took < 40, f"{path} took {took:.1f} s after {move}")
            check(reply.headers["etag"] == tag_of(gateway), repr(reply))
            until(lambda: waiting(gateway) == 0, "nobody waits")


def waiting(gateway):
    """Connections to the gateway: a poll that waits is one."""
    port = f":{gateway.port:04X}"
    with open(f"/proc/{gateway.pid}/net/tcp", encoding="ascii") as file:
        return sum(1 for line in file if line.split()[1].endswith(port) and line.split()[3] == "01")


@test("without a change it ends with 304 when its time is over")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    site.test_client("open write", "create t owner=ada")
    for path, wait in (("/v1/tasks/t?wait=1", {}), ("/v1/tasks/t", {"Prefer": "wait=1"})):
        began = time.monotonic()
        expect(gateway.get(path, ADA, {"If-None-Match": tag_of(gateway), **wait}), 304,
               preference_applied="wait=1" if wait else None)
        check(time.monotonic() - began > 0.9, "after a second")


@test("a request without an entity tag, or with another one, does not wait; a wait must be a number")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    site.test_client("open write", "create t owner=ada")
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
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "create t owner=ada")
    later = Later(gateway, "/v1/tasks/t?wait=50", ADA, {"If-None-Match": tag_of(gateway)})
    until(lambda: waiting(gateway) == 1, "it waits")
    worker.do("remove t")
    expect(later.get(), 404)


@test("who waits and goes away leaves nothing behind")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "create t owner=ada")
    connections = []
    for _ in range(50):
        connection = gateway.connect()
        connection.sendall(request("GET", "/v1/tasks/t?wait=60", ADA,
                                   {"If-None-Match": tag_of(gateway)}))
        connections.append(connection)
    until(lambda: waiting(gateway) == 50, "they wait")
    for connection in connections[:25]:
        connection.close()
    worker.do("update t extracting")
    for connection in connections[25:]:
        expect(read_reply(connection), 200)
        connection.close()
    until(lambda: waiting(gateway) == 0, "all are gone")


# ---- Many ------------------------------------------------------------------------------------------


@test("the caller's tasks in pages, newest first, each once")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    site.test_client("open write", "fill 23 a owner=ada", "fill 5 e owner=eve", "fill 5 n")
    names, token_, pages = [], "", 0
    while token_ is not None:
        page = expect(gateway.get(f"/v1/tasks?page_size=10{token_ and '&page_token=' + token_}",
                                  ADA), 200, cache_control="private, no-cache").json()
        names += [task["id"] for task in page["tasks"]]
        token_, pages = page["next_page_token"], pages + 1
    check(names == [f"a-{i}" for i in reversed(range(23))] and pages == 3, names)
    check(len(gateway.get("/v1/tasks", EVE).json()["tasks"]) == 5, "eve has her own")
    check(gateway.get("/v1/tasks", token("nobody")).json() ==
          {"tasks": [], "next_page_token": None}, "and others have none")


@test("a page is where it was, whatever came and went meanwhile")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "fill 9 a owner=ada")
    page = gateway.get("/v1/tasks?page_size=3", ADA).json()
    worker.do("fill 4 b owner=ada")
    worker.do("remove a-6")
    worker.do("remove a-2")
    page = gateway.get(f"/v1/tasks?page_size=50&page_token={page['next_page_token']}", ADA).json()
    check([task["id"] for task in page["tasks"]] == ["a-5", "a-4", "a-3", "a-1", "a-0"], page)


@test("filters by state and kind")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write")
    worker.do("kind video probing 0 packaging 90")
    for name, line in (("p", None), ("a", "update a extracting"), ("c", "complete c"),
                       ("f", "fail f broken"), ("x", "cancel x")):
        worker.do(f"create {name} owner=ada")
        if line:
            worker.do(line)
    for state, name in (("pending", "p"), ("active", "a"), ("completed", "c"), ("failed", "f"),
                        ("cancelled", "x")):
        tasks = gateway.get(f"/v1/tasks?state={state}", ADA).json()["tasks"]
        check([task["id"] for task in tasks] == [name], f"{state}: {tasks}")
    check(len(gateway.get("/v1/tasks?kind=document", ADA).json()["tasks"]) == 5, "documents")
    check(gateway.get("/v1/tasks?kind=video", ADA).json()["tasks"] == [], "videos")
    for state, names in (("open", ["a", "p"]), ("final", ["x", "f", "c"])):
        tasks = gateway.get(f"/v1/tasks?state={state}", ADA).json()["tasks"]
        check([task["id"] for task in tasks] == names, f"{state}: {tasks}")
    for query, detail in (("state=broken", "state must be pending, active, completed, failed, "
                           "cancelled, open or final"), ("kind=none", "there is no such kind"),
                          ("page_size=0", "page_size must be a number, 1 to 500"),
                          ("page_size=501", "page_size must be a number, 1 to 500"),
                          ("page_token=x", "page_token must be one that was handed out"),
                          ("page_token=1.2", "page_token must be one that was handed out"),
                          ("page_token=1.2.4294967296", "page_token must be one that was handed "
                           "out"), ("page_token=1.2.3.4", "page_token must be one that was handed "
                                    "out")):
        problem(gateway.get(f"/v1/tasks?{query}", ADA), 400, "Bad Request", detail)


def pages_of(gateway, query, begin=None):
    """[(ids, token), ...] to the end."""
    pages, at = [], begin
    while not pages or at is not None:
        page = expect(gateway.get(f"/v1/tasks?{query}" + (f"&page_token={at}" if at else ""), ADA),
                      200).json()
        at = page["next_page_token"]
        pages.append(([task["id"] for task in page["tasks"]], at))
        check(len(pages) <= 100, f"it ends: {pages[-3:]}")
    return pages


@test("a page looks at 2000 tasks, and its token goes on behind the last of them")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "fill 2 old owner=ada", "update old-1 extracting",
                         "fill 2500 a owner=ada", "update a-600 extracting", "update a-501 extracting",
                         "update a-500 extracting", "fill 2500 b owner=ada", "fill 3 e owner=eve")
    # 5002 tasks: b-2499 to b-500, then b-499 to a-1000, then the rest.
    pages = pages_of(gateway, "state=active")
    check([names for names, _ in pages] == [[], [], ["a-600", "a-501", "a-500", "old-1"]], pages)
    pages = pages_of(gateway, "state=active&page_size=2")
    check([names for names, _ in pages] == [[], [], ["a-600", "a-501"], ["a-500", "old-1"]], pages)
    every = [name for names, _ in pages_of(gateway, "page_size=500") for name in names]
    check(every == [f"b-{i}" for i in reversed(range(2500))] +
          [f"a-{i}" for i in reversed(range(2500))] + ["old-1", "old-0"], "all, each once")
    # The task of the token is removed: it goes on all the same, and shows nothing twice.
    first = gateway.get("/v1/tasks?page_size=500", ADA).json()
    worker.do(f"remove {first['tasks'][-1]['id']}")
    pages = pages_of(gateway, "page_size=500", first["next_page_token"])
    check([name for names, _ in pages for name in names] == every[500:], pages)
    # With so much shown that passing over it takes more than one page.
    deep, at = 0, None
    while deep < 4500:
        page = gateway.get("/v1/tasks?page_size=500" + (f"&page_token={at}" if at else ""), ADA).json()
        deep, at = deep + len(page["tasks"]), page["next_page_token"]
    worker.do(f"remove {page['tasks'][-1]['id']}")
    pages = pages_of(gateway, "page_size=500", at)
    check([name for names, _ in pages for name in names] == every[-(5001 - deep):], pages)
    check([len(names) for names, _ in pages[:2]] == [0, 0], "the first two pass over what was shown")
    # A token of somebody else's task, or of none, is no way to anything that is not one's own.
    theirs = gateway.get("/v1/tasks?page_size=1", EVE).json()["next_page_token"]
    for other in (theirs, f"{2**64 - 1}.{2**32 - 1}.1", "7.0.0"):
        names = [name for names, _ in pages_of(gateway, "page_size=500", other) for name in names]
        check(all(name in every for name in names), names[:3])


@test("counts of the caller's tasks by state")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "fill 3000 p owner=ada", "fill 4 e owner=eve", "fill 4 n")
    for line in ("update p-1 extracting", "update p-2 extracting", "complete p-3", "fail p-4 broken",
                 "fail p-5 broken", "fail p-6 broken", "cancel p-7"):
        worker.do(line)
    reply = expect(gateway.get("/v1/task-counts", ADA), 200, cache_control="private, no-cache",
                   content_type="application/json")
    check(reply.json() == {"pending": 2993, "active": 2, "completed": 1, "failed": 3, "cancelled": 1,
                           "open": 2995, "total": 3000}, repr(reply))
    check(gateway.get("/v1/task-counts", EVE).json()["total"] == 4, "hers")
    check(gateway.get("/v1/task-counts", token("nobody")).json() ==
          {"pending": 0, "active": 0, "completed": 0, "failed": 0, "cancelled": 0, "open": 0,
           "total": 0}, "none")
    check(gateway.ask("HEAD", "/v1/task-counts", ADA).status == 200, "HEAD")


# ---- Changes ---------------------------------------------------------------------------------------


@test("cancelling asks a worker, ends what waits, and may be asked again")
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


@test("forgetting is for final tasks")
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


@test("while it ends: who waits is answered, new requests are turned away, and it exits with 0")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    site.test_client("open write", "create t owner=ada")
    later = Later(gateway, "/v1/tasks/t?wait=60", ADA, {"If-None-Match": tag_of(gateway)})
    # One that holds it up: its body does not come.
    slow, kept = gateway.connect(), gateway.connect()
    kept.sendall(request("GET", "/v1/tasks/t", ADA))
    expect(read_reply(kept), 200)
    slow.sendall(request("POST", "/documents", ADA, {"Content-Type": "multipart/form-data; "
                                                     "boundary=x", "Content-Length": "99"}))
    until(lambda: waiting(gateway) == 3, "all are there")
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


@test("with nothing open it ends at once")
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
    later = Later(gateway, "/v1/tasks/new?wait=50", ADA, {"If-None-Match": tag_of(gateway, "new")})
    until(lambda: waiting(gateway) == 1, "it waits")
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
