#!/bin/bash
# SPDX-License-Identifier: MIT
# The verbs that change tasks: what they do, what they refuse, with which exit status, and that every error says what to
# do next.
. "$(dirname "$0")/../../harness/lib.sh"

field() { # ID MEMBER: a member of the task's JSON, as a path like stage.name
	trackctl show --json "$1" | /usr/bin/python3 -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1].split("."):
    value = value[int(name) if name.isdigit() else name]
print(json.dumps(value))' "$2"
}

exits 69 "without a board: 69" "$build/trackctl" --board "$TRACKD_TEST_BOARD-none" --socket "$work/none.sock" ls
like "$output" "*no board*trackd running*" "and it says to start trackd"
start_daemon --capacity 16

# ---- A task's life ----
exits 0 "create" trackctl create report-1 --owner alice --name report.pdf --total 10
is "$(field report-1 state)" '"pending"' "a new task is pending"
is "$(field report-1 message)" '"Queued for processing"' "and says that it is queued"
is "$(field report-1 owner)" '"alice"' "its owner"
is "$(field report-1 stage)" null "it has no stage"
exits 4 "creating what exists is refused: 4" trackctl create report-1
like "$output" "*belongs to another owner (alice)*" "and it says whose it is"
exits 4 "of the same owner too" trackctl create report-1 --owner alice
like "$output" "*is open (pending)*watch*cancel*--replace*" "and it says how to go on"
exits 4 "--replace is for the same owner" trackctl create report-1 --owner bob --replace
[[ $output != *--replace* ]]
point $? "and does not advise what was done"
exits 0 "the same owner may replace" trackctl create report-1 --owner alice --replace --name report.pdf
exits 0 "update to a stage, with counts" trackctl update report-1 embedding "batch 1" --done 3 --total 12
is "$(field report-1 status)" '"embedding"' "status is the stage's name"
is "$(field report-1 stage.done)" 3 "done"
is "$(field report-1 stage.total)" 12 "total"
is "$(field report-1 stage.index)" 2 "index of the stage"
is "$(field report-1 progress)" 47 "progress is between the stage's and the next one's"
is "$(field report-1 worker)" null "a passing update claims no task"
exits 0 "update stays with -" trackctl update report-1 - "batch 2" --done 6
is "$(field report-1 stage.done)" 6 "done was set"
is "$(field report-1 stage.total)" 12 "total was kept"
is "$(field report-1 message)" '"batch 2"' "message was set"
exits 0 "total alone" trackctl update report-1 - --total 24
is "$(field report-1 stage.done)" 6 "done was kept"
exits 2 "an unknown stage: 2" trackctl update report-1 embeding
like "$output" "*extracting, chunking, embedding*" "and it names the stages"
exits 0 "complete" trackctl complete report-1 "All of it"
is "$(field report-1 progress)" 100 "complete is 100"
is "$(field report-1 message)" '"All of it"' "with its message"
is "$(field report-1 done)" true "and done"
is "$(field report-1 result)" null "without a result"
exits 2 "a label without a value: 2" trackctl create bad-label --label batch
exits 2 "a key that is none: 2" trackctl create bad-label --label "a b=1"
like "$output" "*KEY=VALUE*at most 8*" "and it says what a label is"
exits 2 "nine labels: 2" trackctl create bad-label -l a=1 -l b=1 -l c=1 -l d=1 -l e=1 -l f=1 -l g=1 -l h=1 -l i=1
exits 2 "one key twice: 2" trackctl create bad-label -l a=1 -l a=2
like "$output" "*labels are not valid*distinct keys*" "and it says so"
exits 2 "more than 255 bytes: 2" trackctl create bad-label -l "a=$(head -c 254 /dev/zero | tr '\0' x)"
for verb in "update report-1 chunking" "fail report-1 oops" "complete report-1" "cancel report-1"; do
	# shellcheck disable=SC2086
	exits 4 "final is final: $verb" trackctl $verb
	like "$output" "*already ended: completed*create --replace*" "and it says that it has ended, and how to start again"
done
exits 4 "creating it" trackctl create report-1 --owner alice
like "$output" "*has ended (completed); --replace*" "agrees with that"
[[ $output != *cancel* && $output != *watch* ]]
point $? "and does not advise to wait for it or to cancel it"

