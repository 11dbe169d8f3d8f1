# SPDX-License-Identifier: MIT
"""Uploads: forms as browsers send them, and otherwise.

    reply = upload(gateway, token("ada"), "report.pdf", content)
    reply = upload(gateway, token("ada"), body=form(file("a.txt", b"x"), file("b.txt", b"y")))
"""

import re

BOUNDARY = "----form-of-the-tests"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def part(head, content):
    """A part by its lines; head may be bytes where it is not UTF-8."""
    head = head if isinstance(head, bytes) else head.encode()
    return b"--" + BOUNDARY.encode() + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


def file(name, content, field="file", parameters=None):
    """A file; parameters in place of filename=."""
    parameters = parameters if parameters is not None else f'filename="{name}"'
    head = f'Content-Disposition: form-data; name="{field}"; '.encode()
    head += parameters if isinstance(parameters, bytes) else parameters.encode()
    return part(head + b"\r\nContent-Type: application/octet-stream", content)


def field(name, value):
    return part(f'Content-Disposition: form-data; name="{name}"', value.encode())


def form(*parts):
    return b"".join(parts) + b"--" + BOUNDARY.encode() + b"--\r\n"


def upload(gateway, bearer, name="report.txt", content=b"Some text.\n", body=None, headers=(),
           type=TYPE, **options):
    body = form(file(name, content)) if body is None else body
    return gateway.ask("POST", "/documents", bearer, {"Content-Type": type, **dict(headers)}, body,
                       **options)


def id_of(reply):
    """Of the document that was taken."""
    return reply.json()["document_id"]
