#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/run: alone=systemd timeout=600
#
# The units under a real systemd: started by the socket, killed, stopped in its tracks, reloaded,
# stopped and started, rebooted; and permissions.
. "$(dirname "$0")/../harness/lib.sh"
. "$(dirname "$0")/machine.sh"

machine_enter "$@"
unit=trackd.service

# ---- Looking at the machine ------------------------------------------------------------------------

# A task of a live worker, who is a user of the group trackd, in the stage embedding, 48 of 100 done.
start_worker() { # ID
	# shellcheck disable=SC2016
	machine_run systemd-run -q --unit="worker-$1" -p DynamicUser=yes -p SupplementaryGroups=trackd \
		trackctl run --kind document --owner alice --id "$1" -- sh -c '
			{ echo "stage extracting reading"; echo "stage embedding"; echo "48/100 batch 48"; } >"$TRACKD_PROGRESS"
			exec sleep 1000'
	wait_until 60 task_is "$1" stage.done 48 ||
		bail "task $1 does not get going: $(machine_run journalctl -n 20 --no-pager)"
}

worker_pid() { task "$1" worker.pid; }

# A user outside the group, with no capabilities.
stranger() {
	machine_run setpriv --reuid 64323 --regid 64323 --clear-groups --inh-caps=-all \
		--bounding-set=-all --no-new-privs "$@"
}

refused() { ! "$@"; }

drop_in() { # NAME; the text on standard input
	machine_run sh -c "mkdir -p /etc/systemd/system/trackd.service.d
		cat >/etc/systemd/system/trackd.service.d/$1.conf
		systemctl daemon-reload"
}

set_conf() { # LINE...
	machine_run sh -c "printf '%s\n' \"\$@\" >/etc/trackd/trackd.conf" sh "$@"
}

# ---- The machine, installed as README.md says ------------------------------------------------------

machine_make
machine_install
machine_boot
ok "the user and the folder are made as the installer says" \
	machine_run sh -c 'systemd-sysusers && systemd-tmpfiles --create'
ok "the socket can be enabled" machine_run systemctl enable --now -q trackd.socket

ok "systemd-analyze verify accepts the units" \
	machine_run systemd-analyze verify --man=no trackd.service trackd.socket
is "$output" "" "and says nothing about them"
ok "the exposure of the service is at most 1.0" \
	machine_run systemd-analyze security --threshold=10 --no-pager trackd.service
note "$(tail -n 1 <<<"$output")"

# ---- Socket activation -----------------------------------------------------------------------------

is "$(show ActiveState)" inactive "the service does not run before it is needed"
is "$(machine_run stat -c '%U:%G %a %F' /run/trackd/trackd.sock)" "trackd:trackd 660 socket" \
	"the socket belongs to trackd"
is "$(machine_run stat -c '%U:%G %a' /run/trackd)" "trackd:trackd 755" \
	"so does its folder while only the socket is there"
ok "the first client starts it" machine_run trackctl create --owner alice waiting
ok "it says that it is ready" wait_until 60 active
is "$(machine_run ps -o user= -p "$(main_pid)")" trackd "the daemon runs as trackd"
like "$(machine_run cat "/proc/$(main_pid)/status")" "*CapPrm:*0000000000000000*CapEff:*0000000000000000*" \
	"without a capability"
is "$(machine_run stat -c '%U:%G %a' /dev/shm/trackd)" "trackd:trackd 660" "the board is trackd's and its group's"
shows_usage() { [[ "$(show StatusText)" == *"of 16384"* ]]; }
ok "systemctl status shows how full the board is" wait_until 60 shows_usage

# ---- Who may do what -------------------------------------------------------------------------------

ok "a stranger may not read the board's file" refused stranger cat /dev/shm/trackd
exits 77 "a user outside the group gets an error that says so" stranger trackctl ls
ok "a stranger may not connect" refused stranger /usr/bin/python3 -c '
import socket
socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect("/run/trackd/trackd.sock")'
like "$output" "*PermissionError*" "because permission is denied"

# ---- SIGKILL ---------------------------------------------------------------------------------------

start_worker report
start_worker doomed
stored() { [ "$(show NFileDescriptorStore)" -ge 2 ]; }
ok "workers' descriptors are in the descriptor store" wait_until 60 stored
before=$(main_pid)
lost=$(worker_pid doomed)
machine_run kill -KILL "$before" "$lost"
ok "killed, it is there again" wait_until 60 another_main "$before"
ok "a worker that died in the same moment is found" wait_until 60 task_is doomed state failed
is "$(task doomed error.reason) $(task doomed stage.name) $(task doomed stage.done)/$(task doomed stage.total)" \
	"worker_lost embedding 48/100" "with the stage and the count at which it died"
is "$(task report status) $(task report stage.done)" "embedding 48" "the live worker's task goes on"
is "$(task waiting state)" pending "the pending task is left alone"
ok "a board that was adopted has no fault" machine_run trackctl doctor

# ---- The watchdog ----------------------------------------------------------------------------------

