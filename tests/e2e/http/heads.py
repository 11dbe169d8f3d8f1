#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""Heads of requests that RFC 9112 requires to be refused or accepted: each case has the bytes and the expected
statuses in order. A refused request is answered once, with a problem document (RFC 9457), the connection is
closed, and nothing after it is taken for a request. All cases are sent to one gateway: whole, byte by byte, and
after another request.
"""

import os
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import check, main, test
from gateway import Gateway, Reply, read_all, read_reply, request, token

ADA = token("ada")
AUTH = b"Authorization: Bearer " + ADA.encode() + b"\r\n"
GOOD = request("GET", "/v1/tasks/t", ADA)
LAST = request("GET", "/v1/tasks/t", ADA, close=True)
# What a refused request tries to have taken for a request of its own.
EVIL = request("DELETE", "/v1/tasks/victim", ADA)


def get(*lines, path=b"/v1/tasks/t", version=b"HTTP/1.1", host=b"Host: x\r\n"):
    return (b"GET " + path + b" " + version + b"\r\n" + host + AUTH +
            b"".join(line + b"\r\n" for line in lines) + b"\r\n")


def post(*lines, body=b""):
    """To a path that reads the body before it answers."""
    return (b"POST /v1/stream-tickets HTTP/1.1\r\nHost: x\r\n" + AUTH +
            b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body)


CHUNKED = b"Transfer-Encoding: chunked"
TASK = b'{"task":"t"}'
CHUNK = b"c\r\n" + TASK + b"\r\n"

REFUSED_HEADS = (
    ("two lengths that differ", post(b"Content-Length: 5", b"Content-Length: 0", body=b"x"), 400),
    ("the shorter one first", post(b"Content-Length: 0", b"Content-Length: 200"), 400),
    ("a list of lengths", post(b"Content-Length: 5, 6", body=b"hello"), 400),
    ("a list of equal lengths", post(b"Content-Length: 0, 0"), 400),
    ("a length that is none", post(b"Content-Length: +0"), 400),
    ("a negative length", post(b"Content-Length: -1"), 400),
    ("an empty length", post(b"Content-Length:"), 400),
    ("a hexadecimal length", post(b"Content-Length: 0x0"), 400),
    ("a length beyond all numbers", post(b"Content-Length: 99999999999999999999"), 400),
    ("a length and chunks", post(b"Content-Length: 5", CHUNKED, body=b"0\r\n\r\n"), 400),
    ("chunks and a length", post(CHUNKED, b"Content-Length: 5", body=b"0\r\n\r\n"), 400),
    ("a space before the colon", post(b"Content-Length : 0"), 400),
    ("a tabulator before the colon", post(b"Transfer-Encoding\t: chunked"), 400),
    ("a space in a name", get(b"X Y: 1"), 400),
    ("an empty name", get(b": empty"), 400),
    ("no colon", get(b"no colon"), 400),
    ("bytes in a name that no token has", get(b"X(Y): 1"), 400),
    ("an unknown coding", post(b"Transfer-Encoding: gzip"), 400),
    ("an unknown coding before chunks", post(b"Transfer-Encoding: gzip, chunked"), 501),
    ("identity", post(b"Transfer-Encoding: identity"), 400),
    ("chunks twice", post(b"Transfer-Encoding: chunked, chunked"), 501),
    ("chunks in two lines", post(CHUNKED, CHUNKED, body=b"0\r\n\r\n"), 400),
    ("chunks, then identity", post(CHUNKED, b"Transfer-Encoding: identity", body=b"0\r\n\r\n"), 400),
    ("a coding that only looks like it", post(b"Transfer-Encoding: xchunked"), 501),
    ("chunks in HTTP/1.0", get(CHUNKED, version=b"HTTP/1.0"), 400),
    ("two hosts", get(b"Host: y"), 400),
    ("two hosts that are equal", get(b"Host: x"), 400),
    ("no host", get(host=b""), 400),
    ("a host that is none", get(host=b"Host: x/y z\r\n"), 400),
    ("white space before the first field", get(host=b" Host: x\r\n"), 400),
    ("a tabulator before the first field", get(host=b"\tX: 1\r\nHost: x\r\n"), 400),
    ("a folded line", get(b"X: 1", b" 2"), 400),
    ("a folded length", post(b"Content-Length:", b" 0"), 400),
    ("NUL in the path", get(path=b"/v1/tasks/t\0x"), 400),
    ("NUL in a value", get(b"X: a\0b"), 400),
    ("NUL in a length", post(b"Content-Length: 0\x005"), 400),
    ("NUL in a name", get(b"X\0Y: 1"), 400),
    ("a lone CR in a value", get(b"X: a\rContent-Length: 7"), 400),
    ("a lone LF", b"GET / HTTP/1.1\nHost: x\n\n", 400),
    ("a lone LF behind a field", get(b"X: 1\nContent-Length: 7"), 400),
    ("a control character in a value", get(b"X: \x1b[31m"), 400),
    ("a space in the path", get(path=b"/v1/tasks/t t"), 400),
    ("two spaces before the version", get(path=b"/v1/tasks/t "), 400),
    ("a path without a slash", get(path=b"v1/tasks/t"), 400),
    ("another scheme", get(path=b"ftp://x/v1/tasks/t"), 400),
    ("an absolute target without a host", get(path=b"http:///v1/tasks/t"), 400),
    ("an absolute target with a user", get(path=b"http://a@x/v1/tasks/t"), 400),
    ("no version", b"GET /\r\n\r\n", 400),
    ("a version in small letters", get(version=b"http/1.1"), 400),
    ("a version that is none", get(version=b"HTTP/1.1x"), 400),
    ("HTTP/2.0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("HTTP/9.9", get(version=b"HTTP/9.9"), 505),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 200, 400),
    ("a long request line", get(path=b"/" + b"a" * 8200), 414),
    ("a long field", get(b"X: " + b"a" * 14000), 431),
    ("many fields", get(*[b"X: "] * 300), 431),
    ("many parameters", get(path=b"/v1/tasks?" + b"&" * 300), 431),
)

REFUSED_BODIES = (
    ("a chunk without a size", post(CHUNKED, body=b"\r\n"), 400),
    ("a chunk of no size", post(CHUNKED, body=b"ZZ\r\n"), 400),
    ("a negative chunk", post(CHUNKED, body=b"-1\r\n"), 400),
    ("a chunk with a space", post(CHUNKED, body=b"1 \r\na\r\n0\r\n\r\n"), 400),
    ("a chunk beyond all numbers", post(CHUNKED, body=b"11111111111111111\r\n"), 400),
    ("a chunk that is longer than it says", post(CHUNKED, body=b"1\r\nabc\r\n0\r\n\r\n"), 400),
    ("a lone LF behind a chunk's size", post(CHUNKED, body=b"1\na\r\n0\r\n\r\n"), 400),
    ("a lone LF behind a chunk", post(CHUNKED, body=b"1\r\na\n0\r\n\r\n"), 400),
    ("a lone LF in an extension", post(CHUNKED, body=b"1;a\nb\r\na\r\n0\r\n\r\n"), 400),
    ("a trailer without a colon", post(CHUNKED, body=b"0\r\nnone\r\n\r\n"), 400),
    ("a trailer with a space", post(CHUNKED, body=b"0\r\nX : 1\r\n\r\n"), 400),
    ("many trailers", post(CHUNKED, body=b"0\r\n" + b"X: 1\r\n" * 2000 + b"\r\n"), 400),
)

REFUSED = REFUSED_HEADS + REFUSED_BODIES

TAKEN = (
    ("an absolute target", get(path=b"http://x/v1/tasks/t"), 200),
    ("another host in it", get(path=b"HTTPS://example.org:8443/v1/tasks/t"), 200),
    ("one without a path", get(path=b"http://example.org"), 200),
    ("one with a query alone", get(path=b"http://example.org?a=b"), 200),
    ("a later minor version", get(version=b"HTTP/1.2"), 200),
    ("empty lines before the request", b"\r\n\r\n" + get(), 200),
    ("white space around values", post(b"Content-Length: \t 12 \t ", body=TASK), 201),
    ("white space behind chunked", post(CHUNKED + b" ", body=CHUNK + b"0\r\n\r\n"), 201),
    ("chunked in capitals", post(b"TRANSFER-ENCODING: CHUNKED", body=b"0\r\n\r\n"), 201),
    ("chunks with extensions and trailers",
     post(CHUNKED, body=b"05;a=\"b\";c\r\n{\"tas\r\n7\r\nk\":\"t\"}\r\n000\r\nX: 1\r\nY:\r\n\r\n"),
     201),
    ("a body that looks like a request", post(b"Content-Length: %d" % len(EVIL), body=EVIL), 400),
    ("a chunk that looks like one", post(CHUNKED, body=b"%x\r\n%s\r\n0\r\n\r\n" %
                                         (len(EVIL), EVIL)), 400),
    ("values with all that text may have", get(b"X: \xff\xfe\t\"(),/:;<=>?@[\\]{}"), 200),
    ("names with all that a token may have", get(b"!#$%&'*+-.^_`|~aZ09: 1"), 200),
    ("an empty value", get(b"X:"), 200),
    ("an empty host", get(host=b"Host:\r\n"), 200),
    ("a host with a port", get(host=b"Host: [::1]:8080\r\n"), 200),
    ("cookies, as many as there may be", get(b"Cookie: " + b"a=b;" * 2000), 200),
    ("a token of 9 KiB", get(b"X: " + b"a" * 9216), 200),
)


def replies(raw):
    while raw:
        reply = Reply(raw)
        raw = reply.rest
        yield reply


def expect(name, raw, *statuses, refused=True):
    """refused: the last answer is the end."""
    seen = list(replies(raw))
    check([reply.status for reply in seen] == list(statuses), f"{name}: {statuses}, but {raw!r}")
    last = seen[-1]
    check(last.headers.get("connection", "").lower() == "close", f"{name}: {last!r}")
    if refused:
        check(last.headers["content-type"] == "application/problem+json" and
              last.headers["cache-control"] == "no-store" and
              last.json()["status"] == last.status and last.json()["detail"], f"{name}: {last!r}")


def send_in_pieces(gateway, data, at_once):
    """Each piece is read by itself, if the gateway is fast; if not, the answers are the same."""
    with gateway.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(data), at_once):
            try:
                connection.sendall(data[at:at + at_once])
            except OSError:
                break
        return read_all(connection)


def serving(site):
    site.daemon()
    site.worker = site.test_client("open write", "create t owner=ada", "create victim owner=ada",
                              "complete victim")
    return Gateway.on(site, settings={"head_timeout": "60s", "body_timeout": "60s"})


def unharmed(gateway):
    check(gateway.get("/v1/tasks/victim", ADA).status == 200, "nothing was smuggled")


@test("a refused request is answered once, with a problem document, and the connection is closed")
def _(site):
    gateway = serving(site)
    for name, data, status in REFUSED:
        expect(name, gateway.raw(data + EVIL), status)
    unharmed(gateway)


@test("also behind a request of the same pipeline, which has its answer first")
def _(site):
    gateway = serving(site)
    for name, data, status in REFUSED:
        expect(name, gateway.raw(GOOD + GOOD + data + EVIL), 200, 200, status)
    unharmed(gateway)


@test("a valid request is accepted, and so is the next one")
def _(site):
    gateway = serving(site)
    for name, data, status in TAKEN:
        expect(name, gateway.raw(GOOD + data + data + LAST), 200, status, status, 200,
               refused=False)
    unharmed(gateway)


@test("however it is split into pieces")
def _(site):
    gateway = serving(site)
    for at_once in (1, 7):
        for name, data, status in REFUSED:
            if len(data) < 1500:
                expect(name, send_in_pieces(gateway, data + EVIL, at_once), status)
        for name, data, status in TAKEN:
            if len(data) < 1500:
                expect(name, send_in_pieces(gateway, data + LAST, at_once), status, 200,
                       refused=False)
    unharmed(gateway)


@test("a bad request is answered after a slow good one before it")
def _(site):
    gateway = serving(site)
    etag = gateway.get("/v1/tasks/t", ADA).headers["etag"]
    with gateway.connect() as connection:
        connection.sendall(GOOD + get(b"If-None-Match: " + etag.encode(),
                                      path=b"/v1/tasks/t?wait=60") + get(b"Host: y") + EVIL)
        reply = read_reply(connection)
        check(reply.status == 200 and reply.rest == b"", "the second one waits")
        site.worker.do("update t extracting")
        expect("a wait", read_all(connection), 200, 400)
    unharmed(gateway)


@test("HEAD has no body, also when it is refused")
def _(site):
    gateway = serving(site)
    raw = gateway.raw(b"HEAD / HTTP/1.1\r\n\r\n")
    reply = Reply(raw, bodyless=True)
    check(reply.status == 400 and reply.body == b"", repr(raw))


@test("the operators' listener has the same rules")
def _(site):
    gateway = serving(site)
    for name, data, status in REFUSED_HEADS:
        expect(name, gateway.raw(data + EVIL, admin=True), status)


@test("a badly chunked form creates no document")
def _(site):
    gateway = serving(site)
    form = (b"--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n"
            b"text\r\n--X--\r\n")
    head = (b"POST /documents HTTP/1.1\r\nHost: x\r\n" + AUTH +
            b"Content-Type: multipart/form-data; boundary=X\r\n" + CHUNKED + b"\r\n\r\n")
    chunk = b"%x\r\n%s\r\n" % (len(form), form)
    for bad in (b"nonsense\r\n", b"0\r\nX : 1\r\n\r\n"):
        raw = gateway.raw(head + chunk + bad)
        reply = Reply(raw)
        check(reply.status == 400 and reply.rest == b"" and "detail" in reply.json(), repr(raw))
    for folder in ("tmp", "new"):
        check(os.listdir(os.path.join(gateway.spool, folder)) == [], "nothing of it stays")
    reply = Reply(gateway.raw(head + chunk + b"0\r\n\r\n" + LAST))
    check(reply.status == 202, repr(reply))


main()
