#!/bin/bash
# SPDX-License-Identifier: MIT
# run with trouble on the board: none, a full one, one that is replaced or new. The command runs and
# its exit status is passed on; the task is there again as soon as that is possible, with its progress, and can be cancelled.
. "$(dirname "$0")/../../harness/lib.sh"

task() { # ID EXPRESSION over `task`
	trackctl show --json "$1" | /usr/bin/python3 -c 'import json, sys; task = json.load(sys.stdin); print(eval(sys.argv[1]))' "$2"
}
shows() { [ "$(task "$1" "$2" 2>/dev/null)" = "$3" ]; } # ID EXPRESSION VALUE
is_there() { [ -e "$1" ]; }
run_in_background() { # ID COMMAND: its messages go to $work/ID.said
	spawn "$build/trackctl" --board "$board" --socket "$socket" run --id "$1" -- bash -c "$2" 2>"$work/$1.said"
	runner=$!
}
# Says a line whenever a file of its number appears.
steps='for i in 1 2 3 4 5 6 7 8 9; do
	until [ -e '"$work"'/step.$TRACKD_ID.$i ]; do [ -e '"$work"'/end.$TRACKD_ID ] && exit 0; sleep 0.02; done
	echo "$i/9 step $i" >"$TRACKD_PROGRESS"
done'
step() { touch "$work/step.$1.$2"; } # ID NUMBER
let_end() { touch "$work/end.$1"; }

# ---- No board ----
new_place
exits 7 "without a board the command runs, and its status is passed on" trackctl run -- sh -c 'echo ran >'"$work"'/ran; exit 7'
is "$(cat "$work/ran")" ran "it did run"
like "$output" "*no board*trackd running*without a task*--require-board*" "with a warning that says why"
exits 69 "--require-board: 69" trackctl run --require-board -- touch "$work/required"
[ ! -e "$work/required" ]
point $? "then it does not run"
exits 0 "progress can be written all the same" trackctl run -q -- sh -c 'echo "1/2 half" >"$TRACKD_PROGRESS"'
exits 2 "what is wrong with the command line is refused: an id" trackctl run --id "a b" -- true
exits 2 "and a board's name" "$build/trackctl" --board a/b run -- true
run_in_background late "$steps"
step late 1
ok "run without a board" wait_until 10 grep -q "without a task" "$work/late.said"
start_daemon --capacity 16
ok "a board that comes later has the task, with its progress" wait_until 20 shows late 'task["state"], task["message"], task["stage"]["done"]' "('active', 'step 1', 1)"
step late 2
ok "and what comes after" wait_until 10 shows late 'task["message"]' "step 2"
let_end late
wait "$runner"
is $? 0 "the command ends"
is "$(task late 'task["state"]')" completed "and its task is completed"

# ---- A full board ----
for i in {1..16}; do trackctl create "full-$i" >/dev/null 2>&1; done
exits 5 "on a full board the command runs" trackctl run --id crowded -- sh -c 'exit 5'
like "$output" "*full*without a task*" "with a warning"
exits 75 "--require-board: 75" trackctl run --require-board --id crowded -- touch "$work/required"
[ ! -e "$work/required" ]
point $? "then it does not run"
run_in_background waiting "$steps"
ok "run on a full board" wait_until 10 grep -q "without a task" "$work/waiting.said"
trackctl rm full-1
ok "gets its task when there is room" wait_until 20 shows waiting 'task["state"]' active
let_end waiting
wait "$runner"
is "$(task waiting 'task["state"]')" completed "and it ends as any"
for i in {1..16}; do trackctl rm "full-$i" >/dev/null 2>&1; done

# ---- Replaced: another capacity ----
run_in_background moved "$steps"
step moved 1
ok "before" wait_until 10 shows moved 'task["message"]' "step 1"
stop_daemon
restart_daemon --capacity 64
step moved 2
ok "the task goes on, on a board of another size" wait_until 20 shows moved 'task["message"], task["stage"]["done"]' "('step 2', 2)"
is "$(task moved 'task["worker"]["pid"]')" "$runner" "with the same worker"
stop_daemon
restart_daemon --capacity 128
trackctl cancel moved
wait_until 20 gone "$runner"
wait "$runner"
is $? 143 "cancelled on the next one: SIGTERM"
is "$(task moved 'task["state"], task["error"]')" "('cancelled', None)" "cancelled"
run_in_background done-elsewhere "$steps"
step done-elsewhere 1
ok "another" wait_until 10 shows done-elsewhere 'task["message"]' "step 1"
stop_daemon
restart_daemon --capacity 64
step done-elsewhere 2
ok "goes on" wait_until 20 shows done-elsewhere 'task["message"]' "step 2"
let_end done-elsewhere
wait "$runner"
is $? 0 "it ends on a new board"
is "$(task done-elsewhere 'task["state"]')" completed "completed, not lost"

# ---- Made anew: nothing was carried over ----
run_in_background anew "$steps"
step anew 1
ok "before" wait_until 10 shows anew 'task["message"]' "step 1"
stop_daemon
"$build/trackd" --board "$board" --socket "$socket" --remove 2>/dev/null
restart_daemon
step anew 2
ok "created anew, with its progress" wait_until 20 shows anew 'task["state"], task["message"], task["stage"]["done"], task["worker"]["pid"]' \
	"('active', 'step 2', 2, $runner)"
like "$(cat "$work/anew.said")" "*board was replaced*created anew*" "and run says so"
stop_daemon
"$build/trackd" --board "$board" --socket "$socket" --remove 2>/dev/null
restart_daemon
ok "without a word of progress too" wait_until 20 shows anew 'task["message"]' "step 2"
trackctl cancel anew
wait_until 20 gone "$runner"
wait "$runner"
is "$? $(task anew 'task["state"]')" "143 cancelled" "and can be cancelled"

# ---- Ended by another process ----
run_in_background taken "$steps"
step taken 1
wait_until 10 shows taken 'task["message"]' "step 1"
stop_daemon
"$build/trackd" --board "$board" --socket "$socket" --remove 2>/dev/null
# A task of its id, before run has looked.
kill -STOP "$runner"
restart_daemon
trackctl create taken --owner mallory
kill -CONT "$runner"
step taken 2
ok "another task with its id is left alone" wait_until 20 grep -q "another task has its id" "$work/taken.said"
let_end taken
wait "$runner"
is $? 0 "the command goes on and ends"
is "$(task taken 'task["state"], task["owner"]')" "('pending', 'mallory')" "the other task is as it was"
run_in_background removed "$steps"
step removed 1
wait_until 10 shows removed 'task["message"]' "step 1"
trackctl rm --force removed
ok "one that was removed is not made again" wait_until 20 grep -q "removed or replaced" "$work/removed.said"
step removed 2
let_end removed
wait "$runner"
is $? 0 "the command goes on and ends"
exits 3 "there is no such task" trackctl show removed
run_in_background over "$steps"
step over 1
wait_until 10 shows over 'task["message"]' "step 1"
trackctl complete over "enough"
step over 2
ok "a task that another process has ended stays so" wait_until 20 grep -q "another process has ended it" "$work/over.said"
let_end over
wait "$runner"
is "$? $(task over 'task["message"]')" "0 enough" "the command goes on and ends"

finish
