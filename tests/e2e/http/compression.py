#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compressed answers: which clients get them, that they decompress to the plain answers, and that streams and
small answers are never compressed.
"""

import gzip
import os
import random
import re
import socket
import string
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import check, main, test
from gateway import Gateway, request, token
from sse import Stream

ADA = token("ada")
GZIP = {"Accept-Encoding": "gzip"}
TASKS = 300
MIN = 1400


def body_of(reply):
    """As it was sent, without its chunks."""
    if reply.headers.get("transfer-encoding") != "chunked":
        return reply.body
    whole, rest = b"", reply.body
    while True:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        check(len(rest) >= length + 2, f"a chunk that is cut short: {len(rest)} of {length}")
        if length == 0:
            return whole
        whole, rest = whole + rest[:length], rest[length + 2:]


def is_packed(reply):
    encoding = reply.headers.get("content-encoding")
    check(encoding in (None, "gzip"), reply)
    return encoding == "gzip"


def varies(reply):
    names = ",".join(line.split(":", 1)[1] for line in reply.lines if line.lower().startswith("vary:"))
    return "accept-encoding" in [name.strip().lower() for name in names.split(",")]


@test("only clients that accept gzip get it")
def _(site):
    gateway = Gateway.on(site)
    plain = gateway.get("/openapi.json")
    check(plain.status == 200 and not is_packed(plain) and varies(plain), plain)
    for wanted, lines in (
            (True, ("gzip",)), (True, ("GZip",)), (True, ("x-gzip",)), (True, ("deflate, gzip, br",)),
            (True, ("*",)), (True, ("br;q=1.0, *;q=0.1",)), (True, ("gzip;q=0.001",)),
            (True, ("gzip ; q=0.5 , identity;q=0.5",)), (True, ("gzip;q=1, *;q=0",)),
            (True, ("deflate", "gzip")), (True, ("gzip;q=1.000",)), (True, ("identity;q=0, gzip;q=0.2",)),
            (False, ("",)), (False, ("identity",)), (False, ("deflate, br",)), (False, ("gzip;q=0",)),
            (False, ("gzip;q=0.000",)), (False, ("gzip; Q=0.0",)), (False, ("*;q=0",)),
            (False, ("gzip;q=0, *",)), (False, ("*, gzip;q=0",)), (False, ("gzip;q=0.5, identity",)),
            (False, ("gzipped",)), (False, ("not-gzip",)), (False, ("gzip;q=0", "br")),
            (False, ("identity;q=0",))):
        headers = dict(zip(("Accept-Encoding", "accept-encoding"), lines))
        reply = gateway.get("/openapi.json", headers=headers)
        check(reply.status == 200 and varies(reply) and is_packed(reply) == wanted, f"{lines}: {reply}")
        body = gzip.decompress(reply.body) if wanted else reply.body
        check(body == plain.body, f"{lines}: another body")
    check(len(gateway.get("/openapi.json", headers=GZIP).body) < len(plain.body) / 4, "it pays")


@test("the page and its files: separate tags, and small files uncompressed")
def _(site):
    gateway = Gateway.on(site)
    page = gateway.get("/").body.decode()
    folder = re.search(r'src="([^"]*/)main.js"', page)[1].lstrip("/")
    paths = ["/"] + [f"/{folder}{name}" for name in ("main.js", "style.css", "icon.svg", "bar.js")]
    packed = 0
    for path in paths:
        plain, reply = gateway.get(path), gateway.get(path, headers=GZIP)
        head = gateway.ask("HEAD", path, headers=GZIP)
        check(plain.status == reply.status == 200 and not is_packed(plain), plain)
        check(varies(plain) and varies(reply), reply)
        check(head.stable()[2] == reply.stable()[2], head)
        tags = plain.headers["etag"], reply.headers["etag"]
        check(is_packed(reply) or len(plain.body) < MIN, reply)
        if is_packed(reply):
            packed += 1
            check(len(plain.body) >= MIN and gzip.decompress(reply.body) == plain.body, path)
            check(tags[0] != tags[1] and not tags[1].startswith("W/"), tags)
        else:
            check(reply.body == plain.body and tags[0] == tags[1], path)
        for more, own, others in (({}, tags[0], tags[1]), (GZIP, tags[1], tags[0])):
            same = gateway.get(path, headers={"If-None-Match": own, **more})
            check(same.status == 304 and same.headers["etag"] == own and varies(same)
                  and not is_packed(same), same)
            if own != others:
                check(gateway.get(path, headers={"If-None-Match": others, **more}).status == 200, path)
    check(packed == 3, f"{packed} of {paths}")


@test("long lists are compressed; short ones, single tasks, errors and streams are not")
def _(site):
    site.daemon()
    gateway = Gateway.on(site, settings={"owner_rate": 0, "address_rate": 0})
    worker = site.test_client("open write", "create first owner=ada")
    short = gateway.get("/v1/tasks", ADA, GZIP)
    check(not is_packed(short) and varies(short) and 0 < len(short.body) < MIN, short)
    letters = random.Random(7)
    for i in range(TASKS):
        # Half of them pack badly, so that a piece fills more than one block.
        noise = "".join(letters.choices(string.ascii_letters, k=400))
        worker.do(f"create t{i} owner=ada name={noise[:240] if i < TASKS / 2 else 'A_file.pdf'}")
        if i < TASKS / 2:
            worker.do(f"update t{i} keep {noise[240:]}")
    path = f"/v1/tasks?page_size={TASKS}"
    plain, reply = gateway.get(path, ADA), gateway.get(path, ADA, GZIP)
    check(not is_packed(plain) and varies(plain) and is_packed(reply) and varies(reply), reply)
    check("content-length" not in reply.headers, reply)
    body = body_of(reply)
    check(len(body) < len(plain.body) / 2, f"{len(body)} of {len(plain.body)}")
    # Ages of tasks are no part of a list.
    check(gzip.decompress(body) == plain.body, "the same list")
    head = gateway.ask("HEAD", path, ADA, GZIP)
    check(head.status == 200 and head.body == b"" and varies(head), head)
    check(not is_packed(head) and head.headers["content-length"] == str(len(plain.body)), head)
    for odd in ("/v1/tasks/t1", "/v1/tasks/none", "/none", "/v1/tasks?page_size=x", "/documents/t1/status"):
        check(not is_packed(gateway.get(odd, ADA, GZIP)), odd)
    stream = Stream(gateway, "/v1/events", ADA, headers=GZIP)
    check("content-encoding" not in stream.headers, stream.headers)
    stream.expect("snapshot")
    worker.do("update t1 extracting")
    check(stream.next().data["id"] == "t1", "as it happens")


@test("compressed answers share a connection, and a client that disconnects amid one leaves nothing")
def _(site):
    site.daemon()
    gateway = Gateway.on(site, settings={"owner_rate": 0, "address_rate": 0})
    worker = site.test_client("open write", *[f"create t{i} owner=ada" for i in range(TASKS)])
    ask = request("GET", f"/v1/tasks?page_size={TASKS}", ADA, GZIP)
    with gateway.connect() as connection:
        connection.sendall(ask + ask + request("GET", "/v1/tasks/t1", ADA))
        data = b""
        while data.count(b"HTTP/1.1 200") < 3 or not data.endswith(b"}"):
            piece = connection.recv(65536)
            check(piece, f"the connection ended: {data[-300:]!r}")
            data += piece
    check(data.count(b"\r\n0\r\n\r\n") >= 2, "two packed ones, whole")
    for _ in range(20):
        connection = gateway.connect()
        connection.sendall(ask)
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    worker.do("complete t1")
    check(gateway.get("/v1/tasks/t1", ADA).json()["done"] is True, "it serves")


main()
