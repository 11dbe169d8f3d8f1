#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/run: alone=systemd timeout=600
#
# docproc.service under a real systemd: permissions, both sandboxes, killed and restarted,
# stopped properly.
. "$(dirname "$0")/../harness/lib.sh"
. "$(dirname "$0")/machine.sh"

machine_enter "$@"
unit=docproc.service

# A user in the group, and one who is not.
member() { machine_run setpriv --reuid 64323 --regid trackd --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs "$@"; }
stranger() { machine_run setpriv --reuid 64324 --regid 64324 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs "$@"; }
refused() { ! "$@"; }

spool=/var/lib/trackd-documents/spool
no_files() { [ -z "$(machine_run find $spool -type f ! -name lock)" ]; }

# ---- The machine -----------------------------------------------------------------------------------

machine_make
machine_install
mkdir -p "$machine/upper/srv"
cp "$tree"/tests/documents/{voyager.pdf,voyager.docx,tides.txt,legacy.doc} "$machine/upper/srv"
# Long enough to be stopped in the middle.
/usr/bin/python3 -c 'for i in range(400000): print(f"Sentence number {i} tells of station {i * 7 % 1009} on line {i % 13}.")' \
	>"$machine/upper/srv/long.txt"
cp "$tree/tests/harness/python/fake_endpoint.py" "$machine/upper/srv"
chmod -R a+rX "$machine/upper/srv"
machine_boot
ok "users and folders are made" machine_run sh -c 'systemd-sysusers && systemd-tmpfiles --create'
like "$(machine_run id docproc)" "*(docproc)*(trackd)*" "docproc is a member of the group trackd"
is "$(machine_run stat -c '%U:%G %a' /var/lib/trackd-documents $spool $spool/new)" \
	"docproc:trackd 2750
docproc:trackd 2770
docproc:trackd 2770" "the group reads the store and submits to the spool"
ok "systemd-analyze verify accepts the unit" machine_run systemd-analyze verify --man=no docproc.service
is "$output" "" "and says nothing about it"
ok "the exposure of the service is at most 1.0" machine_run systemd-analyze security --threshold=10 --no-pager docproc.service
note "$(tail -n 1 <<<"$output")"
ok "it starts, and the board with it" machine_run systemctl enable --now -q docproc.service
ok "it says that it is ready" wait_until 60 active
is "$(machine_run ps -o user= -p "$(main_pid)")" docproc "it runs as docproc"

# ---- A document ------------------------------------------------------------------------------------

ok "a member of the group hands in" member docproc submit /srv/voyager.pdf --owner alice --id pdf
ok "another one" member docproc submit /srv/voyager.docx --owner alice --id docx
ok "and one that will fail" member docproc submit /srv/legacy.doc --id doc
ok "they are processed" wait_until 60 task_is docx state completed
ok "all of them" wait_until 60 task_is pdf state completed
ok "the third has failed" wait_until 60 task_is doc state failed
is "$(task doc error.message)" "Unsupported file type: .doc" "with its sentence"
like "$(journal)" "*Unsupported file type: .doc*docx*" "and the advice is in the journal"
ok "no file is left" wait_until 60 no_files
is "$(machine_run stat -c '%U:%G %a' /var/lib/trackd-documents/documents.db)" "docproc:trackd 640" \
	"the store is readable for the group"
ok "a member searches" member docproc search --owner alice "heliopause"
like "$output" "*voyager*" "and finds"
ok "also while no process has the store open for writing" machine_run systemctl stop docproc.service
ok "a member reads a summary" member docproc show pdf
ok "a stranger may not read the store" refused stranger docproc --store /var/lib/trackd-documents/documents.db show pdf
ok "nor hand in" refused stranger docproc submit --spool $spool /srv/tides.txt
ok "it starts again" machine_run systemctl start docproc.service
like "$(machine_run systemctl show --value -p StatusText docproc.service)" "0 at work, 0 waiting" "systemctl status shows how much there is to do"

# ---- Locked in -------------------------------------------------------------------------------------

begun() { task_is "$1" status chunking; }
hold() { # ID: hand in and stop the child in the middle
	member docproc submit /srv/long.txt --id "$1" >/dev/null
	wait_until 60 begun "$1" || bail "$1 does not get going: $(journal | tail -n 5)"
	child=$(task "$1" worker.pid)
	machine_run kill -STOP "$child"
}
status_of() { machine_run sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }

