#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""Documents processed by the worker are found: known sentences by queries that users would type, only by their
owner; and the output of search and show suits a terminal and scripts.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import fcntl
import json
import pty
import re
import struct
import subprocess
import termios
import unicodedata

from docproc import DOCPROC, SAMPLES, Documents
from e2e import check, comment, main, need_root, test

DONE, USAGE, NOT_FOUND, PERMISSION = 0, 2, 3, 77
DEPTH, WANTED = 5, 28


def docproc(documents, *arguments, env=None, prefix=()):
    done = subprocess.run([*prefix, DOCPROC, *arguments, *documents.settings], text=True, capture_output=True,
                          timeout=60, check=False, env=env or documents.site.env)
    return done.returncode, done.stdout, done.stderr


def hits(documents, query, *arguments):
    code, out, err = docproc(documents, "search", query, "--json", *arguments)
    check(code in (DONE, NOT_FOUND), f"{query}: exited {code}: {err}")
    found = json.loads(out)
    check(found["query"] == query, out)
    check((code == DONE) == bool(found["hits"]), f"{query}: exited {code} with {len(found['hits'])} hits")
    return found["hits"]


def process(documents, name, id, owner):
    code, _, err = documents.run(name, "--id", id, "--owner", owner)
    check(code == DONE, f"{name}: exited {code}: {err}")


def library(site):
    site.daemon()
    return Documents(site)


# ---- Finding ------------------------------------------------------------------------------------


def plain(text):
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text))


