#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Nothing is lost: across a stop and start, across a reboot if there is a state directory, and whatever happens to
the snapshot while it is written or stored.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import shutil
import signal
import struct
import uuid

from e2e import E_NOT_FOUND, check, comment, main, need_root, test, until

KEPT = ("state", "reason", "status", "progress", "stage", "done", "total", "owner", "name",
        "message", "error", "created", "updated", "expires")


def same(before, after, keys=KEPT):
    """The task is as it was. Times may be a microsecond off: two clocks are read, one after the other."""
    for key in keys:
        one, two = before.fields[key], after.fields[key]
        near = key in ("created", "updated", "expires") and abs(int(one) - int(two)) < 2_000_000
        check(one == two or near, f"{key} was {one}, is {two}: {after.line}")


def rebooted(site):
    """What stands before the daemon's command on another boot of the host."""
    path = os.path.join(site.folder, f"boot-{len(site.processes)}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(str(uuid.uuid4()) + "\n")
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
            f"mount --bind {path} /proc/sys/kernel/random/boot_id && exec \"$@\"", "sh"]


def snapshot(site):
    return os.path.join(site.state, site.board[1:] + ".snapshot")


def begin(site, *arguments, **options):
    return site.daemon("--state-dir", site.state, *arguments, **options)


def fill(site):
    """A task in every state, and their worker."""
    worker = site.test_client("open write")
    for line in ("kind video decoding 5 encoding 30", "create pending owner=alice name=Report.pdf",
                 "create active owner=alice total=7", "update active extracting reading",
                 "progress active 87 87", "update active embedding batch_3",
                 "progress active 480 1000", "advance active 2",
                 "create completed owner=bob", "update completed chunking",
                 "complete completed", "create failed", "update failed indexing",
                 "progress failed 3 9", "fail failed no_space_on_device", "create cancelled",
                 "cancel cancelled"):
        worker.do(line)
    return worker


TASKS = ("pending", "active", "completed", "failed", "cancelled")


def look(site):
    watcher = site.test_client("open")
    return {task: watcher.show(task) for task in TASKS}


@test("stop and start keep everything, references and workers too")
def _(site):
    daemon = begin(site)
    worker = fill(site)
    before, epoch = look(site), site.header(280, "<I")
    daemon.terminate()
    check(os.path.exists(site.shm), "SIGTERM removed the segment")
    worker.do("advance active 1")  # nobody needs the daemon
    begin(site)
    after = look(site)
    check(site.header(280, "<I") == epoch + 1, "the epoch")
    for task in TASKS:
        same(before[task], after[task], [key for key in KEPT if (task, key) != ("active", "done")])
        same(before[task], after[task], ("slot", "generation", "serial"))
    check(after["active"].done == "483", after["active"].line)
    worker.do("advance active 1")
    worker.kill()
    site.test_client("open").until_final("active")


@test("without a state directory too, and no snapshot is written anywhere")
def _(site):
    daemon = site.daemon()
    worker = fill(site)
    before = look(site)
    daemon.terminate()
    site.daemon()
    after = look(site)
    for task in TASKS:
        same(before[task], after[task])
    check(os.listdir(site.state) == [], os.listdir(site.state))
    worker.do("update active indexing")


@test("a board that is gone comes back from the snapshot; a worker that lives keeps its task")
def _(site):
    daemon = begin(site)
    worker = fill(site)
    mortal = site.test_client("open write", "create orphan", "update orphan chunking", "advance orphan 5")
    before = look(site)
    daemon.terminate()
    os.unlink(site.shm)
    mortal.kill()
    begin(site)
    after = look(site)
    for task in TASKS:
        same(before[task], after[task])
    check(after["active"].number("worker") == worker.pid, after["active"].line)
    orphan = site.test_client("open").until_final("orphan")
    check(orphan.reason == "worker_lost" and orphan.done == "5" and orphan.stage == "1", orphan.line)
    worker.do("kind video")
    check(worker.do("update active indexing").code == 0, "its worker goes on")
    worker.kill()
    check(site.test_client("open").until_final("active").reason == "worker_lost", "its death is seen")
    site.doctor()