hold long
ok "the child is another process than the service" [ "$child" != "$(main_pid)" ]
is "$(status_of "$child" NoNewPrivs) $(status_of "$child" Seccomp)" "1 2" "it has no new privileges and is filtered"
ok "with one filter more than the service" [ "$(status_of "$child" Seccomp_filters)" -gt "$(status_of "$(main_pid)" Seccomp_filters)" ]
if [ "$(machine_run cat /sys/kernel/security/lsm 2>/dev/null | grep -c landlock)" = 1 ] || ! journal | grep -q Landlock; then
	is "$(journal | grep -c Landlock)" 0 "Landlock was to be had"
fi
is "$(status_of "$child" CapEff)" 0000000000000000 "it has no capability"
like "$(machine_run cat "/proc/$child/limits")" "*Max core file size*0*0*" "and leaves no core"

# ---- Killed ----------------------------------------------------------------------------------------

ok "one waits behind it" member docproc submit /srv/tides.txt --id waiting
hold second
ok "and one more, which has to wait" member docproc submit /srv/tides.txt --id third
before=$(main_pid)
machine_run kill -KILL "$before"
ok "killed, it is there again" wait_until 60 another_main "$before"
ok "what it was at is lost" wait_until 60 task_is long state failed
is "$(task long error.reason) $(task long error.stage)" "worker_lost chunking" "in the stage where it was"
ok "and the other one too" wait_until 60 task_is second state failed
ok "what waited is processed" wait_until 60 task_is third state completed
ok "all of it" wait_until 60 task_is waiting state completed
ok "no file is left" wait_until 60 no_files

# ---- Stopped ---------------------------------------------------------------------------------------

hold last
machine_run systemctl stop --no-block docproc.service
stopping() { [ "$(show ActiveState)" = deactivating ]; }
ok "asked to stop, it lets the document finish" wait_until 60 stopping
machine_run kill -CONT "$child"
ok "which it does" wait_until 60 task_is last state completed
stopped() { [ "$(show ActiveState)" = inactive ]; }
ok "and then it stops" wait_until 60 stopped
is "$(show Result)" success "in good order"
ok "no file is left" no_files

# ---- An endpoint, with a key that only root may read --------------------------------------------------

# As an administrator does: the lines that stand in the unit for it, in a drop-in.
machine_run sh -c 'mkdir -p /etc/systemd/system/docproc.service.d
	sed -n "s/^#   \(\[Service\]\|[A-Z][A-Za-z]*=.*\)$/\1/p" /usr/lib/systemd/system/docproc.service |
		grep -v "^Private[UPI]" >/etc/systemd/system/docproc.service.d/endpoint.conf'
like "$(machine_run cat /etc/systemd/system/docproc.service.d/endpoint.conf)" "\[Service\]
PrivateNetwork=no
*
LoadCredential=key:/etc/trackd/embedding.key" "the unit says what it takes"
machine_run ip link set lo up
machine_run systemd-run -q sh -c 'sleep infinity | exec /usr/bin/python3 /srv/fake_endpoint.py >/run/endpoint'
ok "an endpoint is there" wait_until 60 machine_run test -s /run/endpoint
address=$(machine_run cat /run/endpoint)
machine_run sh -c "umask 077; echo secret-of-the-endpoint >/etc/trackd/embedding.key
	printf '%s\n' 'store = /var/lib/trackd-documents/endpoint.db' 'embedding_url = $address/ok/v1' \
		'embedding_model = model' 'embedding_key_file = /run/credentials/docproc.service/key' >/etc/trackd/docproc.conf
	chmod 644 /etc/trackd/docproc.conf; systemctl daemon-reload"
ok "it starts with the key as a credential" machine_run systemctl start docproc.service
ok "a member hands in" member docproc submit /srv/tides.txt --id remote
over() { [ "$(task remote state)" = completed ] || [ "$(task remote state)" = failed ]; }
ok "it is processed" wait_until 60 over
is "$(task remote state) $(task remote error.message)" "completed None" "and completes"
like "$(machine_run /usr/bin/python3 -c 'import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], b"{}").read().decode())' "$address/ok/v1/log")" \
	'*"authorization": "Bearer secret-of-the-endpoint"*' "the endpoint was shown the key"
ok "a member of the group may not read it" refused member cat /run/credentials/docproc.service/key
ok "nor a stranger" refused stranger cat /run/credentials/docproc.service/key
ok "it stops" machine_run systemctl stop docproc.service
ok "the board has no fault" machine_run trackctl doctor

finish
