#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""From an upload to the stored document: the gateway accepts it, docproc processes it, its owner sees every stage
in the status, and its end even after the task has left the board.
"""

import os
import re
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from docproc import PERCENT, SAMPLES, STAGES, Documents, messages
from e2e import check, comment, main, test, until
from fake_endpoint import Endpoint
from form import id_of, upload
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


def begin(site, *settings, jobs=None, **gateway_settings):
    site.daemon()
    documents = Documents(site, *settings)
    server = documents.serve(*(["--jobs", str(jobs)] if jobs else []))
    return documents, server, gateway_on(site, documents, **gateway_settings)


def status(gateway, id, bearer=ADA):
    """Asked again while the store is locked: the gateway waits 2 ms for it, then answers 503 with Retry-After."""
    return until(lambda: (reply := gateway.get(f"/documents/{id}/status", bearer)).status != 503 and reply,
                 lambda: f"the store is never free for {id}", 60)


def until_final(gateway, id, limit=60):
    return until(lambda: (reply := status(gateway, id).json())["status"] in ("completed", "failed")
                 and reply, lambda: f"{id} ends; it is {status(gateway, id)!r}", limit)


def follow(gateway, id, seen):
    """All versions of a status, by long polls."""
    tag, state = "none", ""
    while state not in ("completed", "failed"):
        reply = gateway.get(f"/documents/{id}/status?wait=30", ADA, {"If-None-Match": tag})
        if reply.status == 200:
            tag, state = reply.headers["etag"], reply.json()["status"]
            seen.append(reply.json())


def check_story(seen, name):
    """In order, with the percentages and messages of each stage."""
    states = [version["status"] for version in seen]
    check(states[0] == "pending" and states[-1] == "completed", f"{states}")
    check(sorted(states, key=list(PERCENT).index) == states, f"{states}")
    percents = [version["progress"] for version in seen]
    check(sorted(percents) == percents and (percents[0], percents[-1]) == (0, 100), f"{percents}")
    for version in seen:
        state = version["status"]
        check(re.fullmatch(messages(name)[state], version["message"]) and version["error"] is None and
              version["progress"] >= PERCENT[state], f"{version}")


# ---- Well ------------------------------------------------------------------------------------------


@test("a PDF is uploaded and seen in every stage until it is done")
def _(site):
    documents, _, gateway = begin(site)
    states = set()
    # A stage may be over before an answer is on its way; what must be seen each time is the order. On a busy machine
    # the stages of a longer document last long enough.
    for pages in (600,) * 10 + (6000,) * 20:
        with open(documents.pages(pages), "rb") as file:
            content = file.read()
        reply = upload(gateway, ADA, "report.pdf", content)
        check(reply.status == 202, repr(reply))
        seen = [reply.json()]
        follow(gateway, id_of(reply), seen)
        check_story(seen, "report.pdf")
        task = gateway.get(f"/v1/tasks/{id_of(reply)}", ADA).json()
        check([stage["name"] for stage in task["stages"]] == STAGES and
              all(stage["finished_at"] for stage in task["stages"]), f"{task['stages']}")
        states |= {version["status"] for version in seen}
        if states == set(PERCENT):
            break
    check(states == set(PERCENT), f"never seen: {set(PERCENT) - states}")
    documents.until_empty()


@test("once it has left the board, the store answers, and only to its owner")
def _(site):
    documents, _, gateway = begin(site)
    id = id_of(upload(gateway, ADA, "voyager.pdf", content_of("voyager.pdf")))
    until_final(gateway, id)
    check(gateway.ask("DELETE", f"/v1/tasks/{id}", ADA).status == 204, "forgotten")
    check(status(gateway, id).body == (f'{{"document_id":"{id}","status":"completed","progress":100,'
                                       '"message":"Document ready","error":null}').encode(),
          repr(status(gateway, id)))
    check(status(gateway, id, EVE).status == 404, "not hers")
    check(documents.query("SELECT user_id, filename, content_type FROM documents WHERE id = ?", id) ==
          [("ada", "voyager.pdf", "application/pdf")], "the store")


@test("many uploads of several users at once: all are completed, each user sees only their own")
def _(site):
    documents, _, gateway = begin(site)
    taken = {"ada": [], "eve": []}
    contents = [(name, content_of(name)) for name in ("tides.txt", "notes.md", "german.docx", "german.pdf")]

    def send(owner):
        for n in range(12):
            taken[owner].append(id_of(upload(gateway, token(owner), *contents[n % 4])))

    threads = [threading.Thread(target=send, args=(owner,)) for owner in taken for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check([len(ids) for ids in taken.values()] == [24, 24], f"{taken}")
    for owner, ids in taken.items():
        for id in ids:
            until(lambda id=id, owner=owner: status(gateway, id, token(owner)).json()["status"] == "completed",
                  lambda id=id, owner=owner: f"{id} of {owner}: {status(gateway, id, token(owner))!r}", 120)
        listed = gateway.get("/v1/tasks?page_size=500", token(owner)).json()["tasks"]
        check({task["id"] for task in listed} == set(ids), f"{owner} sees {len(listed)}")
    documents.until_empty()
    check(len(documents.whole()) == 48, "all are stored, once")


# ---- Not well --------------------------------------------------------------------------------------


@test("the status carries the worker's own error")
def _(site):
    documents, _, gateway = begin(site)
    for name, error in (("empty.txt", "Document appears to be empty"),
                        ("no_text.docx", "Document appears to be empty"),
                        ("encrypted.pdf", "Document is encrypted: a password is needed to open it"),
                        ("truncated.pdf", None)):
        id = id_of(upload(gateway, ADA, name, content_of(name)))
        seen = until_final(gateway, id)
        check((seen["status"], seen["message"]) == ("failed", "Processing failed"), f"{seen}")
        check(seen["error"] == error if error else seen["error"], f"{name}: {seen}")
        documents.until_empty()
        check(gateway.ask("DELETE", f"/v1/tasks/{id}", ADA).status == 204, "forgotten")
        check(status(gateway, id).status == 404, "nothing is stored of it")


@test("cancelled while waiting and while running; killed while running")
def _(site):
    with Endpoint() as endpoint:
        documents, _, gateway = begin(site, "--chat-url", endpoint.url("hang"), "--chat-model", "m",
                                      jobs=1)
        first, second, third = (id_of(upload(gateway, ADA, "tides.txt", content_of("tides.txt")))
                                for _ in range(3))
        worker = documents.until_stage(first, "summarizing")
        for id in (third, first):
            check(gateway.ask("POST", f"/v1/tasks/{id}/cancel", ADA).status == 202, "cancelled")
        for id in (third, first):
            seen = until_final(gateway, id)
            check((seen["status"], seen["error"]) == ("failed", "Cancelled"), f"{seen}")
        worker = documents.until_stage(second, "summarizing")
        began = time.monotonic()
        os.kill(worker, signal.SIGKILL)
        seen = until_final(gateway, second)
        took = time.monotonic() - began
        check(seen["message"] == "Processing failed" and
              seen["error"].startswith("worker docproc") and
              seen["error"].endswith("in summarizing"), f"{seen}")
        comment(f"said after {took:.2f} s")
        documents.until_empty()
        check(documents.whole() == [], "nothing is stored")


@test("without docproc a document waits, over a restart of the gateway, and is processed when docproc starts")
def _(site):
    site.daemon()
    documents = Documents(site)
    documents.serve().terminate()
    gateway = gateway_on(site, documents)
    id = id_of(upload(gateway, ADA, "tides.txt", content_of("tides.txt")))
    gateway.restart()
    check(status(gateway, id).json()["status"] == "pending", "it waits")
    documents.serve()
    check(until_final(gateway, id)["status"] == "completed", "done")


@test("the board is lost while documents wait: their tasks are created again, and they complete")
def _(site):
    daemon = site.daemon()
    documents = Documents(site)
    documents.serve().terminate()
    gateway = gateway_on(site, documents)
    ids = [id_of(upload(gateway, ADA, "tides.txt", content_of("tides.txt"))) for _ in range(3)]
    daemon.kill()
    os.unlink(site.shm)
    site.daemon()
    documents.serve()
    for id in ids:
        until(lambda id=id: status(gateway, id).status == 200 and
              status(gateway, id).json()["status"] == "completed",
              lambda id=id: f"{id}: {status(gateway, id)!r}", 60)


if __name__ == "__main__":
    main()
