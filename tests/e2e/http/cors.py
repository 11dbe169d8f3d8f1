#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Scripts of configured origins may read every answer, errors too; those of other origins may read none.
tests/browser/origins.mjs tests this with real browsers.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import check, main, test, until
from form import TYPE, file, form
from gateway import Gateway, Reply, request, token

ADA = token("ada")
APP, OTHER = "https://app.example.org", "http://localhost:3000"
STRANGERS = ("https://evil.example", "null", "*", "https://app.example.org.evil.example", "https://APP.example.org",
             "https://app.example.org:443", "http://app.example.org", f"{APP} {OTHER}", "")
SHARING = ("access-control-allow-origin", "access-control-expose-headers", "access-control-allow-methods",
           "access-control-allow-headers", "access-control-max-age", "access-control-allow-credentials")


def varies(reply):
    """Whether a cache keeps what it got for one origin from others."""
    return any(line.lower() == "vary: origin" for line in reply.lines)


def readable(reply, origin):
    check(reply.headers.get("access-control-allow-origin") == origin, repr(reply))
    check(varies(reply), repr(reply))
    check({"ETag", "Location", "Retry-After", "WWW-Authenticate"} <=
          set(reply.headers["access-control-expose-headers"].split(", ")), repr(reply))
    check("access-control-allow-credentials" not in reply.headers, repr(reply))


def silent(reply, vary=True):
    check(not [name for name in SHARING if name in reply.headers], repr(reply))
    check(varies(reply) == vary, repr(reply))


def preflight(origin, method="GET"):
    return {"Origin": origin, "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,if-none-match"}


def shared(site, **settings):
    site.daemon()
    gateway = Gateway.on(site, settings={"cors_origins": f"{APP}, {OTHER}", "upload_max": "1M", **settings})
    worker = site.test_client("open write")
    worker.do("create t owner=ada")
    worker.do("create final owner=ada")
    worker.do("cancel final")
    return gateway


# (method, path, token, more headers, body, status)
def answers(gateway):
    tag = gateway.get("/v1/tasks/t", ADA).headers["etag"]
    large = form(file("large.txt", b"word " * 300000))
    return (("GET", "/v1/tasks", ADA, {}, None, 200), ("GET", "/documents/t/status", ADA, {}, None, 200),
            ("HEAD", "/v1/tasks/t", ADA, {}, None, 200), ("GET", "/openapi.json", None, {}, None, 200),
            ("GET", "/v1/tasks/t", ADA, {"If-None-Match": tag}, None, 304),
            ("POST", "/v1/stream-tickets", ADA, {}, b"{}", 201),
            ("POST", "/documents", ADA, {"Content-Type": TYPE}, form(file("a.txt", b"A sentence.")), 202),
            ("GET", "/v1/tasks", None, {}, None, 401), ("GET", "/v1/tasks", "a.b.c", {}, None, 401),
            ("GET", "/v1/tasks?state=x", ADA, {}, None, 400), ("GET", "/v1/tasks/none", ADA, {}, None, 404),
            ("GET", "/nothing", None, {}, None, 404), ("PUT", "/v1/tasks/t", ADA, {}, None, 405),
            ("OPTIONS", "/v1/tasks/t", None, {}, None, 405), ("DELETE", "/v1/tasks/t", ADA, {}, None, 409),
            ("POST", "/documents", ADA, {"Content-Type": TYPE}, large, 413),
            ("POST", "/documents", ADA, {"Content-Type": TYPE}, form(file("a.exe", b"MZ")), 415),
            ("DELETE", "/v1/tasks/final", ADA, {}, None, 204))


@test("every answer to a configured origin may be read, and none to others")
def _(site):
    gateway = shared(site)
    for method, path, bearer, headers, body, status in answers(gateway):
        strange = gateway.ask(method, path, bearer, {**headers, "Origin": STRANGERS[0]}, body) \
            if status != 204 else None
        reply = gateway.ask(method, path, bearer, {**headers, "Origin": APP}, body)
        check(reply.status == status, f"{method} {path}: {reply!r}")
        readable(reply, APP)
        if strange:
            check(strange.status == status, f"{method} {path}: {strange!r}")
            silent(strange)
    readable(gateway.get("/v1/tasks", ADA, {"Origin": OTHER}), OTHER)
    for origin in STRANGERS:
        silent(gateway.get("/v1/tasks", ADA, {"Origin": origin}))
    silent(gateway.get("/v1/tasks", ADA))
    silent(gateway.ask("GET", "/livez", headers={"Origin": APP}, admin=True), vary=False)


@test("a body without an end, a stream, too many requests and no board, too")
def _(site):
    gateway = shared(site, owner_rate="1", owner_burst="5")
    # No length was named: the answer is written while the body still comes.
    head = request("POST", "/documents", ADA, {"Content-Type": TYPE, "Origin": APP, "Transfer-Encoding": "chunked"})
    body = form(file("large.txt", b"word " * 300000))
    large = Reply(gateway.raw(head + b"%x\r\n" % len(body) + body))
    check(large.status == 413, repr(large))
    readable(large, APP)
    with gateway.connect() as connection:
        connection.sendall(request("GET", "/v1/events", ADA, {"Origin": APP}))
        readable(Reply(connection.recv(65536), True), APP)

    def busy():
        reply = gateway.get("/v1/tasks", ADA, {"Origin": APP})
        return reply if reply.status == 429 else None

    readable(until(busy, "the limit is reached"), APP)
    gateway.set(owner_rate="0", board=site.board + "-none")
    gateway.restart()
    missing = gateway.get("/v1/tasks", ADA, {"Origin": APP})
    check(missing.status == 503, repr(missing))
    readable(missing, APP)


@test("a preflight is answered for any path, without a token, and only to configured origins")
def _(site):
    gateway = shared(site, address_rate="1", address_burst="1")
    for path in ("/v1/tasks", "/v1/tasks/t/cancel", "/documents", "/v1/events?ticket=x", "/nothing"):
        reply = gateway.ask("OPTIONS", path, headers=preflight(APP))
        check((reply.status, reply.body) == (204, b""), repr(reply))
        check(reply.headers["access-control-allow-origin"] == APP and varies(reply), repr(reply))
        check(reply.headers["access-control-allow-methods"] == "GET, HEAD, POST, DELETE", repr(reply))
        allowed = reply.headers["access-control-allow-headers"].lower().split(", ")
        check({"authorization", "content-type", "if-none-match", "last-event-id", "prefer"} == set(allowed), repr(reply))
        check(reply.headers["access-control-max-age"] == "7200", repr(reply))
        check("access-control-allow-credentials" not in reply.headers, repr(reply))
    gateway.set(address_rate="0")
    gateway.reload()
    for origin in STRANGERS:
        reply = gateway.ask("OPTIONS", "/v1/tasks", headers=preflight(origin))
        check(reply.status == 405 and reply.headers["allow"] == "GET, HEAD", repr(reply))
        silent(reply)


@test("a reload adds and removes origins; without any there are no CORS headers")
def _(site):
    gateway = shared(site)
    gateway.set(cors_origins=OTHER)
    gateway.reload()
    silent(gateway.get("/v1/tasks", ADA, {"Origin": APP}))
    readable(gateway.get("/v1/tasks", ADA, {"Origin": OTHER}), OTHER)
    gateway.set(cors_origins=None)
    gateway.reload()
    for origin in (APP, OTHER):
        silent(gateway.get("/v1/tasks", ADA, {"Origin": origin}), vary=False)
        check(gateway.ask("OPTIONS", "/v1/tasks", headers=preflight(origin)).status == 405, origin)


main()
