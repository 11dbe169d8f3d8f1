#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Keys are never truncated: one that is too long is an error, and creates nothing. Texts are truncated between two
characters, as late as possible, and marked.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import E_KEY, E_NOT_FOUND, check, main, test

KEY, NAME, MESSAGE, ERROR = 63, 255, 191, 511  # bytes
NAME_CUT, MESSAGE_CUT, ERROR_CUT = 1, 2, 4


@test("an id or an owner of 63 bytes is kept to the last one, a longer one is refused")
def _(site):
    site.daemon()
    client = site.test_client("open write")
    longest = "i" * (KEY - 1)
    for last in "ab":
        client.do(f"create {longest}{last} owner={last}")
    for last in "ab":
        check(client.show(longest + last).owner == last, "two long ids are one")
        client.refuse(f"create {longest}x{last}", E_KEY)
        check(client.ask(f"show {longest}x{last}").code in (E_KEY, E_NOT_FOUND), "it was cut")
    owner = "\u20ac" * 21  # 63 bytes
    client.do(f"create t owner={owner}")
    check(client.show("t").owner == owner, client.show("t").line)
    client.refuse(f"create u owner={owner}x", E_KEY)
    client.refuse(f"create u owner={'o' * 61}\u20ac", E_KEY)
    check(client.do("stats").used == "3", "something was made of what was refused")
    check(client.do(f"count {owner}").code == 1, "the owner's list")


def expect_cut(text, seen, most, marked, what):
    """seen is as much of text as fits."""
    whole = len(text.encode()) <= most
    n = len(text)
    while len(text[:n].encode()) > most:
        n -= 1
    check(seen == text[:n], f"{what}: {len(seen.encode())} of {len(text.encode())} bytes: {seen}")
    check(marked == (not whole), f"{what}: {len(text.encode())} bytes, marked: {marked}")


@test("names, messages and errors are cut between characters, and marked")
def _(site):
    site.daemon()
    client = site.test_client("open write")
    for letter in ("x", "\u00e9", "\u20ac", "\U0001f600"):
        size = len(letter.encode())
        for more in range(-size, 2 * size):  # as long as it may be, a byte more, two ...
            def text(most):
                n = (most + more) // size
                return "y" * (most + more - n * size) + letter * n
            name, message, error = text(NAME), text(MESSAGE), text(ERROR)
            client.do(f"create t name={name}")
            client.do(f"update t extracting {message}")
            seen = client.show("t")
            expect_cut(name, seen.name, NAME, bool(seen.number("flags") & NAME_CUT), "name")
            expect_cut(message, seen.message, MESSAGE, bool(seen.number("flags") & MESSAGE_CUT),
                       "message")
            client.do("update t keep short")
            check(client.show("t").number("flags") & MESSAGE_CUT == 0, "the mark has stayed")
            client.do(f"fail t {error}")
            seen = client.show("t")
            expect_cut(error, seen.error, ERROR, bool(seen.number("flags") & ERROR_CUT), "error")
            client.do("remove t")
    site.doctor()


main()
