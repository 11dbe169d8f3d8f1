#!/bin/bash
# SPDX-License-Identifier: MIT
# watch and wait: every transition is a line, they end with the tasks, their exit status says how, and the daemon may die
# and return meanwhile.
. "$(dirname "$0")/../../harness/lib.sh"

export LC_ALL=C.UTF-8
start_daemon

has_line() { grep -q -e "$2" "$1"; } # FILE PATTERN
seen() { wait_until 60 has_line "$1" "$2" || { note "no \"$2\" in $1:"; note "$(cat "$1")"; return 1; }; }

# ---- watch, in a pipe ----
trackctl create w1 --name report.pdf
spawn "$build/trackctl" --board "$board" --socket "$socket" watch w1 >"$work/watch"
watcher=$!
ok "how it is when watching begins" seen "$work/watch" "w1  report.pdf  pending"
trackctl update w1 extracting "page 1"
ok "a stage" seen "$work/watch" "w1  report.pdf  extracting 10 %"
trackctl update w1 chunking
ok "another" seen "$work/watch" "chunking 25 %"
trackctl cancel w1
ok "that it is asked to stop" seen "$work/watch" "asked to stop in chunking"
kill_daemon
trackctl update w1 embedding
ok "without a daemon" seen "$work/watch" "embedding 40 %"
restart_daemon
trackctl update w1 indexing
ok "with another one" seen "$work/watch" "indexing 70 %"
trackctl complete w1
ok "the end" seen "$work/watch" "completed 100 %"
wait "$watcher"
is $? 0 "then watch ends, with 0"
is "$(wc -l <"$work/watch")" 7 "one line each"

# ---- The board is replaced ----
trackctl create r1
spawn "$build/trackctl" --board "$board" --socket "$socket" watch r1 >"$work/replaced" 2>"$work/replaced.err"
watcher=$!
ok "it watches" seen "$work/replaced" "r1  pending"
board_id() { trackctl stats --json | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["board_id"])'; }
before=$(board_id)
stop_daemon
restart_daemon --capacity 128
[ "$(board_id)" != "$before" ]
point $? "another board is in its place"
looks() { awk '/^voluntary/ {print $2}' "/proc/$watcher/status"; }
looked() { [ "$(looks)" -gt "$1" ]; }
ok "which it looks at" wait_until 60 looked "$(($(looks) + 6))"
trackctl update r1 extracting
ok "its events are shown" seen "$work/replaced" "extracting 10 %"
trackctl complete r1
wait "$watcher"
is $? 0 "and watch ends"
is "$(wc -l <"$work/replaced")" 3 "one line each"
is "$(cat "$work/replaced.err")" "" "nothing was lost, and nothing is printed"

# ---- JSON Lines ----
trackctl create w2
spawn "$build/trackctl" --board "$board" --socket "$socket" watch --json w2 >"$work/lines"
watcher=$!
ok "a snapshot" seen "$work/lines" '"event":"snapshot"'
trackctl update w2 extracting --done 3 --total 9
ok "a stage" seen "$work/lines" '"event":"stage"'
trackctl fail w2 "broken"
wait "$watcher"
is $? 1 "watch of a task that failed: 1"
is "$(/usr/bin/python3 -c '
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
print([(l["event"], l["state"], l["status"], l["id"]) for l in lines if l["event"] != "snapshot"])
print(lines[-1]["done"], lines[-1]["total"], lines[-1]["reason"], lines[-1]["task"]["error"]["message"])' "$work/lines")" \
	"[('stage', 'active', 'extracting', 'w2'), ('final', 'failed', 'failed', 'w2')]
3 9 error broken" "one object a line, with the task"

# ---- watch, everything ----
spawn "$build/trackctl" --board "$board" --socket "$socket" watch --owner alice >"$work/all"
watcher=$!
trackctl create mark --owner alice
ok "a task that is created" seen "$work/all" "mark  pending"
trackctl create other --owner bob
trackctl rm mark
ok "one that is removed" seen "$work/all" "mark  removed"
is "$(grep -c other "$work/all")" 0 "no other user's"
kill -INT "$watcher"
wait "$watcher"
is $? 130 "interrupted: 130"

# ---- wait ----
trackctl create c1
trackctl create c2
exits 124 "wait gives up: 124" trackctl wait --timeout 0.2 c1
exits 124 "--timeout 0 looks once" trackctl wait --timeout 0 c1
spawn "$build/trackctl" --board "$board" --socket "$socket" wait c1 c2
waiter=$!
trackctl update c1 extracting
trackctl complete c1
kill_daemon
trackctl complete c2
wait "$waiter"
is $? 0 "wait for several, the daemon dying between: 0"
restart_daemon
exits 1 "failed: 1" trackctl wait w2
trackctl create c3
trackctl cancel c3
exits 5 "cancelled: 5" trackctl wait c3
exits 1 "the first that did not complete decides" trackctl wait c1 w2 c3
exits 3 "not there: 3" trackctl wait nosuch
like "$output" "*--appear*" "and it names the flag that waits for it"
trackctl create c4
spawn "$build/trackctl" --board "$board" --socket "$socket" wait c4
waiter=$!
trackctl rm c4
wait "$waiter"
is $? 3 "forgotten meanwhile: 3"
is "$(trackctl wait c1 2>&1)" "" "wait is silent"
exits 124 "--appear waits for an id that is not there yet" trackctl wait --appear --timeout 0.2 later
exits 2 "but not for one that cannot be" trackctl wait --appear --timeout 0.2 "a b"
spawn "$build/trackctl" --board "$board" --socket "$socket" wait --appear later
waiter=$!
wait_until 5 grep -q futex_ "/proc/$waiter/wchan" || true
kill -INT "$waiter"
wait "$waiter"
is $? 130 "interrupted meanwhile: 130"
spawn "$build/trackctl" --board "$board" --socket "$socket" wait --appear c1 later
waiter=$!
wait_until 5 grep -q futex_ "/proc/$waiter/wchan" || true
trackctl create later
trackctl fail later "no luck"
wait "$waiter"
is $? 1 "it appears, and fails: 1"
trackctl create again
trackctl create pacer
spawn "$build/trackctl" --board "$board" --socket "$socket" wait again pacer
waiter=$!
wait_until 5 grep -q futex_ "/proc/$waiter/wchan" || true
trackctl rm again
sleep_until_looked() { wait_until 5 eval '[ "$(awk "/^voluntary/ {print \$2}" /proc/'"$waiter"'/status)" -gt '"$1"' ]'; }
sleep_until_looked "$(($(awk '/^voluntary/ {print $2}' "/proc/$waiter/status") + 2))"
trackctl create again
trackctl complete pacer
ok "an id that is forgotten and appears again" wait_until 10 gone "$waiter"
wait "$waiter"
is $? 3 "was forgotten for wait: 3"
trackctl create c5
spawn "$build/trackctl" --board "$board" --socket "$socket" wait c5
waiter=$!
wait_until 60 grep -q futex_ "/proc/$waiter/wchan" || true
kill -INT "$waiter"
wait "$waiter"
is $? 130 "interrupted: 130"

# ---- The reader stops reading ----
exits 0 "watch into a pipe that closes ends" timeout 20 bash -c "
	'$build/trackctl' --board '$board' --socket '$socket' watch | head -n 1 >/dev/null &
	for i in \$(seq 40); do '$build/trackctl' --board '$board' --socket '$socket' create --replace --owner z pipe; done
	wait"

finish