@test("after a reboot what was active is failed, host_restart, as it stood; the rest is as it was")
def _(site):
    need_root()
    daemon = begin(site)
    worker = fill(site)
    before = look(site)
    daemon.terminate()
    worker.kill()
    os.unlink(site.shm)
    said = begin(site, prefix=rebooted(site)).log()
    check("5 tasks from the snapshot, of them 1 failed because it was active\n" in said, said)
    after = look(site)
    for task in TASKS:
        if task != "active":
            same(before[task], after[task])
    lost = after["active"]
    check((lost.state, lost.reason) == ("failed", "host_restart"), lost.line)
    same(before["active"], lost, ("stage", "done", "total", "owner", "name", "created"))
    check("embedding" in lost.error and lost.progress == before["active"].progress, lost.line)
    watcher = site.test_client("open write")
    check(watcher.do("count alice").code == 2, "the index of owners")
    watcher.do("kind video")
    watcher.do("create fresh")
    site.doctor()


@test("a segment that outlived its boot is read into a new board")
def _(site):
    need_root()
    begin(site).terminate()
    worker = fill(site)
    before, board = look(site), worker.do("stats").board_id
    worker.kill()
    begin(site, prefix=rebooted(site))
    after = look(site)
    check(after["active"].reason == "host_restart", after["active"].line)
    for task in ("pending", "completed", "failed", "cancelled"):
        same(before[task], after[task])
    check(site.test_client("open").do("stats").board_id != board, "the old board was kept")


@test("a power loss costs no more than what changed since the last periodic snapshot")
def _(site):
    need_root()
    daemon = begin(site, "--snapshot-interval", "1s")
    worker = fill(site)
    before = look(site)

    def saved():
        with open(snapshot(site), "rb") as file:
            data = file.read()
        return all(task.encode() in data for task in TASKS)
    until(lambda: os.path.exists(snapshot(site)) and saved(), "a snapshot of all tasks")
    daemon.kill()
    worker.kill()
    os.unlink(site.shm)
    begin(site, prefix=rebooted(site))
    after = look(site)
    for task in ("pending", "completed", "failed", "cancelled"):
        same(before[task], after[task])
    check(after["active"].reason == "host_restart", after["active"].line)


def damaged(site, damage):
    """Start from a snapshot of many tasks that damage(bytes) returned; how many came back."""
    daemon = begin(site, "--capacity", "512")
    site.test_client("open write no-worker", "fill 300 t owner=alice complete")
    daemon.terminate()
    os.unlink(site.shm)
    with open(snapshot(site), "rb") as file:
        data = bytearray(file.read())
    data = damage(data)
    with open(snapshot(site), "wb") as file:
        file.write(data)
    daemon = begin(site, "--capacity", "512")
    left = site.test_client("open write").do("stats").number("used")
    comment(f"{left} of 300 tasks came back")
    log = daemon.log()
    check("corrupt" in log, f"it does not say what was lost: {log}")
    check(os.path.exists(snapshot(site) + ".corrupt"), "the damaged file was not kept")
    with open(snapshot(site) + ".corrupt", "rb") as file:
        check(file.read() == data, "the damaged file was changed")
    site.doctor()
    daemon.terminate()  # and a good one is written again
    os.unlink(site.shm)
    begin(site, "--capacity", "512")
    check(site.test_client("open").do("stats").number("used") == left, "the next snapshot")
    return left


def flip(data, at):
    data[at] ^= 0x55
    return data


