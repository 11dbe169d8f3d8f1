#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The documentation is correct: the program in README.md compiles and works, the manual names every call and
error, and docs/FORMAT.md has every field at its place.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import math
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
    check(len(block().splitlines()) <= 24, f"{len(block().splitlines())} lines")
    program = compile_it(site, "-L", BUILD, "-ltrackd")
    site.daemon()
    done = run(site, program)
    check(done.returncode == 0, f"exited {done.returncode}: {done.stderr}")
    seen = site.test_client("open").show("report-42")
    check((seen.state, seen.owner, seen.done, seen.total, seen.progress, seen.message) ==
          ("completed", "alice", "87", "87", "100", "Processing_complete"), seen.line)
    check(run(site, program).returncode == 0, "the second run")


@test("without a board it says what to do")
def _(site):
    program = compile_it(site, os.path.join(BUILD, "libtrackd.a"), "-pthread")
    done = run(site, program)
    check(done.returncode == 1 and "trackd" in done.stderr and "running" in done.stderr,
          f"exited {done.returncode}: {done.stderr}")


def read(*path):
    with open(os.path.join(TREE, *path), encoding="utf-8") as file:
        return file.read()


@test("the library's manual names every call and every error of the header, and no others")
def _(_site):
    header, manual = read("libclient", "trackd.h"), read("libclient", "trackd.3")
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    calls = set(re.findall(r"\b(trackd_\w+)\([^)]*\)(?:;|\n\{)", code))
    named = set(re.findall(r"^\.Fn (trackd_\w+) \"", manual, re.M))
    check(len(calls) > 40 and calls == named, f"not in both: {sorted(calls ^ named)}")
    errors = set(re.findall(r"X\((TRACKD_E_\w+),", code))
    listed = set(re.findall(r"^\.It Dv (TRACKD_E_\w+)", manual, re.M))
    check(len(errors) > 15 and errors == listed, f"not in both: {sorted(errors ^ listed)}")


# ---- Manual pages, what programs say of themselves, and configuration files ------------------------------

PAGES = {"trackd": "daemon/trackd.8", "trackctl": "tools/trackctl/trackctl.1",
         "docproc": "tools/docproc/docproc.1", "trackd-http": "tools/trackd-http/trackd-http.1"}
# The page of each configuration file, and its example.
CONFIGURED = {"trackd": ("daemon/trackd.conf.5", "systemd/trackd.conf"),
              "docproc": ("tools/docproc/docproc.1", "systemd/docproc.conf"),
              "trackd-http": ("tools/trackd-http/http.conf.5", "systemd/http.conf")}
FLAG = re.compile(r"(?<![\w-])(--[a-z][a-z-]*|-[A-Za-z0-9])(?![\w-])")


def rendered(page):
    """As people read it, one line a paragraph; groff has nothing to complain of."""
    done = subprocess.run(["man", "--warnings", "-l", os.path.join(TREE, page)], capture_output=True,
                          text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8", "MANPAGER": "cat",
                                                       "MAN_KEEP_FORMATTING": "", "MANWIDTH": "2000"})
    check(done.returncode == 0 and done.stderr == "", f"{page}: {done.stderr}")
    return re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)


def section(text, name):
    found = re.search(rf"^{name}\n(.*?)(?=^\S|\Z)", text, re.S | re.M)
    return found[1] if found else ""


def entry(text, word):
    """What a list says about a word: its line, others that share its text, and that."""
    lines = text.split("\n")
    begin = next((i for i, line in enumerate(lines) if re.match(rf" {{5,7}}{word}( |$)", line)), None)
    check(begin is not None, f"there is no entry for {word}")
    indent, end = len(lines[begin]) - len(lines[begin].lstrip()), begin + 1
    while re.match(rf" {{{indent}}}\S", lines[end]):
        end += 1
    while end < len(lines) and (lines[end] == "" or lines[end].startswith(" " * (indent + 1))):
        end += 1
    return "\n".join(lines[begin:end])


def said(program, *arguments):
    done = subprocess.run([os.path.join(BUILD, program), *arguments], capture_output=True, text=True,
                          check=False)
    check(done.returncode in (0, 2), f"{program} {arguments}: {done.returncode} {done.stderr}")
    return done.stdout + done.stderr


def verbs(program):
    """{verb: what it says of itself}."""
    listed = re.findall(r"^  ([a-z]+) ", said(program, "--help"), re.M)
    if program == "trackd-http":
        listed = re.findall(r"^ +trackd-http ([a-z]+) ", said(program, "--help"), re.M)
    return {verb: said(program, *(("help", verb) if program == "trackctl" else (verb, "--help")))
            for verb in listed}


