#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""Bad input: slow, huge or malformed heads, pipelines, bytes where text should be, and many connections from one
address. The gateway always answers or closes the connection, stays within its memory, and serves others meanwhile.
"""

import os
import random
import socket
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import check, main, test, until
from gateway import Gateway, Reply, read_all, read_reply, request, token

ADA = token("ada")
GOOD = request("GET", "/v1/tasks/t", ADA)


def serving(site, **settings):
    site.daemon()
    site.test_client("open write", "create t owner=ada")
    return Gateway.on(site, settings=settings)


def serves(gateway):
    """It is well: others are answered."""
    check(gateway.get("/v1/tasks/t", ADA).status == 200, "others are served")
    check(gateway.popen.poll() is None, lambda: f"it died: {gateway.log()}")


# ---- Slow ------------------------------------------------------------------------------------------


@test("a head that comes byte by byte is cut off at its deadline, not after each byte")
def _(site):
    gateway = serving(site, head_timeout="1s")
    connections = [gateway.connect() for _ in range(20)]
    began, alive = time.monotonic(), list(connections)
    head = b"GET /v1/tasks/t HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"a" * 10000
    for byte in head:
        for connection in list(alive):
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                alive.remove(connection)
        if not alive or time.monotonic() - began > 60:
            break
        serves(gateway) if byte == 0x20 else None
        time.sleep(0.02)
    took = time.monotonic() - began
    check(not alive and took < 50, f"{len(alive)} are open after {took:.1f} s")
    serves(gateway)
    for connection in connections:
        connection.close()


@test("a silent connection is closed, before the first request and later")
def _(site):
    gateway = serving(site, head_timeout="1s", idle_timeout="1s")
    silent, kept = gateway.connect(), gateway.connect()
    kept.sendall(GOOD)
    check(read_reply(kept).status == 200, "one request, and then nothing")
    for connection in (silent, kept):
        check(read_all(connection, 60) == b"", "it is closed without a word")
        connection.close()
    serves(gateway)


@test("a body that never ends does not delay other requests")
def _(site):
    gateway = serving(site)
    slow = gateway.connect()
    slow.sendall(request("POST", "/v1/tasks/t/cancel", ADA, {"Content-Length": 10 * 1024 ** 3}))
    check(read_reply(slow).status == 202, "answered without it")
    serves(gateway)
    slow.close()


# ---- Large -----------------------------------------------------------------------------------------


def refused(reply, *statuses):
    check(reply.status in statuses, f"expected one of {statuses}: {reply!r}")


@test("a head that is too large: many fields, a long one, a long path, a long query")
def _(site):
    gateway = serving(site)
    before = gateway.resident_kib()
    first = b"GET /v1/tasks/t HTTP/1.1\r\nHost: x\r\n"
    for head, statuses in (
            (first + b"".join(b"X-%d: %d\r\n" % (i, i) for i in range(100000)), (431, 413)),
            (first + b"X: " + b"a" * 1000000 + b"\r\n", (431, 413)),
            (first + b"Cookie: " + b"a=b;" * 100000 + b"\r\n", (431, 413)),
            (b"GET /" + b"a" * 1000000 + b" HTTP/1.1\r\nHost: x\r\n", (414,)),
            (b"GET /v1/tasks?" + b"a=b&" * 100000 + b" HTTP/1.1\r\nHost: x\r\n", (414, 431))):
        raw = gateway.raw(head + b"\r\n")
        # What it had no time to read may have cost the answer its way.
        if raw:
            refused(Reply(raw), *statuses)
        serves(gateway)
    for _ in range(200):
        gateway.raw(first + b"X: " + b"a" * 60000)
    check(gateway.resident_kib() - before < 8192, f"{before} KiB became {gateway.resident_kib()}")


@test("a token of 8 KiB is checked, a longer one is refused")
def _(site):
    gateway = serving(site)
    for length in (8191, 8192, 8193, 9216):
        refused(gateway.get("/v1/tasks/t", "a" * length), 401)


# ---- Nonsense --------------------------------------------------------------------------------------

NONSENSE = (
    b"\r\n\r\n", b"\0" * 100 + b"\r\n\r\n", b"GET\r\n\r\n", b"GET /\r\n\r\n", b" / HTTP/1.1\r\n\r\n",
    b"GET /none HTTP/9.9\r\nHost: x\r\n\r\n", b"GET /none HTTP/1.1\r\n\r\n", b"GET /none HTTP/1.1\nHost: x\n\n",
    b"GET /none HTTP/1.1\r\nno colon\r\n\r\n", b"GET /none HTTP/1.1\r\n: empty\r\n\r\n",
    b"GET /none HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
    b"GET /none HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET /none HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 200,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", b"GET http://other/v1/tasks HTTP/1.1\r\nHost: x\r\n\r\n",
    b"TRACE / HTTP/1.1\r\nHost: x\r\nCookie: secret\r\n\r\n",
    b"A" * 5000 + b" / HTTP/1.1\r\nHost: x\r\n\r\n",
)


@test("malformed requests: an error or a close, without an echo of their bytes")
def _(site):
    gateway = serving(site, head_timeout="1s")
    for data in NONSENSE:
        with gateway.connect() as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            raw = read_all(connection, 10)
        check(raw == b"" or raw.startswith(b"HTTP/1."), f"{data!r}: {raw[:200]!r}")
        check(not raw.startswith(b"HTTP/1.1 200"), f"{data!r}: {raw[:200]!r}")
        check(b"secret" not in raw, "a header comes back")
        serves(gateway)


@test("unknown methods, and known ones on other paths")
def _(site):
    gateway = serving(site)
    for method in ("BREW", "PROPFIND", "get", "G\x7fT", "X" * 200):
        refused(gateway.ask(method, "/v1/tasks/t", ADA), 400, 405, 501)
        serves(gateway)


@test("paths with bytes that are not text, with NUL, and with ..")
def _(site):
    gateway = serving(site)
    for path in ("/v1/tasks/%00", "/v1/tasks/t%00", "/v1/tasks/t%00/cancel", "/v1/tasks%00/t",
                 "/v1/tasks/%ff%fe", "/v1/tasks/\xff\xfe", "/v1/tasks/%c3%28", "/v1/tasks/%",
                 "/v1/tasks/%zz", "/v1/tasks/../../etc/passwd", "/v1/tasks/..%2f..%2fetc%2fpasswd",
                 "/documents/..%2f..%2fetc%2fpasswd/status", "/documents/%2e%2e/status",
                 "/v1/tasks/t;x", "/v1/tasks/t%0d%0aX-Evil:1", "/%s%s%n", "/" + "%41" * 3000,
                 "/v1/tasks/" + "%f0%9f%98%80" * 16):
        reply = gateway.get(path, ADA)
        refused(reply, 400, 404, 405, 414)
        check("x-evil" not in reply.headers and b"root:" not in reply.body, repr(reply))
        serves(gateway)
    for query in ("state=%ff", "state=%00", "kind=%00document", "page_size=%00", "page_size=1%00",
                  "page_token=99999999999999999999999", "state", "=", "&&&", "%00=%00",
                  "state=pending&state=active", "page_size=5&page_size=x"):
        refused(gateway.get("/v1/tasks?" + query, ADA), 200, 400)
    for name in ("If-None-Match", "Prefer", "X-Forwarded-For", "Last-Event-ID", "Accept"):
        for value in ("\xff" * 50, '"' * 500, "," * 500, "wait=" + "9" * 300, ""):
            refused(gateway.get("/v1/tasks/t", ADA, {name: value}), 200, 400)


@test("errors do not repeat the path")
def _(site):
    gateway = serving(site)
    for path in ("/<script>alert(1)</script>", "/v1/tasks/<b>"):
        reply = gateway.get(path, ADA)
        check(b"<" not in reply.body and reply.headers["content-type"] ==
              "application/problem+json", repr(reply))


# ---- Many ------------------------------------------------------------------------------------------


@test("a pipeline is answered in its order")
def _(site):
    gateway = serving(site)
    wanted = []
    data = b""
    for i in range(100):
        path, status = (("/v1/tasks/t", 200), ("/v1/tasks/none", 404), ("/openapi.json", 200),
                        ("/none", 404))[i % 4]
        data += request("GET", path, ADA)
        wanted.append(status)

    def answers_to(data, ended):
        with gateway.connect() as connection:
            connection.sendall(data)
            if ended:
                connection.shutdown(socket.SHUT_WR)
            raw, seen = read_all(connection), []
        while raw:
            reply = Reply(raw)
            seen.append(reply.status)
            raw = reply.rest
        return seen

    last = request("GET", "/v1/tasks/t", ADA, close=True)
    check(answers_to(data + last, False) == wanted + [200], "the last one asks for the end")
    for n in 1, 2, 100:
        seen = answers_to(request("GET", "/v1/tasks/t", ADA) * n, True)
        check(seen == [200] * n, f"{n} by a client that says nothing more: {seen}")
    check(answers_to(data, True) == wanted, "all kinds, and nothing more")


@test("half a head whose client has disconnected does not keep the connection until a deadline")
def _(site):
    gateway = serving(site, head_timeout="1h", idle_timeout="1h")
    before = gateway.descriptors()
    for half in b"GET /v1", GOOD + b"GET /v1":
        for _ in range(50):
            with gateway.connect() as connection:
                connection.sendall(half)
                if half.startswith(GOOD):
                    read_reply(connection)
    until(lambda: gateway.descriptors() <= before, lambda: f"{gateway.descriptors()} stay open")


@test("bytes of an unread body are not taken for a request")
def _(site):
    gateway = serving(site)
    smuggled = request("DELETE", "/v1/tasks/t", ADA)
    with gateway.connect() as connection:
        connection.sendall(request("POST", "/v1/tasks/none/cancel", ADA, body=smuggled))
        raw = read_all(connection)
    reply = Reply(raw)
    check(reply.status == 404 and reply.rest == b"", repr(raw))
    serves(gateway)


@test("connections of one address are limited, and so are all")
def _(site):
    gateway = serving(site, address_connections=10, head_timeout="30s")
    connections = [gateway.connect() for _ in range(10)]
    for connection in connections:
        connection.sendall(GOOD)
        check(read_reply(connection).status == 200, "ten are served")
    with gateway.connect() as eleventh:
        try:
            eleventh.sendall(GOOD)
            check(read_all(eleventh, 10) == b"", "the eleventh is closed")
        except (BrokenPipeError, ConnectionResetError):
            pass
    connections.pop().close()
    until(lambda: answers(gateway), "one that goes makes room")
    for connection in connections:
        connection.close()


def answers(gateway):
    try:
        with gateway.connect() as connection:
            connection.sendall(GOOD)
            data = connection.recv(100)
        return data.startswith(b"HTTP/1.1 200")
    except OSError:
        return False


@test("with all connections in use, operators are still served, and connections become free again")
def _(site):
    gateway = serving(site, connections=16, head_timeout="1s")
    flood = [gateway.connect() for _ in range(40)]
    check(gateway.operator("/livez").status == 200, "operators have a listener of their own")
    until(lambda: answers(gateway), "those that say nothing make room")
    for connection in flood:
        connection.close()
    serves(gateway)


@test("many connections leave no descriptor and no memory behind")
def _(site):
    gateway = serving(site, head_timeout="1s")
    serves(gateway)
    before, memory = gateway.descriptors(), None
    chance = random.Random(1)
    for turn in range(4):
        for _ in range(250):
            with gateway.connect() as connection:
                data = GOOD[:chance.randrange(2 * len(GOOD))]
                if chance.random() < 0.3:
                    data = bytes(chance.randrange(256) for _ in range(chance.randrange(300)))
                try:
                    connection.sendall(data)
                    if chance.random() < 0.5:
                        connection.shutdown(socket.SHUT_WR)
                    if data == GOOD:
                        check(read_reply(connection).status == 200, "whoever asks is answered")
                except OSError:
                    pass
        # Half a head may wait for the other half.
        until(lambda: gateway.descriptors() <= before, lambda: f"{gateway.descriptors()} stay open")
        if turn == 0:
            memory = gateway.resident_kib()
    check(gateway.resident_kib() - memory < 2048, f"{memory} KiB became {gateway.resident_kib()}")
    gateway.terminate()


main()
