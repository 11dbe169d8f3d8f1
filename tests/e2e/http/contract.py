#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""GET /documents/{id}/status, byte for byte: the answer for each state of a document, the same answer for a
missing document and another user's, and the store's answer for documents that have left the board.
"""

import json
import os
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import check, main, test, until
from gateway import SECRET, Gateway, make_store, serving, token

ADA = token("ada")
TAG = "W/\""


def path(name):
    return f"/documents/{name}/status"


def status(name, state, progress, message, error=None):
    """The body, compact and in this order."""
    return json.dumps({"document_id": name, "status": state, "progress": progress,
                       "message": message, "error": error},
                      separators=(",", ":"), ensure_ascii=False).encode()


def expect(reply, code, body, **headers):
    check((reply.status, reply.body) == (code, body),
          f"expected {code} {body!r}, got {reply!r}")
    for name, value in headers.items():
        name = name.replace("_", "-")
        check(reply.headers.get(name) == value, f"{name} is not {value!r}: {reply!r}")
    check(reply.headers["content-length"] == str(len(body)), repr(reply))
    return reply


# ---- The board -------------------------------------------------------------------------------------

# (what happened to the task, what is read)
STORY = (
    ((), ("pending", 0, "Queued for processing")),
    (("update t extracting Extracting_text_from_report.pdf",),
     ("extracting", 10, "Extracting text from report.pdf")),
    (("update t chunking Splitting_into_semantic_chunks",),
     ("chunking", 25, "Splitting into semantic chunks")),
    (("update t embedding Generating_embeddings_for_4_chunks", "progress t 2 4"),
     ("embedding", 55, "Generating embeddings for 4 chunks")),
    (("update t indexing Storing_in_database",), ("indexing", 70, "Storing in database")),
    (("update t summarizing Generating_document_summary",),
     ("summarizing", 85, "Generating document summary")),
    (("complete t Document_processed_successfully",),
     ("completed", 100, "Document processed successfully")),
)


@test("every status of a document, to the byte")
def _(site):
    gateway, worker = serving(site, "t owner=ada")
    for lines, (state, progress, message) in STORY:
        for line in lines:
            worker.do(line)
        reply = expect(gateway.get(path("t"), ADA), 200, status("t", state, progress, message),
                       content_type="application/json", cache_control="private, no-cache",
                       vary="Authorization, Accept", x_content_type_options="nosniff")
        check(reply.headers["etag"].startswith(TAG), repr(reply))
        final = state == "completed"
        check(("retry-after" in reply.headers) != final, f"Retry-After of {state}: {reply!r}")


@test("failed, cancelled and lost ones")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker, victim = site.test_client("open write"), site.test_client("open write")
    worker.do("create failed owner=ada")
    worker.do("update failed chunking")
    worker.do("fail failed Document_appears_to_be_empty")
    expect(gateway.get(path("failed"), ADA), 200,
           status("failed", "failed", 0, "Processing failed", "Document appears to be empty"))
    worker.do("create cancelled owner=ada")
    worker.do("cancel cancelled")
    expect(gateway.get(path("cancelled"), ADA), 200,
           status("cancelled", "failed", 0, "Cancelled", "Cancelled"))
    victim.do("create lost owner=ada")
    victim.do("update lost embedding")
    victim.kill()
    until(lambda: gateway.get(path("lost"), ADA).json()["status"] == "failed", "it is lost")
    expect(gateway.get(path("lost"), ADA), 200,
           status("lost", "failed", 0, "Processing failed", "worker test_client was killed by SIGKILL in embedding"))


@test("special characters in a message arrive complete, as JSON")
def _(site):
    gateway, worker = serving(site, "t owner=ada")
    worker.do('update t extracting "Grüße"\\_<b>_\U0001f600')
    reply = gateway.get(path("t"), ADA)
    check(reply.json()["message"] == '"Grüße"\\ <b> \U0001f600', repr(reply))


# ---- Without an owner, and another user's ------------------------------------------------------------------

NOT_FOUND = b'{"detail":"Document not found"}'


@test("a missing task, another user's and one without an owner get the same answer, but for Date")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    # The last row comes after every name that is asked for: it must not stand for them.
    make_store(gateway.store, ("kept", "eve", True), ("begun", "ada", False),
               ("\U0010ffff", "ada", True))
    site.test_client("open write", "create hers owner=eve", "create nobodys", "create mine owner=ada")
    check(gateway.get(path("kept"), token("eve")).status == 200, "the store is found")
    missing = expect(gateway.get(path("missing"), ADA), 404, NOT_FOUND,
                     content_type="application/json", cache_control="no-store")
    for name in ("hers", "nobodys", "kept", "begun", "m" * 63, "m" * 64, "m" * 300, "a%20b", "..",
                 "%ff", "\u00e9", "%c3%a9", "'--", "mine%01", "mine%"):
        other = gateway.get(path(name), ADA)
        check(other.stable() == missing.stable(), f"{name}: {other!r}, missing: {missing!r}")
    for headers in ({"If-None-Match": "*"}, {"Prefer": "wait=30"}):
        check(gateway.get(path("hers"), ADA, headers).stable() ==
              gateway.get(path("missing"), ADA, headers).stable(), f"with {headers}")
    # A caller without a name has no documents.
    check(gateway.get(path("nobodys"), token("")).status == 401, "an empty owner")


@test("no token and a wrong one, to the byte")
def _(site):
    gateway, _ = serving(site, "t owner=ada")
    expect(gateway.get(path("t")), 401, b'{"detail":"Not authenticated"}',
           www_authenticate='Bearer realm="trackd"', content_type="application/json")
    expect(gateway.get(path("t"), headers={"Authorization": "Basic YTpi"}), 401,
           b'{"detail":"Not authenticated"}', www_authenticate='Bearer realm="trackd"')
    for wrong in ("garbage", token("ada", secret=b"x" * 40), token("ada", ttl=-3600), ADA + "x",
                  token(""), token("a" * 64), token("ada", exp=None),
                  token("ada", nbf=4102444800), "a" * 9000):
        expect(gateway.get(path("t"), wrong), 401, b'{"detail":"Invalid token"}',
               www_authenticate='Bearer realm="trackd", error="invalid_token"')
    check(gateway.get(path("t"), token("a" * 63)).status == 404, "63 bytes are a name")


# ---- The store -------------------------------------------------------------------------------------

FROM_STORE = ("completed", 100, "Document ready")


@test("the store answers for a finished document that is no longer on the board")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    make_store(gateway.store, ("t", "ada", True), ("begun", "ada", False))
    worker = site.test_client("open write", "create t owner=ada ttl=50")
    worker.do("complete t")
    until(lambda: gateway.get(path("t"), ADA).json().get("message") == FROM_STORE[2], "it expires")
    expect(gateway.get(path("t"), ADA), 200, status("t", *FROM_STORE),
           content_type="application/json")
    expect(gateway.get(path("t"), token("eve")), 404, NOT_FOUND)
    expect(gateway.get(path("begun"), ADA), 404, NOT_FOUND)


@test("not for one that failed or was cancelled")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    # What an attempt leaves that has not finished, if it leaves anything.
    make_store(gateway.store, ("failed", "ada", False), ("cancelled", "ada", False))
    worker = site.test_client("open write")
    for name, end in (("failed", "fail failed broken"), ("cancelled", "cancel cancelled")):
        worker.do(f"create {name} owner=ada ttl=50")
        worker.do(end)
        until(lambda: gateway.get(path(name), ADA).status == 404, f"{name} expires")
        expect(gateway.get(path(name), ADA), 404, NOT_FOUND)


@test("while a document is processed again, the board answers for it")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    make_store(gateway.store, ("t", "ada", True))
    worker = site.test_client("open write", "create t owner=ada")
    expect(gateway.get(path("t"), ADA), 200, status("t", "pending", 0, "Queued for processing"))
    worker.do("fail t broken")
    check(gateway.get(path("t"), ADA).json()["status"] == "failed", "the board's is the newer")
    worker.do("remove t")
    expect(gateway.get(path("t"), ADA), 200, status("t", *FROM_STORE))


def answers_from_the_board(gateway, trouble, status_of_others=503):
    """Whatever is wrong with the store, the board goes on and operators are told; of all others, also
    those that the board knows as somebody else's, nothing is said, to anybody."""
    expect(gateway.get(path("t"), ADA), 200, status("t", "pending", 0, "Queued for processing"))
    first = gateway.get(path("none"), ADA)
    if status_of_others == 503:
        expect(first, 503, b'{"detail":"Service unavailable"}', retry_after="2")
    else:
        expect(first, 404, NOT_FOUND)
    for name, bearer in (("kept", ADA), ("t", token("eve")), ("kept", token("eve")), ("a%20b", ADA)):
        other = gateway.get(path(name), bearer)
        check(other.stable() == first.stable(), f"{trouble}: {name}: {other!r}, not {first!r}")
    ready = gateway.operator("/readyz")
    check(ready.status == 200 and b"[!]store: the document store cannot be read" in ready.body,
          f"{trouble}: {ready!r}")
    gateway.said("the document store cannot be read")


