#!/bin/bash
# SPDX-License-Identifier: MIT
#
# make demo [DOCS=FOLDER]
#
# docproc takes real documents through the five stages on a private board, two at once, while
# trackctl watch shows it. The process that works on one is killed in the middle, then the daemon is
# killed. At the end: what became of every document, and sentences found in the index that was made.

set -u
tree=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${BUILD:-$tree/build}" && pwd) || exit 1
trackd=$build/trackd trackctl=$build/trackctl docproc=$build/docproc http=$build/trackd-http
most=20
owner=alice other=bob # the long texts are bob's, so that alice's searches do not meet them

work=$(mktemp -d "${TMPDIR:-/tmp}/trackd-demo-XXXXXX") || exit 1
board=${DEMO_BOARD:-/demo-$$}
export TRACKD_BOARD=$board TRACKD_SOCKET=$work/demo.sock
spool=$work/spool store=$work/documents.db
daemon='' server='' watcher='' gateway=''
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
	end_process $gateway $server $daemon
	rm -f "/dev/shm$board" "/dev/shm$board:lock"
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

documents_in() { # FOLDER...
	find "$@" -mindepth 1 \( -name '.*' -o -name build \) -prune -o \
		-type f -size +0 \( -name '*.pdf' -o -name '*.docx' -o -name '*.md' -o -name '*.txt' \) -print 2>/dev/null | sort
}

# Those of tests/documents that are whole, and what PDF and DOCX the machine has.
our_documents() {
	local name
	for name in voyager columns ligatures german hebrew arabic chinese japanese tables; do
		printf '%s\n' "$tree/tests/documents/$name.pdf" "$tree/tests/documents/$name.docx"
	done | awk 'NR % 3 != 2' # two of three, of both kinds
	echo "$tree/tests/documents/handbook.pdf"
	find /usr/share/doc /usr/share/texmf -type f \( -name '*.pdf' -o -name '*.docx' \) -size -4M 2>/dev/null | sort
}

# What takes a while: the project's own sources, each folder as one text.
long_document() { # FOLDER FILE
	find "$tree/$1" -type f \( -name '*.[ch]' -o -name '*.md' \) -exec cat {} + >"$work/$2"
	while [ "$(stat -c %s "$work/$2")" -lt 3000000 ]; do
		cat "$work/$2" "$work/$2" >"$work/twice" && mv "$work/twice" "$work/$2"
	done
	echo "$work/$2"
}

