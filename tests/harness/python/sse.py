# SPDX-License-Identifier: MIT
"""A client of event streams that hides nothing: every event, its id, comments, and the stream's end.

    stream = Stream(gateway, "/v1/tasks/t/events", token("ada"))
    stream.status, stream.headers["content-type"]
    event = stream.next()            # in order; event.name, event.id, event.data
    stream.expect("end")             # the next one, and of that name
    stream.closed()                  # it ended in good order
"""

import json
import select
import time

from e2e import LIMIT, check
from gateway import request, token

ADA = token("ada")
STAGES = ["extracting", "chunking", "embedding", "indexing", "summarizing"]


class Event:
    def __init__(self, name, id, data):
        self.name, self.id, self.data = name, id, data

    @property
    def transition(self):
        return self.data.get("transition")

    def __repr__(self):
        return f"{self.name} {self.id} {str(self.data)[:300]}"


class Stream:
    def __init__(self, gateway, path, bearer=None, last=None, headers=(), receive=None):
        self.comments, self.events, self.last_id, self.retry = [], [], None, None
        self.raw, self.text, self.ended, self.cut = b"", b"", False, False
        headers = dict(headers)
        if last is not None:
            headers["Last-Event-ID"] = last
        self.socket = gateway.connect()
        if receive:  # a small window
            import socket
            self.socket.close()
            self.socket = socket.socket()
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
            self.socket.connect(("127.0.0.1", gateway.port))
        self.socket.sendall(request("GET", path, bearer, headers))
        head = self.read_head()
        first, *lines = head.split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        self.chunked = self.headers.get("transfer-encoding") == "chunked"

    def read_head(self):
        while b"\r\n\r\n" not in self.raw:
            check(self.fill(LIMIT), lambda: f"no whole head: {self.raw!r}")
        head, self.raw = self.raw.split(b"\r\n\r\n", 1)
        return head.decode()

    def fill(self, limit):
        """Read what there is, waiting for it; False: nothing came."""
        if not select.select([self.socket], [], [], max(limit, 0))[0]:
            return False
        try:
            piece = self.socket.recv(1 << 20)
        except ConnectionResetError:
            piece = b""
        self.cut |= not piece
        self.raw += piece
        return bool(piece)

    def take(self):
        """Take the framing away, and what is whole apart."""
        while self.chunked and not self.ended:
            size, newline, rest = self.raw.partition(b"\r\n")
            if not newline or len(rest) < int(size, 16) + 2:
                break
            n = int(size, 16)
            self.ended = n == 0
            self.text += rest[:n]
            self.raw = rest[n + 2:]
        if not self.chunked:
            self.text, self.raw = self.text + self.raw, b""
        *blocks, self.text = self.text.split(b"\n\n")
        for block in blocks:
            self.on_block(block.decode())

    def on_block(self, block):
        name, data = "message", []
        for line in block.split("\n"):
            field, _, value = line.partition(": ")
            if line.startswith(":"):
                self.comments.append(line[1:].strip())
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif field == "id":
                self.last_id = value
            elif field == "retry":
                self.retry = int(value)
            else:
                check(False, f"no line of an event stream: {line!r}")
        if data:
            self.events.append(Event(name, self.last_id, json.loads("\n".join(data))))

    def poll(self, condition, limit):
        deadline = time.monotonic() + limit
        self.take()
        while not condition():
            if self.cut or self.ended or not self.fill(deadline - time.monotonic()):
                return condition()
            self.take()
        return True

    def next(self, limit=LIMIT):
        """The next event, or None when there is none within the limit or the stream has ended."""
        self.poll(lambda: self.events, limit)
        return self.events.pop(0) if self.events else None

    def expect(self, name, limit=LIMIT):
        event = self.next(limit)
        check(event is not None and event.name == name, lambda: f"expected {name}: {event}")
        return event

    def transition(self, limit=LIMIT):
        """The next update with a transition."""
        event = self.expect("update", limit)
        while not event.transition:
            event = self.expect("update", limit)
        return event

    def comment(self, limit=LIMIT):
        check(self.poll(lambda: self.comments, limit), "a comment comes")
        return self.comments.pop(0)

    def quiet(self, seconds):
        """Nothing comes for so long."""
        event = self.next(seconds)
        check(event is None, lambda: f"unexpected: {event}")

    def closed(self, limit=LIMIT):
        """It ends in good order, and nothing is left."""
        check(self.poll(lambda: self.ended or self.cut or self.events, limit) and self.ended
              and not self.events, lambda: f"it does not end: {self.events} {self.cut}")

    def close(self):
        self.socket.close()


def of_task(gateway, name="t", bearer=ADA, **options):
    stream = Stream(gateway, f"/v1/tasks/{name}/events", bearer, **options)
    check(stream.status == 200, lambda: f"{stream.status} {stream.headers} {stream.raw}")
    return stream


def of_owner(gateway, bearer=ADA, **options):
    return Stream(gateway, "/v1/events", bearer, **options)


def watched(gateway, **options):
    """The stream of the task, after its snapshot."""
    stream = of_task(gateway, **options)
    stream.expect("snapshot")
    return stream


def both(gateway):
    """The streams of the task and of its owner, after their snapshots."""
    mine = of_owner(gateway)
    mine.expect("snapshot")
    return watched(gateway), mine
