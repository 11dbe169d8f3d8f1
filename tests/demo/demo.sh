#!/bin/bash
# SPDX-License-Identifier: MIT
#
# make demo [DOCS=FOLDER]
#
# Three workers take real documents through the five stages on a private board, while trackctl
# watch shows it. One of them is killed in the middle of a document, then the daemon is killed. At
# the end: what became of every document, and a look into the index that was made.

set -u
tree=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${BUILD:-$tree/build}" && pwd) || exit 1
trackd=$build/trackd trackctl=$build/trackctl indexer=$build/tests/demo/indexer
most=60

work=$(mktemp -d "${TMPDIR:-/tmp}/trackd-demo-XXXXXX") || exit 1
board=${DEMO_BOARD:-/demo-$$}
export TRACKD_BOARD=$board TRACKD_SOCKET=$work/demo.sock
list=$work/list index=$work/index
daemon='' feeder='' watcher=''
declare -a workers=()
[ -t 1 ] && bold=$'\e[1m' plain=$'\e[0m' || bold='' plain=''

# ---- Ending ----------------------------------------------------------------------------------------

end_process() { # PID...
	local pid
	for pid in "$@"; do
		kill -CONT "$pid"
		kill -KILL "$pid"
		wait "$pid"
	done 2>/dev/null
}

clean_up() {
	local status=$?
	trap '' EXIT INT TERM HUP
	stop_watching
	# shellcheck disable=SC2086
	end_process $feeder $daemon "${workers[@]+"${workers[@]}"}"
	rm -f "/dev/shm$board" "/dev/shm$board.lock"
	rm -rf "$work"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

say() { printf '\n%s── %s%s\n' "$bold" "$*" "$plain"; }

give_up() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

# ---- Documents -------------------------------------------------------------------------------------

# Manual pages of a middling size, not many of one family; they render if man(1) works here.
manual_pages() {
	find /usr/share/man/man[1-8] -type f -name '*.gz' -size +7k -size -40k 2>/dev/null | sort |
		awk -F/ '!seen[substr($NF, 1, 4)]++' | spread
}

# As many as are wanted, from the whole of what there is.
spread() { awk -v most="$most" '{ line[NR] = $0 }
	END { n = NR < most ? NR : most; for (i = 0; i < n; i++) print line[int(i * NR / n) + 1] }'; }

renders() { [ -n "$1" ] && man -l "$1" 2>/dev/null | grep -q .; }

texts() { # FOLDER
	find "$1" -mindepth 1 \( -name '.*' -o -name build \) -prune -o -type f -size +0 -exec grep -lI . {} + 2>/dev/null |
		sort | spread
}

find_documents() {
	local found
	if [ -n "${DOCS:-}" ]; then
		[ -d "$DOCS" ] || give_up "DOCS=$DOCS is not a folder; name one with texts"
		found=$(texts "$DOCS")
	else
		found=$(manual_pages)
		renders "$(head -n 1 <<<"$found")" || found=$(texts "$tree")
	fi
	[ -n "$found" ] || give_up "there are no texts in ${DOCS:-/usr/share/man or $tree}; name another folder with DOCS="
	# An id for each: the file's name, with a number if there are two of it.
	awk -F/ '{ id = $NF; sub(/\.gz$/, "", id); gsub(/[^A-Za-z0-9._+-]/, "_", id); id = substr(id, 1, 50)
		if (seen[id]++) id = id "-" seen[id]; print id "\t" $0 }' <<<"$found" >"$list"
}

# ---- Processes -------------------------------------------------------------------------------------

start_daemon() {
	"$trackd" --board "$board" --socket "$TRACKD_SOCKET" >>"$work/trackd.log" 2>&1 &
	daemon=$!
	until "$trackctl" stats --json 2>/dev/null | grep -q "\"pid\": $daemon\b"; do
		kill -0 "$daemon" 2>/dev/null || give_up "trackd: $(tail -n 1 "$work/trackd.log")"
		sleep 0.02
	done
}

start_worker() {
	"$indexer" work "$list" "$index" 2>>"$work/workers.log" &
	workers+=($!)
}

start_watching() {
	"$trackctl" watch &
	watcher=$!
}

stop_watching() {
	[ -n "$watcher" ] || return 0
	kill -INT "$watcher" 2>/dev/null
	wait "$watcher" 2>/dev/null
	watcher=''
}

completed() { "$indexer" outcome "$list" | sed 's/ completed.*//'; }

# Until so many are completed, or the workers have nothing left to do.
until_completed() { # COUNT
	while [ "$(completed)" -lt "$1" ]; do
		kill -0 "${workers[@]}" 2>/dev/null || return 0
		sleep 0.1
	done
}

# A worker that stands still in the middle of a document: $victim, $task, $stage, $where.
catch_worker() {
	local found
	while kill -0 "${workers[@]}" 2>/dev/null; do
		for victim in "${workers[@]}"; do
			kill -STOP "$victim" 2>/dev/null || continue
			if found=$("$indexer" busy "$victim"); then
				IFS=$'\t' read -r task stage where <<<"$found"
				return 0
			fi
			kill -CONT "$victim"
		done
		sleep 0.02
	done
	return 1
}

# ---- The story -------------------------------------------------------------------------------------

mkdir "$index"
find_documents
total=$(wc -l <"$list")
began=$SECONDS
start_daemon
say "$total documents, three workers, one board: /dev/shm$board. trackctl watch:"
"$indexer" submit "$list" 2>>"$work/workers.log" &
feeder=$!
start_watching
for _ in 1 2 3; do start_worker; done

until_completed $((total / 5))
failed=0
if catch_worker; then
	failed=1
	stop_watching
	say "Worker $victim is in the middle of $task ($stage, $where). kill -9 $victim:"
	took=$("$indexer" kill "$victim" "$task") || give_up "the task of a worker that was killed did not fail"
	{ wait "$victim"; } 2>/dev/null
	"$trackctl" show "$task"
	say "Its task was seen to fail after $took. Another worker takes its place:"
	start_worker
	start_watching
fi

until_completed $((total / 2))
stop_watching
end_process "$daemon"
before=$(completed)
say "The daemon has been killed. Nobody serves the board, and the workers work on:"
start_watching
until_completed $((before + total / 10))
stop_watching
after=$(completed)
start_daemon
say "$((after - before)) documents were completed without a daemon. It is back, and adopted the board as it was:"
start_watching

wait "$feeder" "${workers[@]}" 2>/dev/null
stop_watching
say "What became of them (trackctl ls):"
"$trackctl" ls -o id,status,progress,time,message
say "The index that they made, asked for \"signal handler\":"
"$indexer" search "$index" signal handler || "$indexer" search "$index" file name
outcome=$("$indexer" outcome "$list")
say "$total documents in $((SECONDS - began)) s: $outcome."
[ "$outcome" = "$((total - failed)) completed, $failed failed, 0 cancelled, 0 active, 0 pending, 0 missing" ] ||
	give_up "that is not as it should be: $(cat "$work/workers.log")"
"$trackctl" doctor || give_up "the board has faults"
