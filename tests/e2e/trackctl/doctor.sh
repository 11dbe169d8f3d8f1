#!/bin/bash
# SPDX-License-Identifier: MIT
# doctor: with and without a daemon, on boards in use, on files that are not boards, and on boards with a corrupt byte.
. "$(dirname "$0")/../../harness/lib.sh"

poke() { printf '%b' "$2" | dd of="/dev/shm$board" bs=1 seek="$1" conv=notrunc status=none; } # OFFSET BYTES

exits 69 "no board: 69" "$build/trackctl" --board "$TRACKD_TEST_BOARD-none" doctor
start_daemon --capacity 1000
exits 0 "an empty board is whole" trackctl doctor
like "$output" "*whole*0 tasks, capacity 1000*" "and it says so"
for i in {1..20}; do trackctl create "t$i" --owner "o$((i % 3))"; done
trackctl update t1 extracting
trackctl complete t2
trackctl fail t3 broken
trackctl rm t4
exits 0 "one with tasks too" trackctl doctor
is "$(trackctl doctor --quiet)" "" "--quiet says nothing"

# ---- In use ----
spawn bash -c "while :; do
	for i in 1 2 3 4 5 6 7 8; do '$build/trackctl' --board '$board' --socket '$socket' create --replace --owner busy b\$i
	'$build/trackctl' --board '$board' --socket '$socket' update b\$i extracting; done; done"
busy=$!
for _ in {1..20}; do trackctl doctor -q || break; done
is $? 0 "a board in use is not called broken"
kill "$busy"
wait "$busy" 2>/dev/null

kill_daemon
exits 0 "it needs no daemon" trackctl doctor
like "$(trackctl doctor --json | /usr/bin/python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["clean"], d["faults"], d["n_faults"])')" \
	"True \[\] 0" "--json"

# ---- Faults (offsets: docs/FORMAT.md) ----
poke 384 '\xff\xff\xff\xff'
exits 70 "a damaged event cursor: 70" trackctl doctor
like "$output" "*header: event_next*" "is named"
poke 384 '\0\0\0\0'
poke 1000 '\x01' # behind the header: padding that no process reads
poke 0 'X'
exits 70 "a damaged magic" trackctl doctor
like "$output" "*header: magic: seen 0x*expected*" "is named, with what was seen"
poke 0 't'
poke 376 '\x01' # reserved
exits 70 "a reserved byte" trackctl doctor
like "$output" "*reserved4*" "is named"
is "$(trackctl doctor --json | /usr/bin/python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["clean"], d["faults"][0]["part"], d["faults"][0]["field"])')" \
	"False header reserved4" "in JSON too"
poke 376 '\0'

# ---- What is no board ----
cp "/dev/shm$board" "$work/copy"
exits 0 "a copy in a file" trackctl doctor --file "$work/copy"
truncate -s 100000 "$work/copy"
exits 70 "one cut short" trackctl doctor --file "$work/copy"
like "$output" "*file: size: seen 100000*" "is named"
truncate -s 10 "$work/copy"
exits 70 "one cut to ten bytes" trackctl doctor --file "$work/copy"
head -c 100000 /dev/urandom >"$work/garbage"
exits 70 "garbage" trackctl doctor --file "$work/garbage"
exits 70 "nothing at all" trackctl doctor --file /dev/null
mkfifo "$work/fifo"
exits 70 "a pipe does not hang it" timeout 10 "$build/trackctl" doctor --file "$work/fifo"
new_place
ln -s "$work/garbage" "/dev/shm$board"
exits 70 "a symbolic link is not followed" trackctl doctor
like "$output" "*symbolic link*" "and named"
rm -f "/dev/shm$board"

finish
