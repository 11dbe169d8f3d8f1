#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Metrics in both formats: what they count, their names and types, and what they never name."""

import json
import os
import re
import select
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import TREE, check, main, test, until
from exposition import FAMILIES, Metrics
from gateway import Gateway, read_reply, request, token

ADA = token("ada")


@test("metrics count what happened on the board")
def _(site):
    site.daemon("--state-dir", site.state, "--snapshot-interval", "100ms")
    gateway = Gateway.on(site)
    worker, victim = site.test_client("open write"), site.test_client("open write")
    for line in ("create done owner=ada", "update done extracting", "update done embedding",
                 "complete done", "create bad", "fail bad", "create gone", "cancel gone",
                 "create busy", "update busy extracting"):
        worker.do(line)
    worker.ask("create busy")
    worker.ask("update done chunking")
    victim.do("create lost owner=eve")
    victim.do("update lost chunking")
    victim.kill()
    ended = 'tasks_finished_total{kind="document",outcome="failed"}'
    until(lambda: Metrics(gateway)[ended] == 2, lambda: Metrics(gateway).text)
    until(lambda: Metrics(gateway)["snapshot_last_success_timestamp_seconds{}"] > 1e9, "a snapshot")
    for dialect in (False, True):
        metrics = Metrics(gateway, dialect)
        for key, value in (('tasks{kind="document",state="active"}', 1),
                           ('tasks{kind="document",state="pending"}', 0),
                           ('tasks{kind="document",state="completed"}', 1),
                           ('tasks{kind="document",state="failed"}', 2),
                           ('tasks{kind="document",state="cancelled"}', 1),
                           ("tasks_created_total{}", 5), (ended, 2),
                           ('tasks_finished_total{kind="document",outcome="completed"}', 1),
                           ('tasks_finished_total{kind="document",outcome="cancelled"}', 1),
                           ("task_duration_seconds_count{}", 4),
                           ('stage_duration_seconds_count{kind="document",stage="extracting"}', 1),
                           ('stage_duration_seconds_count{kind="document",stage="chunking"}', 1),
                           ("worker_lost_total{}", 1),
                           ('tasks_lost_total{exit="signal",kind="document"}', 1),
                           ('tasks_lost_total{exit="out_of_memory",kind="document"}', 0),
                           ('create_rejected_total{reason="exists"}', 1),
                           ('updates_rejected_total{reason="final"}', 1),
                           ("slots_used{}", 5), ("slots_capacity{}", 16384),
                           ("clients_connected{}", 1), ("sse_streams{}", 0)):
            check(metrics[key] == value, f"{key} is {metrics[key]}, not {value}\n{metrics.text}")
        check(metrics["oldest_active_task_start_timestamp_seconds{}"] > 1e9, metrics.text)


@test("every family of the list, of its type, and nothing that names a task or a user")
def _(site):
    site.daemon("--state-dir", site.state, "--snapshot-interval", "100ms")
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "create secret-id owner=secret-user",
                         "update secret-id extracting")
    gateway.get("/documents/secret-id/status", token("secret-user"))
    until(lambda: Metrics(gateway)["snapshot_last_success_timestamp_seconds{}"], "a snapshot")
    metrics, other = Metrics(gateway), Metrics(gateway, True)
    check(metrics.types == {"trackd_" + name + ("_total" if kind == "counter" else ""): kind
                            for name, kind in FAMILIES.items()}, metrics.types)
    families = {"trackd_" + name: kind for name, kind in FAMILIES.items() if name != "build_info"}
    check(other.types == {**families, "trackd_build": "info"}, other.types)
    for text in (metrics.text, other.text):
        check("secret" not in text and "test_client" not in text, text)
    worker.do("complete secret-id")
    check("oldest_active" not in Metrics(gateway).text, "nothing is active")


@test("requests are counted by route, method and code; refusals by reason")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    site.test_client("open write", "create t owner=ada")
    for _ in range(3):
        gateway.get("/documents/t/status", ADA)
    gateway.get("/documents/none/status", ADA)
    gateway.ask("POST", "/v1/tasks/t/cancel", ADA)
    gateway.ask("HEAD", "/v1/tasks/t", ADA)
    gateway.ask("BREW", "/coffee")
    gateway.operator("/livez")
    gateway.get("/v1/tasks")
    gateway.get("/v1/tasks", token("ada", ttl=-3600))
    gateway.get("/v1/tasks", token("ada", secret=b"y" * 40))
    gateway.get("/v1/tasks", "garbage")
    metrics = Metrics(gateway)
    for key, value in (
            ('{code="200",method="GET",route="/documents/{id}/status"}', 3),
            ('{code="404",method="GET",route="/documents/{id}/status"}', 1),
            ('{code="202",method="POST",route="/v1/tasks/{id}/cancel"}', 1),
            ('{code="200",method="HEAD",route="/v1/tasks/{id}"}', 1),
            ('{code="404",method="other",route="none"}', 1),
            ('{code="401",method="GET",route="/v1/tasks"}', 4)):
        key = f"http_requests_total{key}"
        check(metrics[key] == value, f"{key} is {metrics[key]}\n{metrics.text}")
    for reason in ("missing", "expired", "signature", "malformed"):
        check(metrics[f'auth_failures_total{{reason="{reason}"}}'] == 1, f"{reason}\n{metrics.text}")
    check(metrics["http_request_duration_seconds_count{}"] == 11, f"operators' apart: {metrics.text}")


@test("every status in the API description is counted separately")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    paths = json.loads(gateway.get("/openapi.json").body)["paths"]
    named = {code for path in paths.values() for what in path.values() if isinstance(what, dict)
             for code in what.get("responses", ())}
    with open(os.path.join(TREE, "tools", "trackd-http",
                           "server", "request_counts.h"), encoding="utf-8") as file:
        counted = set(re.findall(r"\bX\((\d{3})\)", file.read()))
    check(len(named) > 10 and named <= counted, f"others: {sorted(named - counted)}")


@test("a request takes as long as the gateway takes: not what is waited for, nor what the client takes")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    site.test_client("open write", "create t owner=ada")
    tag = gateway.get("/v1/tasks/t", ADA).headers["etag"]
    before = Metrics(gateway)["http_request_duration_seconds_sum{}"]
    # Until its time is over.
    reply = gateway.get("/v1/tasks/t", ADA, {"If-None-Match": tag, "Prefer": "wait=1"})
    check(reply.status == 304, repr(reply))
    # Until the client has sent the rest of its body.
    with gateway.connect() as connection:
        connection.sendall(request("POST", "/v1/stream-tickets", ADA, {"Content-Length": 2}) + b"{")
        check(not select.select([connection], [], [], 1)[0], "no answer before")
        connection.sendall(b"}")
        check(read_reply(connection).status == 201, "a ticket")
    metrics = Metrics(gateway)
    check(metrics["http_request_duration_seconds_count{}"] == 3, metrics.text)
    took = metrics["http_request_duration_seconds_sum{}"] - before
    check(took < 1, f"{took} s of more than two")


@test("without a board the gateway's own metrics remain")
def _(site):
    gateway = Gateway.on(site)
    metrics = Metrics(gateway)
    check("trackd_tasks" not in metrics.types and "trackd_build_info" in metrics.types,
          metrics.types)
    site.daemon()
    until(lambda: "trackd_slots_capacity" in Metrics(gateway).types, "then the board's")


@test("two kinds with one name count as one, and their stages are separated by name")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write")
    for stages in ("probing 0", "probing 0 packing 50"):
        worker.do(f"kind video {stages}")
    check(Metrics(gateway).text.count('kind="video",state="pending"') == 1, "one")


main()
