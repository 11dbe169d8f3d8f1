#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/run: alone=systemd timeout=600
#
# trackd-http.service under a real systemd: started by its socket, hardened, reloaded, killed,
# restarted without a refused connection, stopped.
. "$(dirname "$0")/../harness/lib.sh"
. "$(dirname "$0")/machine.sh"

machine_enter "$@"
unit=trackd-http.service

said() { grep -q "$1" <<<"$(journal)"; }

# PORT PATH [HEADER...] [METHOD]: the status and, in the next line, the body; 000 if it is refused.
ask() {
	machine_run /usr/bin/python3 -c '
import http.client, sys
port, method, path, *headers = sys.argv[1:]
connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
try:
    connection.request(method, path, headers=dict(header.split(": ", 1) for header in headers))
    answer = connection.getresponse()
    print(answer.status)
    print(answer.read().decode())
except OSError as error:
    print("000")
    print(error)' "$@"
}
status() { ask "$@" | head -n 1; }
status_is() { # STATUS PORT METHOD PATH [HEADER...]
	local wanted=$1
	shift
	[ "$(status "$@")" = "$wanted" ]
}

# ---- The machine -----------------------------------------------------------------------------------

machine_make
machine_install
machine_boot
machine_run ip link set lo up 2>/dev/null ||
	machine_run /usr/bin/python3 -c '
import fcntl, socket, struct
with socket.socket() as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x49))'
ok "users and folders are made" machine_run sh -c 'systemd-sysusers && systemd-tmpfiles --create'
ok "systemd-analyze verify accepts the units" machine_run systemd-analyze verify --man=no \
	trackd-http.service trackd-http.socket trackd-http-admin.socket
is "$output" "" "and says nothing about them"
ok "the exposure of the service is at most 1.5" machine_run systemd-analyze security --threshold=15 --no-pager trackd-http.service
note "$(tail -n 1 <<<"$output")"

# ---- Started by its socket, without a key ----------------------------------------------------------

ok "the sockets can be enabled" machine_run systemctl enable --now -q trackd.socket trackd-http.socket trackd-http-admin.socket
is "$(show ActiveState)" inactive "the service does not run before it is needed"
is "$(status 8080 GET /openapi.json)" 200 "the first request starts it"
ok "it says that it is ready" wait_until 60 active
is "$(machine_run stat -c '%U %G' "/proc/$(main_pid)")" "trackd-http trackd-http" "it runs as trackd-http"
like "$(machine_run cat "/proc/$(main_pid)/status")" "*CapPrm:*0000000000000000*CapEff:*0000000000000000*" "without a capability"
is "$(show StatusText)" Serving "systemctl status shows what it does"
ok "the log says what to do about the key" said 'set key_file'
is "$(status 8080 GET /v1/tasks "Authorization: Bearer a.b.c")" 401 "an invalid token is refused"
is "$(status 8081 GET /readyz)" 503 "and it is not ready"
is "$(status 8080 GET /metrics)" 404 "operators' paths are on their own socket"
is "$(status 8081 GET /metrics)" 200 "where they are"
like "$(journal)" "*listening on 127.0.0.1:8080 (passed by the service manager)*" "the socket is systemd's"

# ---- With one --------------------------------------------------------------------------------------

# The file is root's, and the group's alone to read.
machine_run sh -c 'head -c 32 /dev/urandom | base64 >/etc/trackd/http.key
	chgrp trackd-http /etc/trackd/http.key; chmod 0640 /etc/trackd/http.key'
before=$(main_pid)
ok "a key is taken over by a reload" machine_run systemctl reload trackd-http.service
ok "it says so" wait_until 60 said 'configuration and key reloaded'
is "$(main_pid)" "$before" "by the same process"
token=$(machine_run trackd-http token --sub alice)
bearer="Authorization: Bearer $token"
is "$(status 8080 GET /v1/tasks "$bearer")" 200 "a valid token is accepted"
is "$(ask 8081 GET '/readyz?verbose' | grep -v '^\[.\]store')" "200
[+]shutdown ok
[+]board ok
[+]daemon ok
[+]key ok
[+]spool ok
ready" "it is ready, and may submit to the spool"
ok "a task" machine_run trackctl create --owner alice report
like "$(ask 8080 GET /documents/report/status "$bearer")" '200*"document_id":"report","status":"pending"*' "is seen"
is "$(status 8080 POST /v1/tasks/report/cancel "$bearer")" 202 "and can be cancelled"
is "$(machine_run trackctl show --json report | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["state"])')" \
	cancelled "which the board sees"
is "$(machine_run stat -c '%U %a' /var/lib/trackd-http /var/lib/trackd-http/ticket.key)" "trackd-http 700
trackd-http 600" "the key of tickets is its own"

# ---- The daemon and the gateway come and go ----------------------------------------------------------

