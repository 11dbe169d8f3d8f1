# SPDX-License-Identifier: MIT
"""The metrics of a gateway, in the text format of Prometheus and in OpenMetrics, held to their grammar.

    Metrics(gateway)["slots_used{}"]
    Metrics(gateway, open_metrics=True)['tasks{kind="document",state="active"}']
"""

import re

from e2e import check

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="[^"\\\n]*",?)*)\})? (\S+)')
LABELS = {"kind", "state", "outcome", "stage", "reason", "route", "method", "code", "le", "version", "exit"}
FAMILIES = {  # as docs/ and the alerts know them
    "tasks": "gauge", "tasks_created": "counter", "tasks_finished": "counter", "tasks_lost": "counter",
    "task_duration_seconds": "histogram", "stage_duration_seconds": "histogram",
    "worker_lost": "counter", "timed_out": "counter", "expired": "counter", "evicted": "counter",
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
