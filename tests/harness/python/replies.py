# SPDX-License-Identifier: MIT
"""What replies of /v1 must be, and replies that come later.

    expect(gateway.get("/v1/tasks/t", bearer), 200, content_type="application/json")
    problem(gateway.get("/none"), 404, "Not Found")
    later = Later(gateway, "/v1/tasks/t?wait=50", bearer); ...; later.get()
"""

import threading

from e2e import Failure, check
from gateway import token

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


def tag_of(gateway, bearer, name="t"):
    return gateway.get(f"/v1/tasks/{name}", bearer).headers["etag"]
