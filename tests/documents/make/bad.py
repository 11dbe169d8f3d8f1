# SPDX-License-Identifier: MIT
"""Files that must be refused, or that hold nothing, and a few that are odd."""

import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from office import OFFICE, PACKAGE, W, XML, archive, docx, package, part, text_run
from pages import Encryption, text_pdf

EMPTY = part("document", "<w:body><w:p/><w:p><w:r><w:t> </w:t></w:r></w:p><w:sectPr/></w:body>")
SECRET = [["This sentence can be read with the password only."]]
CONTENTS = [["*1 Beginnings . . . . . 1", "1.1 Before the flood . . . . . 2", "*2 Ends . . . . . 3", "",
             "*1 Beginnings", "", "In the beginning there was nothing", "to be said about anything.", "",
             "*2 Ends", "", "At the end everything had been said", "about it, and more than once."]]
OPEN = [["Printing this page may be forbidden.", "Reading it is not: there is no password for opening."]]


def legacy_doc():
    """The header of an OLE compound file and one empty sector."""
    head = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    return (head + bytes(512 - len(head))) + b"\xff" * 512 + bytes(512)


def zip_bomb():
    """64 MiB of paragraphs behind some 200 KiB."""
    head, tail = part("document", "<w:body>@</w:body>").split("@")
    paragraph = "<w:p><w:r><w:t>ha</w:t></w:r></w:p>"
    return archive(package(head + paragraph * ((64 << 20) // len(paragraph)) + tail, {}, "Bomb"))


def many_parts(count):
    parts = package(part("document", "<w:body><w:p><w:r><w:t>Many parts.</w:t></w:r></w:p></w:body>"), {}, "Parts")
    parts.update((f"word/media/{number}", b"") for number in range(count - len(parts)))
    return archive(parts)


def much_unpacked(mib):
    """A picture that cannot be packed keeps the ratio low."""
    head, tail = part("document", "<w:body>@</w:body>").split("@")
    mark = f'<w:bookmarkStart w:id="0" w:name="{"a" * 1000}"/>'
    parts = package(head + mark * ((mib << 20) // len(mark) + 1) + tail, {}, "Large")
    parts["word/media/noise"] = os.urandom(4 << 20)
    return archive(parts, 1)


def xml_bomb():
    """A billion laughs: ten entities that each name the one before ten times."""
    entities = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    body = f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>&a9;</w:t></w:r></w:p></w:body></w:document>'
    return archive(package(f'<?xml version="1.0"?><!DOCTYPE w:document [{entities}]>{body}', {}, "Bomb"))


def outside_entity():
    """An entity that names a file of the host."""
    body = (f'<!DOCTYPE d [<!ENTITY host SYSTEM "file:///etc/passwd">]><w:document xmlns:w="{W}"><w:body><w:p><w:r>'
            "<w:t>&host;</w:t></w:r></w:p></w:body></w:document>")
    return archive(package(f'<?xml version="1.0"?>{body}', {}, "Entity"))


def odt():
    return archive({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>"})


def epub():
    return archive({"mimetype": "application/epub+zip", "META-INF/container.xml": "<a/>"})


# ---- Everything that is odd ---------------------------------------------------------------------

STYLES = """
<w:style w:type="paragraph" w:styleId="Standard" w:default="1"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/><w:basedOn w:val="Standard"/></w:style>
<w:style w:type="paragraph" w:styleId="Kapitel"><w:name w:val="Kapitel"/><w:basedOn w:val="berschrift1"/></w:style>
<w:style w:type="paragraph" w:styleId="Rubrik"><w:name w:val="Rubrik"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Flach"><w:name w:val="Flach"/><w:basedOn w:val="Rubrik"/><w:pPr><w:outlineLvl w:val="9"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Kreis"><w:name w:val="Kreis"/><w:basedOn w:val="Kreis2"/></w:style>
<w:style w:type="paragraph" w:styleId="Kreis2"><w:name w:val="Kreis2"/><w:basedOn w:val="Kreis"/></w:style>
"""

BODY = """
<w:p><w:pPr><w:pStyle w:val="berschrift1"/></w:pPr><w:r><w:t>A heading by its name</w:t></w:r></w:p>
<w:p><w:pPr><w:pStyle w:val="Kapitel"/></w:pPr><w:r><w:t>A heading by its ancestor</w:t></w:r></w:p>
<w:p><w:pPr><w:pStyle w:val="Rubrik"/></w:pPr><w:r><w:t>A heading by its outline level</w:t></w:r></w:p>
<w:p><w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:r><w:t>A heading of its own</w:t></w:r></w:p>
<w:p><w:pPr><w:pStyle w:val="Flach"/></w:pPr><w:r><w:t>No heading, though it descends from one.</w:t></w:r></w:p>
<w:p><w:pPr><w:pStyle w:val="Kreis"/></w:pPr><w:r><w:t>Its style descends from itself.</w:t></w:r></w:p>
<w:p><w:r><w:t>One wo</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">rd in pieces, a </w:t></w:r>
  <w:hyperlink r:id="rId9"><w:r><w:t>link to follow</w:t></w:r></w:hyperlink><w:r><w:t xml:space="preserve">, a no</w:t></w:r><w:r><w:noBreakHyphen/></w:r><w:r><w:t>break hyphen, a soft</w:t></w:r><w:r><w:softHyphen/></w:r><w:r><w:t>ware.</w:t></w:r></w:p>
<w:p><w:r><w:t xml:space="preserve">The plan was </w:t></w:r><w:del w:id="1" w:author="a"><w:r><w:delText>abandoned</w:delText></w:r><w:r><w:sym w:font="Symbol" w:char="2190"/><w:t>abandoned</w:t></w:r></w:del>
  <w:ins w:id="2" w:author="a"><w:r><w:t>accepted</w:t></w:r></w:ins><w:r><w:t>.</w:t></w:r></w:p>
<w:p><w:moveFrom w:id="3" w:author="a"><w:r><w:t>It was moved away from here.</w:t></w:r></w:moveFrom></w:p>
<w:p><w:moveTo w:id="4" w:author="a"><w:r><w:t>It was moved to this place.</w:t></w:r></w:moveTo></w:p>
<w:p><w:r><w:t>left</w:t></w:r><w:r><w:tab/><w:t>right</w:t><w:br/><w:t>below</w:t></w:r></w:p>
<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>first item</w:t></w:r></w:p>
<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>second item</w:t></w:r></w:p>
<w:p><w:r><w:t>A later mark</w:t></w:r><w:r><w:footnoteReference w:id="7"/></w:r><w:r><w:t xml:space="preserve"> and an end mark</w:t></w:r><w:r><w:endnoteReference w:id="2"/></w:r><w:r><w:t>.</w:t></w:r></w:p>
<w:p><w:r><w:t>Another mark</w:t></w:r><w:r><w:footnoteReference w:id="3"/></w:r><w:r><w:t>.</w:t></w:r></w:p>
<w:p><w:r><w:t>Before the box.</w:t></w:r><w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx><w:txbxContent>
  <w:p><w:r><w:t>Text in a box.</w:t></w:r></w:p></w:txbxContent></wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent>
  <w:p><w:r><w:t>Text in a box.</w:t></w:r></w:p></w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r><w:r><w:t xml:space="preserve"> After the box.</w:t></w:r></w:p>
<w:tbl><w:tr><w:tc><w:p><w:r><w:t>top</w:t></w:r></w:p><w:p><w:r><w:t>left</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>top right</w:t></w:r></w:p></w:tc></w:tr>
  <w:tr><w:tc><w:p><w:r><w:t>outer</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>inner one</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>inner two</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:p/></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>
<w:sdt><w:sdtPr><w:alias w:val="no text"/></w:sdtPr><w:sdtContent><w:p><w:r><w:t>Inside a content control.</w:t></w:r></w:p></w:sdtContent></w:sdt>
<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DATE hidden instruction</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>Result of a field.</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>
<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>Hidden text.</w:t></w:r><w:r><w:t>Text that shows.</w:t></w:r></w:p>
<w:p><w:r><w:sym w:font="Wingdings" w:char="F04A"/><w:t>An arrow </w:t><w:sym w:font="Symbol" w:char="2192"/></w:r></w:p>
<w:sectPr/>
"""

MORE = (' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
        ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
        ' xmlns:v="urn:schemas-microsoft-com:vml"')


def note(kind, number, text):
    return f'<w:{kind} w:id="{number}"><w:p><w:r><w:{kind}Ref/></w:r>{text_run(" " + text)}</w:p></w:{kind}>'


def odd_docx():
    notes = note("footnote", 3, "The note that is marked second.") + note("footnote", 7, "The note that is marked first.")
    return archive(package(part("document", f"<w:body>{BODY}</w:body>", MORE), {
        "styles": part("styles", STYLES),
        "footnotes": part("footnotes", '<w:footnote w:type="separator" w:id="0"><w:p><w:r><w:t>never shown'
                          f'</w:t></w:r></w:p></w:footnote>{notes}'),
        "endnotes": part("endnotes", note("endnote", 2, "The note at the end.")),
    }, "Everything that is odd"))


def files(good):
    """Name to bytes. good: those that were made before."""
    return {
        "odd.docx": odd_docx(),
        "encrypted.pdf": text_pdf(SECRET, Encryption("secret", "owner")),
        "restricted.pdf": text_pdf(OPEN, Encryption("", "owner")),
        "contents.pdf": text_pdf(CONTENTS),
        "truncated.pdf": good["voyager.pdf"][:len(good["voyager.pdf"]) * 2 // 5],
        "truncated.docx": good["voyager.docx"][:len(good["voyager.docx"]) // 2],
        "legacy.doc": legacy_doc(),
        "renamed.pdf": docx("title: Renamed\n\n# Renamed\n\nThis is a DOCX document under a false name.\n"),
        "empty.txt": b"",
        "no_text.docx": archive(package(EMPTY, {}, "Nothing")),
        "zip_bomb.docx": zip_bomb(),
        "xml_bomb.docx": xml_bomb(),
        "outside_entity.docx": outside_entity(),
        "letter.odt": odt(),
        "book.epub": epub(),
    }
