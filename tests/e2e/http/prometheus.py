#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""docs/prometheus-alerts.yaml and docs/grafana-dashboard.json with a real Prometheus: each alert fires for its own
series and for no others (promtool), and is provoked on a real gateway that Prometheus scrapes; each panel shows
data.
"""

import json
import os
import re
import select
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import apart

apart.enter()

from e2e import E_FULL, LIMIT, TREE, Failure, Process, check, comment, main, test, until
from form import TYPE, file, form, upload
from gateway import Gateway, read_reply, request, token

ADA = token("ada")


def shipped(name):
    with open(os.path.join(TREE, "docs", name), encoding="utf-8") as text:
        return text.read()


RULES = shipped("prometheus-alerts.yaml")
ALERTS = re.findall(r"- alert: (\w+)", RULES)


def run(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=LIMIT)
    check(done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}")


# ---- On series of our own -----------------------------------------------------------------------------

UP, USED, SLOTS = "up", "trackd_slots_used", "trackd_slots_capacity"
FULL, EXISTS = ('trackd_create_rejected_total{reason="%s"}' % reason for reason in ("full", "exists"))
BAD, GOOD = ('trackd_tasks_finished_total{kind="a",outcome="%s"}' % end for end in ("failed", "completed"))
OLDEST = "trackd_oldest_active_task_start_timestamp_seconds"
SAVED, CREATED = "trackd_snapshot_last_success_timestamp_seconds", "trackd_tasks_created_total"
TAKES = 'trackd_http_request_duration_seconds_bucket{le="%s"}'
REFUSED = 'trackd_auth_failures_total{reason="%s"}'


def asked(code, route="/v1/tasks"):
    return f'trackd_http_requests_total{{route="{route}",method="GET",code="{code}"}}'


def takes(fast, slow):
    """Requests a minute below a quarter of a second, and from one to five."""
    return {TAKES % "0.25": f"0+{fast}x60", TAKES % "0.5": f"0+{fast}x60", TAKES % "1.0": f"0+{fast}x60",
            TAKES % "5.0": f"0+{fast + slow}x60", TAKES % "+Inf": f"0+{fast + slow}x60"}


# A value a minute, for an hour, from time 0 on: series with which it fires at the end, and some with
# which it must not.
CASES = {
    "TrackdGatewayDown": ({UP: "0x60"}, {UP: "1x60"}),
    "TrackdBoardMissing": ({UP: "1x60"}, {UP: "1x60", SLOTS: "64x60"}, {UP: "0x60"}),
    "TrackdDaemonDown": ({"trackd_daemon_up": "0x60"}, {"trackd_daemon_up": "1x60"},
                         {"trackd_daemon_up": "1x30 0x1 1x29"}),
    "TrackdBoardNearlyFull": ({USED: "59x60", SLOTS: "64x60"}, {USED: "57x60", SLOTS: "64x60"}),
    "TrackdTasksRefused": ({FULL: "0x54 1x6"}, {FULL: "7x60", EXISTS: "0+9x60"}, {FULL: "0x9 1x51"}),
    "TrackdWorkersLost": ({"trackd_worker_lost_total": "0x54 4x6"}, {"trackd_worker_lost_total": "0x54 3x6"}),
    "TrackdManyTasksFail": ({BAD: "0+3x60", GOOD: "0+7x60"}, {BAD: "0+1x60", GOOD: "0+9x60"},
                            {BAD: "0x50 3x10", GOOD: "0x50 2x10"},  # too few to tell
                            {BAD: "0x60", GOOD: "0+9x60"}),
    "TrackdTaskStuck": ({OLDEST: "-20000x60"}, {OLDEST: "-10000x60"}, {OLDEST: "-20000x30 3000x30"}, {}),
    "TrackdSnapshotOld": ({SAVED: "-3000x60", CREATED: "0+1x60"}, {SAVED: "-3000x60", CREATED: "9x60"},
                          {SAVED: "-100+60x60", CREATED: "0+1x60"}),
    "TrackdRecordsRepaired": ({"trackd_records_repaired_total": "0x50 12x10"},
                              {"trackd_records_repaired_total": "0x50 9x10"}),
    "TrackdGatewayErrors": ({asked(200): "0+90x60", asked(503): "0+5x60", asked(507): "0+5x60"},
                            {asked(200): "0+96x60", asked(503): "0+4x60"},
                            {asked(200): "0+1x60", asked(404): "0+99x60", asked(429): "0+99x60"},
                            {asked(200): "0+1x60", asked(503, "/readyz"): "0+60x60"}),
    "TrackdGatewaySlow": (takes(90, 10), takes(1000, 1), takes(0, 0)),
    "TrackdGuessedTokens": ({REFUSED % "signature": "0+40x60", REFUSED % "malformed": "0+40x60"},
                            {REFUSED % "expired": "0+900x60", REFUSED % "missing": "0+900x60"},
                            {REFUSED % "signature": "0+50x60"}),
}


def labelled(series):
    """With the labels that a scrape adds."""
    name, _, rest = series.partition("{")
    return f'{name}{{job="trackd",instance="host:8081",{rest or "}"}'


def pending(alert):
    """Minutes that a condition must hold."""
    found = re.search(rf"- alert: {alert}\n(?:.*\n)*?        labels:", RULES)[0]
    minutes = re.search(r"for: (\d+)m", found)
    return int(minutes[1]) if minutes else 0


def unit_test(alert, series, fires):
    firing = f'ALERTS{{alertname="{alert}",alertstate="firing"}}'

    def expected(at, n):
        return {"expr": f"count({firing}) or vector(0)", "eval_time": f"{at}m",
                "exp_samples": [{"labels": "{}", "value": n}]}

    points = [expected(55, int(fires))]
    if pending(alert):
        points.append(expected(pending(alert) - 1, 0))
    return {"name": f"{alert} {series}", "interval": "1m", "promql_expr_test": points,
            "input_series": [{"series": labelled(name), "values": values} for name, values in series.items()]}


@test("each alert fires for its condition, after its delay, and for nothing else")
def _(site):
    apart.need("promtool")
    check(set(ALERTS) <= set(CASES) and len(ALERTS) > 10, f"no case of {set(ALERTS) - set(CASES)}")
    rules, tests = os.path.join(site.folder, "rules.yaml"), os.path.join(site.folder, "tests.json")
    with open(rules, "w", encoding="utf-8") as file:
        file.write(RULES)
    run("promtool", "check", "rules", "--lint-fatal", rules)
    cases = [unit_test(alert, series, i == 0) for alert in ALERTS
             for i, series in enumerate(CASES[alert])]
    with open(tests, "w", encoding="utf-8") as file:  # JSON is YAML
        json.dump({"rule_files": [rules], "evaluation_interval": "1m", "tests": cases}, file)
    run("promtool", "test", "rules", tests)


# ---- For real -----------------------------------------------------------------------------------------

MAIN, NO_BOARD, SLOW, NOBODY = (f"127.0.0.1:{port}" for port in (8081, 8083, 8085, 8087))


class Prometheus(Process):
    """It scrapes all of them, and evaluates the alerts, four times a second."""

    def __init__(self, site):
        folder = os.path.join(site.folder, "prometheus")
        os.mkdir(folder)
        self.said = os.path.join(folder, "log")
        rules = re.sub(r"for: \d+m", "for: 0s", RULES)
        # Half a second happens on a busy machine.
        for shown, real in (("> 0.5", "> 1"), ("> 6 * 3600", "> 1"), ("> 1800", "> 4"), ("[1h]) > 10", "[1h]) > 0")):
            check(shown in rules, shown)
            rules = rules.replace(shown, real)
        for name, text in (("rules.yaml", rules), ("prometheus.yaml", json.dumps({
                "global": {"scrape_interval": "250ms", "scrape_timeout": "250ms", "evaluation_interval": "250ms"},
                "rule_files": ["rules.yaml"],
                "scrape_configs": [{"job_name": "trackd", "static_configs": [
                    {"targets": [MAIN, NO_BOARD, SLOW, NOBODY]}]}]}))):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        with open(self.said, "ab") as log:
            super().__init__(["prometheus", "--config.file", os.path.join(folder, "prometheus.yaml"),
                              "--storage.tsdb.path", os.path.join(folder, "data"),
                              "--web.listen-address", "127.0.0.1:9090"], site.env,
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(lambda: self.scraped() >= 2, self.log)

    def log(self):
        with open(self.said, encoding="utf-8", errors="replace") as text:
            return text.read()[-3000:]

    def get(self, path, **query):
        check(self.popen.poll() is None, lambda: f"it exited: {self.log()}")
        url = f"http://127.0.0.1:9090/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=LIMIT) as reply:
            said = json.load(reply)
        check(said["status"] == "success" and not said.get("warnings"), said)
        return said["data"]

    def query(self, text):
        return self.get("query", query=text)["result"]

    def scraped(self):
        """How often it has been at the gateway."""
        try:
            found = self.query(f'count_over_time(up{{instance="{MAIN}"}}[1h])')
        except OSError:
            return 0
        return int(found[0]["value"][1]) if found else 0

    def looks_again(self):
        """Scrapes that began and evaluations that were made since."""
        seen = self.scraped()
        until(lambda: self.scraped() >= seen + 3, self.log)

    def firing(self, instance):
        alerts = [alert for alert in self.get("alerts")["alerts"]
                  if alert["state"] == "firing" and alert["labels"]["instance"] == instance]
        for alert in alerts:
            for text in alert["annotations"].values():
                check(text and "<error" not in text and "{{" not in text, alert)
        return {alert["labels"]["alertname"] for alert in alerts}


def at(listen, admin, **settings):
    return {"listen": f"127.0.0.1:{listen}", "admin": admin, **settings}


def work(gateway, producer, name):
    """A task from its beginning to its end."""
    producer.do(f"create {name} owner=ada")
    for stage in ("extracting", "chunking", "embedding", "indexing", "summarizing"):
        producer.do(f"update {name} {stage}")
    producer.do(f"complete {name}")


def wait_for(gateway, name, seconds):
    """A long poll that nothing happens to."""
    tag = gateway.get(f"/v1/tasks/{name}", ADA).headers["etag"]
    reply = gateway.get(f"/v1/tasks/{name}", ADA, {"If-None-Match": tag, "Prefer": f"wait={seconds}"})
    check(reply.status == 304, repr(reply))


def together(*calls):
    """In threads; the first failure is raised here."""
    failed = []

    def one(call):
        try:
            call()
        except (Failure, OSError) as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def slow_upload(gateway):
    """A client on a line that takes a second and a half for a small document."""
    body = form(file("slow.txt", b"Some text.\n"))
    with gateway.connect() as connection:
        connection.sendall(request("POST", "/documents", ADA, {"Content-Type": TYPE, "Content-Length": len(body)}))
        connection.sendall(body[:40])
        check(not select.select([connection], [], [], 1.5)[0], "no answer yet")
        connection.sendall(body[40:])
        check(read_reply(connection).status == 202, "it is taken")


def guess_tokens(gateway):
    """More than one a second over five minutes."""
    forged = token("ada", secret=b"no such secret" * 4)
    with gateway.connect() as connection:
        for _ in range(8):
            connection.sendall(request("GET", "/v1/tasks", forged) * 50)
            rest = b""
            while rest.count(b"HTTP/1.1 401") < 50:
                piece = connection.recv(65536)
                check(piece, "it ended")
                rest += piece


def told(gateway, name):
    with urllib.request.urlopen(f"http://{MAIN}/metrics", timeout=LIMIT) as reply:
        return float(re.search(rf"^{name} (\S+)$", reply.read().decode(), re.M)[1])


def unready(where):
    try:
        urllib.request.urlopen(f"http://{where}/readyz", timeout=LIMIT).close()
    except urllib.error.HTTPError as error:
        return error.code == 503
    return False


def provoke(site, daemon, gateway, producer):
    """All that the alerts are for."""
    kills = 0
    while told(gateway, "trackd_records_repaired_total") == 0:  # one dies while it makes a task
        kills += 1
        check(kills < 1000, "nothing was repaired")
        maker = site.test_client("open write")
        created = told(gateway, CREATED)
        maker.send(f"fill 1000000 made{kills} complete")
        until(lambda: told(gateway, CREATED) > created, "it makes tasks")
        maker.kill()
    comment(f"{kills} producers killed at work until one left something to repair")
    for i in range(12):
        for words in (("create", "--kind", "video", f"video{i}"), ("fail", f"video{i}", "no")):
            code, _, said = site.trackctl(*words)
            check(code == 0, said)
    for name in "abcde":  # fifteen tasks of five workers
        worker = site.test_client("open write")
        for i in range(3):
            worker.do(f"create {name}{i} owner=ada")
            worker.do(f"update {name}{i} extracting")
        worker.kill()
    until(lambda: producer.do("show a0").state == "failed", "workers are missed")
    daemon.stop()
    i = 0
    while producer.ask(f"create full{i} owner=ada").code != E_FULL:
        producer.do(f"update full{i} extracting")
        i += 1
    guess_tokens(gateway)
    os.rename(gateway.spool, gateway.spool + ".away")


@test("each alert is provoked on a real gateway, after a quiet time; each dashboard panel shows data")
def _(site):
    apart.need("prometheus", "strace")
    daemon = site.daemon("--capacity", "64", "--state-dir", site.state, "--snapshot-interval", "100ms")
    producer = site.test_client("open write", "create waits owner=ada", "kind video probing 0 packing 50")
    gateway = Gateway.on(site, settings=at(8080, MAIN))
    Gateway.on(site, settings=at(8082, NO_BOARD, board=f"{site.board}-none", socket="/run/none"))
    slow = Gateway.on(site, settings=at(8084, SLOW), prefix=(
        "strace", "-D", "-f", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
        "-e", "inject=fsync,fdatasync:delay_enter=700000"))
    prometheus = site.start(Prometheus(site))
    # All is well.
    work(gateway, producer, "done")
    producer.ask("update done chunking")
    producer.ask("create waits")
    together(*[lambda: wait_for(gateway, "waits", 2)] * 5, lambda: slow_upload(gateway))
    for _ in range(20):
        check(unready(NO_BOARD), "there is no board")
    for _ in range(3):
        check(gateway.ask("POST", "/v1/stream-tickets", ADA, body=b"").status == 201, "tickets")
    producer.do("create fresh owner=ada")  # the last snapshot is young
    prometheus.looks_again()
    codes = {sample["metric"]["code"] for sample in prometheus.query("trackd_http_requests_total")}
    check(codes == {"200", "201", "202", "304", "503"}, f"codes: {codes}")
    check(prometheus.firing(MAIN) == set(), f"all is well: {prometheus.firing(MAIN)}")
    none = {"TrackdBoardMissing", "TrackdDaemonDown"} & set(ALERTS)
    until(lambda: prometheus.firing(NO_BOARD) == none, lambda: prometheus.firing(NO_BOARD))
    check(prometheus.firing(NOBODY) == {"TrackdGatewayDown"}, prometheus.firing(NOBODY))
    # Nothing is.
    check(upload(slow, ADA).status == 202, "slowly")
    provoke(site, daemon, gateway, producer)
    expected = set(ALERTS) - {"TrackdBoardMissing", "TrackdGatewayDown", "TrackdGatewaySlow"}
    until(lambda: upload(gateway, ADA).status == 503 and prometheus.firing(MAIN) == expected
          and "TrackdGatewaySlow" in prometheus.firing(SLOW),
          lambda: f"they fire: {expected ^ prometheus.firing(MAIN)}; {prometheus.firing(SLOW)}")
    panels(prometheus)
    daemon.cont()


# ---- The dashboard ------------------------------------------------------------------------------------


def panels(prometheus):
    dashboard = json.loads(shipped("grafana-dashboard.json"))
    known = set(prometheus.get("label/__name__/values"))
    variable = dashboard["templating"]["list"][1]["query"]["query"]
    metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable).groups()
    check(any(sample["metric"].get(label) == MAIN for sample in prometheus.query(metric)), variable)
    expressions = [(panel["title"], target["expr"]) for panel in dashboard["panels"]
                   for target in panel.get("targets", [])]
    check(len(expressions) > 15, expressions)
    for title, expression in expressions:
        for name in re.findall(r"\btrackd_\w+", expression):
            check(name in known, f"{title}: {name} is not told")
        shown = prometheus.query(expression.replace("$instance", MAIN).replace("$__rate_interval", "1m"))
        values = [sample["value"][1] for sample in shown]
        check(any(value != "NaN" for value in values), f"{title}: {expression} shows {values}")
    for name in re.findall(r"\btrackd_\w+", re.sub(r"(summary|description): .*", "", RULES)):
        check(name in known, f"an alert is about {name}, which is not told")


main()
