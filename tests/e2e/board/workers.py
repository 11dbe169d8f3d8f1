#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""No zombies, no false alarms: a task fails as soon as its worker dies, with its progress, and never because a
live worker is silent, stopped, forked, has called exec, or has the pid of a dead one.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import errno
import signal
import statistics
import time

from e2e import (E_NAMESPACE, E_NOT_FOUND, TEST_CLIENT, Skip, check, main, need_root, process_state, test,
                 until)

PID_NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child"]
TIME_NAMESPACE = ["unshare", "--time", "--monotonic", "100000", "--boottime", "100000", "--fork",
                  "--kill-child"]
DEATHS = 20
SERVICE = 64301  # a user without an account
HIDDEN_PROC = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
               "mount -t proc -o hidepid=2 proc /proc && exec setpriv "
               f"--reuid {SERVICE} --regid {SERVICE} --clear-groups \"$@\"", "sh"]


def begin(site, task="a"):
    """A daemon, a worker in a stage of a task, and a watcher."""
    site.daemon()
    worker = site.test_client("open write", f"create {task} owner=alice", f"update {task} extracting")
    return worker, site.test_client("open")


def expect_active(watcher, task, worker):
    seen = watcher.show(task)
    check(seen.state == "active" and seen.number("worker") == worker, f"{task}: {seen.line}")


def expect_lost(watcher, task, stage=0):
    seen = watcher.until_final(task)
    check(seen.state == "failed" and seen.reason == "worker_lost" and
          seen.number("stage") == stage, f"{task}: {seen.line}")
    return seen


def kill_for_reuse(worker):
    """Kill it so late that a process which gets its pid has another start time: that is told in ticks."""
    with open(f"/proc/{worker.pid}/stat", encoding="utf-8") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    hertz = os.sysconf("SC_CLK_TCK")
    until(lambda: time.clock_gettime(time.CLOCK_BOOTTIME) * hertz > ticks + 2, "the next tick")
    worker.kill()


def after_a_death(site, watcher, name):
    """Wait until the daemon has dealt with the death of another worker: a clock for what must not happen."""
    victim = site.test_client("open write", f"create {name}", f"update {name} extracting")
    victim.kill()
    expect_lost(watcher, name)


@test("a worker that is killed in a stage fails its task, with stage and counts as it died")
def _(site):
    worker, watcher = begin(site)
    worker.do("create waiting")
    worker.do("update a embedding batch_48/100")
    worker.do("progress a 480 1000")
    worker.do("advance a 3")
    killed = time.time_ns()
    worker.kill()
    seen = expect_lost(watcher, "a", stage=2)
    print(f"# failed {(seen.number('updated') - killed) / 1e6:.2f} ms after the kill")
    check((seen.done, seen.total, seen.progress) == ("483", "1000", "54"), seen.line)
    check(seen.message == "Processing_failed", seen.line)
    check("embedding" in seen.error and str(worker.pid) in seen.error,
          f"the error names neither worker nor stage: {seen.line}")
    waiting = watcher.show("waiting")
    check(waiting.state == "pending", f"a pending task belongs to nobody: {waiting.line}")
    site.doctor()