exits 0 "fail" eval 'trackctl create report-2 && trackctl update report-2 chunking && trackctl fail report-2 "no text layer"'
is "$(field report-2 state)" '"failed"' "failed"
is "$(field report-2 error.message)" '"no text layer"' "with its error"
is "$(field report-2 error.reason)" '"error"' "its reason"
is "$(field report-2 error.stage)" '"chunking"' "and the stage it failed in"
is "$(field report-2 progress)" 25 "it stays at the percentage at which it failed"
exits 2 "a flag is no value: 2" trackctl create x2 --owner --name
like "$output" "*--owner needs a value*" "and it says of which"
exits 2 "fail wants an error" trackctl fail report-2

# ---- Workers ----
spawn sleep 300
worker=$!
trackctl create watched
exits 0 "--pid names the worker" trackctl update watched extracting --pid "$worker"
is "$(field watched worker.pid)" "$worker" "it is the task's worker"
is "$(field watched worker.alive)" true "and alive"
trackctl update watched - "still at it"
is "$(field watched worker.pid)" "$worker" "a passing update leaves the worker alone"
exits 3 "a worker that does not exist: 3" trackctl update watched extracting --pid 4194300
exits 4 "an active task is not forgotten: 4" trackctl rm watched
like "$output" "*active*--force*" "unless forced"
kill -9 "$worker"
exits 6 "its death ends the task: 6" trackctl wait --timeout 10 watched
is "$(field watched error.reason)" '"worker_lost"' "worker lost"

# ---- Time limits and keepers ----
trackctl create slow --start-within 200ms --progress-within 90s --finish-within 1h
is "$(field slow limits)" '{"start_within_ms": 200, "progress_within_ms": 90000, "finish_within_ms": 3600000}' "limits"
like "$(trackctl show slow)" "*start within 0.2s, progress within 1m30s, finish within 1h00m*" "show has them"
exits 1 "passing one fails the task: 1" trackctl wait --timeout 10 slow
is "$(field slow error.reason)" '"timed_out"' "timed out"
is "$(field slow error.message)" '"did not start within 200 ms (start_within)"' "and says which limit"
sleep 1000 &
keeper=$!
trackctl create kept --keeper-pid "$keeper"
is "$(field kept worker.pid)" "$keeper" "a keeper"
kill -9 "$keeper"
exits 6 "its death ends the task: 6" trackctl wait --timeout 10 kept
exits 2 "a keeper must be a process: 2" trackctl create nobody --keeper-pid 0
exits 3 "one that does not exist: 3" trackctl create nobody --keeper-pid 4194300
exits 0 "forget them" trackctl rm slow kept

# ---- Cancelling and forgetting ----
trackctl create p1
exits 0 "cancelling a pending task" trackctl cancel p1
is "$(field p1 state)" '"cancelled"' "ends it"
exits 0 "and again is the same" trackctl cancel p1
trackctl create a1
trackctl update a1 extracting
exits 0 "cancelling an active one" trackctl cancel a1
is "$(field a1 state)" '"active"' "asks it"
like "$(field a1 cancel)" '*requested_at*' "and the task says so"
like "$(field a1 cancel.unheard_ms)" "[0-9]*" "and since when it was not heard"
like "$(trackctl show a1)" "*asked * ago, not heard*" "show too"
exits 0 "its worker says that it has stopped" trackctl cancel --ended a1
is "$(field a1 cancel.unheard_ms)" null "then it was heard"
is "$(field a1 state)" '"cancelled"' "then it is cancelled"
exits 0 "rm of several" trackctl rm p1 a1 report-2
exits 3 "what is forgotten is not found: 3" trackctl show report-2
like "$output" "*trackctl ls*" "and it says how to look"

# ---- Ids ----
on_terminal() { script -qec "$(printf '%q ' "$build/trackctl" --board "$board" --socket "$socket" "$@")" /dev/null </dev/null; }
trackctl create 7f3c0001-aaaa
trackctl create 7f3c0002-bbbb
trackctl update 7f3c0001-aaaa extracting
for verb in "complete 7f3c0001" "fail 7f3c0001 oops" "cancel 7f3c0001" "cancel --ended 7f3c0001" "rm -f 7f3c0001" \
	"update 7f3c0001 chunking" "wait -t 0 7f3c0001" "show 7f3c0001" "watch 7f3c0001"; do
	# shellcheck disable=SC2086
	exits 3 "an id must be whole: $verb" trackctl $verb
