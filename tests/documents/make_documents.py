#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the test documents again from sources/.

    make_documents.py [FOLDER]         everything; needs LibreOffice's writer with hyphenation for
                                       English and German, the fonts Liberation, DejaVu, Libertine
                                       and Droid Fallback, and pdftoppm
    make_documents.py --pages N FILE   a PDF of N pages; needs nothing, nor do these:
    make_documents.py --parts N FILE   a DOCX of N parts
    make_documents.py --unpacked N FILE
                                       a DOCX that unpacks to N MiB, of no conspicuous ratio
"""

import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "make"))
import bad
from office import docx
from pages import many_pages, scanned_pdf

PDF_AND_DOCX = ["voyager", "columns", "ligatures", "german", "hebrew", "arabic", "chinese", "japanese", "tables"]


def source(name):
    with open(os.path.join(HERE, "sources", name), encoding="utf-8") as file:
        return file.read()


def handbook():
    """The long one: an element a page, under a running head."""
    text = ["title: A Short Handbook of the Elements\nhead: A Short Handbook of the Elements\n",
            "# A Short Handbook of the Elements",
            "Thirty-six elements in the order of their numbers, one on a page: what each is called, who found it, and "
            "what is worth knowing about it."]
    for number, line in enumerate(source("elements.tsv").splitlines(), 1):
        name, symbol, finder, year, facts = line.split("\t")
        when = f"in {year}" if year.isdigit() else f"in {year}" if year == "antiquity" else year
        text.append(f"## {name}")
        text.append(f"{name} has the symbol {symbol} and the atomic number {number}. It was discovered by {finder} "
                    f"{when}.")
        text.extend(sentence.strip() + "." for sentence in facts.rstrip(".").split(". "))
    return "\n\n".join(text) + "\n"


def to_pdf(folder, names):
    """By LibreOffice, with a profile of its own."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(["soffice", f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", "pdf",
                        "--outdir", folder, *(os.path.join(folder, name + ".docx") for name in names)],
                       check=True, stdout=subprocess.DEVNULL)


def pictures(pdf, pages):
    """Pages of a PDF as (width, height, grey bytes)."""
    for page in range(1, pages + 1):
        pgm = subprocess.run(["pdftoppm", "-gray", "-r", "50", "-f", str(page), "-l", str(page), pdf], check=True,
                             capture_output=True).stdout
        _, size, _, grey = pgm.split(b"\n", 3)
        width, height = map(int, size.split())
        yield width, height, grey


def make(folder):
    good = {name + ".docx": docx(source(name + ".txt")) for name in PDF_AND_DOCX}
    good["handbook.docx"] = docx(handbook())
    plain = source("tides.plain")
    good["tides.txt"] = plain.encode()
    good["tides_utf16.txt"] = plain.encode("utf-16")
    good["german_latin1.txt"] = source("german.txt").partition("\n\n")[2].encode("latin-1")
    good["notes.md"] = source("notes.md").encode()
    for name, data in good.items():
        write(folder, name, data)
    to_pdf(folder, PDF_AND_DOCX + ["handbook"])
    os.unlink(os.path.join(folder, "handbook.docx"))
    with open(os.path.join(folder, "voyager.pdf"), "rb") as file:
        good["voyager.pdf"] = file.read()
    write(folder, "scanned.pdf", scanned_pdf(list(pictures(os.path.join(folder, "voyager.pdf"), 2))))
    for name, data in bad.files(good).items():
        write(folder, name, data)


def write(folder, name, data):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def main(argv):
    large = {"--pages": many_pages, "--parts": bad.many_parts, "--unpacked": bad.much_unpacked}
    if len(argv) == 4 and argv[1] in large:
        write(os.path.dirname(os.path.abspath(argv[3])), os.path.basename(argv[3]), large[argv[1]](int(argv[2])))
    elif len(argv) <= 2 and not (len(argv) == 2 and argv[1].startswith("-")):
        make(argv[1] if len(argv) == 2 else HERE)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
