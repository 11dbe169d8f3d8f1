# SPDX-License-Identifier: MIT
"""What the end-to-end tests of the promises share: a private daemon, clients on strings, waiting
for conditions, TAP.

    #!/usr/bin/python3
    import sys, os
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
    from e2e import Site, check, until, test, main

    @test("a worker that is killed fails its task")
    def _(site):                      # its own board, socket and folder
        daemon = site.daemon("--ttl", "10m")
        worker = site.test_client("open write")
        ...

    main()

Nothing here sleeps to let time pass where a condition can be awaited. Whatever a test started is
killed when it ends, and whatever it left in /dev/shm is removed and counts as a failure.
"""

import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("TRACKD_BUILD") or os.path.join(TREE, "build")
TRACKD = os.environ.get("TRACKD_BIN") or os.path.join(BUILD, "trackd")
TRACKCTL = os.path.join(BUILD, "trackctl")
TEST_CLIENT = os.path.join(BUILD, "tests", "e2e", "clients", "test_client")
LOAD = os.path.join(BUILD, "tests", "e2e", "clients", "load")
BOARD = os.environ.get("TRACKD_TEST_BOARD") or f"/tt-e2e-{os.getpid()}"
SHM = "/dev/shm"
LIMIT = 60  # seconds after which a condition that must come true has failed
SPIN_US = 200_000  # of processor time, which no call needs that does not wait

E_NO_BOARD, E_NOT_FOUND, E_GONE, E_EXISTS, E_FINAL, E_FULL, E_BUSY = range(-20001, -20008, -1)
E_MOVED = -20022
E_KEY = -20008
E_READ_ONLY, E_NAMESPACE, E_NOT_OURS, E_LAYOUT, E_DAMAGED = range(-20013, -20018, -1)
E_OTHER_BOARD = -20020


class Failure(Exception):
    """A promise that was not kept."""


def check(condition, seen):
    """seen: what was seen, as text or as a function that says it."""
    if not condition:
        raise Failure(seen() if callable(seen) else str(seen))


def until(condition, what, limit=LIMIT):
    """Wait until condition() is true and return its value."""
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"not within {limit} s: {what() if callable(what) else what}")
        time.sleep(0.002)


def does_not_wait(answer):
    """Whether a call neither slept nor turned in circles, however long the machine let it lie."""
    return answer.number("sleeps") == 0 and answer.number("cpu") < SPIN_US


def quickest(measure, enough, tries=10):
    """The least of what measure() returns, of so many tries as it takes to be enough: a busy machine
    delays some of them, a program that waits delays all."""
    seen = []
    while len(seen) < tries and (not seen or min(seen) >= enough):
        seen.append(measure())
    comment("measured: " + ", ".join(f"{each:g}" for each in seen))
    return min(seen)


def process_state(pid):
    """The letter of a process's state; '' if there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def as_user(user, *groups):
    """In front of a command: without rights, as a user that needs no account."""
    return ["setpriv", "--reuid", str(user), "--regid", str(user),
            *(["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]),
            "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]


def release(pid):
    """Kill what traces a process: a system call that it delays is made now."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        tracer = next(int(line.split()[1]) for line in file if line.startswith("TracerPid:"))
    if tracer:
        os.kill(tracer, signal.SIGKILL)


class Answer:
    """What a test client answered: the call's result and what it said."""

    def __init__(self, line):
        words = line.split()
        check(words, "the client ended without an answer")
        self.line = line.strip()
        self.code = int(words[0])
        self.fields = {}
        self.children = []
        for word in words[1:]:
            key, _, value = word.partition("=")
            if key == "child":
                self.children.append(int(value))
            self.fields[key] = value

    def __getattr__(self, key):
        try:
            return self.fields[key]
        except KeyError:
            raise Failure(f"no {key} in the answer: {self.line}") from None

    def number(self, key):
        return int(getattr(self, key))


class Process:
    """Something that a test started."""

    def __init__(self, argv, env, **options):
        self.argv = argv
        self.popen = subprocess.Popen(argv, env=env, **options)
        self.pid = self.popen.pid

    def signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        """SIGKILL, and gone when this returns."""
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()

    def stop(self):
        """SIGSTOP, and stopped when this returns."""
        self.signal(signal.SIGSTOP)
        until(lambda: process_state(self.pid) == "T", f"{self.pid} stopped")

    def cont(self):
        self.signal(signal.SIGCONT)

    def wait(self, limit=LIMIT):
        try:
            return self.popen.wait(limit)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.argv[0]} still runs after {limit} s") from None


