#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""docs/nginx.conf and docs/haproxy.cfg, unchanged, with the real nginx and HAProxy: TLS, unbuffered streams and
uploads, the proxies' own errors in the gateway's format, the client's address, and no ticket in a log.
"""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import apart

apart.enter()

from e2e import LIMIT, TREE, Process, check, main, test, until
from form import BOUNDARY, TYPE, file, form, id_of
from gateway import Gateway, Reply, read_all, read_reply, request, token
from sse import Stream

HOST = "status.example.org"
ADA = token("ada")
MIB = 1 << 20
# As Debian's own, in which the shipped files are put.
NGINX = """user www-data;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events { worker_connections 768; }
http {
	sendfile on;
	default_type application/octet-stream;
	access_log /var/log/nginx/access.log;
	gzip on;
	include /etc/nginx/sites-enabled/*;
}
"""
HAPROXY = """global
	log 127.0.0.1:514 local0
	chroot /var/lib/haproxy
	user haproxy
	group haproxy

"""


def shipped(name):
    with open(os.path.join(TREE, "docs", name), encoding="utf-8") as text:
        return text.read()


# ---- The proxies -------------------------------------------------------------------------------------


class Proxy(Process):
    """In front of gateway, which it takes the place of in a Stream."""

    port = 443

    def __init__(self, gateway, usual=False):
        """usual: as most are set up."""
        text = shipped(self.shipped)
        for pattern, other in self.usual if usual else ():
            text = re.sub(pattern, other, text)
        self.prepare(text)
        self.gateway = gateway
        self.said = os.path.join(gateway.folder, "proxy.log")
        with open(self.said, "ab") as log:
            super().__init__(self.command, gateway.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    @classmethod
    def on(cls, gateway):
        proxy = gateway.site.start(cls(gateway))
        until(proxy.answers, proxy.log)
        return proxy

    def as_usual(self):
        """As most are set up: what the client says of its address stays before what is true. And it
        waits for the gateway for a second where the shipped one waits longer."""
        self.kill()
        self.__init__(self.gateway, usual=True)
        until(self.answers, self.log)

    def log(self):
        with open(self.said, encoding="utf-8", errors="replace") as text:
            return text.read()

    def answers(self):
        check(self.popen.poll() is None, lambda: f"it exited: {self.log()}")
        try:
            return self.get("/openapi.json").status == 200
        except OSError:
            return False

    def connect(self, source=("127.0.0.1", 0)):
        context = ssl.create_default_context(cafile=self.trusted)
        plain = socket.create_connection(("127.0.0.1", 443), LIMIT, source)
        return context.wrap_socket(plain, server_hostname=HOST)

    def raw(self, data, source=("127.0.0.1", 0)):
        with self.connect(source) as connection:
            connection.sendall(data)
            return Reply(read_all(connection))

    def ask(self, method, path, bearer=None, headers=(), body=None, **options):
        data = request(method, path, bearer, headers, body, close=True)
        return self.raw(data.replace(b"localhost", HOST.encode(), 1), **options)

    def get(self, path, bearer=None, headers=(), **options):
        return self.ask("GET", path, bearer, headers, **options)


class Nginx(Proxy):
    name, down = "nginx", (502, "Bad Gateway")
    trusted = f"/etc/letsencrypt/live/{HOST}/fullchain.pem"
    shipped, command = "nginx.conf", ("nginx", "-g", "daemon off;")
    usual = ((r"(proxy_read_timeout) \d+s", r"\1 1s"),
             (r"(X-Forwarded-For) \$remote_addr", r"\1 $proxy_add_x_forwarded_for"))

    def prepare(self, text):
        apart.put("nginx/nginx.conf", NGINX)
        apart.put("nginx/sites-enabled/trackd", text)
        for folder in ("/var/log/nginx", "/var/lib/nginx"):
            os.makedirs(folder, exist_ok=True)

    def kill(self):
        """In good order: its workers would outlive it."""
        if self.popen.poll() is None:
            self.signal(signal.SIGTERM)
        self.popen.wait(LIMIT)

    def logged(self):
        lines = []
        for name in ("trackd.log", "access.log"):
            with open(f"/var/log/nginx/{name}", encoding="utf-8") as text:
                lines.append(text.read())
        return "".join(lines)


class Haproxy(Proxy):
    name, down = "haproxy", (503, "Service Unavailable")
    trusted = f"/etc/haproxy/{HOST}.pem"
    shipped, command = "haproxy.cfg", ("haproxy", "-db", "-f", "/etc/haproxy/haproxy.cfg")
    usual = ((r"timeout server \d+s", "timeout server 1s"), (r".*del-header X-Forwarded-For\n", ""))

    def prepare(self, text):
        apart.put("haproxy/haproxy.cfg", HAPROXY + text)
        os.makedirs("/var/lib/haproxy", exist_ok=True)
        self.journal = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.journal.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.journal.bind(("127.0.0.1", 514))
        self.journal.setblocking(False)
        self.lines = ""

    def logged(self):
        while True:
            try:
                self.lines += self.journal.recv(65536).decode() + "\n"
            except BlockingIOError:
                return self.lines


def begin(site, proxy, **settings):
    apart.need("nginx", "haproxy", "openssl", "curl")
    if not os.path.exists(Nginx.trusted):
        apart.certificate(HOST, Nginx.trusted, os.path.join(os.path.dirname(Nginx.trusted), "privkey.pem"))
        apart.certificate(HOST, Haproxy.trusted, Haproxy.trusted)
    site.daemon()
    producer = site.test_client("open write", "create t owner=ada")
    gateway = Gateway.on(site, settings={"listen": "127.0.0.1:8080", "trusted_proxies": "127.0.0.1",
                                         **settings})
    return gateway, proxy.on(gateway), producer


def problem(reply, status, title):
    """An error of the proxy's own."""
    check((reply.status, reply.headers.get("content-type")) == (status, "application/problem+json"),
          repr(reply))
    said = reply.json()
    check((said["type"], said["title"], said["status"]) == ("about:blank", title, status), said)
    check(reply.headers.get("cache-control") == "no-store", repr(reply))


# ---- What a client sees ------------------------------------------------------------------------------


def tls(gateway, proxy, _producer):
    reply = proxy.get("/documents/t/status", ADA)
    check(reply.status == 200 and reply.json()["document_id"] == "t", repr(reply))
    check(reply.headers["strict-transport-security"] == "max-age=31536000", repr(reply))
    with socket.create_connection(("127.0.0.1", 80), LIMIT) as plain:
        plain.sendall(request("GET", "/v1/tasks?x=1", close=True).replace(b"localhost", HOST.encode()))
        reply = Reply(read_all(plain))
    check(reply.status == 301 and reply.headers["location"] == f"https://{HOST}/v1/tasks?x=1", repr(reply))
    # What the gateway answers is passed on as it is.
    for path, bearer in (("/v1/none", ADA), ("/v1/tasks", None), ("/documents/u/status", ADA)):
        here, there = proxy.get(path, bearer), gateway.get(path, bearer)
        check((here.status, here.body, here.headers["content-type"])
              == (there.status, there.body, there.headers["content-type"]), f"{here!r} {there!r}")


def curl_http2(proxy, path, *arguments):
    return ["curl", "-sN", "--http2", "--cacert", proxy.trusted, "--resolve", f"{HOST}:443:127.0.0.1",
            "-H", f"Authorization: Bearer {ADA}", *arguments, f"https://{HOST}{path}"]


def streams(_gateway, proxy, producer):
    stream = Stream(proxy, "/v1/tasks/t/events", ADA)
    check(stream.status == 200 and "content-encoding" not in stream.headers, stream.headers)
    stream.expect("snapshot")
    for stage in ("extracting", "chunking", "embedding"):  # each is seen before the next one happens
        producer.do(f"update t {stage}")
        check(stream.transition().data["status"] == stage, stage)
    stream.close()
    curl = subprocess.Popen(curl_http2(proxy, "/v1/tasks/t/events", "-w", "%{http_version}"), stdout=subprocess.PIPE, text=True)
    line = iter(curl.stdout.readline, "")
    check(any(text == "event: snapshot\n" for text in line), "over HTTP/2 it begins")
    producer.do("update t indexing")
    check(any('"indexing"' in text for text in line), "an event")
    producer.do("complete t")
    check(list(line)[-1] == "2" and curl.wait() == 0, "and it ends in good order")


def waits(_gateway, proxy, producer):
    producer.do("create slow owner=ada")
    tag = proxy.get("/v1/tasks/slow", ADA).headers["etag"]
    with proxy.connect() as connection:
        connection.sendall(request("GET", "/v1/tasks/slow", ADA, {"If-None-Match": tag, "Prefer": "wait=30"}))
        producer.do("update slow extracting")
        reply = read_reply(connection)
    check(reply.status == 200 and reply.json()["status"] == "extracting", repr(reply))


def spooled(gateway):
    """Bytes of what arrives."""
    folder = os.path.join(gateway.spool, "tmp")
    return sum(os.stat(os.path.join(folder, name)).st_size for name in os.listdir(folder))


def uploads(gateway, proxy, _producer):
    content = b"%PDF-1.7\n" + os.urandom(MIB) * 40
    body = form(file("report.pdf", content))
    head = request("POST", "/documents", ADA, {"Content-Type": TYPE, "Content-Length": len(body)}, close=True)
    with proxy.connect() as connection:
        half = len(body) // 2
        connection.sendall(head + body[:half])
        until(lambda: spooled(gateway) > 16 * MIB, lambda: f"it comes as it is sent: {spooled(gateway)}")
        connection.sendall(body[half:])
        reply = Reply(read_all(connection))
    check(reply.status == 202, repr(reply))
    with open(os.path.join(gateway.spool, "new", id_of(reply)), "rb") as document:
        check(document.read() == content, "it arrived as it was sent")


def refuses_http2(gateway, proxy):
    path = os.path.join(gateway.folder, "large.txt")
    with open(path, "wb") as large:
        large.truncate(70 * MIB)
    arguments = "-F", f"file=@{path}", "-w", "\n%{http_version} %{http_code} %{content_type}"
    said = subprocess.run(curl_http2(proxy, "/documents", *arguments), stdout=subprocess.PIPE, text=True, timeout=LIMIT, check=False)
    body, _, how = said.stdout.rpartition("\n")
    check(how == "2 413 " + ("application/problem+json" if proxy.name == "nginx" else "application/json"), said)
    check(json.loads(body)["detail"] == "The document is too large", said)
    os.remove(path)


def refusals(gateway, proxy, _producer):
    # Answered before the body has come, by the gateway: the answer is not lost.
    body = form(file("program.exe", b"MZ" * MIB))
    for bearer, status in ((None, 401), (ADA, 415)):
        reply = proxy.ask("POST", "/documents", bearer, {"Content-Type": TYPE}, body)
        check(reply.status == status and "detail" in reply.json(), repr(reply))
    # Too large: nginx refuses by itself, HAProxy passes the gateway's answer on.
    head = request("POST", "/documents", ADA, {"Content-Type": TYPE, "Content-Length": 70 * MIB})
    with proxy.connect() as connection:
        connection.sendall(head + f"--{BOUNDARY}\r\n".encode())
        reply = read_reply(connection)
    check(reply.status == 413 and reply.json()["detail"] == "The document is too large", repr(reply))
    refuses_http2(gateway, proxy)
    if proxy.name == "nginx":
        problem(reply, 413, "Content Too Large")
        problem(proxy.raw(b"GET /\0 HTTP/1.1\r\n\r\n"), 400, "Bad Request")
        problem(proxy.get("/", headers={f"X-{i}": "x" * 7000 for i in range(5)}), 431, "Request Header Fields Too Large")
        problem(proxy.get("/" + "x" * 9000), 414, "URI Too Long")


def addresses(gateway, proxy, _producer, first=2):
    gateway.set(address_rate=1, address_burst=2)
    gateway.reload()

    def asked(source, forge=lambda i: {}):
        """Until it is enough: answers are 200 before, however slowly they come."""
        with proxy.connect((source, 0)) as connection:
            for i in range(30):
                connection.sendall(request("GET", "/documents/t/status", ADA, forge(i)))
                status = read_reply(connection).status
                if status == 429:
                    return i
                check(status == 200, status)
        return None

    for i in range(2):
        check(asked(f"127.0.0.{first + i}"), f"client {i} has a limit of its own")
    check(asked(f"127.0.0.{first + 2}", lambda i: {"X-Forwarded-For": f"10.0.0.{i}"}), "whatever it says of itself")
    gateway.set(address_rate=0)
    gateway.reload()


def secrets(_gateway, proxy, _producer):
    proxy.get("/v1/events?ticket=secret-ticket")
    with socket.create_connection(("127.0.0.1", 80), LIMIT) as plain:
        plain.sendall(b"GET /redirected?ticket=secret-ticket HTTP/1.0\r\n\r\n")
        read_all(plain)
    until(lambda: "GET /v1/events" in proxy.logged() and "GET /redirected" in proxy.logged(), proxy.logged)
    check("secret-ticket" not in proxy.logged(), proxy.logged())


def failures(gateway, proxy, producer):
    proxy.as_usual()
    addresses(gateway, proxy, producer, first=6)
    producer.do("create stays owner=ada")
    gateway.stop()
    reply = proxy.get("/v1/tasks", ADA)
    gateway.cont()
    problem(reply, 504, "Gateway Timeout")
    check(reply.headers.get("retry-after") == "5", repr(reply))
    check(reply.headers.get("strict-transport-security"), repr(reply))
    gateway.kill()
    reply = proxy.get("/v1/tasks", ADA)
    problem(reply, *proxy.down)
    check(reply.headers.get("retry-after") == "5", repr(reply))
    gateway.run()
    gateway.ready()
    until(lambda: proxy.get("/documents/stays/status", ADA).status == 200, "and it goes on")


for proxied in (Nginx, Haproxy):
    @test(f"{proxied.name}: TLS, streams, uploads, addresses, errors")
    def _(site, proxied=proxied):
        gateway, proxy, producer = begin(site, proxied)
        for part in (tls, streams, waits, uploads, refusals, addresses, secrets, failures):
            part(gateway, proxy, producer)


main()