def answers_again(gateway):
    expect(gateway.get(path("kept"), ADA), 200, status("kept", *FROM_STORE))
    expect(gateway.get(path("none"), ADA), 404, NOT_FOUND)
    check(b"[!]store" not in gateway.operator("/readyz").body, "and all is well")


@test("a store that never existed has no documents; a new one is found at once, a vanished one is reported")
def _(site):
    gateway, _ = serving(site, "t owner=ada")
    for round in range(3):
        answers_from_the_board(gateway, "missing", 404 if round == 0 else 503)
        make_store(gateway.store, ("kept", "ada", True))
        answers_again(gateway)
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(gateway.store + suffix):
                os.unlink(gateway.store + suffix)


@test("one that is just being made")
def _(site):
    gateway, _ = serving(site, "t owner=ada")
    answers_from_the_board(gateway, "missing", 404)
    database = sqlite3.connect(gateway.store)
    database.execute("PRAGMA journal_mode=WAL")
    answers_from_the_board(gateway, "empty")
    # Into the log beside it: the file itself does not change.
    database.execute("CREATE TABLE documents(id TEXT PRIMARY KEY, user_id TEXT NOT NULL, finished_at INTEGER)")
    database.execute("INSERT INTO documents VALUES('kept', 'ada', 2)")
    database.commit()
    answers_again(gateway)
    database.close()