class TestClient(Process):
    """A client on strings; see tests/e2e/clients/test_client.c."""

    def __init__(self, env, prefix=(), argv=(TEST_CLIENT,)):
        super().__init__([*prefix, *argv], env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         bufsize=0)
        self.said = b""

    def send(self, line):
        self.popen.stdin.write(line.encode() + b"\n")

    def line(self, limit=2 * LIMIT):
        """The next line that it says; '' when it has ended."""
        deadline = time.monotonic() + limit
        while b"\n" not in self.said:
            left = deadline - time.monotonic()
            poll = select.poll()
            poll.register(self.popen.stdout, select.POLLIN)
            check(poll.poll(max(left, 0) * 1000), lambda: f"{self.argv[-1]} says nothing for {limit} s: "
                                 f"state {process_state(self.pid)}")
            data = os.read(self.popen.stdout.fileno(), 65536)
            if not data:
                return ""
            self.said += data
        line, self.said = self.said.split(b"\n", 1)
        return line.decode(errors="replace")

    def answer(self):
        return Answer(self.line())

    def ask(self, line):
        """Any answer."""
        self.send(line)
        return self.answer()

    def do(self, line):
        """An answer that must be a success."""
        answer = self.ask(line)
        check(answer.code >= 0, f"{line}: {answer.line}")
        return answer

    def refuse(self, line, *codes):
        """One of these errors."""
        answer = self.ask(line)
        check(answer.code in codes, f"{line}: expected {codes}, answered {answer.line}")
        return answer

    def show(self, task):
        return self.do(f"show {task}")

    def until_final(self, task, limit=LIMIT):
        answer = self.ask(f"wait {task} final {limit * 1000}")
        check(answer.code == 0, lambda: f"{task} did not end: {self.ask('show ' + task).line}")
        return self.show(task)


def expect_death_seen(worker, watcher, task):
    """SIGKILL for a worker; its task fails for that."""
    worker.kill()
    seen = watcher.until_final(task)
    check(seen.reason == "worker_lost", seen.line)


