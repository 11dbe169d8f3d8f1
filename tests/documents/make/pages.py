# SPDX-License-Identifier: MIT
"""Writes PDF files by hand: lines of Helvetica, pictures, encrypted, of any number of pages."""

import hashlib
import zlib

PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def rc4(key, data):
    state, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    i = j = 0
    for byte in data:
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) & 255])
    return bytes(out)


class Encryption:
    """The standard handler, revision 2 (40 bits of RC4): weak, and enough to be refused."""

    def __init__(self, user, owner):
        pad = lambda password: (password.encode("latin-1") + PADDING)[:32]
        self.ident = hashlib.md5(b"trackd test documents").digest()
        self.owner = rc4(hashlib.md5(pad(owner)).digest()[:5], pad(user))
        permissions = (-4).to_bytes(4, "little", signed=True)
        self.key = hashlib.md5(pad(user) + self.owner + permissions + self.ident).digest()[:5]
        self.user = rc4(self.key, PADDING)

    def apply(self, number, data):
        key = self.key + number.to_bytes(3, "little") + b"\0\0"
        return rc4(hashlib.md5(key).digest()[:10], data)

    def dictionary(self):
        return (f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{self.owner.hex()}> /U <{self.user.hex()}> >>").encode()


def stream(data, entries=""):
    return f"<< /Length {len(data)} {entries} >>\nstream\n".encode() + data + b"\nendstream"


def assemble(objects, encryption=None):
    """objects: bodies in order, from number 1; the first is the catalogue."""
    out, offsets = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    trailer = f"<< /Size {len(objects) + (2 if encryption else 1)} /Root 1 0 R"
    if encryption:
        trailer += f" /Encrypt {len(objects) + 1} 0 R /ID [<{encryption.ident.hex()}> <{encryption.ident.hex()}>]"
        objects = objects + [encryption.dictionary()]
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    return bytes(out + f"trailer\n{trailer} >>\nstartxref\n{start}\n%%EOF\n".encode())


def show(lines):
    """A page's stream: lines of text from the top. A line that begins with "*" is bold."""
    out = ["BT 14 TL 50 780 Td"]
    for line in lines:
        bold, line = line.startswith("*"), line.lstrip("*")
        line = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        out.append(f"/F{2 if bold else 1} 11 Tf ({line}) Tj T*")
    return " ".join(out) + " ET"


def text_pdf(pages, encryption=None):
    """pages: lists of lines."""
    kids = " ".join(f"{5 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>",
               f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode(),
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>"]
    for i, lines in enumerate(pages):
        data = show(lines).encode("cp1252")
        if encryption:
            data = encryption.apply(6 + 2 * i, data)
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {6 + 2 * i} 0 R "
                       "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>".encode())
        objects.append(stream(data))
    return assemble(objects, encryption)


def many_pages(count):
    """Pages that share one content: about 100 bytes each."""
    kids = " ".join(f"{5 + i} 0 R" for i in range(count))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>",
               f"<< /Type /Pages /Count {count} /Kids [{kids}] /MediaBox [0 0 595 842] "
               "/Resources << /Font << /F1 3 0 R >> >> >>".encode(),
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
               stream(show(["One page of very many."]).encode())]
    objects += [b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>"] * count
    return assemble(objects)


def scanned_pdf(pictures):
    """pictures: (width, height, grey bytes), a page each."""
    kids = " ".join(f"{3 + 3 * i} 0 R" for i in range(len(pictures)))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>",
               f"<< /Type /Pages /Count {len(pictures)} /Kids [{kids}] >>".encode()]
    for i, (width, height, grey) in enumerate(pictures):
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {4 + 3 * i} 0 R "
                       f"/Resources << /XObject << /I {5 + 3 * i} 0 R >> >> >>".encode())
        objects.append(stream(f"q {width} 0 0 {height} 0 0 cm /I Do Q".encode()))
        objects.append(stream(zlib.compress(grey, 9), f"/Type /XObject /Subtype /Image /Width {width} /Height {height} "
                              "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode"))
    return assemble(objects)
