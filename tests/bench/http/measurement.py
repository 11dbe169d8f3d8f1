# SPDX-License-Identifier: MIT
"""A measurement of the gateway on a site of its own: its rows, its processors, its end."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "harness", "python"))
from e2e import Failure, Site


def row(what, value, aim=""):
    print(f"  {what:<58}{value:>14}  {aim}", flush=True)


def pinned(cpu):
    """For a command to run on one processor, if there is another."""
    return ["taskset", "-c", str(cpu)] if os.cpu_count() > 1 else []


def processor_s(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kib(pid, what):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(rf"{what}:\s+(\d+)", file.read())[1])


def run(measure, *defaults):
    """Call measure(site, NUMBERS...) with the numbers of the command line, or these where there are fewer;
    exit with 1 for a wrong answer."""
    given = [int(word) for word in sys.argv[1:]]
    numbers = (given + list(defaults[len(given):]))[:len(defaults)]
    site = Site()
    try:
        measure(site, *numbers)
    except Failure as failure:
        print(f"FAILED: {failure}")
        sys.exit(1)
    finally:
        site.end()
