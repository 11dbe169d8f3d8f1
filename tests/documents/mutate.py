#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Breaks good documents: PDF by bytes, numbers and structure; DOCX by bytes and, packed again with
right checksums, inside its parts.

    mutate.py [--seed N] [--count N] FOLDER    writes 0000.pdf, 0001.docx, ... and prints the seed

The same seed makes the same files.
"""

import argparse
import io
import os
import random
import re
import sys
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
GOOD = ["voyager", "columns", "ligatures", "german", "tables", "hebrew", "arabic", "chinese", "japanese", "odd",
        "restricted", "scanned", "handbook"]
ODD_NUMBERS = [b"0", b"1", b"-1", b"255", b"65536", b"2147483647", b"-2147483648", b"4294967296", b"99999999999999"]
PDF_WORDS = [b"/Kids", b"/Count", b"/Parent", b"/Length", b"/Filter", b"/Contents", b"/Resources", b"/Type", b"/Root",
             b"/ToUnicode", b"/Font", b"endstream", b"endobj", b"stream", b"obj", b"xref", b"startxref", b"R"]
XML_WORDS = [b"<w:p>", b"</w:p>", b"<w:t>", b"</w:t>", b"<w:tbl>", b"</w:tbl>", b"<w:tr>", b"<w:tc>", b"<w:del>",
             b"<w:txbxContent>", b"&amp;", b"&x;", b"&#0;", b"<!DOCTYPE a>", b"<![CDATA[", b"]]>", b"\x00", b"\xff\xfe",
             b"<w:p/>" * 1000, b"<w:tbl>" * 300, b"<a>" * 300]


def some_bytes(rng, data, words):
    """Bytes of a file changed in one way or another."""
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5, 30])):
        at = rng.randrange(len(data) + 1)
        size = rng.choice([1, 2, 4, 16, 200, 3000])
        kind = rng.randrange(8)
        if kind == 0:
            del data[at:at + size]
        elif kind == 1:
            data[at:at] = rng.randbytes(size)
        elif kind == 2:
            data[at:at + size] = rng.randbytes(len(data[at:at + size]))
        elif kind == 3:
            data[at:at] = data[at:at + size] * rng.choice([1, 2, 50])
        elif kind == 4:
            data[at:at] = rng.choice(words)
        elif kind == 5:
            other = rng.randrange(len(data) + 1)
            data[at:at + size] = data[other:other + size]
        elif kind == 6 and data:
            for _ in range(rng.choice([1, 8, 64])):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        elif kind == 7:
            numbers = list(re.finditer(rb"\b\d+\b", bytes(data)))
            if numbers:
                number = rng.choice(numbers)
                data[number.start():number.end()] = rng.choice(ODD_NUMBERS)
    return bytes(data)


def cut(rng, data):
    return data[:rng.randrange(len(data))]


def swap_words(rng, data, words):
    """One word of the format put in another's place."""
    present = [word for word in words if word in data]
    if len(present) < 2:
        return data
    one, other = rng.sample(present, 2)
    spots = [found.start() for found in re.finditer(re.escape(one), data)]
    at = rng.choice(spots)
    return data[:at] + other + data[at + len(one):]


def break_pdf(rng, data):
    kind = rng.randrange(6)
    if kind == 0:
        return cut(rng, data)
    if kind == 1:
        return swap_words(rng, data, PDF_WORDS)
    if kind == 2:
        # References to other objects, so that trees turn into rings.
        numbers = [int(found[1]) for found in re.finditer(rb"(\d+) 0 obj", data)] or [1]
        return re.sub(rb"\b\d+ 0 R\b", lambda found: b"%d 0 R" % rng.choice(numbers) if rng.random() < 0.1 else found[0],
                      data)
    return some_bytes(rng, data, PDF_WORDS)


def break_parts(rng, data):
    """What is in the zip, packed again so that only the XML is broken."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as good, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bad:
        names = good.namelist()
        broken = rng.choice([name for name in names if name.startswith("word/")] or names)
        for name in names:
            body = good.read(name)
            if name == broken:
                kind = rng.randrange(5)
                if kind == 0:
                    continue
                if kind == 1:
                    body = cut(rng, body) if body else body
                elif kind == 2:
                    body = swap_words(rng, body, XML_WORDS[:11])
                elif kind == 3:
                    body = good.read(rng.choice(names))
                else:
                    body = some_bytes(rng, body, XML_WORDS)
            bad.writestr(zipfile.ZipInfo(name), body)
    return out.getvalue()


def break_docx(rng, data):
    kind = rng.randrange(4)
    if kind == 0:
        return cut(rng, data)
    if kind == 1:
        return some_bytes(rng, data, [b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06"])
    return break_parts(rng, data)


def broken_files(seed, count):
    """Names and bytes."""
    rng = random.Random(seed)
    good = []
    for name in GOOD:
        for ending in ("pdf", "docx"):
            path = os.path.join(HERE, f"{name}.{ending}")
            if os.path.exists(path):
                with open(path, "rb") as file:
                    good.append((ending, file.read()))
    for number in range(count):
        ending, data = rng.choice(good)
        yield f"{number:04}.{ending}", (break_pdf if ending == "pdf" else break_docx)(rng, data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("folder")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    os.makedirs(options.folder, exist_ok=True)
    for name, data in broken_files(seed, options.count):
        with open(os.path.join(options.folder, name), "wb") as file:
            file.write(data)


if __name__ == "__main__":
    sys.exit(main())
