#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What operators see: health, readiness, the daemon's state, and addresses on which the gateway refuses to listen.
Metrics are in metrics.py, the configuration and keys in configuration.py.
"""

import contextlib
import json
import os
import re
import signal
import socket
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import LIMIT, check, main, test, until
from exposition import Metrics
from gateway import Gateway, make_store, request, token

ADA = token("ada")


@test("alive, ready, and the version")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    make_store(gateway.store)
    live = gateway.operator("/livez")
    check((live.status, live.body) == (200, b"ok\n"), repr(live))
    check(gateway.readiness() == (200, "ready\n"), gateway.readiness(True))
    check(gateway.readiness(True) == (200, "[+]shutdown ok\n[+]board ok\n[+]daemon ok\n[+]key ok\n"
                                   "[+]store ok\n[+]spool ok\nready\n"), gateway.readiness(True))
    version = gateway.operator("/version").json()
    check(version["name"] == "trackd-http" and re.fullmatch(r"\d+\.\d+\.\d+", version["version"]),
          version)
    check(gateway.ask("POST", "/livez", admin=True).headers["allow"] == "GET, HEAD", "405")
    check(gateway.ask("HEAD", "/readyz", admin=True).status == 200, "HEAD")


@test("not ready without a board, and ready when it comes")
def _(site):
    gateway = Gateway.on(site)
    status, text = gateway.readiness()
    check(status == 503 and "board: no board" in text, text)
    check(gateway.operator("/livez").status == 200, "alive")
    site.daemon()
    until(lambda: gateway.readiness()[0] == 200, lambda: gateway.readiness())


class Told:
    """Events of a stream, as they come."""

    def __init__(self, gateway, path):
        self.connection = gateway.connect()
        self.connection.sendall(request("GET", path, ADA))
        self.connection.settimeout(LIMIT)
        self.text = ""
        self.until("event: snapshot")

    def until(self, text):
        while text not in self.text:
            piece = self.connection.recv(65536).decode()
            check(piece, f"the stream ended: {self.text}")
            self.text += piece
        self.text = self.text.partition(text)[2]


@test("a dead or stopped daemon is reported to operators and on streams, and so is its return")
def _(site):
    daemon = site.daemon()
    gateway = Gateway.on(site, settings={"keepalive": "1h"})  # nothing else wakes a stream
    worker = site.test_client("open write", "create t owner=ada")
    streams = [Told(gateway, path) for path in ("/v1/tasks/t/events", "/v1/events")]

    def is_up(up, detail=None):
        until(lambda: (gateway.readiness()[0], Metrics(gateway)["daemon_up{}"]) == ((200, 1) if up else (503, 0)),
              lambda: f"up: {up}; {gateway.readiness()}")
        check(up or gateway.readiness()[1] == "daemon: " + detail, gateway.readiness())
        for stream in streams:
            stream.until('event: daemon\ndata: {"up":%s}\n\n' % ("true" if up else "false"))

    check(Metrics(gateway)["daemon_up{}"] == 1, "at first")
    daemon.signal(signal.SIGSTOP)
    is_up(False, "trackd does not answer")
    # Readers go on, and a new stream gets the event at once.
    check(gateway.get("/v1/tasks/t", ADA).status == 200, "it is read")
    worker.do("update t extracting")
    streams[0].until("event: update")
    streams.append(Told(gateway, "/v1/events"))
    streams[2].until('event: daemon\ndata: {"up":false}\n\n')
    daemon.signal(signal.SIGCONT)
    is_up(True)
    daemon.kill()
    is_up(False, "trackd cannot be reached: Connection refused")
    gateway.said("trackd cannot be reached")
    check(gateway.get("/v1/tasks/t", ADA).status == 200, "it is read")
    site.daemon()
    is_up(True)
    gateway.said("trackd answers again")
    check("up" not in "".join(stream.text for stream in streams), "each is told once")
    for stream in streams:
        stream.connection.close()


@test("a daemon that ends every connection after its answer is asked a few times a second")
def _(site):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(site.socket)
        listener.listen()
        site.start(Gateway(site)).ready()
        began = time.monotonic()
        for _ in range(10):  # some of them look for the board, once a second
            with listener.accept()[0] as connection, contextlib.suppress(OSError):
                connection.recv(4096)
                connection.send(b"no")
        took = time.monotonic() - began
    check(took > 0.7, f"ten times within {took} s")


@test("an unusable spool is reported")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    os.rename(gateway.spool, gateway.spool + ".away")
    status, text = gateway.readiness()
    check(status == 200 and "[!]spool: documents cannot be submitted" in text, text)
    check("docproc serve creates it" in text, text)
    check(site.folder not in text, text)
    os.rename(gateway.spool + ".away", gateway.spool)
    check("[!]spool" not in gateway.readiness()[1], "well again")


@test("Unix sockets: a dead process's is replaced, a live one's and a regular file are not")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    path = gateway.path("http.sock")
    gateway.terminate()
    gateway.set(listen=f"unix:{path}")
    gateway.run()
    gateway.said(f"listening on unix:{path}")
    check(os.stat(path).st_mode & 0o777 == 0o660, "the group may use it")
    second = site.start(Gateway(site, settings={"listen": f"unix:{path}"}))
    check(second.wait() != 0 and "another program listens there" in second.log(), second.log())
    gateway.kill()
    gateway.run()
    gateway.said(f"listening on unix:{path}")
    gateway.terminate()
    os.unlink(path)
    with open(path, "w", encoding="utf-8") as file:
        file.write("precious")
    gateway.run()
    check(gateway.wait() != 0, gateway.log())
    with open(path, encoding="utf-8") as file:
        check(file.read() == "precious", "the file is left")


@test("answers hold no header that names the program")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    for reply in (gateway.get("/v1/tasks", ADA), gateway.operator("/livez")):
        check("server" not in reply.headers, repr(reply))
    check(json.loads(gateway.get("/openapi.json").body)["openapi"] == "3.1.0", "the description")
    raw = gateway.raw(request("GET", "/openapi.json", close=True))
    check(b"HTTP/1.1 200" in raw, raw[:100])


main()
