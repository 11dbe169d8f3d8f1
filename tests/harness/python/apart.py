# SPDX-License-Identifier: MIT
"""A network and an /etc of the test's own, so that servers run with the files that are shipped, to the
byte: with their ports and their paths. Nothing of it is seen outside, nor is anything of the host inside.

    import apart
    apart.enter()          # first of all: runs the script again in there; not as root: as if it were not called
    apart.need()           # in a test: skip it if there is none
    apart.put("nginx/nginx.conf", text)        # a file below /etc
"""

import os
import shutil
import subprocess
import sys

from e2e import Skip, check

MARK = "TRACKD_TEST_APART"
# Of the host's /etc, what programs need to find libraries and accounts.
KEPT = ("passwd", "group", "nsswitch.conf", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives",
        "ssl/openssl.cnf", "localtime", "mime.types")
FOLDERS = ("/etc", "/run", "/var/log", "/var/lib", "/var/cache")


def command(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"{argv}: {done.stderr}")
    return done.stdout


def keep(saved):
    for name in KEPT:
        source, place = f"/etc/{name}", os.path.join(saved, name)
        if not os.path.exists(source):
            continue
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if os.path.isdir(source):
            shutil.copytree(source, place, symlinks=True)
        else:
            shutil.copy2(source, place)


def cover():
    """Empty folders in place of the host's, and loopback."""
    saved = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"etc-{os.getpid()}")
    keep(saved)
    for folder in FOLDERS:
        command("mount", "-t", "tmpfs", "-o", "mode=755,size=256m", "apart", folder)
    shutil.copytree(saved, "/etc", symlinks=True, dirs_exist_ok=True)
    shutil.rmtree(saved)
    put("hosts", "127.0.0.1 localhost\n")
    os.environ["TMPDIR"] = "/var/cache"  # no disk to wait for
    command("ip", "link", "set", "lo", "up")


def enter():
    if os.geteuid() != 0:
        return
    if os.environ.get(MARK) != str(os.getpid()):
        os.environ[MARK] = str(os.getpid())  # which exec keeps
        os.execvp("unshare", ["unshare", "--net", "--mount", "--propagation", "private", sys.executable,
                              *sys.argv])
    cover()


def need(*programs):
    """Skip a test that cannot run here."""
    if os.geteuid() != 0:
        raise Skip("a network of its own needs root")
    for program in programs:
        check(shutil.which(program), f"{program} is not installed")


def put(name, content, mode=0o644):
    path = os.path.join("/etc", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(content)
    return path


def certificate(host, chain, key):
    """A self-signed one; both in one file if they are the same."""
    for path in (chain, key):
        os.makedirs(os.path.dirname(path), exist_ok=True)
    parts = [path + ".part" for path in ("/run/chain", "/run/key")]
    command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}", "-out", parts[0], "-keyout", parts[1])
    for part, path in zip(parts, (chain, key)):
        with open(part, encoding="utf-8") as source, \
                open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
            file.write(source.read())
