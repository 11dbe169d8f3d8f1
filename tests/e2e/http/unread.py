#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""Answers of every kind that a client does not read are cut off after a minute, over TCP and a Unix socket, and
cost little until then; a client that has read everything, or goes on reading, stays connected. The gateway's clock
is accelerated, so the test does not wait.
"""

import os
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import check, main, test, until
from gateway import Gateway, read_reply, request, token
from shifted_clock import ShiftedClock

ADA = token("ada")


def deaf(gateway, path, bearer, admin=False):
    """It asks for more than all buffers hold, and reads nothing."""
    connection = socket.socket(socket.AF_UNIX if admin else socket.AF_INET)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(gateway.admin_path if admin else ("127.0.0.1", gateway.port))
    connection.setblocking(False)
    data = request("GET", path, bearer) * 2000
    try:
        while data:
            data = data[connection.send(data):]
    except BlockingIOError:
        pass
    return connection


def read_some(connection):
    """False: there is nothing just now."""
    try:
        data = connection.recv(65536)
        check(data, "it was cut off")
        return True
    except BlockingIOError:
        return False


@test("unread answers of every kind are cut off, and cost little; others stay")
def _(site):
    site.daemon()
    site.test_client("open write", "create t owner=ada ttl=2000000000",
                *[f"create x{i} owner=ada" for i in range(300)])
    clock = ShiftedClock(site)
    gateway = Gateway.on(site, env=clock.env, settings={"keepalive": "1h", "idle_timeout": "1d"})
    kept, stream = gateway.connect(), gateway.connect()
    kept.sendall(request("GET", "/v1/tasks/t", ADA))
    check(read_reply(kept).status == 200, "one that reads")
    stream.sendall(request("GET", "/v1/tasks/t/events", ADA))
    check(b"event: snapshot" in until(lambda: stream.recv(65536), "its beginning") or
          b"event: snapshot" in stream.recv(65536), "a stream that reads")
    before, memory = gateway.descriptors(), gateway.resident_kib()
    kinds = (("/v1/tasks?page_size=300", ADA, False), ("/v1/tasks/t", ADA, False),
             ("/openapi.json", None, False), ("/", None, False), ("/none", None, False),
             ("/v1/tasks", None, False), ("/metrics", None, True), ("/none", None, True))
    connections = [deaf(gateway, *kind) for kind in kinds]
    until(lambda: gateway.descriptors() == before + len(kinds), "all have come")
    grown = gateway.resident_kib() - memory
    check(grown < 1024 * len(kinds), f"{grown} KiB for {len(kinds)} that do not read")

    slow = deaf(gateway, "/v1/tasks?page_size=300", ADA)
    asked = ahead = 0

    def cut():
        nonlocal asked, ahead
        asked += 1
        read_some(slow)
        # What they took at first is noticed when the gateway looks; the minute begins then.
        if asked % 50 == 1:
            ahead += 61
            clock.set(coarse=ahead)
        return gateway.descriptors() <= before + 1

    until(cut, lambda: f"{gateway.descriptors() - before - 1} of {len(kinds)} are still there")
    for _ in range(100):
        until(lambda: read_some(slow), "who goes on reading stays")
    kept.sendall(request("GET", "/v1/tasks/t", ADA))
    reply = read_reply(kept)
    check(reply.status == 200, f"who reads stays: {reply!r}")
    site.test_client("open write", "update t extracting")
    check(b"extracting" in until(lambda: stream.recv(65536), "more of the stream"), "and a stream")
    for connection in (*connections, slow, kept, stream):
        connection.close()


main()
