#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""From an upload to the stored document: the gateway takes it, docproc works on it, its owner sees every
stage by the status, and what has become of it once the board has forgotten.
"""

import os
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from docproc import PERCENT, SAMPLES, Documents
from e2e import check, main, test, until
from fake_endpoint import Endpoint
from form import UUID, file, form, id_of, upload
from gateway import Gateway, token

ADA, EVE = token("ada"), token("eve")


def content_of(name):
    with open(os.path.join(SAMPLES, name), "rb") as sample:
        return sample.read()


def gateway_on(site, documents, **settings):
    gateway = Gateway.on(site, settings={"spool": documents.spool, "store": documents.store,
                                         **settings})
    gateway.spool = documents.spool
    return gateway


def begin(site, *settings, **gateway_settings):
    site.daemon()
    documents = Documents(site, *settings)
    server = documents.serve()
    return documents, server, gateway_on(site, documents, **gateway_settings)


def status(gateway, id, bearer=ADA):
    return gateway.get(f"/documents/{id}/status", bearer)


def until_final(gateway, id, limit=60):
    return until(lambda: (reply := status(gateway, id).json())["status"] in ("completed", "failed")
                 and reply, lambda: f"{id} ends; it is {status(gateway, id)!r}", limit)


def nothing_left(spool):
    def left():
        return [f"{at}/{name}" for at in ("tmp", "new", "work")
                for name in os.listdir(os.path.join(spool, at))]
    until(lambda: not left(), lambda: f"the spool is empty; there is {left()}")


def follow(gateway, id, seen):
    """All versions of a status, by long polls."""
    tag, state = "none", ""
    while state not in ("completed", "failed"):
        reply = gateway.get(f"/documents/{id}/status?wait=30", ADA, {"If-None-Match": tag})
        if reply.status == 200:
            tag, state = reply.headers["etag"], reply.json()["status"]
            seen.append(reply.json())


@test("a PDF goes in by a form and is seen in every stage until it is done")
def _(site):
    with Endpoint() as endpoint:
        run_stages(site, endpoint)


def run_stages(site, endpoint):
    documents, _, gateway = begin(site)
    reply = upload(gateway, ADA, "voyager.pdf", content_of("voyager.pdf"))
    check(reply.status == 202, repr(reply))
    id = id_of(reply)
    seen = [reply.json()]
    follow(gateway, id, seen)
    states = [version["status"] for version in seen]
    check(states[0] == "pending" and states[-1] == "completed", f"{states}")
    check(sorted(states, key=list(PERCENT).index) == states, f"{states}")
    print("# seen:", " ".join(dict.fromkeys(states)))
    nothing_left(documents.spool)


if __name__ == "__main__":
    main()
