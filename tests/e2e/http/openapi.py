#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The gateway behaves as its API description says: every operation is called, and the answer's headers and body
are compared with the description of that status.
"""

import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import TREE, Skip, check, main, test, until
from gateway import Gateway, Reply, make_store, read_reply, request, token

try:
    from jsonschema import Draft202012Validator, FormatChecker, RefResolver
except ImportError:
    Draft202012Validator = None

ADA = token("ada")
METHODS = ("get", "post", "delete", "put", "patch")


class Description:
    """Of a gateway, read from it."""

    def __init__(self, gateway):
        if not Draft202012Validator:
            raise Skip("python3-jsonschema is not installed")
        reply = gateway.get("/openapi.json")
        check(reply.status == 200 and reply.headers["content-type"] == "application/json",
              repr(reply))
        self.document = reply.json()
        self.gateway = gateway
        self.resolver = RefResolver("", self.document)
        self.seen = set()  # (operation, status)

    def resolve(self, node):
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def operations(self):
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method.upper(), item[method]

    def errors(self, schema, value):
        validator = Draft202012Validator(schema, resolver=self.resolver,
                                         format_checker=FormatChecker())
        return [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(value)]

    def check_headers(self, reply, described, where):
        for name, header in described.get("headers", {}).items():
            header = self.resolve(header)
            value = reply.headers.get(name.lower())
            check(value is not None or not header.get("required"), f"{where}: no {name}: {reply!r}")
            if value is not None:
                wrong = self.errors(header["schema"], value)
                check(not wrong, f"{where}: {name}: {wrong}")

    def check_body(self, reply, described, where):
        contents = described.get("content")
        if not contents:
            check(reply.body == b"", f"{where}: a body that is not described: {reply!r}")
            return
        media = reply.headers["content-type"].split(";")[0]
        check(media in contents, f"{where}: {media} is none of {list(contents)}")
        schema = contents[media]["schema"]
        value = reply.json() if media.endswith("json") else reply.body.decode()
        wrong = self.errors(schema, value)
        check(not wrong, f"{where}: {wrong[:3]}: {reply!r}")

    def check(self, reply, template, method, status):
        """An answer to one of the operations."""
        operation = self.document["paths"][template][method.lower()]
        where = f"{method} {template} {reply.status}"
        check(reply.status == status, f"{where}, not {status}: {reply!r}")
        check(str(reply.status) in operation["responses"], f"{where} is not described: {reply!r}")
        described = self.resolve(operation["responses"][str(reply.status)])
        self.check_headers(reply, described, where)
        self.check_body(reply, described, where)
        self.seen.add((operation["operationId"], status))


# ---- Asking ----------------------------------------------------------------------------------------


def form(name, content):
    """(headers, body) of a form with one file."""
    body = (f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n").encode() + content + b"\r\n--b--\r\n"
    return {"Content-Type": "multipart/form-data; boundary=b"}, body


def stream(gateway, path, headers=()):
    """The head of a stream and its first event."""
    with gateway.connect() as connection:
        connection.settimeout(20)
        connection.sendall(request("GET", path, ADA, headers))
        data = b""
        while b"\n\n" not in data.partition(b"event: snapshot")[2]:
            piece = connection.recv(65536)
            check(piece, f"the stream ended: {data!r}")
            data += piece
    return Reply(data.replace(b"Transfer-Encoding: chunked\r\n", b""), True)


# (template, method, status, path, what else is in the request)
def table(tag):
    conditions = {"If-None-Match": tag}
    head, body = form("notes.txt", b"One sentence of text. Another one.")
    odd_head, odd_body = form("notes.exe", b"MZ\x90\0\3\0\0\0\4\0" * 50)
    large_head, large_body = form("notes.txt", b"word " * 300000)
    yield "/documents", "POST", 202, "/documents", {"headers": head, "body": body}
    yield "/documents", "POST", 400, "/documents", {"headers": head, "body": b"--b--\r\n"}
    yield "/documents", "POST", 413, "/documents", {"headers": large_head, "body": large_body}
    yield "/documents", "POST", 415, "/documents", {"headers": odd_head, "body": odd_body}
    for template, path in (("/documents/{id}/status", "/documents/%s/status"),
                           ("/v1/tasks/{id}", "/v1/tasks/%s")):
        for name in ("new", "running", "done", "broken", "cancelled"):
            yield template, "GET", 200, path % name, {}
        yield template, "GET", 304, path % "new", {"headers": conditions}
        yield template, "GET", 304, path % "new", {"headers": {**conditions, "Prefer": "wait=1"}}
        yield template, "GET", 400, path % "new?wait=x" if "%s/" not in path else \
            "/documents/new/status?wait=x", {}
        yield template, "GET", 404, path % "none", {}
    yield "/documents/{id}/status", "GET", 200, "/documents/kept/status", {}
    yield "/v1/tasks", "GET", 200, "/v1/tasks", {}
    yield "/v1/tasks", "GET", 200, "/v1/tasks?page_size=2&state=pending&kind=document", {}
    yield "/v1/tasks", "GET", 200, "/v1/tasks?state=open", {}
    yield "/v1/tasks", "GET", 400, "/v1/tasks?state=x", {}
    yield "/v1/task-counts", "GET", 200, "/v1/task-counts", {}
    yield "/v1/tasks/{id}/cancel", "POST", 202, "/v1/tasks/running/cancel", {}
    yield "/v1/tasks/{id}/cancel", "POST", 404, "/v1/tasks/none/cancel", {}
    yield "/v1/tasks/{id}/cancel", "POST", 409, "/v1/tasks/done/cancel", {}
    yield "/v1/tasks/{id}", "DELETE", 409, "/v1/tasks/new", {}
    yield "/v1/tasks/{id}", "DELETE", 404, "/v1/tasks/none", {}
    yield "/v1/tasks/{id}", "DELETE", 204, "/v1/tasks/cancelled", {}
    yield "/v1/tasks/{id}/events", "GET", 404, "/v1/tasks/none/events", {}
    yield "/v1/stream-tickets", "POST", 201, "/v1/stream-tickets", {}
    yield "/v1/stream-tickets", "POST", 201, "/v1/stream-tickets", {"body": b'{"task":"new"}'}
    yield "/v1/stream-tickets", "POST", 400, "/v1/stream-tickets", {"body": b"nonsense"}
    yield "/v1/stream-tickets", "POST", 413, "/v1/stream-tickets", {"body": b" " * 5000}
    yield "/openapi.json", "GET", 200, "/openapi.json", {}
    for path in ("/livez", "/readyz", "/version", "/metrics"):
        yield path, "GET", 200, path, {"admin": True}
    yield "/readyz", "GET", 200, "/readyz?verbose", {"admin": True}
    yield "/metrics", "GET", 200, "/metrics", {
        "admin": True, "headers": {"Accept": "application/openmetrics-text"}}


def path_of(template):
    return template.replace("{id}", "new")


def prepare(site, **settings):
    site.daemon()
    gateway = Gateway.on(site, settings={"upload_max": "1M", **settings})
    make_store(gateway.store, ("kept", "ada", True))
    worker = site.test_client("open write")
    for name, lines in (("new", ()), ("running", ("update running embedding", "progress running 2 4")),
                        ("done", ("update done extracting", "complete done")),
                        ("broken", ("update broken chunking", "fail broken out_of_paper")),
                        ("cancelled", ("cancel cancelled",))):
        worker.do(f"create {name} owner=ada")
        for line in lines:
            worker.do(line)
    until(lambda: gateway.get("/documents/kept/status", ADA).status == 200, "the store answers")
    return gateway


@test("every operation gives the described answers, in each case that can be provoked")
def _(site):
    gateway = prepare(site)
    description = Description(gateway)
    tag = gateway.get("/v1/tasks/new", ADA).headers["etag"]
    for template, method, status, path, options in table(tag):
        bearer = None if options.get("admin") else ADA
        description.check(gateway.ask(method, path, bearer, **options), template, method, status)
    for template, path in (("/v1/events", "/v1/events"), ("/v1/tasks/{id}/events",
                                                         "/v1/tasks/new/events")):
        reply = stream(gateway, path)
        description.check(reply, template, "GET", 200)
    asked = {operation for operation, _ in description.seen}
    described = {operation["operationId"] for _, _, operation in description.operations()}
    check(asked == described, f"never asked: {described - asked}")


@test("without a token, with too many requests, and without a board, too")
def _(site):
    gateway = prepare(site)
    description = Description(gateway)
    guarded = [(template, method) for template, method, operation in description.operations()
               if "security" not in operation or operation["security"]]
    check(len(guarded) >= 9, guarded)
    for template, method in guarded:
        description.check(gateway.ask(method, path_of(template)), template, method, 401)
        description.check(gateway.ask(method, path_of(template), "a.b.c"), template, method, 401)
    gateway.set(owner_rate=1, owner_burst=1)
    gateway.reload()
    gateway.get("/v1/tasks", ADA)
    for template, method in guarded:
        until(lambda: gateway.get("/v1/tasks", ADA).status == 429, "the limit is reached")
        description.check(gateway.ask(method, path_of(template), ADA), template, method, 429)
    open_ = [(template, method) for template, method, operation in description.operations()
             if operation.get("security") == [] and "servers" not in operation]
    for template, method in open_:
        check(gateway.ask(method, path_of(template)).status == 200, template)


@test("during shutdown, too")
def _(site):
    gateway = prepare(site)
    description = Description(gateway)
    # Connections of before, and a body that holds it up.
    guarded = [(template, method) for template, method, operation in description.operations()
               if "503" in operation["responses"] and "servers" not in operation]
    connections = [(gateway.connect(), template, method) for template, method in guarded]
    for connection, _, _ in connections:
        connection.sendall(request("GET", "/openapi.json"))
        check(read_reply(connection).status == 200, "it is there")
    head, body = form("notes.txt", b"A sentence. " * 5000)
    slow = gateway.connect()
    slow.sendall(request("POST", "/documents", ADA, {**head, "Content-Length": len(body)}) + body[:-99])
    until(lambda: is_uploading(gateway), "the upload has begun")
    gateway.signal(15)
    until(lambda: gateway.operator("/readyz").status == 503, "it ends")
    description.check(gateway.operator("/readyz"), "/readyz", "GET", 503)
    for connection, template, method in connections:
        connection.sendall(request(method, path_of(template), ADA))
        description.check(read_reply(connection), template, method, 503)
        connection.close()
    slow.close()
    check(gateway.wait() == 0, gateway.log())


def is_uploading(gateway):
    """Whether a document is on its way to the spool."""
    return os.listdir(os.path.join(gateway.spool, "tmp"))


@test("every route is described, and the description is whole")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    description = Description(gateway)
    with open(os.path.join(TREE, "tools", "trackd-http", "routes.c"), encoding="utf-8") as file:
        rows = re.findall(r'^\t\{ "([^"]*)", \w+,\s+METHOD_(\w+)', file.read(), re.M)
    described = {(path, method) for path, method, _ in description.operations()}
    # The page is for people.
    check(described == set(rows) - {("/", "GET")}, described ^ set(rows))
    ids = [operation["operationId"] for _, _, operation in description.operations()]
    check(len(ids) == len(set(ids)), "an operationId twice")
    text = json.dumps(description.document)
    for reference in set(re.findall(r'"\$ref": "([^"]*)"', text)):
        check(description.resolver.resolve(reference), reference)
    for path, item in description.document["paths"].items():
        check(("{id}" in path) == ("parameters" in item), f"{path} has its parameter")
    for name, schema in description.document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        check(f'"#/components/schemas/{name}"' in text, f"{name} is used")


main()
