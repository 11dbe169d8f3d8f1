#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""POST /documents: what reaches the spool and what is answered; names, types, forms and sizes
that are refused and leave nothing.
"""

import hashlib
import io
import os
import stat
import sys
import threading
import time
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import check, comment, main, until
from form import TYPE, UUID, field, file, form, id_of, part, upload
from gateway import Reply, read_all, read_reply, request, token
from uploads import (ADA, MIB, SANITISED, begin, content_of, during, ends_well, names,
                     nothing_left, refused, tasks, waiting)


# ---- Taken -----------------------------------------------------------------------------------------


@ends_well("a document is taken: the answer to the byte, the task, the files")
def _(site):
    gateway = begin(site)
    content = content_of("voyager.pdf")
    before = int(time.time())
    reply = upload(gateway, ADA, "voyager.pdf", content)
    id = id_of(reply)
    check(reply.status == 202 and UUID.fullmatch(id), repr(reply))
    check(reply.body == (f'{{"document_id":"{id}","status":"pending","progress":0,'
                         '"message":"Queued for processing","error":null}').encode(), repr(reply))
    check(sorted(reply.headers) == ["cache-control", "connection", "content-length", "content-type",
                                    "date", "location", "retry-after", "x-content-type-options"],
          repr(reply.lines))
    check(reply.headers["location"] == f"/documents/{id}/status" and
          reply.headers["retry-after"] == "1", repr(reply))
    check(gateway.get(reply.headers["location"], ADA).body == reply.body, "the status is the same")
    check(gateway.get(reply.headers["location"], token("eve")).status == 404, "it is Ada's")
    task = gateway.get(f"/v1/tasks/{id}", ADA).json()
    check((task["owner"], task["name"], task["state"], task["kind"]) ==
          ("ada", "voyager.pdf", "pending", "document"), f"{task}")
    taken, ticket = waiting(gateway, id)
    check(taken == content, "the bytes are the same")
    # time(2) reads a coarser clock, which passes a second some milliseconds later.
    check(before - 1 <= ticket.pop("created_at") <= time.time(), "created_at")
    check(ticket == {"id": id, "owner": "ada", "name": "voyager.pdf", "size": len(content)},
          f"{ticket}")
    for name in (id, f"{id}.json"):
        mode = os.stat(os.path.join(gateway.spool, "new", name)).st_mode
        check(stat.S_IMODE(mode) == 0o640, f"{name}: {mode:o}")
    check(names(gateway, "tmp") == [] and names(gateway, "work") == [], "nothing else")
    check(id_of(upload(gateway, ADA)) != id, "each has an id of its own")


@ends_well("several on one connection, one after the other and all at once")
def _(site):
    gateway = begin(site)
    body = form(file("a.txt", b"x" * 5000))
    one = request("POST", "/documents", ADA, {"Content-Type": TYPE}, body)
    with gateway.connect() as connection:
        for _ in range(5):
            connection.sendall(one)
            check(read_reply(connection).status == 202, "kept alive")
        connection.sendall(one * 4 + request("GET", "/v1/tasks", ADA, close=True))
        check(read_all(connection).count(b"HTTP/1.1 202 Accepted") == 4, "a pipeline")
    check(len(names(gateway, "new")) == 18, "nine documents")


@ends_well("an empty file is taken: that it is empty is for the worker to say")
def _(site):
    gateway = begin(site)
    for name in ("empty.txt", "empty.pdf"):
        content, ticket = waiting(gateway, id_of(upload(gateway, ADA, name, b"")))
        check(content == b"" and ticket["size"] == 0, f"{ticket}")


@ends_well("a body in chunks, and one that waits for 100 Continue")
def _(site):
    gateway = begin(site)
    body = form(file("a.txt", b"0123456789" * 3000))
    head = f"POST /documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADA}\r\nContent-Type: {TYPE}\r\n"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in
                      (body[at:at + 777] for at in range(0, len(body), 777))) + b"0\r\n\r\n"
    reply = Reply(gateway.raw(f"{head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
                              + chunks))
    check(reply.status == 202 and waiting(gateway, id_of(reply))[0] == b"0123456789" * 3000, repr(reply))
    with gateway.connect() as connection:
        connection.sendall(f"{head}Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        check(connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n", "it is asked for the body")
        connection.sendall(body)
        check(read_reply(connection).status == 202, "taken")


@ends_well("other fields of the form are passed over; the field of the file may have any name")
def _(site):
    gateway = begin(site)
    body = form(field("token", "x" * 1000), file("a.txt", b"text", field="document"), field("b", ""))
    check(waiting(gateway, id_of(upload(gateway, ADA, body=body)))[0] == b"text", "the file")


# ---- Names -----------------------------------------------------------------------------------------

NAMES = (
    ('filename="Grüße – 報告.txt"', "Grüße – 報告.txt"),
    ('filename="a \\"b\\".txt"', 'a "b".txt'),
    ('filename="a %22b%22.txt"', 'a "b".txt'),
    ('filename="a%41%25%2522.txt"', "a%41%25%2522.txt"),
    ("filename*=UTF-8''%e2%82%ac%20rates.txt; filename=\"x.txt\"", "€ rates.txt"),
    ("filename=\"x.txt\"; filename*=iso-8859-1'en'%A3.txt", "£.txt"),
    ('filename="../../../../etc/passwd"', "passwd"),
    ('filename="/etc/cron.d/x.txt"', "x.txt"),
    ('filename="C:\\\\docs\\new.txt"', "C:\\docs\\new.txt"),
    ('filename=".."', ".."),
    ('filename="x.json"', "x.json"),
    ('filename="<script>.txt"', "<script>.txt"),
    ('filename="' + "é" * 125 + 'a.txt"', "é" * 125 + "a.txt"),
)


@ends_well("names are kept as they are given, and are never a path")
def _(site):
    gateway = begin(site)
    outside = sorted(os.listdir(gateway.folder))
    for parameters, name in NAMES:
        reply = upload(gateway, ADA, body=form(file("", b"text\n", parameters=parameters)))
        check(reply.status == 202, f"{parameters}: {reply!r}")
        id = id_of(reply)
        check(waiting(gateway, id)[1]["name"] == name, f"{parameters}: {waiting(gateway, id)[1]}")
        check(gateway.get(f"/v1/tasks/{id}", ADA).json()["name"] == name, f"{parameters}: the task")
    check(all(UUID.fullmatch(entry.removesuffix(".json")) for entry in names(gateway, "new")),
          f"{names(gateway, 'new')}")
    check(sorted(os.listdir(gateway.folder)) == outside, "nothing appeared elsewhere")


@ends_well("names that cannot be kept are refused")
def _(site):
    gateway = begin(site)
    for parameters, detail in (
            (b'filename="a\xff.txt"', "The file's name is not UTF-8"),
            (b"filename*=UTF-8''%ff", "The file's name is not UTF-8"),
            (b"filename*=UTF-8''a%00.txt", "The file's name has control characters"),
            (b'filename="a%0D%0A.txt"', "The file's name has control characters"),
            (b'filename="a\x1b[2J.txt"', "The file's name has control characters"),
            (b"filename*=UTF-8''a%0d%0aSet-Cookie%3a%20x", "The file's name has control characters"),
            (b'filename="folder/"', "The file has no name"),
            (b'filename="' + b"a" * 252 + b'.txt"', "The file's name is longer than 255 bytes"),
            (b'filename="' + b"a" * 3000 + b'.txt"', "The file's name is longer than 255 bytes")):
        reply = upload(gateway, ADA, body=form(file("", b"text", parameters=parameters)))
        refused(gateway, reply, 400, detail)


# ---- Refused ---------------------------------------------------------------------------------------

def odt():
    """As they are: what it is comes first, and not packed."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", "<office:document-content/>")
    return made.getvalue()


PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


@ends_well("types that docproc cannot read, by name and by content")
def _(site):
    gateway = begin(site)
    for name, content, extension in (
            ("legacy.doc", content_of("legacy.doc"), ".doc"), ("a.doc", b"text", ".doc"),
            ("letter.odt", content_of("letter.odt"), ".odt"), ("photo.png", PNG, ".png"),
            ("Photo.PNG", b"", ".PNG"), ("page.html", b"<html>", ".html"),
            ("x.exe", b"MZ", ".exe"), ("a.b.zip", b"PK\3\4", ".zip"),
            # Judged while it arrives, and at its end.
            ("data.bin", b"\1" * 65535, ".bin")):
        refused(gateway, upload(gateway, ADA, name, content), 415, f"Unsupported file type: {extension}")
    for name, content, found in (
            ("report.pdf", PNG, "The file is a picture (.png), not a PDF"),
            ("renamed.pdf", content_of("renamed.pdf"), "The file is a DOCX document, not a PDF"),
            ("a.pdf", b"text", "The file is plain text, not a PDF"),
            ("letter.docx", odt(), "The file is an OpenDocument file, not a DOCX document"),
            ("a.txt", content_of("voyager.pdf"), "The file is a PDF, not plain text"),
            ("large.txt", b"\0" * 200000,
             "The file is damaged or of an unknown kind: it is not plain text")):
        refused(gateway, upload(gateway, ADA, name, content), 415, found)
    for name in ("voyager.pdf", "tables.docx", "notes.md", "tides.txt", "tides_utf16.txt",
                 "german_latin1.txt", "encrypted.pdf", "truncated.docx"):
        reply = upload(gateway, ADA, name, content_of(name))
        check(reply.status == 202, f"{name}: {reply!r}")


