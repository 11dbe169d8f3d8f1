#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A small server of /v1/embeddings and /v1/chat/completions that misbehaves on request.

    fake_endpoint.py [--tls] [--dimension 384]      prints its address, http://127.0.0.1:PORT, and serves until
                                                    its standard input ends

The URL selects its behaviour, so that a caller needs nothing else:

    http://127.0.0.1:PORT/ok/v1                     always well
    http://127.0.0.1:PORT/ok,500,429:2,hang/v1      first well, then 500, ...; the last one for ever
    http://127.0.0.1:PORT/ok,hang/one/v1            any word more makes a plan of its own

Actions: ok · NUMBER (that status) · NUMBER:SECONDS and NUMBER@SECONDS (with Retry-After as seconds and as a date)
· hang (no answer) · drip (a byte every 100 ms) · close (no answer, closed) · cut (closed within the body) · garbage
· empty · list ([]) · nodata ({}) · fewer · more · shuffled · twice (an index) · dimension:N · mixed (dimensions)
· nan · infinite · strings · redirect · huge (no end) · blank (an empty summary) · echo (500, with the key it was sent)
"wait:SECONDS" is well, but later.

POST PLAN/v1/log answers what came to that plan so far: [{"path", "authorization", "inputs", "model", "at"}].

In Python: with Endpoint() as endpoint: endpoint.url("ok,hang"); endpoint.requests("ok,hang"); endpoint.until(...)
"""

import argparse
import email.utils
import hashlib
import http.server
import json
import math
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time


def vector(text, dimension):
    """Texts with words in common have vectors that are near to one another."""
    sums = [0.0] * dimension
    for word in text.lower().split():
        digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
        for at, sign in ((digest[0:4], digest[4]), (digest[8:12], digest[12])):
            sums[int.from_bytes(at, "big") % dimension] += 1 if sign & 1 else -1
    length = math.sqrt(sum(x * x for x in sums)) or 1.0
    return [x / length for x in sums]


class Plan:
    """The actions of one URL, and the requests that came to it."""

    def __init__(self, actions):
        self.actions, self.requests = actions, []

    def take(self, request):
        self.requests.append(request)
        return self.actions[min(len(self.requests), len(self.actions)) - 1]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    # ---- Taking a request ----------------------------------------------------------------------

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        base, _, path = self.path.partition("/v1/")
        try:
            request = json.loads(body)
        except ValueError:
            return self.answer(400, {"error": {"message": "that is not JSON"}})
        plan = self.server.plan(base)
        if path == "log":
            with self.server.changed:
                return self.answer(200, plan.requests)
        if path not in ("embeddings", "chat/completions"):
            return self.answer(404, {"error": {"message": "no such path"}})
        with self.server.changed:
            action = plan.take({
                "path": path,
                "authorization": self.headers.get("Authorization"),
                "inputs": len(request.get("input") or request.get("messages") or []),
                "model": request.get("model"),
                "at": time.monotonic(),
            })
            self.server.changed.notify_all()
        name, _, value = action.partition(":")
        return self.act(name, value, path, request)

    def do_GET(self):
        self.answer(405, {"error": {"message": "POST, please"}})

    def act(self, name, value, path, request):
        act = getattr(self, "do_" + name, None)
        if act:
            return act(path, request)
        status, _, date = name.partition("@")
        if status.isdigit():
            return self.refuse(int(status), value or (date and email.utils.formatdate(
                time.time() + float(date), usegmt=True)))
        if name == "wait":
            self.server.leaving.wait(float(value))
        return self.answer(200, self.make(name, value, path, request))

    # ---- Good answers and nearly good ones -------------------------------------------------------

    def make(self, name, value, path, request):
        if path == "chat/completions":
            return self.make_chat(name, request)
        inputs = request["input"]
        size = int(value) if name == "dimension" else self.server.dimension
        data = [{"object": "embedding", "index": i, "embedding": vector(text, size)}
                for i, text in enumerate(inputs)]
        spoil = getattr(self, "spoil_" + name, None)
        if spoil:
            data = spoil(data)
        elif name not in ("ok", "dimension", "wait"):
            raise ValueError(f"no such action: {name}")
        return {"object": "list", "data": data, "model": request.get("model")}

    def make_chat(self, name, request):
        text = request["messages"][-1]["content"]
        content = " \n " if name == "blank" else f"  A summary of {len(text.split())} words.\n"
        return {"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]}

    def spoil_fewer(self, data):
        return data[:-1]

    def spoil_more(self, data):
        return data + data[:1]

    def spoil_shuffled(self, data):
        return data[::-1]

    def spoil_twice(self, data):
        data[-1]["index"] = 0
        return data

    def spoil_mixed(self, data):
        data[-1]["embedding"] = data[-1]["embedding"][:-1]
        return data

    def spoil_nan(self, data):
        data[-1]["embedding"][-1] = None
        return data

    def spoil_infinite(self, data):
        data[-1]["embedding"][-1] = 1e39  # no float
        return data

    def spoil_strings(self, data):
        return [{"index": item["index"], "embedding": "AAAA"} for item in data]

    # ---- Bad ones ----------------------------------------------------------------------------------

    def answer(self, status, document, headers=()):
        self.send(status, json.dumps(document).encode(), headers)

    def send(self, status, body, headers=()):
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def refuse(self, status, retry_after):
        headers = [("Retry-After", retry_after)] if retry_after else []
        self.answer(status, {"error": {"message": f"this is {status}"}}, headers)

    def do_echo(self, _path, _request):
        self.answer(500, {"error": {"message": "you sent " + str(self.headers.get("Authorization"))}})

    def do_hang(self, _path, _request):
        self.server.leaving.wait()
        self.close_connection = True

    def do_drip(self, _path, _request):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        try:
            while not self.server.leaving.wait(0.1):
                self.wfile.write(b" ")
        except OSError:
            pass
        self.close_connection = True

    def do_huge(self, _path, _request):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            while not self.server.leaving.is_set():
                self.wfile.write(b" " * (1 << 20))
        except OSError:
            pass
        self.close_connection = True

    def do_close(self, _path, _request):
        # With a reset, as a crash has it.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def do_cut(self, _path, _request):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"data": [')
        self.close_connection = True

    def do_garbage(self, _path, _request):
        self.send(200, b"<html>It works!</html>")

    def do_empty(self, _path, _request):
        self.send(200, b"")

    def do_list(self, _path, _request):
        self.answer(200, [])

    def do_nodata(self, _path, _request):
        self.answer(200, {})

    def do_redirect(self, path, _request):
        host = self.headers.get("Host")
        self.answer(307, {}, [("Location", f"http://{host}/ok/redirected/v1/{path}")])


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, dimension):
        super().__init__(("127.0.0.1", 0), Handler)
        self.dimension = dimension
        self.plans, self.changed = {}, threading.Condition()
        self.leaving = threading.Event()

    def plan(self, base):
        with self.changed:
            if base not in self.plans:
                self.plans[base] = Plan(base.strip("/").split("/")[0].split(","))
            return self.plans[base]

    def handle_error(self, request, client_address):
        error = sys.exc_info()[1]
        if not isinstance(error, (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)


def certificate(folder):
    """A certificate for 127.0.0.1 that no client trusts, made on the spot."""
    path = os.path.join(folder, "server.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path,
                    "-out", path + ".crt"], check=True, stderr=subprocess.DEVNULL)
    return path + ".crt", path


class Endpoint:
    """A server in a thread of this program."""

    def __init__(self, dimension=384, tls=False):
        self.server, self.scheme = Server(dimension), "https" if tls else "http"
        if tls:
            with tempfile.TemporaryDirectory() as folder:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*certificate(folder))
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def address(self):
        return f"{self.scheme}://127.0.0.1:{self.server.server_address[1]}"

    def url(self, plan):
        return f"{self.address()}/{plan}/v1"

    def requests(self, plan):
        with self.server.changed:
            return list(self.server.plans[f"/{plan}"].requests) if f"/{plan}" in self.server.plans else []

    def until(self, plan, n, seconds=20):
        """Wait until n requests came to a plan. Whether they did."""
        with self.server.changed:
            return self.server.changed.wait_for(
                lambda: f"/{plan}" in self.server.plans
                and len(self.server.plans[f"/{plan}"].requests) >= n, seconds)

    def close(self):
        self.server.leaving.set()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def main():
    parser = argparse.ArgumentParser(description="A fake OpenAI-compatible endpoint.")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--dimension", type=int, default=384)
    options = parser.parse_args()
    with Endpoint(options.dimension, options.tls) as endpoint:
        print(endpoint.address(), flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
