#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How a worker died is told: its status, its signal, its core, its memory; and nothing that is not known."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
import json
import signal
import time

from e2e import Skip, check, main, need_root, process_state, test, until

UNKNOWN, STATUS, SIGNAL = 0, 1, 2
DUMPED, MEMORY = 1, 2
SERVICE = 64301  # a user without an account
LIMIT_BYTES = 32 << 20
CGROUPS = "/sys/fs/cgroup"


def kernel():
    return tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])


def need_exit_information():
    if kernel() < (6, 15):
        raise Skip("Linux before 6.15 does not tell how another's child ended")


def begin(site, prefix=(), **options):
    """A daemon, a worker in a stage of task a, and a watcher."""
    daemon = site.daemon(**options)
    worker = site.test_client("open write", "create a owner=alice", "update a embedding", prefix=prefix)
    return daemon, worker, site.test_client("open")


def expect(watcher, task, pid, exit, words):
    """exit: how, number, flags."""
    seen = watcher.until_final(task)
    check(seen.reason == "worker_lost", seen.line)
    check((seen.number("exit"), seen.number("exit_number"), seen.number("exit_flags")) == exit, seen.line)
    check(seen.error == f"worker_test_client[{pid}]_{words.replace(' ', '_')}_in_embedding", seen.line)
    return seen


def script(site, name, text):
    path = os.path.join(site.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def shown(site, task):
    code, out, err = site.trackctl("show", task, "--json")
    check(code == 0, err)
    return json.loads(out)


@test("an exit status")
def _(site):
    need_exit_information()
    _, worker, watcher = begin(site)
    worker.send(f"exec sh {script(site, 'three', 'exit 3')}")
    check(worker.wait() == 3, "the worker exits with 3")
    expect(watcher, "a", worker.pid, (STATUS, 3, 0), "exited with status 3")
    check(shown(site, "a")["worker"] == {
        "pid": None, "comm": None, "alive": False,
        "exit": {"status": 3, "signal": None, "core_dumped": False, "out_of_memory": False}}, shown(site, "a"))
    check("Worker: exited with status 3" in site.trackctl("show", "a")[1], site.trackctl("show", "a")[1])
    site.doctor()


@test("status 0 is one, too")
def _(site):
    need_exit_information()
    _, worker, watcher = begin(site)
    worker.popen.stdin.close()
    check(worker.wait() == 0, "the worker ends by itself")
    expect(watcher, "a", worker.pid, (STATUS, 0, 0), "exited with status 0")


@test("a signal: SIGKILL, SIGTERM, SIGSEGV, one without a name")
def _(site):
    need_exit_information()
    _, worker, watcher = begin(site)
    for number, name in ((signal.SIGKILL, "SIGKILL"), (signal.SIGTERM, "SIGTERM"), (signal.SIGSEGV, "SIGSEGV"),
                         (40, "signal 40")):
        task = f"t{int(number)}"
        victim = site.test_client("open write", f"create {task}", f"update {task} embedding",
                                  prefix=("prlimit", "--core=0"))
        victim.signal(number)
        victim.wait()
        expect(watcher, task, victim.pid, (SIGNAL, int(number), 0), f"was killed by {name}")
    check(watcher.show("a").state == "active" and worker.popen.poll() is None, "another one works on")
    check("Worker: killed by SIGTERM" in site.trackctl("show", "t15")[1], site.trackctl("show", "t15")[1])
    site.doctor()


@test("a core dump")
def _(site):
    need_exit_information()
    place = ("sh", "-c", f'ulimit -c unlimited; cd {site.folder}; exec "$@"', "sh")
    _, worker, watcher = begin(site, prefix=place)
    worker.signal(signal.SIGABRT)
    dumped = os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT).si_code == os.CLD_DUMPED
    worker.wait()
    if not dumped:
        expect(watcher, "a", worker.pid, (SIGNAL, signal.SIGABRT, 0), "was killed by SIGABRT")
        raise Skip("the kernel dumps no core here")
    expect(watcher, "a", worker.pid, (SIGNAL, signal.SIGABRT, DUMPED), "was killed by SIGABRT (core dumped)")


# ---- Memory --------------------------------------------------------------------------------------


