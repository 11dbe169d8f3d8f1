#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""docproc's manual, configuration example and help agree with one another."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import re
import subprocess

from docproc import DOCPROC
from e2e import TREE, check, main, test


def read(*path):
    with open(os.path.join(TREE, *path), encoding="utf-8") as file:
        return file.read()


def run(*arguments):
    return subprocess.run([DOCPROC, *arguments], text=True, capture_output=True, check=False)


def settings():
    done = run("--help")
    check(done.returncode == 0, done.stderr)
    flags = set(re.findall(r"^  --([a-z-]+)", done.stdout, re.M)) - {"config", "help", "version"}
    return {flag.replace("-", "_") for flag in flags}


@test("the manual is well formed, and names every setting, verb and exit status")
def _(_site):
    page = os.path.join(TREE, "tools", "docproc", "docproc.1")
    done = subprocess.run(["man", "--warnings", "-l", page], text=True, capture_output=True, check=False,
                          env={**os.environ, "MANWIDTH": "100", "MANPAGER": "cat"})
    check(done.returncode == 0 and done.stderr == "", done.stderr)
    text = re.sub(r".\x08", "", done.stdout)
    check(len(settings()) == 18, f"{settings()}")
    for name in settings():
        check(re.search(rf"\b{name}\b", text), f"{name} is not in the manual")
    for verb in re.findall(r"^       docproc ([a-z]+)", run("--help").stdout, re.M):
        check(re.search(rf"\b{verb}\b", text), f"{verb} is not in the manual")
    for code in (0, 1, 2, 3, 4, 5, 6, 69, 75, 77, 130):
        check(re.search(rf"^ +{code} ", text, re.M), f"exit status {code} is not in the manual")


@test("the example of the configuration names every key, is valid line for line, and shows the defaults")
def _(site):
    example = read("systemd", "docproc.conf")
    keys = dict(re.findall(r"^#([a-z_]+) = (.*)$", example, re.M))
    check(set(keys) == settings(), f"{set(keys) ^ settings()}")
    for text in (example, re.sub(r"^#([a-z_]+ =)", r"\1", example, flags=re.M)):
        path = os.path.join(site.folder, "docproc.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = run("--config", path, "--version")
        check(done.returncode == 0, done.stderr)
    for key, value in keys.items():
        shown = re.search(rf"^  --{key.replace('_', '-')} .*\(default (\w+)", run("--help").stdout, re.M)
        check(not shown or shown.group(1) in (value, "at", "built"), f"{key}: {value}, {shown and shown.group(1)}")


@test("a faulty configuration is refused, with file and line")
def _(site):
    path = os.path.join(site.folder, "docproc.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write("jobs = 2\nmemory = plenty\n")
    done = run("--config", path, "serve")
    check(done.returncode == 2 and f"{path}:2: memory:" in done.stderr and "it must be" in done.stderr,
          f"{done.returncode} {done.stderr}")


main()
