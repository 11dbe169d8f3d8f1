#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""/v1/tasks: a user's tasks in pages, by state and kind, and their counts."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import check, main, test
from gateway import Gateway, token
from replies import ADA, EVE, expect, problem


@test("the caller's tasks in pages, newest first, each once")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    site.test_client("open write", "fill 23 a owner=ada", "fill 5 e owner=eve", "fill 5 n")
    names, token_, pages = [], "", 0
    while token_ is not None:
        page = expect(gateway.get(f"/v1/tasks?page_size=10{token_ and '&page_token=' + token_}",
                                  ADA), 200, cache_control="private, no-cache").json()
        names += [task["id"] for task in page["tasks"]]
        token_, pages = page["next_page_token"], pages + 1
    check(names == [f"a-{i}" for i in reversed(range(23))] and pages == 3, names)
    check(len(gateway.get("/v1/tasks", EVE).json()["tasks"]) == 5, "eve has her own")
    check(gateway.get("/v1/tasks", token("nobody")).json() ==
          {"tasks": [], "next_page_token": None}, "and others have none")


@test("a page stays the same while tasks come and go")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "fill 9 a owner=ada")
    page = gateway.get("/v1/tasks?page_size=3", ADA).json()
    worker.do("fill 4 b owner=ada")
    worker.do("remove a-6")
    worker.do("remove a-2")
    page = gateway.get(f"/v1/tasks?page_size=50&page_token={page['next_page_token']}", ADA).json()
    check([task["id"] for task in page["tasks"]] == ["a-5", "a-4", "a-3", "a-1", "a-0"], page)


@test("filters by state and kind")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write")
    worker.do("kind video probing 0 packaging 90")
    for name, line in (("p", None), ("a", "update a extracting"), ("c", "complete c"),
                       ("f", "fail f broken"), ("x", "cancel x")):
        worker.do(f"create {name} owner=ada")
        if line:
            worker.do(line)
    for state, name in (("pending", "p"), ("active", "a"), ("completed", "c"), ("failed", "f"),
                        ("cancelled", "x")):
        tasks = gateway.get(f"/v1/tasks?state={state}", ADA).json()["tasks"]
        check([task["id"] for task in tasks] == [name], f"{state}: {tasks}")
    check(len(gateway.get("/v1/tasks?kind=document", ADA).json()["tasks"]) == 5, "documents")
    check(gateway.get("/v1/tasks?kind=video", ADA).json()["tasks"] == [], "videos")
    for state, names in (("open", ["a", "p"]), ("final", ["x", "f", "c"])):
        tasks = gateway.get(f"/v1/tasks?state={state}", ADA).json()["tasks"]
        check([task["id"] for task in tasks] == names, f"{state}: {tasks}")
    for query, detail in (("state=broken", "state must be pending, active, completed, failed, "
                           "cancelled, open or final"), ("kind=none", "unknown kind"),
                          ("page_size=0", "page_size must be a number, 1 to 500"),
                          ("page_size=501", "page_size must be a number, 1 to 500"),
                          ("page_token=x", "page_token must come from an earlier answer"),
                          ("page_token=1.2", "page_token must come from an earlier answer"),
                          ("page_token=1.2.4294967296", "page_token must come from an earlier answer"),
                          ("page_token=1.2.3.4", "page_token must come from an earlier answer")):
        problem(gateway.get(f"/v1/tasks?{query}", ADA), 400, "Bad Request", detail)


@test("filters by labels")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    for name, labels in (("a", ["batch=7", "note=a b"]), ("b", ["batch=70"]), ("c", ["batch=7", "x/y="]),
                         ("d", [])):
        site.trackctl("create", name, "--owner", "ada", *(f"--label={label}" for label in labels))
    site.trackctl("create", "e", "--owner", "eve", "--label", "batch=7")
    site.trackctl("complete", "c")
    for query, names in (("label=batch=7", ["c", "a"]), ("label=batch%3D7", ["c", "a"]),
                         ("label=batch", ["c", "b", "a"]), ("label=batch=7&label=x/y", ["c"]),
                         ("label=note=a%20b", ["a"]), ("label=x/y=", ["c"]), ("label=none", []),
                         ("label=batch=7&state=open", ["a"]), ("label=batch=", [])):
        tasks = gateway.get(f"/v1/tasks?{query}", ADA).json()["tasks"]
        check([task["id"] for task in tasks] == names, f"{query}: {tasks}")
    many = "&".join(["label=batch"] * 9)
    for query in ("label=", "label==7", "label=a%20b=1", "label", many):
        problem(gateway.get(f"/v1/tasks?{query}", ADA), 400, "Bad Request",
                "label must be KEY or KEY=VALUE, and may be given 8 times")
    # In pages, and after looking at 2000 of which few have it.
    page = gateway.get("/v1/tasks?label=batch&page_size=2", ADA).json()
    check([task["id"] for task in page["tasks"]] == ["c", "b"], page)
    page = gateway.get(f"/v1/tasks?label=batch&page_token={page['next_page_token']}", ADA).json()
    check([task["id"] for task in page["tasks"]] == ["a"] and not page["next_page_token"], page)
    site.test_client("open write", "fill 2500 f owner=ada")
    pages = pages_of(gateway, "label=batch=7")
    check([names for names, _ in pages] == [[], ["c", "a"]], pages)


