#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Functions, files and folders stay small.

    tests/lint/sizes.py           check the tree, as a test
    tests/lint/sizes.py --table   print lines of functions and files by component: median, p90, largest

A C function of the library, the daemon, the tools and the tests that CHECKED_TESTS lists has at most
60 lines, from its opening brace to its closing one; a source file 500; a folder of sources 40 files.
The public header is a manual in one file, and larger. The table shows all tests.
"""

import collections
import os
import sys

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
FUNCTION_MAX, FILE_MAX, FOLDER_MAX = 60, 500, 40
LARGER = {"libclient/trackd.h"}
CHECKED_TESTS = ("tests/bench/", "tests/crash/", "tests/fuzz/", "tests/harness/", "tests/stress/", "tests/unit/")
COMPONENTS = ("libclient", "daemon", "tools/common", "tools/documents", "tools/docproc", "tools/trackd-http",
              "tools/trackctl", "tests")


def sources():
    """{file: its lines} of the C, Python and JavaScript sources."""
    found = {}
    for root in ("libclient", "daemon", "tools", "tests"):
        for folder, folders, names in os.walk(os.path.join(TREE, root)):
            folders[:] = [name for name in folders if name not in ("node_modules", "__pycache__", "corpus")]
            for name in names:
                if name.endswith((".c", ".h", ".py", ".mjs", ".js")):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as file:
                        found[os.path.relpath(path, TREE)] = file.read().splitlines()
    return found


def functions(lines):
    """(line, lines) of each function. clang-format puts the braces of functions at the margin."""
    begin = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            begin = number
        elif line == "}" and begin is not None:
            yield begin, number - begin + 1
            begin = None


def quantiles(numbers):
    numbers = sorted(numbers) or [0]
    at = lambda share: numbers[min(len(numbers) - 1, int(len(numbers) * share))]  # noqa: E731
    return f"{at(0.5):4}/{at(0.9):4}/{numbers[-1]:4}"


def table(files):
    print(f"{'lines, median/p90/max':20} {'functions':>16} {'files':>16} {'largest folder':>16}")
    for component in COMPONENTS:
        own = {name: lines for name, lines in files.items() if name.startswith(component + "/")}
        code = {name: lines for name, lines in own.items() if name.endswith((".c", ".h"))}
        lengths = [length for lines in code.values() for _, length in functions(lines)]
        folders = collections.Counter(os.path.dirname(name) for name in own)
        print(f"{component:20} {quantiles(lengths):>16} "
              f"{quantiles([len(lines) for name, lines in code.items() if name.endswith('.c')]):>16} "
              f"{max(folders.values(), default=0):>16}")


def check(files):
    long_functions = [f"{name}:{line}: {length} lines" for name, lines in sorted(files.items())
                      if name.endswith((".c", ".h")) for line, length in functions(lines)
                      if length > FUNCTION_MAX]
    long_files = [f"{name}: {len(lines)} lines" for name, lines in sorted(files.items())
                  if len(lines) > FILE_MAX and name not in LARGER]
    counts = collections.Counter(os.path.dirname(name) for name in files)
    full = [f"{folder}: {n} files" for folder, n in sorted(counts.items()) if n > FOLDER_MAX]
    results = [(len(files) > 400 and not long_functions,
                f"no function has more than {FUNCTION_MAX} lines", long_functions),
               (not long_files, f"no file has more than {FILE_MAX} lines", long_files),
               (not full, f"no folder has more than {FOLDER_MAX} files", full)]
    for number, (passed, what, notes) in enumerate(results, 1):
        print(f"{'' if passed else 'not '}ok {number} - {what}")
        for note in notes:
            print(f"# {note}")
    print(f"1..{len(results)}")
    return not all(passed for passed, _, _ in results)


def main():
    if sys.argv[1:] == ["--table"]:
        table(sources())
    elif sys.argv[1:]:
        sys.exit("usage: tests/lint/sizes.py [--table]")
    else:
        sys.exit(check({name: lines for name, lines in sources().items()
                        if not name.startswith("tests/") or name.startswith(CHECKED_TESTS)}))


main()
