# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the test scripts share. A test is bash; it begins with
#
#	#!/bin/bash
#	# SPDX-License-Identifier: MIT
#	# What it proves.
#	. "$(dirname "$0")/../../harness/lib.sh"
#
# and ends with `finish`. It runs under tests/run or by hand (`BUILD=build tests/e2e/trackctl/look.sh`).
#
#	start_daemon [OPTION...]     a trackd of one's own, ready: $daemon is its pid; $board, $socket
#	                             and $daemon_log say where things are
#	kill_daemon                  SIGKILL; the board stays
#	restart_daemon [OPTION...]   again on the same board and socket; without options, with the same
#	stop_daemon                  SIGTERM; fails the test unless it exits with 0
#	new_place                    another $board and $socket for the next start_daemon; what runs
#	                             is ended at the end of the script
#	trackctl ARG...              the tool, on this board and socket
#	wait_until 60 CMD...         run CMD until it succeeds, 60 s at most; false if it never did
#	ok "name" CMD...             a point: CMD succeeds
#	is "$seen" "$expected" "name"    a point: the two are equal
#	like "$seen" "pattern" "name"    a point: a bash pattern matches ("*worker lost*")
#	exits 4 "name" CMD...        a point: CMD exits with this status; its output is in $output
#	skip "name" "reason"         a point that cannot be tested here
#	note TEXT                    a "# " line
#	bail TEXT                    give up
#	spawn CMD...                 CMD in the background, killed at the end; $! is its pid
#	at_exit CMD...               run at the end, last one first
#
# Every name in /dev/shm must begin with ${TRACKD_TEST_BOARD#/}, every file lie in $TMPDIR, and no
# process outlive the script: tests/run looks.

set -u
shopt -s extglob

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${TRACKD_BUILD:-${BUILD:-$tree/build}}
build=$(cd "$build" 2>/dev/null && pwd) || { echo "Bail out! no build in ${TRACKD_BUILD:-${BUILD:-build}}"; exit 1; }
: "${TRACKD_TEST_BOARD:=/tt-$$}"
unset TRACKD_BOARD TRACKD_SOCKET NOTIFY_SOCKET LISTEN_FDS LISTEN_PID

points=0 failures=0 places=0 output=
daemon= board= socket= daemon_log=
declare -a daemon_options=() at_exit_commands=() spawned=() boards=()
work=$(mktemp -d "${TMPDIR:-/tmp}/te-XXXXXX")

# ---- Points --------------------------------------------------------------------------------------

note() { printf '%s\n' "$*" | sed 's/^/# /'; }

bail() {
	printf 'Bail out! %s\n' "$*"
	exit 1
}

point() { # RESULT NAME
	points=$((points + 1))
	if [ "$1" = 0 ]; then
		printf 'ok %d - %s\n' "$points" "$2"
		return 0
	fi
	failures=$((failures + 1))
	printf 'not ok %d - %s\n' "$points" "$2"
	return 1
}

ok() { # NAME CMD...
	local name=$1 result
	shift
	output=$("$@" 2>&1)
	result=$?
	point "$result" "$name" && return 0
	note "$* exited with $result and said:"
	note "$output"
	return 1
}

is() { # SEEN EXPECTED NAME
	[ "$1" = "$2" ]
	point $? "$3" && return 0
	note "expected: $2"
	note "seen:     $1"
	return 1
}

like() { # SEEN PATTERN NAME
	# shellcheck disable=SC2053
	[[ $1 == $2 ]]
	point $? "$3" && return 0
	note "expected: $2"
	note "seen:     $1"
	return 1
}

exits() { # STATUS NAME CMD...
	local expected=$1 name=$2 result
	shift 2
	output=$("$@" 2>&1)
	result=$?
	[ "$result" = "$expected" ]
	point $? "$name" && return 0
	note "$* exited with $result, not $expected, and said:"
	note "$output"
	return 1
}

skip() { # NAME REASON
	points=$((points + 1))
	printf 'ok %d - %s # SKIP %s\n' "$points" "$1" "$2"
}