@test("from a snapshot with a flipped bit, all but one task come back")
def _(site):
    check(damaged(site, lambda data: flip(data, len(data) // 2)) == 299, "more was lost")


@test("from a truncated snapshot, the complete tasks come back")
def _(site):
    left = damaged(site, lambda data: data[: len(data) // 2])
    check(100 < left < 200, f"{left} of the first half")


@test("a snapshot of garbage, of nothing, or with a damaged header stops no daemon")
def _(site):
    for damage in (lambda data: bytearray(os.urandom(50_000)), lambda data: bytearray(),
                   lambda data: flip(data, 12), lambda data: bytearray(data[:7])):
        check(damaged(site, damage) == 0, "tasks out of nothing")
        site.end_processes()
        os.unlink(site.shm)
        for name in os.listdir(site.state):
            os.unlink(os.path.join(site.state, name))


@test("a snapshot with wrong lengths and indices in its frames does no harm")
def _(site):
    def lie(data):
        words = struct.unpack_from(f"<{len(data) // 4}I", data)
        for i, word in enumerate(words):
            if word == 0x63657274:  # the mark of a frame: its length follows
                struct.pack_into("<I", data, i * 4 + 8, 0xfffffff8 if i % 2 else 8)
        return data
    damaged(site, lie)


@test("a disk that is full keeps the old snapshot, and the daemon serves on")
def _(site):
    need_root()
    small = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
             f"mount -t tmpfs -o size=64k none {site.state} && exec \"$@\"", "sh"]
    daemon = begin(site, "--snapshot-interval", "1s", prefix=small)
    inside = f"/proc/{daemon.pid}/root{snapshot(site)}"
    worker = site.test_client("open write", "create first")
    until(lambda: os.path.exists(inside), "the first snapshot")
    with open(inside, "rb") as file:
        good = file.read()
    worker.do("fill 2000 t owner=alice complete")
    until(lambda: "snapshot" in daemon.log().split("READY")[-1] and
          ("No space" in daemon.log() or "full" in daemon.log()),
          lambda: f"it says that the disk is full: {daemon.log()}")
    with open(inside, "rb") as file:
        check(file.read() == good, "the old snapshot changed")
    check(os.listdir(os.path.dirname(inside)) == [os.path.basename(inside)],
          f"something was left beside it: {os.listdir(os.path.dirname(inside))}")
    worker.do("update first extracting")
    for i in range(2000):
        worker.do(f"remove t-{i}")
    until(lambda: open(inside, "rb").read() != good, "it tries again and succeeds")
    daemon.terminate()


@test("a stop that cannot write the snapshot says what a reboot loses and what to do, and exits with 74")
def _(site):
    daemon = begin(site, "--snapshot-interval", "never")
    worker = site.test_client("open write no-worker", "create only owner=alice")
    shutil.rmtree(site.state)
    with open(site.state, "w", encoding="utf-8"):
        pass
    daemon.signal(signal.SIGTERM)
    code, said = daemon.wait(), daemon.log()
    check(code == 74, f"trackd exited {code}: {said}")
    for word in ("since the last snapshot are in /dev/shm only", f"make {site.state} writable", "before a reboot"):
        check(word in said, f"it does not say \"{word}\": {said}")
    check("tried again" not in said, f"nothing is tried again after a stop: {said}")
    os.unlink(site.state)
    os.mkdir(site.state)
    daemon = begin(site)
    daemon.terminate()
    said = daemon.log()
    check(f"1 task saved to {site.state}\n" in said, said)
    os.unlink(site.shm)
    said = begin(site).log()
    check(f"board {site.board}: 1 task from the snapshot\n" in said, said)
    worker.show("only")


def trackd_of(site):
    """The daemon beneath strace."""
    return site.header(284, "<I")


@test("killed between writing and renaming, the old snapshot is whole and is used")
def _(site):
    begin(site).terminate()
    worker = site.test_client("open write", "create old owner=alice")
    begin(site).terminate()
    with open(snapshot(site), "rb") as file:
        good = file.read()
    for call in ("renameat:signal=SIGKILL:when=1", "fsync:signal=SIGKILL:when=1",
                 "fsync:error=EIO:when=1", "renameat:error=EROFS:when=1"):
        tracer = begin(site, prefix=["strace", "-f", "-o", "/dev/null",
                                     "-e", "trace=fsync,rename,renameat,renameat2",
                                     "-e", f"inject={call}"])
        worker.ask("create new")
        worker.do("update new keep changed")
        os.kill(trackd_of(site), 15)
        tracer.wait()
        with open(snapshot(site), "rb") as file:
            check(file.read() == good, f"{call}: the old snapshot changed")
    os.unlink(site.shm)
    begin(site)
    watcher = site.test_client("open")
    check(watcher.show("old").owner == "alice", "what the old snapshot had")
    watcher.refuse("show new", E_NOT_FOUND)


@test("tasks that expired while the host was down do not come back")
def _(site):
    begin(site)
    writer = site.test_client("open write", "create short ttl=1000", "create long")
    watcher = site.test_client("open")
    site.processes[0].terminate()
    os.unlink(site.shm)
    watcher.ask("wait-gone short 5000")  # its mapping of the old board is a clock as good as any
    begin(site)
    site.test_client("open").refuse("show short", E_NOT_FOUND)
    check(writer.show("long").state == "pending", writer.show("long").line)



def frames(data):
    """Where the frames of a snapshot begin."""
    at, found = struct.unpack_from("<I", data, 12)[0], []
    while at < len(data):
        mark, _, length = struct.unpack_from("<III", data, at)
        check(mark == 0x63657274, f"no frame at {at}")
        found.append(data[at:at + 24 + length])
        at += 24 + length
    return found


def saved_tasks(site):
    """Done, total and strings of the tasks that the snapshot holds now; none while there is none."""
    try:
        with open(snapshot(site), "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return {}
    tasks = {}
    for frame in frames(data):
        if struct.unpack_from("<H", frame, 4)[0] != 2:
            continue
        _, done, total = struct.unpack_from("<QQQ", frame, 24)
        # The strings stand together, before the extras; a test client says spaces as underlines.
        text = frame.decode("latin-1").replace(" ", "_")
        tasks[next(task for task in ("waits", "works") if task in text)] = (done, total, text)
    return tasks


@test("changes without a transition reach the periodic snapshot, also of pending tasks")
def _(site):
    daemon = begin(site, "--snapshot-interval", "100ms")
    worker = site.test_client("open write", "create waits", "create works", "update works extracting")
    changes = {
        "waits": ("update waits keep told_{}", "progress waits {} 1000", "advance waits {}",
                  "progress waits 7 {}"),
        "works": ("advance works {}", "update works keep told_{}", "progress works 7 {}"),
    }

    def holds(task):
        seen, saved = worker.show(task), saved_tasks(site).get(task)
        return (saved and saved[:2] == (seen.number("done"), seen.number("total"))
                and seen.message in saved[2])
    # More than once: what a transition before has armed may take the first of them along.
    for i in range(3):
        for task, lines in changes.items():
            for line in lines:
                worker.do(line.format(100 + i))
                until(lambda: holds(task), lambda: f"{line}: {saved_tasks(site)}")
    worker.do("complete works")
    before = {task: worker.show(task) for task in changes}
    until(lambda: "Processing_complete" in saved_tasks(site)["works"][2], "the end is saved")
    daemon.kill()
    os.unlink(site.shm)
    begin(site)
    watcher = site.test_client("open")
    for task, seen in before.items():
        same(seen, watcher.show(task), ("state", "done", "total", "message"))


@test("of two records with one id the newer is kept, whichever comes first")
def _(site):
    begin(site)
    worker = site.test_client("open write no-worker", "create t owner=alice", "update t extracting")
    site.processes[0].terminate()
    with open(snapshot(site), "rb") as file:
        old = file.read()
    worker.do("update t embedding newer")
    begin(site).terminate()
    with open(snapshot(site), "rb") as file:
        new = file.read()
    header, size = new[:struct.unpack_from("<I", new, 12)[0]], len(frames(new))
    check(len(frames(old)) == size and old != new, "two snapshots of one task")
    for order in ((old, new), (new, old)):
        site.end_processes()
        os.unlink(site.shm)
        with open(snapshot(site), "wb") as file:
            file.write(header + b"".join(frames(order[0])[:-1] + frames(order[1])[:-1] +
                                         frames(new)[-1:]))
        begin(site)
        watcher = site.test_client("open")
        seen = watcher.show("t")
        check((seen.stage, seen.message) == ("2", "newer"), seen.line)
        check(watcher.do("stats").used == "1" and watcher.do("count alice").code == 1,
              "both are there")
        site.doctor()


@test("the new snapshot is on the disk before it takes the name, and the name is as well")
def _(site):
    log = os.path.join(site.folder, "calls")
    tracer = begin(site, prefix=["strace", "-f", "-y", "-o", log, "-e",
                                 "trace=fsync,fdatasync,rename,renameat,renameat2"])
    site.test_client("open write", "create t")
    os.kill(trackd_of(site), 15)
    tracer.wait()
    with open(log, encoding="utf-8") as file:
        calls = [line.split(" ", 1)[1].strip() for line in file if "(" in line]
    comment("; ".join(calls))
    name = os.path.basename(snapshot(site))
    renamed = [i for i, call in enumerate(calls) if call.startswith("rename") and name in call]
    check(len(renamed) == 1, "one rename")
    before, after = calls[:renamed[0]], calls[renamed[0]:]
    check(any("sync(" in call and f"{name}.new>" in call for call in before), "the file first")
    check(any("sync(" in call and f"<{site.state}>" in call for call in after), "then the folder")


main()
