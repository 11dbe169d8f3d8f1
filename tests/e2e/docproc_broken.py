#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: serial timeout=1800
"""Broken PDF and DOCX files go through the spool: every one ends final with a message, in bounded time and memory, and
takes nothing else down. DOCPROC_BROKEN says how many (200), DOCPROC_SEED which.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import collections
import shutil
import subprocess

from docproc import SAMPLES, Documents
from e2e import check, main, test, until

COUNT = int(os.environ.get("DOCPROC_BROKEN", "200"))
SEED = os.environ.get("DOCPROC_SEED", "20261125")
MEMORY_MB = 512


@test(f"{COUNT} broken documents, seed {SEED}: every one ends, with a message; then a good one is processed")
def _(site):
    site.daemon()
    documents = Documents(site, "--time-limit", "20s", "--memory", f"{MEMORY_MB}M")
    folder = os.path.join(site.folder, "broken")
    os.mkdir(folder)
    made = subprocess.run([sys.executable, os.path.join(SAMPLES, "mutate.py"), "--seed", SEED, "--count", str(COUNT),
                           folder], text=True, capture_output=True, check=False)
    check(made.returncode == 0, made.stderr)
    server = documents.serve("--jobs", "2")
    names = sorted(os.listdir(folder))
    check(len(names) == COUNT, f"{len(names)} files")
    ends, lost = collections.Counter(), []
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
            ends[seen.error.replace("_", " ") if seen.state == "failed" else seen.state] += 1
            check(seen.state == "completed" or seen.error, f"{name} ended without a message: {seen.line}")
            if seen.reason == "worker_lost":
                lost.append(name)
            check("processor time" not in seen.error, f"{name} takes too long")
    for end, n in ends.most_common():
        print(f"# {n:5}  {end}")
    for name in lost:
        kept = shutil.copy(os.path.join(folder, name), os.environ.get("DOCPROC_KEEP", site.folder))
        print(f"# the parser died of {name}; {kept}")
    documents.expect(documents.submit("voyager.pdf"), "completed")
    documents.until_empty()
    finished = documents.whole()
    check(len(finished) == ends["completed"] + 1, f"{len(finished)} in the store, {ends['completed']} completed")
    check(server.popen.poll() is None, "the server has ended")
    server.terminate()


main()
