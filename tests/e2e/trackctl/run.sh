#!/bin/bash
# SPDX-License-Identifier: MIT
# run: a command as a task. Its exit status is passed on, its lines move the task, signals and cancelling reach it, and when
# trackctl is killed both the task and the command end.
. "$(dirname "$0")/../../harness/lib.sh"

start_daemon

task() { # ID EXPRESSION over `task`
	trackctl show --json "$1" | /usr/bin/python3 -c 'import json, sys; task = json.load(sys.stdin); print(eval(sys.argv[1]))' "$2"
}
is_stage() { [ "$(task "$1" 'task["state"] == "active" and task["message"]' 2>/dev/null)" = "$2" ]; }

exits 0 "a command that ends well: 0" trackctl run --id good -- true
is "$(task good 'task["state"], task["progress"], task["kind"]')" "('completed', 100, 'command')" "completed"
is "$(task good 'task["name"]')" "true" "named after its command line"
exits 7 "its exit status is passed on" trackctl run --id bad -- sh -c 'exit 7'
is "$(task bad 'task["state"], task["error"]["message"]')" "('failed', 'the command exited with status 7')" "failed, with the status"
exits 137 "128 and the signal" trackctl run --id killed -- sh -c 'kill -9 $$'
like "$(task killed 'task["error"]["message"]')" "the command was killed by SIGKILL" "failed, with the signal"
exits 127 "no such command: 127" trackctl run --id none -- "$work/nosuch"
like "$output" "*cannot run*" "and it says so"
is "$(task none 'task["state"]')" failed "failed"
exits 126 "no command: 126" trackctl run --id folder -- "$work"
exits 4 "an id that exists: 4" trackctl run --id good -- touch "$work/ran"
[ ! -e "$work/ran" ]
point $? "then the command does not run"
like "$output" "*has ended (completed)*--replace*" "and it says what to do"
exits 0 "unless it is replaced" trackctl run --id good --replace -- true
exits 0 "an id is generated" trackctl run -- true
like "$output" "trackctl: task run-????????" "and printed"
exits 2 "no command: 2" trackctl run
exits 0 "options after the command are the command's" trackctl run --id own -- sh -c 'test "$1" = --json' sh --json
is "$(trackctl run -q -- echo hello)" hello "what it prints is its own"
is "$(echo hello | trackctl run -q -- cat)" hello "what it reads too"

# ---- Progress ----
exits 0 "lines of progress" trackctl run --id lines -- bash -c '
	echo "3/10 three" >"$TRACKD_PROGRESS"
	until '"$build/trackctl --board $board --socket $socket"' show --json "$TRACKD_ID" | grep -q three; do sleep 0.02; done
	printf "garbage\n4/10\n5/" >"$TRACKD_PROGRESS"
	echo "10 five of ten" >"$TRACKD_PROGRESS"'
like "$output" '*progress line "garbage"*' "an invalid line is reported"
is "$(task lines '[(s["done"], s["total"]) for s in task["stages"]]')" "[(5, 10)]" "the last ones counted, though it ended at once"
exits 0 "stages" trackctl run --id stages --kind document -- sh -c '
	echo "stage chunking second" >"$TRACKD_PROGRESS"; echo "stage nosuch" >"$TRACKD_PROGRESS"'
like "$output" '*stage nosuch*' "a stage that the kind lacks is reported"
is "$(task stages '[s["state"] for s in task["stages"]]')" "['done', 'done', 'waiting', 'waiting', 'waiting']" "were entered"
exits 2 "an unknown kind: 2" trackctl run --kind nosuch -- true

# ---- Labels and the result ----
exits 0 "with labels" trackctl run --id labelled --label batch=7 -l customer="a b" -- true
is "$(task labelled 'task["labels"], task["result"]')" "({'batch': '7', 'customer': 'a b'}, None)" "it has them, and no result"
exits 2 "an invalid label: 2" trackctl run --label "a b=1" -- touch "$work/ran-labelled"
exits 2 "one key twice: 2" trackctl run --label a=1 --label a=2 -- touch "$work/ran-labelled"
[ ! -e "$work/ran-labelled" ]
point $? "then the command does not run"
is "$(trackctl run -q --id counted --result-from-last-line -- printf 'one\n\ntwo pages\r\n  \n\n')" "$(printf 'one\n\ntwo pages\r\n  ')" \
	"the output is passed on"