machine_run sh -c 'printf "address_rate = 0\nowner_rate = 0\n" >/etc/trackd/http.conf; systemctl reload trackd-http.service'
ok "the daemon restarts" machine_run systemctl restart trackd.service
is "$(status 8080 GET /v1/tasks/report "$bearer")" 200 "which is not noticed"
machine_run /usr/bin/python3 -c '
import http.client, sys, time
until, bearer, refused, n = time.monotonic() + 4, sys.argv[1], 0, 0
while time.monotonic() < until:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=20)
        connection.request("GET", "/v1/tasks", headers={"Authorization": bearer})
        refused += connection.getresponse().status != 200
    except OSError:
        refused += 1
    n += 1
print(refused, "of", n)' "Bearer $token" >"$work/asked" &
asking=$!
for _ in 1 2; do machine_run systemctl restart trackd-http.service; done
wait "$asking"
note "turned away while it restarted twice: $(cat "$work/asked")"
like "$(cat "$work/asked")" "@(0|1|2) of +([0-9])" "a request during a restart waits, and is answered"
before=$(main_pid)
machine_run kill -KILL "$before"
ok "killed, it is there again" wait_until 60 another_main "$before"
is "$(status 8080 GET /v1/tasks "$bearer")" 200 "and serves"

# ---- A key that only root may read ------------------------------------------------------------------

# USER [GROUP]: whether that account may read the file.
may_read() { machine_run setpriv --reuid "$2" --regid "${3:-$2}" --init-groups --inh-caps=-all --bounding-set=-all cat "$1" 2>/dev/null | grep -q .; }
none_may_read() { # FILE USER...
	local file=$1 user
	shift
	for user in "$@"; do ! may_read "$file" "$user" || { echo "$user reads $file"; return 1; }; done
}
passed=/run/credentials/trackd-http.service/trackd-http.key
dropin=/etc/systemd/system/trackd-http.service.d/key.conf

machine_run sh -c 'head -c 32 /dev/urandom | base64 >/etc/trackd/http.key
	chown root:root /etc/trackd/http.key; chmod 0600 /etc/trackd/http.key'
ok "the service may not read it" none_may_read /etc/trackd/http.key trackd-http
# As an administrator does: the line of the unit that was shipped, in a drop-in.
machine_run sh -c "mkdir -p ${dropin%/*}
	{ echo '[Service]'; sed -n 's/^#LoadCredential=/LoadCredential=/p' /usr/lib/systemd/system/trackd-http.service; } >$dropin
	systemctl daemon-reload"
is "$(machine_run grep -c ^LoadCredential= "$dropin")" 1 "the unit has a line for it"
ok "it starts with the key as a credential" machine_run systemctl restart trackd-http.service
token=$(machine_run trackd-http token --sub alice)
ok "which is there" machine_run test -s "$passed"
is "$(status 8080 GET /v1/tasks "Authorization: Bearer $token")" 200 "tokens of this key are accepted"
is "$(status 8080 GET /v1/tasks "$bearer")" 401 "those of the one before are not"
ok "the service may read it" may_read "$passed" trackd-http
ok "no other user may" none_may_read "$passed" nobody daemon trackd docproc
# Not even those that share all of its groups.
ok "nor may its groups" eval "! machine_run setpriv --reuid nobody --regid trackd-http --groups trackd,trackd-http,docproc \
	--inh-caps=-all --bounding-set=-all cat $passed 2>/dev/null"
is "$(machine_run findmnt -n -o OPTIONS -T "$passed" | tr , '\n' | grep -Exc 'ro|noexec|nosuid|nodev')" 4 "and it cannot be written"
machine_run sh -c 'head -c 32 /dev/urandom | base64 >/etc/trackd/http.key'
machine_run systemctl reload trackd-http.service
is "$(status 8080 GET /v1/tasks "Authorization: Bearer $token")" 200 "a new key is not noticed by a reload"
machine_run systemctl restart trackd-http.service
is "$(status 8080 GET /v1/tasks "Authorization: Bearer $token")" 401 "but by a restart"
token=$(machine_run trackd-http token --sub alice)
bearer="Authorization: Bearer $token"
is "$(status 8080 GET /v1/tasks "$bearer")" 200 "which takes it over"

# ---- The watchdog, the end -------------------------------------------------------------------------

machine_run sh -c 'mkdir -p /etc/systemd/system/trackd-http.service.d
	printf "[Service]\nWatchdogSec=1s\n" >/etc/systemd/system/trackd-http.service.d/watchdog.conf; systemctl daemon-reload'
machine_run systemctl restart trackd-http.service
before=$(main_pid)
machine_run kill -STOP "$before"
ok "stopped in its tracks, it is replaced" wait_until 60 another_main "$before"
is "$(status 8080 GET /v1/tasks "$bearer")" 200 "and serves"
machine_run sh -c 'echo listen = nowhere >/etc/trackd/http.conf'
ok "a wrong configuration is refused" wait_until 60 eval '! machine_run systemctl restart trackd-http.service'
ok "with what is allowed" said 'it must be HOST:PORT'
machine_run sh -c ': >/etc/trackd/http.conf; systemctl reset-failed trackd-http.service'
ok "it starts again" machine_run systemctl start trackd-http.service
ok "it stops" machine_run systemctl stop trackd-http.socket trackd-http-admin.socket trackd-http.service
is "$(show Result)" success "in good order"
ok "the board has no fault" machine_run trackctl doctor

finish