@test("one that cannot be reached")
def _(site):
    gateway, _ = serving(site, "t owner=ada")
    os.symlink(gateway.store, gateway.store)  # a loop stops root as well
    answers_from_the_board(gateway, "unreadable")
    os.unlink(gateway.store)
    os.mkfifo(gateway.store)  # whose other end nobody opens
    answers_from_the_board(gateway, "a FIFO")
    os.unlink(gateway.store)
    os.mkdir(gateway.store)
    answers_from_the_board(gateway, "a folder")
    os.rmdir(gateway.store)
    make_store(gateway.store, ("kept", "ada", True))
    answers_again(gateway)


@test("one that is locked")
def _(site):
    site.daemon()
    site.test_client("open write", "create t owner=ada")
    store = os.path.join(site.folder, "locked.db")
    make_store(store, ("kept", "ada", True))
    # Readers wait for this alone.
    lock = sqlite3.connect(store, isolation_level=None)
    lock.execute("PRAGMA locking_mode=EXCLUSIVE")
    lock.execute("UPDATE documents SET summary = 'locked'")
    gateway = Gateway.on(site, settings={"store": store})
    gateway.said("database is locked")
    answers_from_the_board(gateway, "locked")
    lock.close()
    answers_again(gateway)
    # Without a log of its own, a writer locks it while it is open, and nothing of it changes.
    lock = sqlite3.connect(store, isolation_level=None)
    gateway.terminate()
    lock.execute("PRAGMA journal_mode=DELETE")
    gateway.run()
    gateway.ready()
    for _ in range(3):
        answers_again(gateway)
        lock.execute("BEGIN EXCLUSIVE")
        answers_from_the_board(gateway, "locked while it is open")
        lock.execute("ROLLBACK")
    answers_again(gateway)
    lock.close()


@test("one that is corrupt, and is replaced")
def _(site):
    gateway, _ = serving(site, "t owner=ada")
    with open(gateway.store, "wb") as file:
        file.write(b"this is no database" * 1000)
    answers_from_the_board(gateway, "corrupt")
    make_store(gateway.path("new.db"), ("kept", "ada", True))
    os.rename(gateway.path("new.db"), gateway.store)
    answers_again(gateway)


@test("one that is replaced while it is open")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    make_store(gateway.store, ("old", "ada", True))
    expect(gateway.get(path("old"), ADA), 200, status("old", *FROM_STORE))
    make_store(gateway.path("new.db"), ("kept", "ada", True))
    for suffix in ("-wal", "-shm"):
        if os.path.exists(gateway.store + suffix):
            os.unlink(gateway.store + suffix)
    os.rename(gateway.path("new.db"), gateway.store)
    answers_again(gateway)
    expect(gateway.get(path("old"), ADA), 404, NOT_FOUND)


@test("without a board the store answers for its documents, and all others are unknown")
def _(site):
    daemon = site.daemon()
    daemon.terminate()
    os.unlink(site.shm)
    gateway = Gateway.on(site)
    make_store(gateway.store, ("kept", "ada", True))
    expect(gateway.get(path("kept"), ADA), 200, status("kept", *FROM_STORE))
    expect(gateway.get(path("other"), ADA), 503, b'{"detail":"Service unavailable"}',
           retry_after="2")


@test("the secret and the paths of the host are in no answer and no log")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    replies = [gateway.get(path("t"), bearer) for bearer in (None, ADA, "x.y.z")]
    for text in [reply.raw.decode("latin-1") for reply in replies] + [gateway.log()]:
        check(SECRET.decode() not in text and ADA not in text, text)
    for reply in replies:
        check(site.folder.encode() not in reply.raw, repr(reply))


main()