class Daemon(Process):
    """trackd on the site's board. ready() waits for its word that it serves."""

    def __init__(self, site, arguments, prefix=(), env=None, program=TRACKD):
        self.site = site
        self.notify_path = os.path.join(site.folder, f"notify-{len(site.processes)}")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.notify_path)
        os.chmod(self.notify_path, 0o666)
        self.said = []  # its messages to the service manager
        threading.Thread(target=self.listen, daemon=True).start()
        self.log_path = os.path.join(site.folder, "daemon.log")
        if "--config" not in arguments:  # never the host's
            arguments = ("--config", "/dev/null", *arguments)
        with open(self.log_path, "ab") as log:
            super().__init__([*prefix, program, "--board", site.board, "--socket", site.socket,
                              *arguments],
                             {**(env or site.env), "NOTIFY_SOCKET": self.notify_path},
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def listen(self):
        """Read what it says, as a service manager does: an unread message would block it."""
        while True:
            try:
                data = self.notify.recv(65536)
            except OSError:
                return
            if data == b"":
                return
            self.said += data.decode(errors="replace").split("\n")

    def end_listening(self):
        """Wake the listener with an empty message, which no other client sends."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            try:
                sender.sendto(b"", self.notify_path)
            except OSError:
                pass
        self.notify.close()

    def serves(self):
        """Whether it has said that it is ready."""
        if "READY=1" in self.said:
            return True
        check(self.popen.poll() is None,
              lambda: f"trackd exited {self.popen.returncode}: {self.log()[-2000:]}")
        return False

    def ready(self):
        until(self.serves, lambda: f"trackd is ready; it says: {self.log()[-2000:]}")
        return self

    def terminate(self):
        """SIGTERM and a good end."""
        self.signal(signal.SIGTERM)
        code = self.wait()
        check(code == 0, f"trackd exited {code} after SIGTERM: {self.log()[-2000:]}")

    def wakes(self):
        """How often its threads went to sleep so far, which is how often they woke."""
        total = 0
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{thread}/status", encoding="utf-8") as file:
                total += sum(int(line.split()[1]) for line in file
                             if line.startswith("voluntary_ctxt_switches"))
        return total


class Site:
    """A board, its socket and its folder, and all that runs on it."""

    count = 0

    def __init__(self):
        Site.count += 1
        self.board = f"{BOARD}-{Site.count}"
        self.shm = SHM + self.board
        self.folder = tempfile.mkdtemp(prefix="e2e-", dir=os.environ.get("TMPDIR"))
        os.chmod(self.folder, 0o755)
        # The owner of the socket's folder is whom clients trust.
        self.run = os.path.join(self.folder, "run")
        os.mkdir(self.run, 0o755)
        self.socket = os.path.join(self.run, "trackd.sock")
        self.state = os.path.join(self.folder, "state")
        os.mkdir(self.state, 0o700)
        self.env = {key: value for key, value in os.environ.items() if key != "NOTIFY_SOCKET"}
        self.env.update(TRACKD_BOARD=self.board, TRACKD_SOCKET=self.socket)
        self.processes = []
        self.pids = []  # of grandchildren

    def give_to(self, user):
        """For a daemon of that user: a folder that everybody may enter, with the programs in it and
        the user's own folders. Before anything is started."""
        shutil.rmtree(self.folder)
        self.folder = tempfile.mkdtemp(prefix="trackd-e2e-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        for program in (TRACKD, TEST_CLIENT, TRACKCTL):
            shutil.copy(program, self.folder)
        self.run, self.state = os.path.join(self.folder, "run"), os.path.join(self.folder, "state")
        for folder in (self.run, self.state):
            os.mkdir(folder, 0o755)
            os.chown(folder, user, user)
        self.socket = os.path.join(self.run, "trackd.sock")
        self.env.update(TRACKD_SOCKET=self.socket, HOME=self.folder, TMPDIR=self.folder)

    def program(self, name):
        """A program after give_to()."""
        return os.path.join(self.folder, name)

    def start(self, process):
        self.processes.append(process)
        return process

    def daemon(self, *arguments, **options):
        return self.start(Daemon(self, arguments, **options)).ready()

    def daemon_fails(self, *arguments, **options):
        """Start a daemon that must refuse to run: (exit code, what it said)."""
        daemon = self.start(Daemon(self, arguments, **options))
        before = len(daemon.log())
        return daemon.wait(), daemon.log()[before if before < len(daemon.log()) else 0:]

    def test_client(self, *lines, prefix=(), env=None, program=TEST_CLIENT):
        test_client = self.start(TestClient(env or self.env, prefix, (program,)))
        for line in lines:
            test_client.do(line)
        return test_client

    def load(self, prefix):
        return self.start(TestClient(self.env, argv=(LOAD, prefix)))

    def trackctl(self, *arguments, prefix=()):
        """(exit code, stdout, stderr)"""
        done = subprocess.run([*prefix, TRACKCTL, *arguments], env=self.env, text=True,
                              capture_output=True, timeout=LIMIT, check=False)
        return done.returncode, done.stdout, done.stderr

    def doctor(self):
        """The board must be without a fault."""
        code, out, err = self.trackctl("doctor")
        check(code == 0, f"trackctl doctor exited {code}: {out}{err}")

    def header(self, offset, form="<q"):
        """A field of the header; see docs/FORMAT.md."""
        with open(self.shm, "rb") as file:
            file.seek(offset)
            return struct.unpack(form, file.read(struct.calcsize(form)))[0]

    def left(self):
        return sorted(name for name in os.listdir(SHM) if name.startswith(self.board[1:]))

    def end_processes(self):
        """Kill what runs."""
        for pid in self.pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for process in reversed(self.processes):
            process.kill()
            for pipe in (process.popen.stdin, process.popen.stdout):
                if pipe:
                    try:
                        pipe.close()
                    except BrokenPipeError:
                        pass
            if isinstance(process, Daemon):
                process.end_listening()

    def end(self):
        """Kill what runs, remove what is there."""
        self.end_processes()
        for name in self.left():
            path = os.path.join(SHM, name)
            if os.path.isdir(path) and not os.path.islink(path):
                os.rmdir(path)
            else:
                os.unlink(path)
        shutil.rmtree(self.folder, ignore_errors=True)


# ---- TAP --------------------------------------------------------------------------------------------

TESTS = []


class Skip(Exception):
    """Why a test cannot run here."""


def test(name):
    def register(function):
        TESTS.append((name, function))
        return function
    return register


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


def comment(text):
    for line in str(text).splitlines():
        print("# " + line)


def logs_of(site):
    for process in site.processes:
        if isinstance(process, Daemon):
            return "\n".join(process.log().splitlines()[-15:])
    return ""


def run(number, name, function):
    site = Site()
    try:
        function(site)
        print(f"ok {number} - {name}", flush=True)
        return True
    except Skip as skip:
        print(f"ok {number} - {name} # SKIP {skip}", flush=True)
        return True
    except (Failure, OSError, ValueError, subprocess.SubprocessError) as error:
        print(f"not ok {number} - {name}")
        comment(error if isinstance(error, Failure) else traceback.format_exc())
        where = traceback.extract_tb(error.__traceback__)
        comment("at " + ", ".join(f"line {frame.lineno}" for frame in where
                                  if frame.filename.endswith(os.path.basename(sys.argv[0]))))
        comment(logs_of(site))
        sys.stdout.flush()
        return False
    finally:
        site.end()


def main():
    """Run all tests, or those whose name holds one of the arguments."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    wanted = [(name, function) for name, function in TESTS
              if len(sys.argv) < 2 or any(word in name for word in sys.argv[1:])]
    print(f"1..{len(wanted)}", flush=True)
    results = [run(number, name, function)
               for number, (name, function) in enumerate(wanted, 1)]
    sys.exit(0 if all(results) else 1)
