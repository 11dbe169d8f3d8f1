#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What operators see and do: health, metrics in both dialects, the configuration and its faults,
keys that come and go, and where the gateway will not listen.
"""

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import LIMIT, TREE, check, main, test, until
from gateway import TRACKD_HTTP, Gateway, make_store, read_reply, request, token

ADA = token("ada")


# ---- Health ----------------------------------------------------------------------------------------


def ready(gateway, verbose=False):
    """(status, text), or of a problem (status, detail)."""
    reply = gateway.operator("/readyz" + ("?verbose" if verbose else ""))
    if reply.status == 200:
        check(reply.headers["content-type"] == "text/plain; charset=utf-8", repr(reply))
        return 200, reply.body.decode()
    check(reply.headers["content-type"] == "application/problem+json", repr(reply))
    problem = reply.json()
    check((reply.status, problem["type"], problem["title"], problem["status"]) ==
          (503, "about:blank", "Service Unavailable", 503), problem)
    for part in problem["checks"]:
        check(part["ok"] == ("why" not in part), problem)
        check(not part["needed"] or part["ok"] == (part["name"] + ": " not in problem["detail"]), problem)
    return 503, problem["detail"]


@test("alive, ready, and the version")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    make_store(gateway.store)
    live = gateway.operator("/livez")
    check((live.status, live.body) == (200, b"ok\n"), repr(live))
    check(ready(gateway) == (200, "ready\n"), ready(gateway, True))
    check(ready(gateway, True) == (200, "[+]shutdown ok\n[+]board ok\n[+]daemon ok\n[+]key ok\n"
                                   "[+]store ok\n[+]spool ok\nready\n"), ready(gateway, True))
    version = gateway.operator("/version").json()
    check(version["name"] == "trackd-http" and re.fullmatch(r"\d+\.\d+\.\d+", version["version"]),
          version)
    check(gateway.ask("POST", "/livez", admin=True).headers["allow"] == "GET, HEAD", "405")
    check(gateway.ask("HEAD", "/readyz", admin=True).status == 200, "HEAD")


@test("not ready without a board, and ready when it comes")
def _(site):
    gateway = Gateway.on(site)
    status, text = ready(gateway)
    check(status == 503 and "board: no board" in text, text)
    check(gateway.operator("/livez").status == 200, "alive")
    site.daemon()
    until(lambda: ready(gateway)[0] == 200, lambda: ready(gateway))


class Told:
    """Events of a stream, as they come."""

    def __init__(self, gateway, path):
        self.connection = gateway.connect()
        self.connection.sendall(request("GET", path, ADA))
        self.connection.settimeout(LIMIT)
        self.text = ""
        self.until("event: snapshot")

    def until(self, text):
        while text not in self.text:
            piece = self.connection.recv(65536).decode()
            check(piece, f"the stream ended: {self.text}")
            self.text += piece
        self.text = self.text.partition(text)[2]


@test("a dead or stopped daemon is reported to operators and on streams, and so is its return")
def _(site):
    daemon = site.daemon()
    gateway = Gateway.on(site, settings={"keepalive": "1h"})  # nothing else wakes a stream
    worker = site.test_client("open write", "create t owner=ada")
    streams = [Told(gateway, path) for path in ("/v1/tasks/t/events", "/v1/events")]

    def is_up(up, detail=None):
        until(lambda: (ready(gateway)[0], Metrics(gateway)["daemon_up{}"]) == ((200, 1) if up else (503, 0)),
              lambda: f"up: {up}; {ready(gateway)}")
        check(up or ready(gateway)[1] == "daemon: " + detail, ready(gateway))
        for stream in streams:
            stream.until('event: daemon\ndata: {"up":%s}\n\n' % ("true" if up else "false"))

    check(Metrics(gateway)["daemon_up{}"] == 1, "at first")
    daemon.signal(signal.SIGSTOP)
    is_up(False, "trackd does not answer")
    # Readers go on, and a new stream gets the event at once.
    check(gateway.get("/v1/tasks/t", ADA).status == 200, "it is read")
    worker.do("update t extracting")
    streams[0].until("event: update")
    streams.append(Told(gateway, "/v1/events"))
    streams[2].until('event: daemon\ndata: {"up":false}\n\n')
    daemon.signal(signal.SIGCONT)
    is_up(True)
    daemon.kill()
    is_up(False, "trackd cannot be reached: Connection refused")
    gateway.said("trackd cannot be reached")
    check(gateway.get("/v1/tasks/t", ADA).status == 200, "it is read")
    site.daemon()
    is_up(True)
    gateway.said("trackd answers again")
    check("up" not in "".join(stream.text for stream in streams), "each is told once")
    for stream in streams:
        stream.connection.close()


@test("a daemon that ends every connection after its answer is asked a few times a second")
def _(site):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(site.socket)
        listener.listen()
        site.start(Gateway(site)).ready()
        began = time.monotonic()
        for _ in range(10):  # some of them look for the board, once a second
            with listener.accept()[0] as connection, contextlib.suppress(OSError):
                connection.recv(4096)
                connection.send(b"no")
        took = time.monotonic() - began
    check(took > 0.7, f"ten times within {took} s")


@test("an unusable spool is reported")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    os.rename(gateway.spool, gateway.spool + ".away")
    status, text = ready(gateway)
    check(status == 200 and "[!]spool: documents cannot be handed in" in text, text)
    check("docproc serve makes it" in text, text)
    check(site.folder not in text, text)
    os.rename(gateway.spool + ".away", gateway.spool)
    check("[!]spool" not in ready(gateway)[1], "well again")


# ---- Metrics ---------------------------------------------------------------------------------------

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="[^"\\\n]*",?)*)\})? (\S+)')
LABELS = {"kind", "state", "outcome", "stage", "reason", "route", "method", "code", "le", "version"}
FAMILIES = {  # as docs/ and the alerts know them
    "tasks": "gauge", "tasks_created": "counter", "tasks_finished": "counter",
    "task_duration_seconds": "histogram", "stage_duration_seconds": "histogram",
    "worker_lost": "counter", "expired": "counter", "evicted": "counter",
    "create_rejected": "counter", "updates_rejected": "counter", "records_repaired": "counter",
    "slots_used": "gauge", "slots_capacity": "gauge", "clients_connected": "gauge",
    "oldest_active_task_start_timestamp_seconds": "gauge",
    "snapshot_last_success_timestamp_seconds": "gauge", "http_requests": "counter",
    "daemon_up": "gauge", "http_request_duration_seconds": "histogram", "auth_failures": "counter",
    "sse_streams": "gauge", "build_info": "gauge"}


class Metrics:
    """The text, held to its grammar."""

    def __init__(self, gateway, open_metrics=False):
        headers = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}
        reply = gateway.operator("/metrics", headers if open_metrics else ())
        wanted = ("application/openmetrics-text; version=1.0.0; charset=utf-8" if open_metrics
                  else "text/plain; version=0.0.4; charset=utf-8")
        check(reply.status == 200 and reply.headers["content-type"] == wanted, repr(reply))
        self.text, self.open = reply.body.decode(), open_metrics
        self.types, self.samples = {}, {}
        lines = self.text.split("\n")
        check(lines.pop() == "", "it ends with a line's end")
        if open_metrics:
            check(lines.pop() == "# EOF", "OpenMetrics ends with # EOF")
        check("# EOF" not in lines, "only at the end")
        family = None
        for line in lines:
            if line.startswith("# HELP "):
                family = line.split(" ")[2]
                check(family not in self.types, f"{family} twice")
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                check(name == family, line)
                self.types[name] = kind
            else:
                self.sample(line, family)
        self.check_histograms()

    def sample(self, line, family):
        match = SAMPLE.fullmatch(line)
        check(match, f"no sample: {line!r}")
        name, labels, value = match[1], match[2] or "", float(match[3])
        pairs = dict(pair.split("=", 1) for pair in re.findall(r'[a-z_]+="[^"]*"', labels))
        check(set(pairs) <= LABELS, f"a label that is not bounded: {line}")
        check(name.startswith(family), f"{line} is not of {family}")
        kind = self.types[family]
        if kind == "counter":
            check(name == (family + "_total" if self.open else family) and
                  name.endswith("_total") and value >= 0, line)
        key = name + "{" + ",".join(sorted(f"{k}={v}" for k, v in pairs.items())) + "}"
        check(key not in self.samples, f"{key} twice")
        self.samples[key] = value

    def check_histograms(self):
        """Buckets rise with their bounds, and the last one holds all."""
        series = {}
        for key, value in self.samples.items():
            match = re.fullmatch(r'(.*)_bucket\{(.*)\}', key)
            if match:
                rest = re.sub(r',?le="[^"]*"', "", match[2]).strip(",")
                bound = re.search(r'le="([^"]*)"', match[2])[1]
                check("." in bound or bound == "+Inf", f"{bound} is no canonical bound")
                series.setdefault((match[1], rest), []).append((float(bound), value))
        check(len(series) >= 2, "there are histograms")
        for (name, rest), buckets in series.items():
            buckets.sort()
            counts = [count for _, count in buckets]
            check(counts == sorted(counts), f"{name}{rest}: {buckets}")
            check(buckets[-1][0] == float("inf"), name)
            check(self.samples[f"{name}_count{{{rest}}}"] == counts[-1], name)
            check(f"{name}_sum{{{rest}}}" in self.samples, name)

    def __getitem__(self, key):
        return self.samples.get("trackd_" + key, 0)


@test("metrics tell what happened on the board")
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


@test("every status that the description names is counted as itself")
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


@test("two kinds of one name count as one, and their stages are separated by name")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write")
    for stages in ("probing 0", "probing 0 packing 50"):
        worker.do(f"kind video {stages}")
    check(Metrics(gateway).text.count('kind="video",state="pending"') == 1, "one")


# ---- Configuration ---------------------------------------------------------------------------------


def run(*arguments, env=None):
    done = subprocess.run([TRACKD_HTTP, *arguments], text=True, capture_output=True, timeout=LIMIT,
                          check=False, env=env)
    return done.returncode, done.stdout, done.stderr


@test("--check-config says yes, or where the fault is and what is allowed")
def _(site):
    gateway = Gateway(site)
    site.start(gateway)
    code, out, err = run("--config", gateway.conf, "--check-config")
    check(code == 0 and out.startswith("configuration is valid: listening on 127.0.0.1:0"), out + err)
    for key, value, allowed in (("jobs", "1", "no such key; there are board socket listen"),
                                ("listen", "8080", "it must be HOST:PORT"),
                                ("listen", "localhost:99999", "it must be HOST:PORT"),
                                ("listen", "::1:80", "it must be HOST:PORT"),
                                ("admin", "unix:relative", "unix:PATH"),
                                ("upload_max", "0", "a size from 1M to 1024G"),
                                ("upload_max", "1000000", "a size from 1M to 1024G"),
                                ("connections", "15", "a number from 16 to 65536"),
                                ("head_timeout", "500ms", "a time from 1s to 1h"),
                                ("trusted_proxies", "10.0.0.0/33", "addresses and networks"),
                                ("cors_origins", "https://a.example/", "origins as browsers write"),
                                ("spool", "", "the path of a directory")):
        flag = "--" + key.replace("_", "-")
        path = gateway.path("wrong.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"# a comment\n{key} = {value}\n")
        code, out, err = run("--config", path, "--check-config")
        check(code == 2 and f"{path}:2: {key}: " in err and allowed in err, f"{key}: {code} {err}")
        if key != "jobs":
            code, out, err = run(flag, value, "--check-config")
            check(code == 2 and f"{flag}: \"" in err and allowed in err, f"{flag}: {err}")
    for arguments, said in ((("--config", "/none"), "/none: No such file"),
                            (("--jobs", "1"), "--jobs: no such flag"),
                            (("--listen",), "--listen needs a value"),
                            (("--listen", "--check-config"), "--listen needs a value"),
                            (("serve",), "no such verb"),
                            (("--check-config", "token"), "without a verb")):
        code, out, err = run(*arguments)
        check(code == 2 and said in err, f"{arguments}: {code} {err}")
    code, out, err = run("--config", gateway.conf, "--algorithms", "RS256", "--check-config")
    check(code == 2 and "key_file" in err, err)


@test("every key is a flag in --help, and in the example of a configuration file")
def _(site):
    code, out, _ = run("--help")
    with open(os.path.join(TREE, "systemd",
                           "http.conf"), encoding="utf-8") as file:
        example = file.read()
    flags = re.findall(r"^  --([a-z-]+) ", out, re.M)
    check(code == 0 and len(flags) > 20, out)
    for flag in flags:
        if flag not in ("config", "check-config", "help", "version"):
            check(re.search(rf"^#{flag.replace('-', '_')} =", example, re.M), f"{flag} in http.conf")
    check(run("--version")[1].startswith("trackd-http "), "--version")


@test("tokens for development are let in")
def _(site):
    site.daemon()
    gateway = Gateway.on(site, settings={"issuer": "tests", "audience": "trackd"})
    code, out, err = run("--config", gateway.conf, "token", "--sub", "ada", "--ttl", "5m")
    check(code == 0, err)
    check(gateway.get("/v1/tasks", out.strip()).status == 200, "it is")
    check(gateway.get("/v1/tasks", ADA).status == 401, "one without iss and aud is not")


@test("SIGHUP reads the configuration and the key again, and says what needs a restart")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    site.test_client("open write", "create t owner=ada")
    check(gateway.get("/v1/tasks/t", ADA).status == 200, "the old key")
    other = b"another secret that is long enough"
    with open(gateway.key, "wb") as file:
        file.write(other)
    gateway.set(owner_rate=1, owner_burst=2, connections=100, listen="127.0.0.1:1")
    gateway.reload()
    for key in ("connections", "listen"):
        gateway.said(f"{key} has changed in the configuration and needs a restart")
    check(gateway.get("/v1/tasks/t", ADA).status == 401, "the old key is out")
    new = token("ada", secret=other)
    check([gateway.get("/v1/tasks/t", new).status for _ in range(3)] == [200, 200, 429],
          "the new key and the new limit")
    gateway.set(owner_rate="many")
    gateway.reload("nothing was changed")
    os.unlink(gateway.key)
    gateway.set(owner_rate=0)
    gateway.reload("nothing was changed")
    until(lambda: gateway.get("/v1/tasks/t", new).status == 200, "the key that was read stays")


# ---- Without a key ---------------------------------------------------------------------------------


@test("without a key every caller is refused, and the log says what to do; a reload reads the key")
def _(site):
    site.daemon()
    gateway = Gateway.on(site, settings={"key_file": None})
    gateway.said("set key_file in http.conf")
    reply = gateway.get("/documents/t/status", ADA)
    check(reply.status == 401 and reply.json() == {"detail": "Invalid token"}, repr(reply))
    check(gateway.get("/v1/tasks").status == 401, "nobody")
    status, text = ready(gateway)
    check(status == 503 and text.startswith("key: "), text)
    check(gateway.get("/openapi.json").status == 200, "what needs no token is there")
    gateway.set(key_file=gateway.key)
    gateway.reload()
    check(gateway.get("/v1/tasks", ADA).status == 200 and ready(gateway)[0] == 200, "now they are")


@test("it refuses to be reached from other hosts without a key")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    gateway.set(key_file=None)
    gateway.terminate()
    for where in ("0.0.0.0:0", "[::]:0"):
        gateway.set(listen=where)
        gateway.run()
        check(gateway.wait() == 2, gateway.log())
        check("can be reached from other hosts" in gateway.log(), gateway.log())
    gateway.set(listen="[::1]:0")
    gateway.run()
    gateway.said("listening on [::1]:")
    gateway.terminate()
    gateway.set(listen="0.0.0.0:0", key_file=gateway.key)
    gateway.run()
    gateway.ready()
    check(gateway.get("/v1/tasks", ADA).status == 200, "with one it may")


@test("keys that are no keys: it does not start, and says why")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    gateway.terminate()
    for content, mode, said in ((b"short", 0o600, "32"), (b"", 0o600, "empty"),
                                (b"x" * 40, 0o644, "others")):
        with open(gateway.key, "wb") as file:
            file.write(content)
        os.chmod(gateway.key, mode)
        gateway.run()
        check(gateway.wait() == 2 and "key_file" in gateway.log(), gateway.log())
        check(said in gateway.log(), gateway.log())


@test("sockets of its own: a dead one's is taken, a living one's and a file are not")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    path = gateway.path("http.sock")
    gateway.terminate()
    gateway.set(listen=f"unix:{path}")
    gateway.run()
    gateway.said(f"listening on unix:{path}")
    check(os.stat(path).st_mode & 0o777 == 0o660, "the group may use it")
    second = site.start(Gateway(site, settings={"listen": f"unix:{path}"}))
    check(second.wait() != 0 and "another program listens there" in second.log(), second.log())
    gateway.kill()
    gateway.run()
    gateway.said(f"listening on unix:{path}")
    gateway.terminate()
    os.unlink(path)
    with open(path, "w", encoding="utf-8") as file:
        file.write("precious")
    gateway.run()
    check(gateway.wait() != 0, gateway.log())
    with open(path, encoding="utf-8") as file:
        check(file.read() == "precious", "the file is left")


@test("answers hold no header that names the program")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    for reply in (gateway.get("/v1/tasks", ADA), gateway.operator("/livez")):
        check("server" not in reply.headers, repr(reply))
    check(json.loads(gateway.get("/openapi.json").body)["openapi"] == "3.1.0", "the description")
    raw = gateway.raw(request("GET", "/openapi.json", close=True))
    check(b"HTTP/1.1 200" in raw, raw[:100])


main()
