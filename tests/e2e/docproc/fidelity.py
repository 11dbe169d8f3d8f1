#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""Extraction compared with other programs on the same documents: pdftotext on the PDFs, LibreOffice on the DOCX
files from which the PDFs were made. Compared are sets of words, once hyphenation is joined; for Chinese and
Japanese pairs of neighbouring characters; and the order of the words.
"""

import difflib
import json
import os
import re
import subprocess
import sys
import unicodedata

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import shutil
import tempfile

from e2e import BUILD, TREE, Skip, check, comment, main, test

DOCUMENTS = os.path.join(TREE, "tests", "documents")
DOCPROC = os.path.join(BUILD, "docproc")
BOTH = ["voyager", "columns", "ligatures", "german", "tables", "hebrew", "arabic", "chinese", "japanese"]
SPACELESS = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
ENOUGH = 0.99


def path(name):
    return os.path.join(DOCUMENTS, name)


def run(*argv):
    done = subprocess.run(argv, capture_output=True, check=False)
    check(done.returncode == 0, lambda: f"{argv}: {done.returncode} {done.stderr.decode(errors='replace')}")
    return done.stdout.decode("utf-8")


def ours(name, notes=True):
    """Our text: a block a paragraph."""
    blocks = [json.loads(line) for line in run(DOCPROC, "extract", path(name)).splitlines()]
    return "\n\n".join(block["text"] for block in blocks if notes or block["type"] != "footnote")


def words(text):
    """In order. Chinese and Japanese: pairs of characters, whatever the line ends between them."""
    text = unicodedata.normalize("NFKC", text)
    # pdftotext has the blank beside a number on its other side, so that the mark has to part the words.
    text = re.sub("[\u202a-\u202e]", " ", text)
    text = re.sub("[\u200b-\u200f\u2066-\u2069\ufeff\u00ad]", "", text)
    text = re.sub(r"([^\W\d])[-\u2010]\n([^\W\d])", r"\1\2", text)
    # Footnote marks stick to words, and LibreOffice's text has them in the DOCX, too.
    text = re.sub(r"(?<=[^\W\d_])\d+\b|(?<=[^\W\d_][.,])\d+(?=\s)", "", text)
    beside = rf"[{SPACELESS}\u3000-\u303f\uff00-\uffef0-9]"
    text = re.sub(rf"(?<={beside})\s+(?={beside})", "", text)
    found = []
    for word in re.findall(r"\w+", text.casefold()):
        for piece in re.findall(rf"[{SPACELESS}]+|[^{SPACELESS}]+", word):
            if re.match(f"[{SPACELESS}]", piece) and len(piece) > 1:
                found.extend(piece[i:i + 2] for i in range(len(piece) - 1))
            else:
                found.append(piece)
    return found


def same(one, other):
    """Share of words that both have."""
    a, b = set(one), set(other)
    return len(a & b) / max(1, len(a | b))


def report(what, one, other):
    share = same(one, other)
    only, missing = sorted(set(one) - set(other)), sorted(set(other) - set(one))
    comment(f"{what:34} {100 * share:6.2f} % of {len(set(other))} words"
            + (f"  only ours: {' '.join(only[:8])}" if only else "")
            + (f"  missing: {' '.join(missing[:8])}" if missing else ""))
    return share


def libreoffice():
    """Texts of all DOCX files, by name."""
    if not shutil.which("soffice"):
        raise Skip("no LibreOffice")
    with tempfile.TemporaryDirectory() as folder:
        run("soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to",
            "txt:Text (encoded):UTF8", "--outdir", folder, *(path(name + ".docx") for name in BOTH))
        return {name: open(os.path.join(folder, name + ".txt"), encoding="utf-8-sig").read() for name in BOTH}


def all_at_least(shares, least=ENOUGH):
    low = {name: f"{100 * share:.2f} %" for name, share in shares.items() if share < least}
    check(shares and not low, f"below {100 * least:.0f} %: {low}")


@test("PDF: the same words as pdftotext")
def _(_site):
    # Lam and alef in one glyph: pdftotext has them the wrong way round, so that any order counts.
    either = lambda text: re.sub("[\u0644\u0627\u0623\u0625\u0622]+", lambda found: "".join(sorted(found[0])), text)
    all_at_least({name: report(name + ".pdf, pdftotext", words(either(ours(name + ".pdf"))),
                               words(either(run("pdftotext", path(name + ".pdf"), "-"))))
                  for name in BOTH + ["handbook", "restricted"]})


@test("DOCX: the same words as LibreOffice")
def _(_site):
    texts = libreoffice()
    all_at_least({name: report(name + ".docx, LibreOffice", words(ours(name + ".docx", notes=False)), words(texts[name]))
                  for name in BOTH})


@test("PDF: the same words as LibreOffice read in the DOCX that it was made from")
def _(_site):
    texts = libreoffice()
    all_at_least({name: report(name + ".pdf, LibreOffice", words(ours(name + ".pdf", notes=False)), words(texts[name]))
                  for name in BOTH})


@test("words are in the same order as in the DOCX, columns one after the other")
def _(_site):
    shares = {}
    for name in BOTH:
        a, b = words(ours(name + ".pdf", notes=False)), words(ours(name + ".docx", notes=False))
        shares[name] = difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()
        comment(f"{name:34} {100 * shares[name]:6.2f} % in order")
    check(shares["columns"] >= ENOUGH, "columns are mixed up")
    # In tables from right to left poppler has the cells the other way round.
    all_at_least(shares, 0.93)


main()