def pages_of(gateway, query, begin=None):
    """[(ids, token), ...] to the end."""
    pages, at = [], begin
    while not pages or at is not None:
        page = expect(gateway.get(f"/v1/tasks?{query}" + (f"&page_token={at}" if at else ""), ADA),
                      200).json()
        at = page["next_page_token"]
        pages.append(([task["id"] for task in page["tasks"]], at))
        check(len(pages) <= 100, f"it ends: {pages[-3:]}")
    return pages


@test("a page looks at 2000 tasks, and its token continues behind the last of them")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "fill 2 old owner=ada", "update old-1 extracting",
                         "fill 2500 a owner=ada", "update a-600 extracting", "update a-501 extracting",
                         "update a-500 extracting", "fill 2500 b owner=ada", "fill 3 e owner=eve")
    # 5002 tasks: b-2499 to b-500, then b-499 to a-1000, then the rest.
    pages = pages_of(gateway, "state=active")
    check([names for names, _ in pages] == [[], [], ["a-600", "a-501", "a-500", "old-1"]], pages)
    pages = pages_of(gateway, "state=active&page_size=2")
    check([names for names, _ in pages] == [[], [], ["a-600", "a-501"], ["a-500", "old-1"]], pages)
    every = [name for names, _ in pages_of(gateway, "page_size=500") for name in names]
    check(every == [f"b-{i}" for i in reversed(range(2500))] +
          [f"a-{i}" for i in reversed(range(2500))] + ["old-1", "old-0"], "all, each once")
    # The task of the token is removed: it goes on all the same, and shows nothing twice.
    first = gateway.get("/v1/tasks?page_size=500", ADA).json()
    worker.do(f"remove {first['tasks'][-1]['id']}")
    pages = pages_of(gateway, "page_size=500", first["next_page_token"])
    check([name for names, _ in pages for name in names] == every[500:], pages)
    # With so much shown that passing over it takes more than one page.
    deep, at = 0, None
    while deep < 4500:
        page = gateway.get("/v1/tasks?page_size=500" + (f"&page_token={at}" if at else ""), ADA).json()
        deep, at = deep + len(page["tasks"]), page["next_page_token"]
    worker.do(f"remove {page['tasks'][-1]['id']}")
    pages = pages_of(gateway, "page_size=500", at)
    check([name for names, _ in pages for name in names] == every[-(5001 - deep):], pages)
    check([len(names) for names, _ in pages[:2]] == [0, 0], "the first two pass over what was shown")
    # A token of somebody else's task, or of none, is no way to anything that is not one's own.
    theirs = gateway.get("/v1/tasks?page_size=1", EVE).json()["next_page_token"]
    for other in (theirs, f"{2**64 - 1}.{2**32 - 1}.1", "7.0.0"):
        names = [name for names, _ in pages_of(gateway, "page_size=500", other) for name in names]
        check(all(name in every for name in names), names[:3])


@test("counts of the caller's tasks by state")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    worker = site.test_client("open write", "fill 3000 p owner=ada", "fill 4 e owner=eve", "fill 4 n")
    for line in ("update p-1 extracting", "update p-2 extracting", "complete p-3", "fail p-4 broken",
                 "fail p-5 broken", "fail p-6 broken", "cancel p-7"):
        worker.do(line)
    reply = expect(gateway.get("/v1/task-counts", ADA), 200, cache_control="private, no-cache",
                   content_type="application/json")
    check(reply.json() == {"pending": 2993, "active": 2, "completed": 1, "failed": 3, "cancelled": 1,
                           "open": 2995, "total": 3000}, repr(reply))
    check(gateway.get("/v1/task-counts", EVE).json()["total"] == 4, "hers")
    check(gateway.get("/v1/task-counts", token("nobody")).json() ==
          {"pending": 0, "active": 0, "completed": 0, "failed": 0, "cancelled": 0, "open": 0,
           "total": 0}, "none")
    check(gateway.ask("HEAD", "/v1/task-counts", ADA).status == 200, "HEAD")


main()