def questions():
    with open(os.path.join(SAMPLES, "queries.tsv"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line.strip() and line[0] != "#"]
    check(len(rows) == 30 and all(len(row) == 3 for row in rows), f"{len(rows)} queries")
    return rows


@test("known sentences are among the first five passages")
def _(site):
    documents = library(site)
    rows = questions()
    for name in sorted({row[0] for row in rows}):
        process(documents, name, name, "alice")
    # Much that has nothing to do with any question, and some that has but is another's.
    process(documents, documents.sentences(3000), "noise", "alice")
    process(documents, "voyager.pdf", "voyager-of-bob", "bob")
    ranks = []
    for name, query, phrase in rows:
        found = hits(documents, query, "--owner", "alice", "--limit", str(DEPTH))
        rank = next((i for i, hit in enumerate(found, 1) if hit["document_id"] == name and
                     plain(phrase) in plain(hit["passage"])), None)
        ranks.append(rank)
        check(all(hit["document_id"] != "voyager-of-bob" for hit in found), f"{query}: {found}")
        check(all(len(hit["passage"].encode()) <= 300 for hit in found), f"{query}: a long passage")
        comment(f"{rank or 'not'}\t{name}\t{query}")
    n = sum(rank is not None for rank in ranks)
    comment(f"recall at {DEPTH}: {n} of {len(rows)}; first: {ranks.count(1)}; "
            f"mean reciprocal rank {sum(1 / rank for rank in ranks if rank) / len(rows):.2f}")
    check(n >= WANTED, f"{n} of {len(rows)} found")


@test("a user sees no other user's documents")
def _(site):
    documents = library(site)
    owners = ["alice", "o'hara", '" OR 1=1 --', "%", "zoë", "Alice"]
    for i, owner in enumerate(owners):
        process(documents, "tides.txt", f"tides-{i}", owner)
    process(documents, "tides.txt", "tides-of-nobody", "")
    for i, owner in enumerate(owners):
        found = hits(documents, "tide in the Bay of Fundy", "--owner", owner, "--limit", "100")
        check({hit["document_id"] for hit in found} == {f"tides-{i}"}, f"{owner}: {found}")
        for j in range(len(owners)):
            code, out, _ = docproc(documents, "show", f"tides-{j}", "--owner", owner)
            check((code, bool(out)) == ((DONE, True) if i == j else (NOT_FOUND, False)), f"{owner} {j}: {out}")
    found = hits(documents, "tide", "--owner", "")
    check({hit["document_id"] for hit in found} == {"tides-of-nobody"}, found)
    check(hits(documents, "tide", "--owner", "mallory") == [], "mallory")
    everybodys = {hit["document_id"] for hit in hits(documents, "tide", "--limit", "100")}
    check(len(everybodys) == len(owners) + 1, everybodys)


@test("a document with the same id replaces the earlier one")
def _(site):
    documents = library(site)
    first = documents.write("first.txt", "The lighthouse was built of granite by the Stevensons.\n")
    second = documents.write("second.txt", "The lighthouse was built of porphyry by the Douglasses.\n")
    process(documents, first, "one", "alice")
    check("granite" in hits(documents, "granite")[0]["passage"], "the first")
    # A finished task gives its id to another one when it is removed from the board.
    code, _, err = site.trackctl("rm", "one")
    check(code == DONE, err)
    process(documents, second, "one", "alice")
    check("porphyry" in hits(documents, "porphyry")[0]["passage"], "the second")
    check(all("granite" not in hit["passage"] for hit in hits(documents, "granite")), "the first is still there")


# ---- Showing ------------------------------------------------------------------------------------


@test("show prints a document's metadata, and as JSON")
def _(site):
    documents = library(site)
    process(documents, "voyager.pdf", "one", "alice")
    code, out, err = docproc(documents, "show", "one")
    check(code == DONE, err)
    for line in ("voyager.pdf", "Owner: alice", "Type: application/pdf", "Pages: 3", "Language: en"):
        check(re.search(rf"^ *{line}$", out, re.M), f"no {line} in:\n{out}")
    code, out, err = docproc(documents, "show", "one", "--json", "--owner", "alice")
    shown = json.loads(out)
    check(code == DONE and list(shown) == ["document_id", "owner", "name", "content_type", "pages", "language",
                                           "chunks", "created_at", "finished_at", "summary"], out)
    check(len(shown["summary"]) > 100 and shown["chunks"] > 0 and shown["pages"] == 3, out)
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", shown["finished_at"]), out)


@test("missing documents and wrong arguments have their own exit status and a hint")
def _(site):
    documents = library(site)
    code, out, err = docproc(documents, "search", "tide")
    check(code == NOT_FOUND and out == "" and "process a document first" in err, (code, err))
    process(documents, "tides.txt", "one", "alice")
    for arguments, wanted, said in (
            (("search", "qzxqzx"), NOT_FOUND, "try other words"),
            (("show", "two"), NOT_FOUND, "trackctl show two"),
            (("search",), USAGE, "usage: docproc search"),
            (("search", "  "), USAGE, "usage: docproc search"),
            (("search", "tide", "--limit", "0"), USAGE, "1 to 1000"),
            (("search", "tide", "--limit", "many"), USAGE, "1 to 1000"),
            (("search", "tide", "--colour"), USAGE, "--colour"),
            (("show",), USAGE, "usage: docproc show"),
            (("show", "one", "two"), USAGE, "usage: docproc show")):
        code, out, err = docproc(documents, *arguments)
        check((code, out) == (wanted, "") and said in err, f"{arguments}: exited {code}: {out}{err}")
    check(docproc(documents, "search", "--help")[0] == DONE, "help")


@test("a user without read access to the store gets an error that says so")
def _(site):
    need_root()
    documents = library(site)
    process(documents, "tides.txt", "one", "alice")
    os.chmod(os.path.dirname(documents.store), 0o755)
    as_stranger = ("setpriv", "--reuid", "64323", "--regid", "64323", "--clear-groups", "--inh-caps=-all")
    code, out, err = docproc(documents, "search", "tide", prefix=as_stranger)
    check((code, out) == (PERMISSION, "") and "group" in err, f"exited {code}: {out}{err}")


# ---- A terminal ---------------------------------------------------------------------------------


def on_terminal(documents, columns, *arguments, **variables):
    """What docproc writes to a terminal of so many columns."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {key: value for key, value in documents.site.env.items() if key != "NO_COLOR"}
    process = subprocess.Popen([DOCPROC, *arguments, *documents.settings], stdout=follower,
                               stdin=subprocess.DEVNULL, env={**env, "TERM": "xterm", **variables})
    os.close(follower)
    out = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the last of its writers has gone
            break
        if not piece:
            break
        out += piece
    os.close(leader)
    check(process.wait() == DONE, f"exited {process.returncode}: {out}")
    return out.decode().replace("\r\n", "\n")


@test("on a terminal, lines fit and matches are bold; a document cannot control the terminal")
def _(site):
    documents = library(site)
    evil = "\x1b[2J\x1b]0;owned\x07\u202eevil\n.txt"
    code, _, err = documents.run("tides.txt", "--id", "one", "--owner", "al\u202eice", "--name", evil)
    check(code == DONE, err)
    for columns in (40, 80, 200):
        out = on_terminal(documents, columns, "search", "the tide in the Bay of Fundy")
        plain_out = re.sub(r"\x1b\[[01]m", "", out)
        passage = [line for line in plain_out.split("\n") if line.startswith("   ")]
        check(passage and all(len(line) <= columns for line in passage), f"{columns}:\n{plain_out}")
        check("\x1b[1mFundy\x1b[0m" in out, f"not bold: {out!r}")
        shown = on_terminal(documents, columns, "show", "one")
        summary = re.sub(r"\x1b\[[01]m", "", shown).split("\n\n", 1)[1]
        check(all(len(line) <= columns for line in summary.split("\n")), shown)
        for text in (plain_out, re.sub(r"\x1b\[[01]m", "", shown)):
            check(not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text), f"{text!r}")
    for variables in ({"TERM": "dumb"}, {"NO_COLOR": "1"}):
        check("\x1b" not in on_terminal(documents, 80, "search", "tide", **variables), f"{variables}")
    code, out, _ = docproc(documents, "search", "tide")
    check(code == DONE and "\x1b" not in out, repr(out))


main()
