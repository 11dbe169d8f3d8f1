#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: serial timeout=1800
"""Broken PDF and DOCX files go through the spool: each one ends with a message, in bounded time and memory, and
harms no other document. DOCPROC_BROKEN sets their number (200), DOCPROC_SEED the seed; DOCPROC_KEEP is a folder
for files that kill the parser. tests/documents/mutate.py makes them again from the seed.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import collections
import json
import shutil
import signal
import subprocess
from datetime import datetime

from docproc import SAMPLES, Documents
from e2e import check, main, test, until

COUNT = int(os.environ.get("DOCPROC_BROKEN", "200"))
SEED = os.environ.get("DOCPROC_SEED", "20261125")
MEMORY_MB, TIME_S = 512, 20


def seconds(site, id):
    """How long a document was worked on, by the clock."""
    code, out, err = site.trackctl("show", "--json", id)
    check(code == 0, err)
    began, ended = (datetime.fromisoformat(json.loads(out)[key]) for key in ("started_at", "finished_at"))
    return (ended - began).total_seconds()


def terminate(server):
    """SIGTERM; what the server and all its children took. Memory is that of the one with most."""
    server.signal(signal.SIGTERM)
    _, status, usage = until(lambda: (seen := os.wait4(server.pid, os.WNOHANG))[0] and seen, "docproc ends")
    server.popen.returncode = os.waitstatus_to_exitcode(status)
    check(status == 0, lambda: f"docproc exited {server.popen.returncode}: {server.log()[-2000:]}")
    return usage


@test(f"{COUNT} broken documents, seed {SEED}: every one ends, with a message; then a good one is processed")
def _(site):
    site.daemon()
    documents = Documents(site, "--time-limit", f"{TIME_S}s", "--memory", f"{MEMORY_MB}M")
    folder = os.path.join(site.folder, "broken")
    os.mkdir(folder)
    made = subprocess.run([sys.executable, os.path.join(SAMPLES, "mutate.py"), "--seed", SEED, "--count", str(COUNT),
                           folder], text=True, capture_output=True, check=False)
    check(made.returncode == 0, made.stderr)
    server = documents.serve("--jobs", "2")
    names = sorted(os.listdir(folder))
    check(len(names) == COUNT, f"{len(names)} files")
    ends, lost, longest = collections.Counter(), [], (0, "")
    for start in range(0, COUNT, 50):
        ids = {}
        for name in names[start:start + 50]:
            id = name.replace(".", "-")
            with open(os.path.join(folder, name), "rb") as file:
                content = file.read()
            documents.place_bytes(id, content, name=name)
            ids[id] = name
        for id, name in ids.items():
            until(lambda: documents.board.ask(f"show {id}").code == 0, f"{name} is on the board")
            seen = documents.until_final(id, 120)
            ends[seen.error.replace("_", " ").replace(name, "NAME") if seen.state == "failed" else seen.state] += 1
            check(seen.state == "completed" or seen.error not in ("", "Unknown_error"),
                  f"{name} ended without a message: {seen.line}")
            if seen.reason == "worker_lost":
                lost.append(name)
            check("processor_time" not in seen.error, f"{name} takes too long")
            longest = max(longest, (seconds(site, id), name))
    for end, n in ends.most_common():
        print(f"# {n:5}  {end}")
    for name in lost:
        print(f"# the parser died of {name}")
        if "DOCPROC_KEEP" in os.environ:
            shutil.copy(os.path.join(folder, name), os.environ["DOCPROC_KEEP"])
    # Libraries have faults, but not for one document in a hundred.
    check(len(lost) <= COUNT // 100, f"{len(lost)} workers were lost")
    documents.expect(documents.submit("voyager.pdf"), "completed")
    documents.until_empty()
    finished = documents.whole()
    check(len(finished) == ends["completed"] + 1, f"{len(finished)} in the store, {ends['completed']} completed")
    check(server.popen.poll() is None, "the server has ended")
    usage = terminate(server)
    peak_mb, processor_s = usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime
    print(f"# peak memory of a child {peak_mb:.0f} MiB of {MEMORY_MB}; processor time {processor_s:.1f} s, "
          f"{processor_s / COUNT * 1e3:.0f} ms a document; the longest took {longest[0]:.2f} s ({longest[1]})")
    check(peak_mb <= MEMORY_MB, f"{peak_mb} MiB")
    check(processor_s <= COUNT, f"{processor_s} s for {COUNT} documents")


main()