@ends_well("what is refused is not kept until all of it has come")
def _(site):
    gateway = begin(site)
    for name, content in (("large.txt", b"\0" * 400000), ("large.txt", b"x" * (MIB + 4000))):
        gateway.set(upload_max="1M")
        gateway.reload()
        body = form(file(name, content))
        with gateway.connect() as connection:
            connection.sendall(request("POST", "/documents", ADA, {"Content-Type": TYPE}, body)[:-100])
            until(lambda: received(connection), "all of it has been read")
            gateway.get("/v1/tasks", ADA)
            check(names(gateway, "tmp") == [], f"{name}: it is kept")
            connection.sendall(body[-100:])
            check(read_reply(connection).status in (413, 415), name)
        check(tasks(gateway) == [], "no task")


def received(connection):
    """Whether the other side has read all that was sent."""
    ours, theirs = (f":{connection.getsockname()[1]:04X}", f":{connection.getpeername()[1]:04X}")
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table]
    queues = [row[4] for row in rows if row[1].endswith(theirs) and row[2].endswith(ours)]
    queues += [row[4] for row in rows if row[1].endswith(ours) and row[2].endswith(theirs)]
    return queues == ["00000000:00000000"] * 2


@ends_well("bodies that are no form with one file")
def _(site):
    gateway = begin(site)
    expected = "A form is expected: multipart/form-data with one file"
    for type in ("application/pdf", "multipart/form-data", "multipart/form-data; boundary=",
                 "multipart/mixed; boundary=x", "application/x-www-form-urlencoded", ""):
        refused(gateway, upload(gateway, ADA, type=type), 400, expected)
    refused(gateway, gateway.ask("POST", "/documents", ADA), 400, expected)
    refused(gateway, gateway.ask("POST", "/documents", ADA, {"Content-Type": TYPE}), 400,
            "The form is incomplete")
    good = form(file("a.txt", b"text"))
    for body, detail in (
            (form(file("a.txt", b"1"), file("b.txt", b"2")), "Only one file may be sent at a time"),
            (form(file("a.txt", b"1"), file("a.txt", b"1")), "Only one file may be sent at a time"),
            (form(), "No file was sent"), (form(field("a", "b")), "No file was sent"),
            (form(file("", b"")), "No file was sent"),
            (good[:-4], "The form is incomplete"), (good[:40], "The form is incomplete"),
            (b"garbage", "The form is incomplete"), (good.replace(b"\r\n", b"\n"), "The form is incomplete"),
            (good.replace(b"form-data", b"attachment"), "The form is incomplete"),
            (form(part("X: " + "a" * 5000, b"")), "The form is incomplete"),
            (form(*[field("a", "b")] * 100), "The form is incomplete"),
            (os.urandom(20000), "The form is incomplete")):
        refused(gateway, upload(gateway, ADA, body=body), 400, detail)
    check(upload(gateway, ADA, body=good).status == 202, "the good one is good")


@ends_well("without a valid token no body is read, and the client still gets the reason")
def _(site):
    gateway = begin(site)
    large = form(file("a.txt", b"x" * 8 * MIB))
    for bearer, detail in ((None, "Not authenticated"), ("garbage", "Invalid token")):
        reply = upload(gateway, bearer, body=large)
        check((reply.status, reply.json()) == (401, {"detail": detail}), repr(reply))
    nothing_left(gateway)
    reply = gateway.get("/documents", ADA)
    check(reply.status == 405 and reply.headers["allow"] == "POST", repr(reply))