class Option:
    """A line of --list-options: the program's own table."""

    def __init__(self, line):
        _, self.verb, self.flag, self.letter, self.takes, self.completes, self.key, reloads, self.help = line.split("\t")
        self.reloads = reloads == "reloads"


def options(program):
    return [Option(line) for line in said(program, "--list-options").splitlines() if line.startswith("option\t")]


@test("every flag that a program tells of is in its manual page, in the part of its verb, and no other is")
def _(_site):
    n = 0
    for program, page in PAGES.items():
        text = rendered(page)
        own = text.replace(section(text, "EXAMPLES"), "")
        usage = said(program, "--help")
        every = set(FLAG.findall(usage))
        check(not every - set(FLAG.findall(own)), f"{page} lacks {sorted(every - set(FLAG.findall(own)))}")
        # What its list explains is of every verb.
        general = set(FLAG.findall("\n".join(re.findall(r"^ +-.*", usage, re.M))))
        for verb, help_text in verbs(program).items():
            of_verb, told = set(FLAG.findall(help_text)), set(FLAG.findall(entry(own, verb)))
            check(not of_verb - told - general, f"{page}, {verb}: lacks {sorted(of_verb - told - general)}")
            check(not told - of_verb - general, f"{page}, {verb}: {sorted(told - of_verb - general)} is none")
            every |= of_verb
            n += 1
        others = set(FLAG.findall(own)) - every
        check(not others, f"{page}: {program} knows no {sorted(others)}")
        n += len(general)
    check(n > 80, f"{n} flags and verbs")