@test("a death is seen within 50 ms")
def _(site):
    site.daemon()
    watcher = site.test_client("open")
    took = []
    for i in range(DEATHS):
        worker = site.test_client("open write", f"create t{i}", f"update t{i} extracting")
        watcher.send(f"wait t{i} final 20000")
        killed = time.monotonic()
        worker.kill()
        check(watcher.answer().code == 0, f"t{i} did not end")
        took.append((time.monotonic() - killed) * 1000)
    print(f"# {DEATHS} deaths, seen after {min(took):.2f} to {max(took):.2f} ms, "
          f"the middle one after {statistics.median(took):.2f}")
    # A busy machine may be late for most of them; a daemon that looks now and then is for nearly all.
    quick = sum(each < 50 for each in took)
    check(quick >= DEATHS // 4, f"deaths were seen after {took} ms")


@test("final and pending tasks stay as they are when their worker dies")
def _(site):
    worker, watcher = begin(site)
    ends = {"completed": "complete", "failed": "fail", "cancelled": "cancel"}
    for state, verb in ends.items():
        worker.do(f"create {state}")
        if state != "cancelled":
            worker.do(f"update {state} chunking")
        worker.do(f"{verb} {state}")
    worker.do("create pending")
    before = {task: watcher.show(task) for task in (*ends, "pending")}
    worker.kill()
    expect_lost(watcher, "a")
    for task, seen in before.items():
        after = watcher.show(task)
        for key in ("state", "reason", "revision", "done", "message", "error", "updated"):
            check(after.fields[key] == seen.fields[key], f"{key} of {task}: {after.line}")


@test("an exit without an end fails the task just as well")
def _(site):
    worker, watcher = begin(site)
    worker.popen.stdin.close()
    check(worker.wait() == 0, "the worker did not exit by itself")
    expect_lost(watcher, "a")


@test("fifty workers that die at once are all found")
def _(site):
    parent, watcher = begin(site)
    children = [parent.do(f"fork create c{i} ; update c{i} chunking").number("pid")
                for i in range(50)]
    site.pids += children
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    for i in range(50):
        expect_lost(watcher, f"c{i}", stage=1)
    expect_active(watcher, "a", parent.pid)
    site.doctor()


@test("a worker that is stopped for longer than any time limit is never declared dead")
def _(site):
    worker, watcher = begin(site)
    worker.stop()
    began = time.monotonic()
    after_a_death(site, watcher, "first")
    # Past every limit: 2 s for locks, 1 s of the doorbell, 250 ms of waiters. Time is the condition here.
    time.sleep(4)
    daemon = site.processes[0]
    daemon.kill()
    site.daemon()
    after_a_death(site, watcher, "second")
    print(f"# stopped for {time.monotonic() - began:.1f} s, over a restart of the daemon")
    expect_active(watcher, "a", worker.pid)
    worker.cont()
    worker.do("advance a 1")
    worker.do("update a chunking")
    expect_active(watcher, "a", worker.pid)


def begin_again(site, command):
    """A worker that died while no daemon ran, and a command that has its pid now: (worker, watcher, the
    command's parent)."""
    need_root()
    worker, watcher = begin(site)
    parent = site.test_client("open write")
    site.processes[0].kill()
    kill_for_reuse(worker)
    site.pids.append(worker.pid)
    reused = parent.ask(f"fork {worker.pid} exec {command}")
    if reused.code == -errno.EEXIST:
        raise Skip("the pid was taken by another process")
    check(reused.code == 0, f"clone3 with set_tid: {reused.line}")
    check(reused.number("pid") == worker.pid, reused.line)
    return worker, watcher, parent


@test("a process that reuses the pid of a dead worker does not keep its task alive")
def _(site):
    worker, watcher, _ = begin_again(site, "sleep 1000")
    site.daemon()
    expect_lost(watcher, "a")
    check(process_state(worker.pid) in "SRD", "the process of that pid is gone")


@test("a producer that reuses the pid of a dead one has its own tasks")
def _(site):
    lines, script = os.path.join(site.folder, "lines"), os.path.join(site.folder, "second-life")
    os.mkfifo(lines)
    with open(script, "w", encoding="utf-8") as file:
        # It holds the other end of its own input, so it lives on when it has done the lines.
        file.write(f"exec 0<>{lines}\n"
                   "printf 'open write\\ncreate b\\nupdate b extracting\\n' >&0\n"
                   f"exec {TEST_CLIENT}\n")
    worker, watcher, parent = begin_again(site, f"sh {script}")
    until(lambda: watcher.ask("show b").code == 0 and watcher.show("b").state == "active",
          "the second life of the pid has a task")
    expect_active(watcher, "b", worker.pid)
    site.daemon()
    expect_lost(watcher, "a")
    after_a_death(site, watcher, "clock")
    expect_active(watcher, "b", worker.pid)
    os.kill(worker.pid, signal.SIGKILL)
    parent.do(f"reap {worker.pid}")
    expect_lost(watcher, "b")


@test("a forked child's tasks are its own, its parent's stay its parent's")
def _(site):
    parent, watcher = begin(site)
    answer = parent.do("fork create c ; update c chunking ; advance c 7 ; advance a 2")
    child = answer.number("pid")
    site.pids.append(child)
    check(answer.children == [0, 0, 0, 0], f"the child's calls: {answer.line}")
    expect_active(watcher, "c", child)
    expect_active(watcher, "a", parent.pid)
    os.kill(child, signal.SIGKILL)
    seen = expect_lost(watcher, "c", stage=1)  # the child is a zombie still
    check(seen.done == "7", seen.line)
    expect_active(watcher, "a", parent.pid)
    check(watcher.show("a").done == "2", "what the child counted on its parent's task")
    second = parent.do("fork create d ; update d chunking").number("pid")
    site.pids.append(second)
    parent.kill()
    expect_lost(watcher, "a")
    expect_active(watcher, "d", second)


@test("a task that moves to another worker dies with that one")
def _(site):
    first, watcher = begin(site)
    second = site.test_client("open write", "update a chunking")
    expect_active(watcher, "a", second.pid)
    first.kill()
    after_a_death(site, watcher, "clock")
    expect_active(watcher, "a", second.pid)
    second.kill()
    expect_lost(watcher, "a", stage=1)


@test("a worker that calls exec is still the worker of its tasks")
def _(site):
    worker, watcher = begin(site)
    worker.send("exec sleep 1000")
    until(lambda: open(f"/proc/{worker.pid}/comm", encoding="utf-8").read() == "sleep\n",
          "the worker is another program")
    after_a_death(site, watcher, "clock")
    expect_active(watcher, "a", worker.pid)
    worker.kill()
    expect_lost(watcher, "a")


@test("a worker whose first thread has ended lives while another one does")
def _(site):
    worker, watcher = begin(site)
    worker.send("leave")
    until(lambda: process_state(worker.pid) == "Z", "the first thread has ended")
    after_a_death(site, watcher, "first")
    worker.do("advance a 1")
    site.processes[0].kill()
    site.daemon()
    after_a_death(site, watcher, "second")
    expect_active(watcher, "a", worker.pid)
    worker.do("update a chunking")
    worker.kill()
    expect_lost(watcher, "a", stage=1)


@test("a daemon without access to other users' processes takes none for dead, and sees them die")
def _(site):
    need_root()
    site.give_to(SERVICE)
    options = {"program": site.program("trackd"), "prefix": HIDDEN_PROC}
    daemon = site.daemon(**options)
    worker = site.test_client("open write", "create a", "update a extracting", "create b",
                         "update b extracting")
    other = site.test_client("open write", "update b chunking")
    watcher = site.test_client("open")
    after_a_death(site, watcher, "first")
    expect_active(watcher, "a", worker.pid)
    daemon.kill()
    site.daemon(**options)
    after_a_death(site, watcher, "second")
    expect_active(watcher, "a", worker.pid)
    expect_active(watcher, "b", other.pid)
    worker.kill()
    expect_lost(watcher, "a")
    expect_active(watcher, "b", other.pid)


@test("a worker that closes its connection, or all its descriptors, stays the worker")
def _(site):
    worker, watcher = begin(site)
    second = site.test_client("open write", "create b", "update b extracting")
    worker.do("close")
    second.do("close-descriptors")
    after_a_death(site, watcher, "clock")
    expect_active(watcher, "a", worker.pid)
    expect_active(watcher, "b", second.pid)
    second.do("advance b 5")
    second.do("update b chunking")
    worker.kill()
    second.kill()
    expect_lost(watcher, "a")
    expect_lost(watcher, "b", stage=1)


@test("a tool's update claims no task, unless it names the process to watch")
def _(site):
    worker, watcher = begin(site)
    tool = site.test_client("open write no-worker", "update a chunking")
    tool.kill()
    other = site.test_client(f"open write worker={worker.pid}", "create b", "update b extracting")
    other.kill()
    after_a_death(site, watcher, "clock")
    expect_active(watcher, "a", worker.pid)
    expect_active(watcher, "b", worker.pid)
    worker.kill()
    expect_lost(watcher, "a", stage=1)
    expect_lost(watcher, "b")


@test("workers that die while the daemon is away are found when it returns")
def _(site):
    worker, watcher = begin(site)
    site.processes[0].kill()
    late = site.test_client("open write", "create late", "update late chunking")  # it never saw a daemon
    alive = site.test_client("open write", "create alive", "update alive chunking")
    worker.kill()
    late.kill()
    check(watcher.show("late").state == "active", "without a daemon nobody fails a task")
    site.daemon()
    expect_lost(watcher, "a")
    expect_lost(watcher, "late", stage=1)
    expect_active(watcher, "alive", alive.pid)
    site.doctor()


@test("a producer in another pid namespace is refused, and may read")
def _(site):
    need_root()
    _, watcher = begin(site)
    for prefix in (PID_NAMESPACE, [*PID_NAMESPACE, "--mount-proc"]):
        foreign = site.test_client(prefix=prefix)
        foreign.refuse("open write", E_NAMESPACE)
        foreign.refuse("open write no-daemon", E_NAMESPACE)
        foreign.do("open")
        check(foreign.show("a").state == watcher.show("a").state, "what the foreign reader sees")
    site.processes[0].kill()
    again = site.test_client(prefix=PID_NAMESPACE)
    again.refuse("open write", E_NAMESPACE)
    again.do("open")
    check(again.show("a").state == "active", "what it sees without a daemon")


@test("a child that is forked into another pid or time namespace may only read")
def _(site):
    need_root()
    _, watcher = begin(site)
    for kind in ("pid", "time"):
        task = f"of-{kind}"
        worker = site.test_client("open write", f"create {task}", f"update {task} extracting")
        before = watcher.show(task)
        worker.do(f"unshare {kind}")
        answer = worker.do(f"fork create b ; update {task} embedding ; advance {task} 1 ; "
                           f"complete {task} ; show {task}")
        child = answer.number("pid")
        site.pids.append(child)
        check(answer.children == [E_NAMESPACE] * 4 + [0], f"the child's calls: {answer.line}")
        os.kill(child, signal.SIGKILL)
        after_a_death(site, watcher, f"clock-{kind}")
        after = watcher.show(task)
        check(after.fields["revision"] == before.fields["revision"], after.line)
        expect_active(watcher, task, worker.pid)
        check(watcher.ask("show b").code == E_NOT_FOUND, "what the child created")
        worker.do(f"advance {task} 1")
        worker.kill()
        expect_lost(watcher, task)
    site.doctor()


@test("a producer whose board moves to another pid namespace is refused there, and reads on")
def _(site):
    need_root()
    worker, _ = begin(site)
    site.processes[0].kill()
    site.daemon(prefix=PID_NAMESPACE)
    late = site.test_client("open")
    names = (f"late{i}" for i in range(10 ** 6))
    until(lambda: worker.ask(f"create {next(names)}").code == E_NAMESPACE, "the worker is refused")
    check(late.do("stats").number("used") == 1, "it wrote to the board before it was refused")
    for line in ("create b", "update a embedding", "advance a 1"):
        worker.refuse(line, E_NAMESPACE)
    check(worker.show("a").state == late.show("a").state, "what it reads")


@test("a producer in another time namespace is refused, and a reader sees the right expiry")
def _(site):
    need_root()
    worker, watcher = begin(site)
    worker.do("create short ttl=6000")
    foreign = site.test_client(prefix=TIME_NAMESPACE)
    foreign.refuse("open write", E_NAMESPACE)
    foreign.refuse("open write no-daemon", E_NAMESPACE)
    foreign.do("open")
    for task in ("a", "short"):
        ours, theirs = watcher.show(task), foreign.show(task)
        apart = abs(ours.number("expires") - theirs.number("expires"))
        check(apart < 2_000_000, f"expiry of {task} is {apart} ns apart: {ours.line} {theirs.line}")
    expires = foreign.show("short").number("expires")
    gone = foreign.do("wait-gone short 20000").number("at")
    print(f"# gone {(gone - expires) / 1e6:.2f} ms after its deadline")
    check(-5_000_000 < gone - expires < 100_000_000, f"gone {gone - expires} ns after its deadline")
    check(foreign.show("a").state == "active", "a task that has not expired is gone")
    check(foreign.show("a").alive == "1", f"its worker lives: {foreign.show('a').line}")
    worker.stop()  # and is seen to, whatever it does
    check(foreign.show("a").alive == "1", f"its worker lives: {foreign.show('a').line}")


main()