done
for verb in "complete 7f3c0001" "cancel 7f3c0001" "rm -f 7f3c0001" "update 7f3c0001 chunking" "wait -t 0 7f3c0001"; do
	# shellcheck disable=SC2086
	exits 3 "on a terminal too: $verb" on_terminal $verb
	like "$output" "*complete id is required*7f3c0001-aaaa*" "and there it says which begin so"
done
is "$(field 7f3c0001-aaaa status)" '"extracting"' "nothing has changed the task"
exits 0 "show takes a unique beginning on a terminal" on_terminal show 7f3c0001
like "$output" "*7f3c0001-aaaa*" "and shows its task"
exits 3 "one that is not unique" on_terminal show 7f3c
like "$output" "*7f3c0001-aaaa*" "names what it could be"
exits 3 "one that is too short" on_terminal show 7f3
like "$output" "*4 characters*" "and says how long it must be"
exits 0 "so does watch" on_terminal watch --plain repor
exits 3 "not where input comes from elsewhere" eval "echo | script -qec \"true | $build/trackctl --board $board --socket $socket show 7f3c0001\" /dev/null"
exits 2 "an id that cannot be: 2" trackctl create "a b"
exits 2 "nor can ." trackctl create .
exits 2 "nor can .." trackctl create ..
like "$output" "*not . or ..*" "and it says so"
exits 2 "an owner that cannot be: 2" trackctl create x1 --owner "$(printf 'o%.0s' {1..64})"
exits 2 "an id of escape sequences is none" trackctl show $'none\e[31m'
[[ $output != *$'\e'* ]]
point $? "do not come back"

# ---- A full board ----
for i in {1..14}; do trackctl create "full-$i" 2>/dev/null; done
exits 75 "a full board: 75" trackctl create one-more
like "$output" "*full*capacity*" "and it says what to raise"

# ---- The command line ----
exits 2 "an unknown verb: 2" trackctl shwo
like "$output" '*did you mean "show"*' "suggests the nearest"
suggestion=$output
exits 2 "help of an unknown verb: 2" trackctl help shwo
is "$output" "$suggestion" "suggests in the same words"
exits 2 "a word from another tool" trackctl delete
like "$output" '*"rm"*' "is known"
exits 2 "an unknown option: 2" trackctl ls --nonsense
like "$output" '*trackctl help ls*' "points to the verb's help"
exits 2 "too many arguments: 2" trackctl show a b
exits 2 "a number that is none: 2" trackctl create x2 --total ten
exits 2 "a ttl that is none: 2" trackctl create x2 --ttl soon
exits 2 "an unknown kind: 2" trackctl create x2 --kind nosuch
like "$output" "*trackctl kinds*" "points to the kinds"
exits 2 "a board that cannot be: 2" "$build/trackctl" --board "a/b" ls
for verb in ls "doctor -q" stats; do
	# shellcheck disable=SC2086
	exits 0 "the slash of a board may be left out: $verb" "$build/trackctl" --board "${board#/}" --socket "$socket" $verb
done
exits 0 "help" trackctl help
for verb in ls show watch wait top run create update complete fail cancel rm kinds stats doctor; do
	like "$output" "*  $verb *" "help lists $verb"
done
for verb in ls show watch wait top run create update complete fail cancel rm kinds stats doctor help; do
	exits 0 "$verb --help" trackctl "$verb" --help
	like "$output" "usage: trackctl $verb*" "explains $verb"
done
like "$(trackctl --version)" "trackctl 0.*" "version"

# ---- Who may ----
chmod 0600 "/dev/shm$board"
other="setpriv --reuid 64323 --regid 64323 --clear-groups --inh-caps=-all --no-new-privs"
exits 77 "not permitted: 77" $other "$build/trackctl" --board "$board" --socket "$socket" ls
like "$output" "*not permitted*group*" "and it says whom to ask"

finish
