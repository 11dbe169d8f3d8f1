#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Includes look downwards only.

    tests/lint/arrows.py            check the tree, as a test
    tests/lint/arrows.py --draw     print the rooms in levels, as docs/DESIGN.md shows them
    tests/lint/arrows.py --print    print arrows.txt as the sources are now

A room is a folder of sources. tests/lint/arrows.txt lists for each room the rooms that it may include
from; another arrow is a fault, and so is one that is listed and not used. The list has no circle, and
neither have the modules: a module is NAME.c with NAME.h and, if there is one, NAME_parts.h, which its
parts share. Every quoted include is a path from the top of the tree. The daemon and the tools include
internal.h of the library's segment/ and record/, and none of the other headers there; signal/, index/ and
family/ are part of record/internal.h.
"""

import collections
import os
import re
import sys

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
LISTED = os.path.join(TREE, "tests", "lint", "arrows.txt")
ROOTS = ("libclient", "daemon", "tools")
# The daemon and the tools include one header of each inner room of the library.
INNER = re.compile(r"libclient/(segment|signal|index|family|record)/(?!internal\.h)")


def sources(tree):
    """{file: its text} of all C files below ROOTS."""
    found = {}
    for root in ROOTS:
        for folder, _, names in os.walk(os.path.join(tree, root)):
            for name in names:
                if name.endswith((".c", ".h")):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as file:
                        found[os.path.relpath(path, tree)] = file.read()
    return found


def includes(files):
    """[(file, line, included)] of all quoted includes."""
    return [(file, number, match.group(1))
            for file, text in sorted(files.items()) for number, line in enumerate(text.splitlines(), 1)
            if (match := re.match(r'\s*#\s*include\s+"([^"]+)"', line))]


def module(file):
    return re.sub(r"(_parts)?\.[ch]$", "", file)


def circle(arrows):
    """A circle in {node: nodes}, as the list of its nodes, or None."""
    done, path = set(), []

    def walk(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        path.append(node)
        for other in sorted(arrows.get(node, ())):
            if found := walk(other):
                return found
        path.pop()
        done.add(node)
        return None

    for node in sorted(arrows):
        if found := walk(node):
            return found
    return None


def read_listed():
    allowed = {}
    with open(LISTED, encoding="utf-8") as file:
        for line in file:
            line = line.split("#")[0].strip()
            if line:
                room, _, below = line.partition(":")
                allowed[room.strip()] = set(below.split())
    return allowed


def arrows_of(files, node):
    """{node: nodes} of the includes, nodes being what node() makes of a file."""
    arrows = collections.defaultdict(set)
    for file, _, included in includes(files):
        if node(file) != node(included):
            arrows[node(file)].add(node(included))
    return arrows


def faults(files, allowed):
    """Sentences about what is wrong, none if all is well."""
    found = [f'{file}:{number}: "{included}" is no path from the top of the tree'
             for file, number, included in includes(files) if included not in files]
    for file, number, included in includes(files):
        room, below = os.path.dirname(file), os.path.dirname(included)
        if room != below and below not in allowed.get(room, ()):
            found.append(f"{file}:{number}: {room} must not include from {below} ({included})")
    found += [f"{file}:{number}: outside libclient/ its rooms are included by internal.h ({included})"
              for file, number, included in includes(files)
              if not file.startswith("libclient/") and INNER.match(included)]
    used = arrows_of(files, os.path.dirname)
    found += [f"arrows.txt: {room} includes nothing from {below}; take it away"
              for room in sorted(allowed) for below in sorted(allowed[room] - used.get(room, set()))]
    for what, arrows in (("arrows.txt", allowed), ("modules", arrows_of(files, module))):
        if around := circle(arrows):
            found.append(f"{what}: a circle: {' -> '.join(around)}")
    return found


def levels(allowed):
    """[[room]]: a room stands one above the highest that it includes from."""
    height = {}

    def of(room):
        if room not in height:
            height[room] = 1 + max((of(below) for below in allowed.get(room, ())), default=-1)
        return height[room]

    rows = collections.defaultdict(list)
    for room in sorted(set(allowed) | {below for all_ in allowed.values() for below in all_}):
        rows[of(room)].append(room)
    return [rows[n] for n in sorted(rows, reverse=True)]


def draw(allowed):
    """The drawing: a column for each component, the rooms of a level in one line."""
    columns = {"tools/trackd-http": [], "tools/docproc": [], "tools/trackctl": [], "daemon": []}
    shared = []

    def column_of(room):
        return next((name for name in columns if room == name or room.startswith(name + "/")), None)

    below = {room: all_ for room, all_ in allowed.items()}
    for name in columns:
        own = {room: {b for b in below.get(room, ()) if column_of(b) == name}
               for room in below if column_of(room) == name}
        columns[name] = [[room[len(name) + 1:] or os.path.basename(name) for room in row]
                         for row in levels(own)]
    rest = {room: {b for b in below.get(room, ()) if column_of(b) is None}
            for room in below if column_of(room) is None}
    shared = levels(rest)
    # The deepest column decides the height; the others stand on the same ground.
    height = max(len(rows) for rows in columns.values())
    cells = {name: [[]] * (height - len(rows)) + rows for name, rows in columns.items()}
    width = {name: max(len(", ".join(row)) for row in rows + [[name]]) for name, rows in cells.items()}
    lines = []
    for n in range(height):
        lines.append("   ".join(", ".join(cells[name][n]).ljust(width[name]) for name in columns).rstrip())
    rule = "   ".join("-" * width[name] for name in columns)
    heads = "   ".join(name.ljust(width[name]) for name in columns).rstrip()
    return "\n".join([heads, rule] + lines + [rule] + [", ".join(row) for row in shared])


def drawn_in_design():
    with open(os.path.join(TREE, "docs", "DESIGN.md"), encoding="utf-8") as file:
        match = re.search(r"<!-- tests/lint/arrows.py --draw -->\n```\n(.*?)\n```", file.read(), re.S)
    return match.group(1) if match else ""


class Tap:
    """TAP, as tests/run reads it."""

    def __init__(self):
        self.n = self.failed = 0

    def ok(self, passed, what, *notes):
        self.n += 1
        self.failed += not passed
        print(f"{'' if passed else 'not '}ok {self.n} - {what}")
        for note in notes if not passed else ():
            print(f"# {note}")


def check():
    files, allowed, tap = sources(TREE), read_listed(), Tap()
    found = faults(files, allowed)
    tap.ok(len(files) > 300 and not found, f"the includes of {len(files)} files look down", *found)

    def planted(file, included):
        return faults(files | {file: files[file] + f'#include "{included}"\n'}, allowed)

    upward = planted("libclient/segment/lock.c", "libclient/record/record.h")
    tap.ok(any("libclient/segment/lock.c" in fault and "must not include" in fault for fault in upward),
           "an upward include would be found", *upward)
    around = planted("libclient/record/slot.c", "libclient/record/repair.h")
    tap.ok(any("modules: a circle" in fault and "record/slot" in fault for fault in around),
           "a circle between modules would be found", *around)
    foreign = planted("daemon/main.c", "tools/trackctl/verbs/verbs.h")
    tap.ok(any("daemon must not include from tools/trackctl/verbs" in fault for fault in foreign),
           "an include from another program would be found", *foreign)
    inner = planted("daemon/main.c", "libclient/record/slot.h")
    tap.ok(any("included by internal.h" in fault for fault in inner), "an inner header of the library would be found",
           *inner)
    short = planted("libclient/segment/lock.c", "clock.h")
    tap.ok(any("no path from the top" in fault for fault in short), "a short path would be found", *short)
    tap.ok(drawn_in_design() == draw(allowed), "docs/DESIGN.md shows the rooms as they are",
           "put the output of tests/lint/arrows.py --draw there")
    print(f"1..{tap.n}")
    return tap.failed > 0


def main():
    if sys.argv[1:] == ["--draw"]:
        print(draw(read_listed()))
    elif sys.argv[1:] == ["--print"]:
        for room, below in sorted(arrows_of(sources(TREE), os.path.dirname).items()):
            print(f"{room}: {' '.join(sorted(below))}")
    elif sys.argv[1:]:
        sys.exit("usage: tests/lint/arrows.py [--draw | --print]")
    else:
        sys.exit(check())


main()