drop_in watchdog <<<'[Service]
WatchdogSec=1s'
ok "it restarts" machine_run systemctl restart trackd.service
before=$(main_pid)
machine_run kill -STOP "$before"
ok "stopped in its tracks, it is replaced by the watchdog" wait_until 60 another_main "$before"
watchdog_barked() { machine_run journalctl --no-pager -o cat -u trackd.service | grep -q 'Watchdog timeout'; }
ok "which says so in the journal" wait_until 60 watchdog_barked
is "$(task report status) $(task report stage.done)" "embedding 48" "the live worker's task goes on"
# A second of a busy machine is not the daemon's: what follows runs with the unit's own limit.
machine_run rm /etc/systemd/system/trackd.service.d/watchdog.conf
machine_run systemctl daemon-reload
machine_run systemctl restart trackd.service
before=$(main_pid)

# ---- Reload ----------------------------------------------------------------------------------------

set_conf 'ttl = 2h' 'verbose = yes' 'snapshot_interval = 200ms'
ok "it reloads" machine_run systemctl reload trackd.service
is "$(main_pid)" "$before" "in the same process"
ttl_is() { [ "$(machine_run trackctl stats --json | field ttl_ms)" = "$1" ]; }
ok "and applies what may change" wait_until 60 ttl_is 7200000

# ---- The journal -----------------------------------------------------------------------------------

ok "a task with a story" machine_run sh -c 'trackctl create --owner bob story &&
	trackctl update story extracting "page 1" && trackctl update story embedding && trackctl fail story "out of paper"'
story() { machine_run journalctl --no-pager -o cat TRACKD_TASK=story; }
recorded() { grep -q 'story failed' <<<"$(story)"; }
ok "ends in the journal" wait_until 60 recorded
like "$(story)" "*created*extracting*embedding*failed*out of paper*" "which has all of it, in order"
last=$(machine_run journalctl --no-pager -n 1 -o json TRACKD_TASK=story)
is "$(field TRACKD_STATUS <<<"$last") $(field TRACKD_REASON <<<"$last") $(field TRACKD_OWNER <<<"$last") $(field PRIORITY <<<"$last")" \
	"failed error bob 3" "in fields, a failure at error priority"
like "$(field MESSAGE_ID <<<"$last")" "+([0-9a-f])" "with an id of its kind of message"

# ---- Stop and start --------------------------------------------------------------------------------

tasks() { machine_run trackctl ls --json | /usr/bin/python3 -c '
import json, sys
tasks = json.load(sys.stdin)
tasks = tasks if isinstance(tasks, list) else tasks["tasks"]
for task in sorted(tasks, key=lambda task: task["id"]):
    print(task["id"], task["owner"], task["status"], task["error"], task["stage"] and task["stage"]["done"], task["message"])'; }
before=$(tasks)
is "$(wc -l <<<"$before")" 4 "four tasks are on the board"
ok "it stops" machine_run systemctl stop trackd.socket trackd.service
is "$(show ActiveState) $(show Result)" "inactive success" "in good order"
is "$(machine_run stat -c '%U:%G' /run/trackd /dev/shm/trackd | sort -u)" "trackd:trackd" "the folder and the board stay"
is "$(tasks)" "$before" "without it everything can be read"
ok "and written" machine_run trackctl update waiting - "no daemon"
ok "it starts" machine_run systemctl start trackd.service
is "$(tasks)" "${before/Queued for processing/no daemon}" "and nothing is lost"
is "$(show ActiveState trackd.socket)" active "the socket came with it"
is "$(worker_pid report)" "$(show MainPID worker-report.service)" \
	"the live worker's task is still its own"

# ---- Others may read -------------------------------------------------------------------------------

set_conf 'mode = 0664' 'snapshot_interval = 200ms'
ok "it restarts with another mode" machine_run systemctl restart trackd.service
mode_is() { [ "$(machine_run stat -c %a /dev/shm/trackd)" = "$1" ]; }
ok "everyone may read the board now" wait_until 60 mode_is 664
is "$(task report status) $(task report stage.done)" "embedding 48" "the live worker's task goes on"
ok "a stranger reads" stranger trackctl show report
exits 77 "but is refused when he wants to write" stranger trackctl update report - intruder
ok "also by the kernel" refused stranger dd if=/dev/zero of=/dev/shm/trackd bs=1 count=1 conv=notrunc

# ---- Reboot ----------------------------------------------------------------------------------------

ok "one more change before the power fails" machine_run trackctl update waiting - "before the power failed"
ok "and a transition after it" machine_run trackctl create --owner alice last
# Another snapshot may have been under way before.
in_snapshot() { machine_run grep -aq "before the power failed" /var/lib/trackd/trackd.snapshot; }
ok "is in the snapshot" wait_until 60 in_snapshot
is "$(machine_run stat -c '%U %a' /var/lib/trackd)" "trackd 750" "which others cannot read"
machine_crash
machine_boot
is "$(show ActiveState trackd.socket)" active "after the reboot the socket is there"
is "$(machine_run stat -c '%U:%G' /run/trackd)" "trackd:trackd" "in a folder of trackd's"
is "$(machine_run sh -c 'ls /dev/shm')" "" "and no board"
ok "the first client brings it back" machine_run trackctl ls
is "$(task waiting state) $(task waiting message)" "pending before the power failed" "pending tasks are as they were"
is "$(task report state) $(task report error.reason) $(task report stage.name) $(task report stage.done)" \
	"failed host_restart embedding 48" "what was active has failed, with the stage and the count it had"
is "$(task doomed error.reason) $(task story error.message)" "worker_lost out of paper" "what was final is as it was"
ok "the restored board has no fault" machine_run trackctl doctor

finish