is "$(task counted 'task["state"], task["result"]')" "('completed', 'two pages')" "its last line that is not blank is the result"
is "$(trackctl run -q --id unended --result-from-last-line -- printf 'a\nb')" "$(printf 'a\nb')" "a last line without an end"
is "$(task unended 'task["result"]')" b "counts too"
exits 3 "a command that fails" trackctl run -q --id failing --result-from-last-line -- sh -c 'echo out; exit 3'
is "$(task failing 'task["result"], task["error"]["message"]')" "(None, 'the command exited with status 3')" "has no result"
is "$(trackctl run -q --id much --result-from-last-line -- seq 300000 | md5sum)" "$(seq 300000 | md5sum)" "much output"
is "$(task much 'task["result"]')" 300000 "and its last line"
is "$(trackctl run -q --id long --result-from-last-line -- sh -c 'head -c 100000 /dev/zero | tr "\0" x; echo' | wc -c)" 100001 "a long line"
is "$(task long 'task["result"]' | wc -c)" 512 "is cut"
trackctl run -q --id unread --result-from-last-line -- yes | head -1 >/dev/null
is "${PIPESTATUS[0]}" 141 "a command whose output nobody reads gets SIGPIPE"
is "$(trackctl run -q --id left --result-from-last-line -- sh -c 'sleep 100 & echo "$!"' | tee "$work/left")" "$(cat "$work/left")" \
	"a process that is left behind is not waited for"
kill "$(cat "$work/left")"
mkfifo "$work/slow"
exec 7<>"$work/slow"
spawn "$build/trackctl" --board "$board" --socket "$socket" run -q --id slow --result-from-last-line -- seq 100000 >"$work/slow"
runner=$!
sleep 0.5
kill -0 "$runner"
point $? "while nobody reads, it waits"
kill -TERM "$runner"
wait "$runner"
is $? 143 "and a signal ends it"
exec 7<&-

# ---- Signals and cancelling ----
sleeper='trap "exit 9" TERM USR1; echo "1/2 up" >"$TRACKD_PROGRESS"; while :; do sleep 0.05; done'
spawn "$build/trackctl" --board "$board" --socket "$socket" run --id term -- bash -c "$sleeper"
runner=$!
ok "it is up" wait_until 60 is_stage term up
kill -TERM "$runner"
wait "$runner"
is $? 9 "a signal is passed on"
is "$(task term 'task["state"]')" failed "and the task failed"
spawn "$build/trackctl" --board "$board" --socket "$socket" run --id cancel -- bash -c "$sleeper"
runner=$!
wait_until 60 is_stage cancel up
trackctl cancel cancel
wait "$runner"
is $? 9 "cancelling sends SIGTERM"
is "$(task cancel 'task["state"], task["error"]')" "('cancelled', None)" "and the task is cancelled"
spawn "$build/trackctl" --board "$board" --socket "$socket" run --id stubborn --grace 0.1 -- \
	bash -c 'trap "" TERM; echo "1/2 up" >"$TRACKD_PROGRESS"; while :; do sleep 0.05; done'
runner=$!
wait_until 60 is_stage stubborn up
trackctl cancel stubborn
wait "$runner"
is $? 137 "and SIGKILL to what does not listen"

# ---- Time limits ----
exits 0 "a command outlives its task's limit" trackctl run --id limited --finish-within 0.2s -- sleep 1
is "$(task limited 'task["state"], task["error"]["reason"]')" "('failed', 'timed_out')" "the task does not"

# ---- Deaths ----
spawn "$build/trackctl" --board "$board" --socket "$socket" run --id orphan -- bash -c 'echo $$ >'"$work"'/pid; '"$sleeper"
runner=$!
wait_until 60 is_stage orphan up
child=$(cat "$work/pid")
kill -9 "$runner"
exits 6 "trackctl is killed: worker lost" trackctl wait --timeout 10 orphan
ok "and the command does not go on alone" wait_until 60 gone "$child"
spawn "$build/trackctl" --board "$board" --socket "$socket" run --id away -- bash -c 'echo "1/2 up" >"$TRACKD_PROGRESS"
	until [ -e '"$work"'/go ]; do sleep 0.05; done'
runner=$!
wait_until 60 is_stage away up
kill_daemon
touch "$work/go"
wait "$runner"
is $? 0 "the daemon is not needed"
restart_daemon
is "$(task away 'task["state"]')" completed "and finds the task completed"

finish
