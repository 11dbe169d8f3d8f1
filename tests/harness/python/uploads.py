# SPDX-License-Identifier: MIT
"""Shared by the tests of uploads: a gateway, its spool, the submitted documents, and what a refusal must leave. No
server processes the documents: they are examined where they wait.
"""

import json
import os
import time

from e2e import TREE, check, test, until
from gateway import TRACKD_HTTP, Gateway, token

ADA = token("ada")
MIB = 1 << 20
SANITISED = "/address/" in TRACKD_HTTP


def content_of(name):
    with open(os.path.join(TREE, "tests", "documents", name), "rb") as sample:
        return sample.read()


def begin(site, *arguments, prefix=(), tasks=None, **settings):
    site.daemon(*(["--capacity", str(tasks)] if tasks else []))
    site.shown = site.test_client("open read")
    return Gateway.on(site, *arguments, settings=settings, prefix=prefix)


def names(gateway, folder, spool=None):
    return sorted(os.listdir(os.path.join(spool or gateway.spool, folder)))


def nothing_left(gateway, spool=None):
    left = {at: names(gateway, at, spool) for at in ("tmp", "new", "work")}
    check(not any(left.values()), f"left in the spool: {left}")


def soon_nothing_left(gateway):
    until(lambda: not any(names(gateway, at) for at in ("tmp", "new", "work")),
          lambda: f"nothing is left; there is {names(gateway, 'tmp')} {names(gateway, 'new')}")


def tasks(gateway, bearer=ADA):
    return gateway.get("/v1/tasks?page_size=500", bearer).json()["tasks"]


def waiting(gateway, id):
    """What has been handed in: (content, ticket)."""
    with open(os.path.join(gateway.spool, "new", id), "rb") as document:
        content = document.read()
    with open(os.path.join(gateway.spool, "new", f"{id}.json"), encoding="utf-8") as ticket:
        return content, json.load(ticket)


def refused(gateway, reply, status, detail, **headers):
    """A refusal to the byte, which leaves neither file nor task."""
    body = json.dumps({"detail": detail}, separators=(",", ":"), ensure_ascii=False).encode()
    check((reply.status, reply.body) == (status, body), f"{status} {detail}: {reply!r}")
    check(reply.headers["content-type"] == "application/json", repr(reply))
    for name, value in headers.items():
        check(reply.headers.get(name.replace("_", "-")) == value, f"{name}: {reply!r}")
    soon_nothing_left(gateway)
    check(tasks(gateway) == [], f"tasks: {tasks(gateway)}")


def ends_well(name):
    """A test after which its gateways end in good order: under a sanitizer, without a leak."""
    def register(function):
        def run(site):
            function(site)
            for process in site.processes:
                if isinstance(process, Gateway) and process.popen.poll() is None:
                    process.terminate()
        return test(name)(run)
    return register


def during(threads, look):
    """What is seen again and again while they run."""
    for thread in threads:
        thread.start()
    seen = [look()]
    while any(thread.is_alive() for thread in threads):
        seen.append(look())
        time.sleep(0.002)
    for thread in threads:
        thread.join()
    return seen