# ---- Size ------------------------------------------------------------------------------------------

TOO_LARGE = "The document is too large"


@ends_well("the limit is of the file, to the byte")
def _(site):
    gateway = begin(site, upload_max="1M")
    refused(gateway, upload(gateway, ADA, content=b"x" * (MIB + 1)), 413, TOO_LARGE)
    refused(gateway, upload(gateway, ADA, content=b"x" * (8 * MIB)), 413, TOO_LARGE)
    id = id_of(upload(gateway, ADA, content=b"x" * MIB))
    check(len(waiting(gateway, id)[0]) == MIB, "a file of the limit")
    gateway.set(upload_max="2M")
    gateway.reload()
    check(upload(gateway, ADA, content=b"x" * (2 * MIB)).status == 202, "after a reload")


@ends_well("ten gigabytes by Content-Length are refused before anything is read")
def _(site):
    gateway = begin(site)
    for length in (10 << 30, 1 << 62):
        for headers in ({}, {"Expect": "100-continue"}):
            with gateway.connect() as connection:
                connection.sendall(request("POST", "/documents", ADA, {
                    "Content-Type": TYPE, "Content-Length": str(length), **headers}))
                refused(gateway, read_reply(connection), 413, TOO_LARGE)
    with gateway.connect() as connection:
        connection.sendall(request("POST", "/documents", ADA, {
            "Content-Type": TYPE, "Content-Length": "9" * 40}))
        data = read_all(connection)
        check(b" 400 " in data or b" 413 " in data, f"{data!r}")
    check(upload(gateway, ADA).status == 202, "others go on")


@ends_well("a body in chunks that has no end is answered when it is too large")
def _(site):
    gateway = begin(site, upload_max="1M")
    chunk = b"%x\r\n%s\r\n" % (65536, b"x" * 65536)
    for body in (b"", form(file("a.txt", b""))[:-30]):
        with gateway.connect() as connection:
            connection.sendall(request("POST", "/documents", ADA, {
                "Content-Type": TYPE, "Transfer-Encoding": "chunked"}))
            if body:
                connection.sendall(b"%x\r\n%s\r\n" % (len(body), body))
            sent = 0
            try:
                while sent < 64 * MIB:
                    connection.sendall(chunk)
                    sent += len(chunk)
            except OSError:
                pass
            check(sent < 64 * MIB, "it listens for ever")
        with gateway.connect() as connection:
            connection.sendall(request("POST", "/documents", ADA, {
                "Content-Type": TYPE, "Transfer-Encoding": "chunked"}))
            connection.sendall(b"%x\r\n%s\r\n" % (len(body), body) if body else b"")
            for _ in range(20):
                connection.sendall(chunk)
            reply = read_reply(connection)
            refused(gateway, reply, 413, TOO_LARGE, connection="close", cache_control="no-store")
            check("date" in reply.headers, repr(reply))
    metrics = gateway.operator("/metrics").body.decode()
    check('trackd_http_requests_total{route="/documents",method="POST",code="413"} 4' in metrics,
          metrics)


@ends_well("large ones go through without being kept in memory, eight at once")
def _(site):
    gateway = begin(site, upload_max="100M")
    upload(gateway, ADA)
    size = 48 * MIB
    content = os.urandom(MIB) + b"\n%PDF-"
    content = b"%PDF-" + content * (size // len(content))
    digest = hashlib.sha256(content).hexdigest()
    body, before, ids = form(file("large.pdf", content)), gateway.resident_kib(), []

    def send():
        ids.append(id_of(upload(gateway, ADA, body=body, limit=120)))

    threads = [threading.Thread(target=send) for _ in range(8)]
    peaks = during(threads, lambda: gateway.resident_kib())
    grown = max(peaks) - before
    comment(f"8 x {len(content) >> 20} MiB at once: {grown} KiB more at the most, "
            f"of {before} KiB")
    check(len(ids) == 8, "all were taken")
    check(SANITISED or grown < 2048, f"{grown} KiB")
    for id in ids:
        path = os.path.join(gateway.spool, "new", id)
        with open(path, "rb") as document:
            check(hashlib.file_digest(document, "sha256").hexdigest() == digest, "the same bytes")
        os.unlink(path)


if __name__ == "__main__":
    main()
