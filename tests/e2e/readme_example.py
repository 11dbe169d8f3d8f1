#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The program in README.md compiles without a warning and does what it says."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import re
import shlex

from e2e import BUILD, TREE, check, main, subprocess, test

CC = shlex.split(os.environ.get("CC", "cc"))
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-O2"]


def block():
    with open(os.path.join(TREE, "README.md"), encoding="utf-8") as file:
        found = re.findall(r"^```c\n(.*?)^```", file.read(), re.S | re.M)
    check(len(found) == 1, f"README.md has {len(found)} C programs")
    return found[0]


def compile_it(site, *flags):
    source, program = os.path.join(site.folder, "example.c"), os.path.join(site.folder, "example")
    with open(source, "w", encoding="utf-8") as file:
        file.write(block())
    done = subprocess.run([*CC, *WARNINGS, "-I", os.path.join(TREE, "libclient"), "-o", program,
                           source, *flags], capture_output=True, text=True, check=False)
    check(done.returncode == 0, done.stderr)
    return program


def run(site, program):
    return subprocess.run([program], capture_output=True, text=True, check=False,
                          env={**site.env, "LD_LIBRARY_PATH": BUILD})


@test("the program is about twenty lines, compiles without a warning, and completes its task")
def _(site):
    check(len(block().splitlines()) <= 32, f"{len(block().splitlines())} lines")
    program = compile_it(site, "-L", BUILD, "-ltrackd")
    site.daemon()
    done = run(site, program)
    check(done.returncode == 0, f"exited {done.returncode}: {done.stderr}")
    seen = site.puppet("open").show("report-42")
    check((seen.state, seen.owner, seen.done, seen.total, seen.progress, seen.message) ==
          ("completed", "alice", "87", "87", "100", "Processing_complete"), seen.line)
    check(run(site, program).returncode == 0, "the second run")


@test("without a board it says what to do")
def _(site):
    program = compile_it(site, os.path.join(BUILD, "libtrackd.a"), "-pthread")
    done = run(site, program)
    check(done.returncode == 1 and "trackd" in done.stderr and "running" in done.stderr,
          f"exited {done.returncode}: {done.stderr}")


main()
