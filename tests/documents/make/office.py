# SPDX-License-Identifier: MIT
"""Writes DOCX files: a plain text with a little markup in, a zip of XML parts out.

    title: ..., language: ..., font: ..., columns: 2, direction: rtl, hyphenate: yes, head: ...
    # heading, ## heading, | cell | cell |, and paragraphs with [^footnotes] in them
"""

import io
import re
import zipfile
from xml.sax.saxutils import escape

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PLAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"
LONG_AGO = (2024, 1, 1, 0, 0, 0)


class Source:
    def __init__(self, text):
        head, _, body = text.partition("\n\n")
        fields = dict(line.split(": ", 1) for line in head.splitlines())
        self.title = fields["title"]
        self.language = fields.get("language", "en-GB")
        self.font = fields.get("font", "Liberation Serif")
        self.columns = int(fields.get("columns", "1"))
        self.rtl = fields.get("direction") == "rtl"
        self.hyphenate = "hyphenate" in fields
        self.head = fields.get("head")
        self.blocks = [block.strip() for block in re.split(r"\n\s*\n", body) if block.strip()]


def archive(parts, level=9):
    """A zip that is the same whenever it is made. parts: name to bytes or text."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as package:
        for name, data in parts.items():
            info = zipfile.ZipInfo(name, LONG_AGO)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            package.writestr(info, data)
    return out.getvalue()


def part(name, body, attributes=""):
    return f'{XML}<w:{name} xmlns:w="{W}" xmlns:r="{OFFICE}"{attributes}>{body}</w:{name}>'


def text_run(text, properties=""):
    properties = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def field(instruction):
    return (f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> {instruction} </w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r>'
            '<w:r><w:fldChar w:fldCharType="end"/></w:r>')


class Writer:
    def __init__(self, source):
        self.source = source
        self.notes = []

    def runs(self, text):
        rtl = "<w:rtl/>" if self.source.rtl else ""
        pieces = re.split(r"\[\^([^\]]*)\]", text)
        out = []
        for i, piece in enumerate(pieces):
            if i % 2 == 0:
                out.append(text_run(piece, rtl) if piece else "")
                continue
            self.notes.append(piece)
            out.append('<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
                       f'<w:footnoteReference w:id="{len(self.notes) + 1}"/></w:r>')
        return "".join(out)

    def paragraph(self, text, style=""):
        style = f'<w:pStyle w:val="{style}"/>' if style else ""
        bidi = "<w:bidi/>" if self.source.rtl else ""
        return f"<w:p><w:pPr>{style}{bidi}</w:pPr>{self.runs(text)}</w:p>"

    def table(self, block):
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines()]
        lengths = [12 + min(20, max(len(row[i]) for row in rows)) for i in range(len(rows[0]))]
        widths = [6600 * length // sum(lengths) for length in lengths]
        out = ['<w:tbl><w:tblPr>', "<w:bidiVisual/>" if self.source.rtl else "", '<w:tblW w:w="6600" w:type="dxa"/>',
               "<w:tblBorders>", *(f'<w:{side} w:val="single" w:sz="4"/>' for side in
                                   ("top", "left", "bottom", "right", "insideH", "insideV")),
               "</w:tblBorders></w:tblPr><w:tblGrid>", *(f'<w:gridCol w:w="{width}"/>' for width in widths), "</w:tblGrid>"]
        for row in rows:
            cells = (f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{self.paragraph(cell)}</w:tc>'
                     for width, cell in zip(widths, row))
            out.append(f'<w:tr>{"".join(cells)}</w:tr>')
        return "".join(out) + "</w:tbl><w:p/>"

    def block(self, block):
        if block.startswith("|"):
            return self.table(block)
        heading = re.match(r"(#+) (.*)", block)
        if heading:
            return self.paragraph(heading[2], f"Heading{len(heading[1])}")
        return self.paragraph(" ".join(block.split("\n")))

    def section(self):
        head = ('<w:headerReference w:type="default" r:id="rId10"/><w:footerReference w:type="default" r:id="rId11"/>'
                if self.source.head else "")
        columns = f'<w:cols w:num="{self.source.columns}" w:space="480"/>' if self.source.columns > 1 else ""
        bidi = "<w:bidi/>" if self.source.rtl else ""
        return (f'<w:sectPr>{head}<w:pgSz w:w="8391" w:h="11906"/><w:pgMar w:top="1134" w:right="850" w:bottom="1134" '
                f'w:left="850" w:header="567" w:footer="567"/>{columns}{bidi}</w:sectPr>')


def styles(source):
    font = (f'<w:rFonts w:ascii="{source.font}" w:hAnsi="{source.font}" w:eastAsia="{source.font}" '
            f'w:cs="{source.font}"/>')
    language = f'<w:lang w:val="{source.language}" w:eastAsia="{source.language}" w:bidi="{source.language}"/>'
    breaking = "<w:pageBreakBefore/>" if source.head else ""
    headings = "".join(
        f'<w:style w:type="paragraph" w:styleId="Heading{n}"><w:name w:val="heading {n}"/><w:basedOn w:val="Normal"/>'
        f'<w:pPr><w:keepNext/>{breaking if n == 2 else ""}<w:spacing w:before="240" w:after="120"/>'
        f'<w:outlineLvl w:val="{n - 1}"/></w:pPr><w:rPr><w:b/><w:bCs/><w:sz w:val="{46 - 8 * n}"/><w:szCs w:val="{46 - 8 * n}"/>'
        f'</w:rPr></w:style>' for n in (1, 2, 3))
    return part("styles", f'<w:docDefaults><w:rPrDefault><w:rPr>{font}<w:sz w:val="25"/><w:szCs w:val="25"/>{language}'
                '</w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="120"/></w:pPr></w:pPrDefault>'
                '</w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
                f'</w:style>{headings}')


def footnotes(notes):
    body = ('<w:footnote w:type="separator" w:id="0"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>'
            '<w:footnote w:type="continuationSeparator" w:id="1"><w:p><w:r><w:continuationSeparator/></w:r></w:p>'
            '</w:footnote>')
    for number, note in enumerate(notes, 2):
        body += (f'<w:footnote w:id="{number}"><w:p><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
                 f'<w:footnoteRef/></w:r>{text_run(" " + note)}</w:p></w:footnote>')
    return part("footnotes", body)


KINDS = {"styles": "styles", "settings": "settings", "footnotes": "footnotes", "endnotes": "endnotes",
         "header1": "header", "footer1": "footer", "numbering": "numbering"}


def package(document, others, title):
    """parts: word/NAME.xml by name. Relations and content types follow from the names."""
    numbers = {"header1": "rId10", "footer1": "rId11"}
    overrides = "".join(f'<Override PartName="/word/{name}.xml" ContentType="{PLAIN}.{KINDS[name]}+xml"/>'
                        for name in others)
    relations = "".join(f'<Relationship Id="{numbers.get(name, f"rId{i}")}" Type="{OFFICE}/{KINDS[name]}" '
                        f'Target="{name}.xml"/>' for i, name in enumerate(others, 1))
    parts = {
        "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="{PLAIN}.document.main+xml"/>'
        '<Override PartName="/docProps/core.xml" '
        f'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>{overrides}</Types>',
        "_rels/.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="word/document.xml"/><Relationship Id="rId2" '
        f'Type="{PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>',
        "docProps/core.xml": f'{XML}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></cp:coreProperties>',
        "word/_rels/document.xml.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{relations}</Relationships>',
        "word/document.xml": document,
    }
    parts.update((f"word/{name}.xml", body) for name, body in others.items())
    return parts


def docx(text):
    source = Source(text)
    writer = Writer(source)
    body = "".join(writer.block(block) for block in source.blocks)
    hyphens = '<w:autoHyphenation w:val="true"/>' if source.hyphenate else ""
    others = {"styles": styles(source), "settings": part("settings", hyphens), "footnotes": footnotes(writer.notes)}
    if source.head:
        others["header1"] = part("hdr", f"<w:p>{text_run(source.head)}</w:p>")
        others["footer1"] = part("ftr", f"<w:p>{text_run('Page ')}{field('PAGE')}</w:p>")
    document = part("document", f"<w:body>{body}{writer.section()}</w:body>")
    return archive(package(document, others, source.title))
