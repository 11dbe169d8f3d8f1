#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The configuration and its faults, what a reload applies, and changes of keys."""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))
from e2e import LIMIT, TREE, check, main, test, until
from gateway import TRACKD_HTTP, Gateway, serving, token

ADA = token("ada")


# ---- Configuration ---------------------------------------------------------------------------------


def run(*arguments, env=None):
    done = subprocess.run([TRACKD_HTTP, *arguments], text=True, capture_output=True, timeout=LIMIT,
                          check=False, env=env)
    return done.returncode, done.stdout, done.stderr


@test("--check-config accepts a valid configuration, or names the fault, its place and what is allowed")
def _(site):
    gateway = Gateway(site)
    site.start(gateway)
    code, out, err = run("--config", gateway.conf, "--check-config")
    check(code == 0 and out.startswith("configuration is valid: listening on 127.0.0.1:0"), out + err)
    for key, value, allowed in (("jobs", "1", "no such key; there are board socket listen"),
                                ("listen", "8080", "it must be HOST:PORT"),
                                ("listen", "localhost:99999", "it must be HOST:PORT"),
                                ("listen", "::1:80", "it must be HOST:PORT"),
                                ("admin", "unix:relative", "unix:PATH"),
                                ("upload_max", "0", "a size from 1M to 1024G"),
                                ("upload_max", "1000000", "a size from 1M to 1024G"),
                                ("connections", "15", "a number from 16 to 65536"),
                                ("head_timeout", "500ms", "a time from 1s to 1h"),
                                ("trusted_proxies", "10.0.0.0/33", "addresses and networks"),
                                ("cors_origins", "https://a.example/", "origins as browsers write"),
                                ("spool", "", "the path of a directory")):
        flag = "--" + key.replace("_", "-")
        path = gateway.path("wrong.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"# a comment\n{key} = {value}\n")
        code, out, err = run("--config", path, "--check-config")
        check(code == 2 and f"{path}:2: {key}: " in err and allowed in err, f"{key}: {code} {err}")
        if key != "jobs":
            code, out, err = run(flag, value, "--check-config")
            check(code == 2 and f"{flag}: \"" in err and allowed in err, f"{flag}: {err}")
    for arguments, said in ((("--config", "/none"), "/none: No such file"),
                            (("--jobs", "1"), "--jobs: no such flag"),
                            (("--listen",), "--listen needs a value"),
                            (("--listen", "--check-config"), "--listen needs a value"),
                            (("serve",), "no such verb"),
                            (("--check-config", "token"), "not allowed with a verb")):
        code, out, err = run(*arguments)
        check(code == 2 and said in err, f"{arguments}: {code} {err}")
    code, out, err = run("--config", gateway.conf, "--algorithms", "RS256", "--check-config")
    check(code == 2 and "key_file" in err, err)


@test("every key is a flag in --help, and in the example of a configuration file")
def _(site):
    code, out, _ = run("--help")
    with open(os.path.join(TREE, "systemd",
                           "http.conf"), encoding="utf-8") as file:
        example = file.read()
    flags = re.findall(r"^  --([a-z-]+) ", out, re.M)
    check(code == 0 and len(flags) > 20, out)
    for flag in flags:
        if flag not in ("config", "check-config", "help", "version"):
            check(re.search(rf"^#{flag.replace('-', '_')} =", example, re.M), f"{flag} in http.conf")
    check(run("--version")[1].startswith("trackd-http "), "--version")


@test("tokens for development are accepted")
def _(site):
    site.daemon()
    gateway = Gateway.on(site, settings={"issuer": "tests", "audience": "trackd"})
    code, out, err = run("--config", gateway.conf, "token", "--sub", "ada", "--ttl", "5m")
    check(code == 0, err)
    check(gateway.get("/v1/tasks", out.strip()).status == 200, "it is")
    check(gateway.get("/v1/tasks", ADA).status == 401, "one without iss and aud is not")


@test("SIGHUP reloads the configuration and the key, and logs what needs a restart")
def _(site):
    gateway, _ = serving(site, "t owner=ada")
    check(gateway.get("/v1/tasks/t", ADA).status == 200, "the old key")
    other = b"another secret that is long enough"
    with open(gateway.key, "wb") as file:
        file.write(other)
    gateway.set(owner_rate=1, owner_burst=2, connections=100, listen="127.0.0.1:1")
    gateway.reload()
    for key in ("connections", "listen"):
        gateway.said(f"{key} has changed in the configuration and needs a restart")
    check(gateway.get("/v1/tasks/t", ADA).status == 401, "the old key is out")
    new = token("ada", secret=other)
    check([gateway.get("/v1/tasks/t", new).status for _ in range(3)] == [200, 200, 429],
          "the new key and the new limit")
    gateway.set(owner_rate="many")
    gateway.reload("nothing was changed")
    os.unlink(gateway.key)
    gateway.set(owner_rate=0)
    gateway.reload("nothing was changed")
    until(lambda: gateway.get("/v1/tasks/t", new).status == 200, "the key that was read stays")


# ---- Without a key ---------------------------------------------------------------------------------


@test("without a key every caller is refused, and the log says what to do; a reload reads the key")
def _(site):
    site.daemon()
    gateway = Gateway.on(site, settings={"key_file": None})
    gateway.said("set key_file in http.conf")
    reply = gateway.get("/documents/t/status", ADA)
    check(reply.status == 401 and reply.json() == {"detail": "Invalid token"}, repr(reply))
    check(gateway.get("/v1/tasks").status == 401, "nobody")
    status, text = gateway.readiness()
    check(status == 503 and text.startswith("key: "), text)
    check(gateway.get("/openapi.json").status == 200, "what needs no token is there")
    gateway.set(key_file=gateway.key)
    gateway.reload()
    check(gateway.get("/v1/tasks", ADA).status == 200 and gateway.readiness()[0] == 200, "now they are")


@test("without a key it refuses to listen for other hosts")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    gateway.set(key_file=None)
    gateway.terminate()
    for where in ("0.0.0.0:0", "[::]:0"):
        gateway.set(listen=where)
        gateway.run()
        check(gateway.wait() == 2, gateway.log())
        check("can be reached from other hosts" in gateway.log(), gateway.log())
    gateway.set(listen="[::1]:0")
    gateway.run()
    gateway.said("listening on [::1]:")
    gateway.terminate()
    gateway.set(listen="0.0.0.0:0", key_file=gateway.key)
    gateway.run()
    gateway.ready()
    check(gateway.get("/v1/tasks", ADA).status == 200, "with one it may")


@test("invalid keys: it does not start, and logs the reason")
def _(site):
    site.daemon()
    gateway = Gateway.on(site)
    gateway.terminate()
    for content, mode, said in ((b"short", 0o600, "32"), (b"", 0o600, "empty"),
                                (b"x" * 40, 0o644, "other users")):
        with open(gateway.key, "wb") as file:
            file.write(content)
        os.chmod(gateway.key, mode)
        gateway.run()
        check(gateway.wait() == 2 and "key_file" in gateway.log(), gateway.log())
        check(said in gateway.log(), gateway.log())


main()