find_documents() {
	if [ -n "${DOCS:-}" ]; then
		[ -d "$DOCS" ] || give_up "DOCS=$DOCS is not a folder; name one with PDF, DOCX, Markdown or text files"
		documents_in "$DOCS" | head -n 200
	else
		our_documents | head -n $((most - 3))
	fi >"$work/list"
	[ -s "$work/list" ] || give_up "there are no documents in ${DOCS:-$tree/tests/documents}; name another folder with DOCS="
	if [ -z "${DOCS:-}" ]; then
		long_document libclient the-library.txt
		long_document daemon the-daemon.txt
		long_document tools the-tools.txt
	fi >>"$work/list"
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

# The page's address with a token, in $page.
start_gateway() {
	local port
	(umask 077 && head -c 32 /dev/urandom | base64 >"$work/key")
	"$http" --listen 127.0.0.1:0 --admin "" --key-file "$work/key" --state-dir "$work/http" --spool "$spool" \
		--store "$store" >"$work/http.log" 2>&1 &
	gateway=$!
	until port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$work/http.log") && [ -n "$port" ]; do
		kill -0 "$gateway" 2>/dev/null || give_up "trackd-http: $(tail -n 1 "$work/http.log")"
		sleep 0.02
	done
	page="http://127.0.0.1:$port/#token=$("$http" token --sub "$owner" --ttl 1h --key-file "$work/key")"
}

docproc() { # VERB ARG...
	local verb=$1
	shift
	"$docproc" "$verb" "$@" --spool "$spool" --store "$store"
}

ask() { # QUERY LIMIT
	printf '%s$ docproc search "%s"%s\n' "$bold" "$1" "$plain"
	docproc search "$1" --owner "$owner" --limit "$2"
}

# Under the file's name, which a person can follow; an application leaves the id to docproc.
submit() { # FILE...
	local file id whose n
	for file in "$@"; do
		id=$(basename "$file" | tr -c 'A-Za-z0-9._~:@+=\n-' _ | cut -c 1-50)
		n=$(grep -cxF "$id" "$work/ids")
		echo "$id" >>"$work/ids"
		[ "$n" = 0 ] || id=$id:$((n + 1))
		whose=$owner
		[ "${file#"$work"}" = "$file" ] || whose=$other
		docproc submit "$file" --owner "$whose" --id "$id" >/dev/null || give_up "$file was not taken"
	done
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

count() { # STATE
	"$trackctl" ls --state "$1" -o id --no-headings 2>/dev/null | grep -c .
}

unfinished() { echo $(($(count pending) + $(count active))); }

until_finished() { # until at most COUNT are not
	while [ "$(unfinished)" -gt "$1" ]; do
		kill -0 "$server" 2>/dev/null || give_up "docproc: $(tail -n 1 "$work/docproc.log")"
		sleep 0.05
	done
}

# A document's process that stands still in the middle of it: $task, $pid.
catch_child() {
	while [ "$(unfinished)" -gt 0 ]; do
		while read -r task pid; do
			kill -STOP "$pid" 2>/dev/null || continue
			"$trackctl" ls --state active -o id,pid --no-headings | grep -q "^$task *$pid\$" && return 0
			kill -CONT "$pid"
		done < <("$trackctl" ls --state active -o id,pid,stage --no-headings | awk '$3 ~ /^[234]\// { print $1, $2 }')
		sleep 0.01
	done
	return 1
}

# ---- The story -------------------------------------------------------------------------------------

find_documents
mapfile -t files <"$work/list"
: >"$work/ids"
total=${#files[@]}
began=$SECONDS
start_daemon
"$docproc" serve --jobs 2 --spool "$spool" --store "$store" >>"$work/docproc.log" 2>&1 &
server=$!
until [ -d "$spool/new" ]; do
	kill -0 "$server" 2>/dev/null || give_up "docproc: $(tail -n 1 "$work/docproc.log")"
	sleep 0.02
done
start_gateway
say "The page, for an hour: $page"
say "$total documents, two at once, one board: /dev/shm$board. trackctl watch:"
start_watching
submit "${files[@]:0:total - total / 4}"
until_finished 2

lost=0
submit "${files[@]:total - total / 4}"
if catch_child; then
	lost=1
	stop_watching
	say "Process $pid is in the middle of $task. kill -9 $pid:"
	kill -KILL "$pid"
	"$trackctl" wait "$task" --timeout 5
	[ $? = 6 ] || give_up "the task of a process that was killed did not fail"
	"$trackctl" show "$task"
	say "Its task failed at once; nothing else did. On with the others:"
	start_watching
fi
until_finished 1
stop_watching

end_process "$daemon"
say "The daemon has been killed. docproc works on without it:"
start_watching
submit "${files[@]:0:3}"
until_finished 0
stop_watching
start_daemon
say "3 more documents were processed without a daemon. It is back, and adopted the board as it was:"
"$trackctl" ls -o id,owner,status,progress,time,message
say "What was made of them can be searched (docproc search):"
if [ -z "${DOCS:-}" ]; then
	ask "a gilded copper record on the side of each probe" 1
	ask "oldest lighthouse still in use" 1
else
	ask "$(basename "${files[0]%.*}" | tr -c '[:alnum:]' ' ')" 2
fi
say "and each has a summary (docproc show):"
docproc show "$(head -n 1 "$work/ids")" --owner "$owner"

completed=$(count completed) failed=$(count failed) others=$(unfinished)
say "$((total + 3)) documents in $((SECONDS - began)) s: $completed completed, $failed failed, $others unfinished."
[ $((completed + failed)) = $((total + 3)) ] && [ "$failed" -ge "$lost" ] ||
	give_up "that is not as it should be: $(cat "$work/docproc.log")"
[ -n "${DOCS:-}" ] || [ "$failed" = "$lost" ] || give_up "a document failed that should not: $(cat "$work/docproc.log")"
[ -z "$(find "$spool" -type f ! -name '.*' ! -name lock)" ] || give_up "files were left in the spool: $(find "$spool" -type f)"
"$trackctl" doctor || give_up "the board has faults"

# The page stays up for as long as the viewer likes.
if [ -t 1 ]; then
	trap 'exit 0' INT
	say "The page stays up until Ctrl-C; drop documents of your own there: $page"
	while kill -0 "$gateway" 2>/dev/null; do
		sleep 1
	done
	give_up "trackd-http: $(tail -n 1 "$work/http.log")"
fi