skip_all() { # REASON
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

finish() {
	printf '1..%d\n' "$points"
	[ "$failures" = 0 ]
	exit
}

# ---- Waiting -------------------------------------------------------------------------------------

now_ms() { local t=${EPOCHREALTIME/[.,]/}; echo $((t / 1000)); }

wait_until() { # SECONDS CMD...
	local limit=$(($(now_ms) + $1 * 1000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(now_ms)" -lt "$limit" ] || return 1
		sleep 0.01
	done
}

gone() { ! kill -0 "$1" 2>/dev/null || [ "$(ps -o stat= -p "$1" | cut -c1)" = Z ]; }

# ---- Ending --------------------------------------------------------------------------------------

at_exit() { at_exit_commands=("$(printf '%q ' "$@")" "${at_exit_commands[@]+"${at_exit_commands[@]}"}"); }

spawn() {
	"$@" &
	spawned+=($!)
}

end_process() { # PID
	kill -CONT "$1" 2>/dev/null
	kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

clean_up() {
	local status=$? command pid name
	trap - EXIT
	for command in "${at_exit_commands[@]+"${at_exit_commands[@]}"}"; do eval "$command"; done
	for pid in "${spawned[@]+"${spawned[@]}"}"; do end_process "$pid"; done
	for name in "${boards[@]+"${boards[@]}"}"; do rm -f "/dev/shm$name" "/dev/shm$name:lock"; done
	rm -rf "$work"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- The daemon ----------------------------------------------------------------------------------

new_place() {
	places=$((places + 1))
	board=$TRACKD_TEST_BOARD-s$places
	socket=$work/$places.sock
	daemon_log=$work/$places.log
	boards+=("$board")
}

# Waits on a notification socket: says "bound", then what the daemon said.
listen_for_ready='
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(60)
print("bound", flush=True)
try:
    while b"READY=1" not in s.recv(4096):
        pass
    print("ready", flush=True)
except OSError:
    print("silent", flush=True)
'

# Run trackd and wait until it is ready: 0 with $daemon set, else its exit status in $daemon_status.
launch_daemon() { # OPTION...
	local notify=$work/notify fd word=
	rm -f "$notify"
	exec {fd}< <(exec /usr/bin/python3 -c "$listen_for_ready" "$notify" 2>&1)
	local listener=$!
	read -r -u "$fd" word
	[ "$word" = bound ] || bail "no notification socket: $word"
	NOTIFY_SOCKET=$notify "$build/trackd" --config /dev/null --board "$board" --socket "$socket" "$@" \
		>>"$daemon_log" 2>&1 {fd}<&- &
	daemon=$!
	spawned+=("$daemon")
	# Not read -t, which on a busy machine times out in the middle of a word and loses its beginning.
	until read -r -t 0 -u "$fd"; do
		if gone "$daemon"; then
			wait "$daemon"
			daemon_status=$?
			daemon=
			break
		fi
		sleep 0.01
	done
	word=
	[ -z "$daemon" ] || read -r -u "$fd" word
	kill "$listener" 2>/dev/null
	wait "$listener" 2>/dev/null
	exec {fd}<&-
	rm -f "$notify"
	[ "$word" = ready ]
}

start_daemon() { # OPTION...
	[ -n "$board" ] || new_place
	daemon_options=("$@")
	launch_daemon "$@" && return 0
	note "$(tail -n 20 "$daemon_log")"
	bail "trackd did not get ready (exit status ${daemon_status:-none})"
}

restart_daemon() { # OPTION...
	[ $# = 0 ] || daemon_options=("$@")
	start_daemon "${daemon_options[@]+"${daemon_options[@]}"}"
}

kill_daemon() {
	end_process "$daemon"
	daemon=
}

stop_daemon() {
	local status
	kill -TERM "$daemon"
	if ! wait_until 60 gone "$daemon"; then
		end_process "$daemon"
		bail "trackd did not end within 60 s of SIGTERM"
	fi
	wait "$daemon"
	status=$?
	daemon=
	[ "$status" = 0 ] || bail "trackd ended with $status: $(tail -n 5 "$daemon_log")"
}

trackctl() { "$build/trackctl" --board "$board" --socket "$socket" "$@"; }