def keys_of(program, site):
    path = os.path.join(site.folder, "wrong.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write("nosuch = 1\n")
    text = said(program, "--config", path, "--check-config")
    return set(re.search(r"no such key; there are ([a-z_ ]+)", text)[1].split())


def explained(page):
    """{key: (whether a reload applies it, what its entry says)}."""
    source = read(page)
    if page.endswith(".1"):
        source = re.search(r"^\.Ss Settings\n(.*?)^\.Sh", source, re.S | re.M)[1]
    found = {}
    for names, star, text in re.findall(r"^\.It (?:Va|Cm) ([a-z_ ,]+?)( \*)?\n(.*?)(?=^\.It|^\.El)", source, re.S | re.M):
        for name in names.split(" , "):
            found[name] = (bool(star), text)
    return found


@test("every key of a configuration file is in its manual page and in its example, and no other is")
def _(site):
    for program, (page, example) in CONFIGURED.items():
        keys, told = keys_of(program, site), explained(page)
        check(len(keys) > 8 and keys == set(told), f"{page}, not in both: {sorted(keys ^ set(told))}")
        shown = set(re.findall(r"^#([a-z_]+) =", read(example), re.M)) - {"stage"}
        # Under systemd the socket is systemd's.
        check(shown == keys - ({"socket"} if program == "trackd" else set()),
              f"{example}, not in both: {sorted(shown ^ keys)}")
        for option in options(program):
            check(option.key == "-" or told[option.key][0] == option.reloads,
                  f"{page}: whether a reload applies {option.key}")
        for flag, default in re.findall(r"^  --([a-z-]+) .*\(default ([0-9][\w.:]*)[):]", said(program, "--help"), re.M):
            check(re.search(rf"(?<![\w.]){re.escape(default)}(?![\w])", told[flag.replace("-", "_")][1]),
                  f"{page}: {flag} is {default} by default")


@test("manual pages are without a fault, and refer to pages that there are")
def _(_site):
    pages = [os.path.join(folder, name) for folder in ("libclient", "daemon", *(
        os.path.join("tools", tool) for tool in os.listdir(os.path.join(TREE, "tools"))))
        for name in os.listdir(os.path.join(TREE, folder)) if re.search(r"[a-z]\.[1-8]$", name)]
    names = {tuple(os.path.basename(page).rsplit(".", 1)) for page in pages}
    check(len(pages) >= 7, pages)
    for page in pages:
        text = rendered(page)
        check(section(text, "NAME").split()[0] == os.path.basename(page).rsplit(".", 1)[0],
              f"{page}: {section(text, 'NAME')}")
        for name, number in re.findall(r"\b((?:trackd|trackctl|docproc|http)[a-z.-]*)\((\d)\)", text):
            check((name, number) in names, f"{page}: there is no {name}({number})")


SECTIONS = {"layout_header": "Header", "layout_kind": "Kinds", "layout_client": "Clients",
            "layout_stripe": "Stripes", "layout_head": "Heads", "layout_body": "Bodies",
            "layout_copy": "Bodies", "layout_detail": "Details", "layout_family": "Families",
            "layout_family_stripe": "Stripes", "layout_event": "Events"}


def rows(section):
    """The fields of a section's tables: {(name, at): size}; the size of a row for several is theirs together."""
    text = re.search(rf"^### {section}\n(.*?)(?=^##)", read("docs", "FORMAT.md"), re.S | re.M).group(1)
    found = {}
    for at, size, name in re.findall(r"^\| (\d+) \| ([\d ·]+?) \| (.*?) \|", text, re.M):
        for field in re.findall(r"`([a-z_]+)", name):
            found[field, int(at)] = math.prod(int(factor) for factor in size.split("·"))
    return found


def sizes(site, fields):
    """What the compiler says of each [(struct, field)]."""
    source, program = os.path.join(site.folder, "sizes.c"), os.path.join(site.folder, "sizes")
    lines = "".join(f'printf("%zu\\n", sizeof(((struct {struct} *)0)->{field}));\n' for struct, field in fields)
    with open(source, "w", encoding="utf-8") as file:
        file.write(f'#include <stdio.h>\n#include "libclient/segment/layout.h"\nint main(void)\n{{\n{lines}}}\n')
    done = subprocess.run([*CC, "-I", TREE, "-o", program, source], capture_output=True, text=True, check=False)
    check(done.returncode == 0, done.stderr)
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    return [int(line) for line in done.stdout.split()]


@test("the format's document has every field at its place and in its size")
def _(site):
    placed = [(struct, field, int(at)) for struct, field, at
              in re.findall(r"LAYOUT_AT\((\w+), (\w+), (\d+)\)", "".join(read("libclient", "segment", name) for name
                                                                       in ("layout.h", "layout_record.h")))
              if struct in SECTIONS]
    # The offsets of the sections share a row; so do the two copies, whose rows are [0] and [1].
    placed = [(struct, field, at) for struct, field, at in placed
              if not (struct == "layout_header" and 120 <= at <= 248) and field != "copy"]
    wrong = []
    for (struct, field, at), size in zip(placed, sizes(site, [place[:2] for place in placed])):
        together = 3 if (struct, field) == ("layout_event", "revision") else 1  # and done, and total
        if rows(SECTIONS[struct]).get((field, at)) != size * together:
            wrong.append(f"{struct}.{field} at {at}, {size} bytes")
    check(len(placed) > 70 and not wrong, f"{len(placed)} fields, not in docs/FORMAT.md: {wrong}")


@test("every file that the documents name is there")
def _(_site):
    places = "libclient|daemon|tools|tests|systemd|docs"
    missing, n = [], 0
    for document in ("README.md", "docs/DESIGN.md", "docs/FORMAT.md"):
        text = read(document)
        named = set(re.findall(rf"`((?:{places})/[\w./-]+)`", text))
        named |= {os.path.normpath(os.path.join(os.path.dirname(document), link))
                  for link in re.findall(r"\]\(([^)#:]+)\)", text)}
        named |= {f"tests/crash/mutants/{name}" for name in re.findall(r"`([\w.]+\.sed)`", text)}
        n += len(named)
        missing += [f"{document}: {name}" for name in sorted(named)
                    if not os.path.exists(os.path.join(TREE, name))]
    check(n > 30 and not missing, f"{n} names, missing: {missing}")


def folders():
    """Those that hold files of the tree: two levels, and every component of one."""
    done = subprocess.run(["git", "-C", TREE, "ls-files"], capture_output=True, text=True, check=False)
    check(done.returncode == 0, done.stderr)
    return {"/".join(name.split("/")[:2]) for name in done.stdout.splitlines() if name.count("/") > 1} | \
        {name.split("/")[0] for name in done.stdout.splitlines() if "/" in name}


@test("the map in README.md names every folder, and no other")
def _(_site):
    if not os.path.exists(os.path.join(TREE, ".git")):
        return
    drawn, above = set(), ""
    for indent, name in re.findall(r"^( *)([\w./-]+)/ ", read("README.md").split("## The tree")[1], re.M):
        above = above if indent else name
        drawn.add(f"{above}/{name}" if indent else name)
    check(len(drawn) > 15 and drawn == folders(), f"not in both: {sorted(drawn ^ folders())}")


@test("make help lists every target that is for people")
def _(_site):
    phony = set(re.search(r"^\.PHONY: (.*)", read("Makefile"), re.M).group(1).split())
    done = subprocess.run(["make", "-s", "-C", TREE, "help"], capture_output=True, text=True, check=False)
    listed = set(re.findall(r"^  ([a-z0-9-]+) ", done.stdout, re.M))
    inner = {"build", "deps", "tests", "check-build", "fuzz-build", "archives"}
    check(done.returncode == 0 and listed == phony - inner, f"not in both: {listed ^ (phony - inner)}")


main()