def write_file(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class MemoryCgroup:
    """A cgroup of the test's own, with a limit that the kernel enforces; of v2, or of v1."""

    def __init__(self):
        need_root()
        v2 = os.path.join(CGROUPS, "cgroup.controllers")
        v1 = os.path.join(CGROUPS, "memory", "memory.limit_in_bytes")
        if os.path.exists(v1):
            self.folder = os.path.join(CGROUPS, "memory", f"trackd-test-{os.getpid()}")
            limits = {"memory.limit_in_bytes": LIMIT_BYTES, "memory.memsw.limit_in_bytes": LIMIT_BYTES}
        elif os.path.exists(v2) and "memory" in open(v2, encoding="utf-8").read():
            self.folder = os.path.join(CGROUPS, f"trackd-test-{os.getpid()}")
            limits = {"memory.max": LIMIT_BYTES, "memory.swap.max": 0}
        else:
            raise Skip("there is no memory controller here")
        os.mkdir(self.folder)
        try:
            for name, value in limits.items():
                if os.path.exists(os.path.join(self.folder, name)):
                    write_file(os.path.join(self.folder, name), str(value))
            if not any(os.path.exists(os.path.join(self.folder, name)) for name in limits):
                raise Skip("the memory controller is not delegated here")
        except (OSError, Skip) as error:
            os.rmdir(self.folder)
            raise Skip(f"no limit of memory can be had: {error}") from error

    @property
    def prefix(self):
        return ("sh", "-c", f'echo $$ >{self.folder}/cgroup.procs; exec "$@"', "sh")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with open(os.path.join(self.folder, "cgroup.procs"), encoding="utf-8") as file:
            for pid in file.read().split():
                os.kill(int(pid), signal.SIGKILL)
        until(self.removed, f"{self.folder} is empty")

    def removed(self):
        try:
            os.rmdir(self.folder)
        except OSError:
            return False
        return True


@test("the OOM killer, in a cgroup with a limit; whom somebody else kills there is told apart")
def _(site):
    with MemoryCgroup() as cgroup:
        daemon, worker, watcher = begin(site, prefix=cgroup.prefix)
        other = site.test_client("open write", "create b", "update b embedding", prefix=cgroup.prefix)
        outside = site.test_client("open write", "create c", "update c embedding")
        worker.send("exec sh " + script(site, "greedy", "exec python3 -c 'x = bytearray(1 << 28)'"))
        check(worker.wait() == -signal.SIGKILL, f"the kernel kills it: {worker.popen.returncode}")
        if kernel() >= (6, 15):
            expect(watcher, "a", worker.pid, (SIGNAL, signal.SIGKILL, MEMORY),
                   "was killed by SIGKILL (out of memory)")
            check(shown(site, "a")["worker"]["exit"]["out_of_memory"], shown(site, "a"))
        else:
            print(f"# {watcher.until_final('a').error}")
        other.kill()
        outside.kill()
        for task in ("b", "c"):
            seen = watcher.until_final(task)
            check(seen.number("exit_flags") == 0 and "memory" not in seen.error, seen.line)
        check(daemon.popen.poll() is None, "the daemon lives")
        site.doctor()


# ---- Where it is not known -----------------------------------------------------------------------


@test("a daemon that was away knows nothing, and says no more")
def _(site):
    daemon, worker, watcher = begin(site)
    daemon.kill()
    worker.kill()
    site.daemon()
    expect(watcher, "a", worker.pid, (UNKNOWN, 0, 0), "exited")
    check(shown(site, "a")["worker"] is None, shown(site, "a"))


@test("a zombie is seen within 50 ms, and told only to those who may know")
def _(site):
    need_root()
    site.give_to(SERVICE)
    prefix = ("setpriv", "--reuid", str(SERVICE), "--regid", str(SERVICE), "--clear-groups")
    site.daemon(program=site.program("trackd"), prefix=prefix)
    parent, watcher = site.test_client("open write"), site.test_client("open")
    child = parent.do("fork create a ; update a embedding").number("pid")
    site.pids.append(child)
    watcher.send("wait a final 20000")
    began = time.monotonic()
    os.kill(child, signal.SIGKILL)
    check(watcher.answer().code == 0, "the death is seen")
    print(f"# seen after {(time.monotonic() - began) * 1000:.1f} ms")
    check(process_state(child) == "Z", "its parent has not waited for it")
    expect(watcher, "a", child, (UNKNOWN, 0, 0), "exited")


@test("a zombie is told to a daemon of the same user")
def _(site):
    site.daemon()
    parent, watcher = site.test_client("open write"), site.test_client("open")
    child = parent.do("fork create a ; update a embedding").number("pid")
    site.pids.append(child)
    os.kill(child, signal.SIGTERM)
    expect(watcher, "a", child, (SIGNAL, signal.SIGTERM, 0), "was killed by SIGTERM")


@test("a kernel without exit information: of whom the parent has waited for nothing is known")
def _(site):
    old = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=ioctl", "-e", "signal=none",
           "-e", "inject=ioctl:error=ENOTTY")
    daemon, worker, watcher = begin(site, prefix=())
    daemon.kill()
    daemon = site.daemon(prefix=old)
    traced = int(open(f"/proc/{daemon.pid}/task/{daemon.pid}/children", encoding="utf-8").read())
    watcher.do("stats")
    worker.do("advance a 1")
    os.kill(traced, signal.SIGSTOP)
    worker.kill()
    os.kill(traced, signal.SIGCONT)
    expect(watcher, "a", worker.pid, (UNKNOWN, 0, 0), "exited")
    os.kill(traced, signal.SIGKILL)


main()
