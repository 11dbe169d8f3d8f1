#!/bin/bash
# SPDX-License-Identifier: MIT
# run and the whole job: signals and cancelling reach what the command has started, once; its end by a signal is passed on;
# killing trackctl ends the job; the way for progress is private, works for a command that changes its user, and is gone
# afterwards.
. "$(dirname "$0")/../../harness/lib.sh"

start_daemon
run="$build/trackctl --board $board --socket $socket run"

task() { # ID EXPRESSION over `task`
	trackctl show --json "$1" | /usr/bin/python3 -c 'import json, sys; task = json.load(sys.stdin); print(eval(sys.argv[1]))' "$2"
}
is_up() { [ "$(task "$1" 'task["message"]' 2>/dev/null)" = up ]; }
lines() { [ "$(cat "$1" 2>/dev/null | wc -l)" -ge "$2" ]; } # FILE NUMBER
start() { # ID SCRIPT: under run, in the background, until it has said "up"
	spawn $run --id "$1" --grace "${grace:-10}" -- bash -c "$2"
	runner=$!
	ok "$1 is up" wait_until 10 is_up "$1"
}
up='echo "1/2 up" >"$TRACKD_PROGRESS"'
# Notes a line in FILE for every signal, until it has had "enough" of them.
counter() { # FILE
	echo 'import os, signal, sys
def note(number, frame):
    with open("'"$1"'", "a") as file:
        file.write(signal.Signals(number).name + "\n")
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
    signal.signal(number, note)
with open(os.environ["TRACKD_PROGRESS"], "w") as file:
    file.write("1/2 up\n")
while not os.path.exists("'"$1"'.end"):
    signal.sigtimedwait([], 0.02)'
}
ended_by() { # CMD...: how waitpid() saw it end
	/usr/bin/python3 -c 'import subprocess, sys; print(subprocess.run(sys.argv[1:]).returncode)' "$@" 2>/dev/null
}

# ---- The whole job ----
start whole 'sleep 300 & echo $! >'"$work"'/grandchild; '"$up"'; wait'
grandchild=$(cat "$work/grandchild")
trackctl cancel whole
wait "$runner"
is $? 143 "cancelled: ended by SIGTERM"
ok "what the command had started is gone too" wait_until 10 gone "$grandchild"
is "$(task whole 'task["state"]')" cancelled "the task is cancelled"
start signal 'sleep 300 & echo $! >'"$work"'/grandchild; '"$up"'; wait'
grandchild=$(cat "$work/grandchild")
kill -TERM "$runner"
wait "$runner"
is $? 143 "a signal to trackctl: ended by it"
ok "it has reached the whole job" wait_until 10 gone "$grandchild"
grace=0.2 start deaf '(trap "" TERM; echo $BASHPID >'"$work"'/grandchild; '"$up"'; while :; do sleep 0.05; done) & wait'
grandchild=$(cat "$work/grandchild")
trackctl cancel deaf
wait "$runner"
is $? 143 "the command ends at SIGTERM"
ok "what does not is killed after the grace, though the command is gone" wait_until 10 gone "$grandchild"
is "$(task deaf 'task["state"]')" cancelled "and only then the task is cancelled"
start polite 'trap "exit 0" TERM; '"$up"'; while :; do sleep 0.05; done'
trackctl cancel polite
wait "$runner"
is $? 0 "a handler that ends with 0 after a cancel"
is "$(task polite 'task["state"], task["progress"] < 100')" "('cancelled', True)" "is cancelled all the same"
start halted "$up"'; kill -STOP $$; sleep 300'
wait_until 10 eval '[ "$(ps -o stat= --ppid '"$runner"' | cut -c1)" = T ]'
trackctl cancel halted
wait "$runner"
is $? 143 "a job that is stopped is continued to be ended"
exits 0 "what a command leaves behind when it ends well" $run --id leaves -- \
	bash -c 'exec </dev/null >/dev/null 2>&1; sleep 300 & echo $! >'"$work"'/grandchild'
grandchild=$(cat "$work/grandchild")
kill -0 "$grandchild"
is $? 0 "goes on, as under a shell"
kill -9 "$grandchild"

# ---- Once ----
spawn setsid $run --id once -- /usr/bin/python3 -c "$(counter "$work/once")"
ok "once is up" wait_until 10 is_up once
leader=$(pgrep -f "run --id once" -o)
kill -TERM -- "-$(ps -o pgid= -p "$leader" | tr -d ' ')"
ok "a signal to trackctl's group arrives" wait_until 10 lines "$work/once" 1
kill -HUP "$leader"
ok "and one to trackctl alone" wait_until 10 lines "$work/once" 2
kill -USR1 "$leader"
ok "and a signal that does not end a process" wait_until 10 lines "$work/once" 3
touch "$work/once.end"
wait_until 10 gone "$leader"
is "$(cat "$work/once")" "SIGTERM
SIGHUP
SIGUSR1" "each once"
# As a service manager does: every process of the cgroup, the guard among them.
INVOCATION_ID=0 spawn env INVOCATION_ID=0 $run --id service -- /usr/bin/python3 -c "$(counter "$work/service")"
runner=$!
ok "service is up" wait_until 10 is_up service
guard=$(for pid in $(pgrep -x trackctl-guard); do tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- "--id service" && echo "$pid"; done)
command=$(pgrep -P "$runner")
like "$command" "+([0-9])" "the command is trackctl's only child"
kill -TERM "$runner" "$command" "$guard"
ok "a signal to the whole cgroup arrives" wait_until 10 lines "$work/service" 1
kill -HUP "$runner"
ok "one to trackctl alone is passed on there as well" wait_until 10 lines "$work/service" 2
touch "$work/service.end"
wait "$runner"
is "$(cat "$work/service")" "SIGTERM
SIGHUP" "each once"
start quiet 'trap "echo got >>'"$work"'/usr1" USR1; sleep 300 & echo $! >'"$work"'/grandchild; '"$up"'; while [ ! -e '"$work"'/usr1 ]; do wait; done; kill -0 $!'
kill -USR1 "$runner"
wait "$runner"
is $? 0 "SIGUSR1 is for the command, and does not kill what it has started"
kill -9 "$(cat "$work/grandchild")"

# ---- The end is passed on ----
is "$(ended_by $run -- bash -c 'kill -TERM $$')" -15 "ended by SIGTERM: so does trackctl"
is "$(ended_by $run -- bash -c 'kill -KILL $$')" -9 "by SIGKILL"
mkdir "$work/cores"
is "$(cd "$work/cores" && ulimit -c unlimited && ended_by $run --id core -- bash -c 'ulimit -c 0; kill -SEGV $$')" -11 "by SIGSEGV"
is "$(ls "$work/cores")" "" "without a core of trackctl's own"
like "$(task core 'task["error"]["message"]')" "the command was killed by SIGSEGV*" "the task shows it"
is "$(/usr/bin/python3 -c 'import signal, subprocess, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
done = subprocess.Popen(["bash", "-c", "exec \"$@\"; ", "-"] + sys.argv[1:] + ["--id", "ignored", "--", "bash", "-c", "exit 3"], stdout=subprocess.PIPE)
done.stdout.read()' $run; task ignored 'task["error"]["message"]')" "the command exited with status 3" "where SIGCHLD is ignored the end is noticed"

# ---- trackctl is killed ----
start orphaned 'sleep 300 & echo $! >'"$work"'/grandchild; dirname "$TRACKD_PROGRESS" >'"$work"'/folder; '"$up"'; wait'
grandchild=$(cat "$work/grandchild") folder=$(cat "$work/folder")
[ -d "$folder" ]
point $? "the way for progress is a folder of its own"
kill -9 "$runner"
exits 6 "worker lost" trackctl wait --timeout 10 orphaned
ok "the whole job ends" wait_until 10 gone "$grandchild"
ok "and what was on disk is gone" wait_until 10 eval "[ ! -e '$folder' ]"

# ---- Progress ----
other="setpriv --reuid 64323 --regid 64323 --clear-groups --inh-caps=-all --no-new-privs"
chmod 0711 "$work" "${TMPDIR:-/tmp}"
exits 0 "a command that changes its user writes to the path" $run --id user -- \
	$other sh -c 'echo "3/4 another" >"$TRACKD_PROGRESS"'
is "$(task user '[s["done"] for s in task["stages"]]')" "[3]" "and is heard"
exits 0 "and to the descriptor" $run --id descriptor -- \
	$other sh -c 'echo "2/4 another" >&"$TRACKD_PROGRESS_FD"'
is "$(task descriptor '[s["done"] for s in task["stages"]]')" "[2]" "and is heard"
exits 0 "where no folder can be made, the descriptor has a path" env TMPDIR="$work/nosuch" $run --id nofolder -- \
	$other sh -c 'echo "1/4 x" >"$TRACKD_PROGRESS"'
is "$(task nofolder '[s["done"] for s in task["stages"]]')" "[1]" "that works"
is "$($run -q -- bash -c 'stat -c %a "$TRACKD_PROGRESS" "$(dirname "$TRACKD_PROGRESS")"' | tr '\n' ' ')" "622 711 " "others may write to it, not list it"
is "$(ls -d "${TMPDIR:-/tmp}"/trackctl-* 2>/dev/null)" "" "nothing is left of any"
exits 0 "a command that writes after trackctl has gone" $run --id after -- bash -c '
	(exec >/dev/null 2>&1; until [ -e '"$work"'/late ]; do sleep 0.02; done
	 echo "9/9" >"$TRACKD_PROGRESS"; echo "path $?" >'"$work"'/after; echo "9/9" >&"$TRACKD_PROGRESS_FD"; echo "fd $?" >>'"$work"'/after) &'
touch "$work/late"
ok "does not hang" wait_until 10 lines "$work/after" 1
like "$(cat "$work/after")" "path [1-9]*" "and changes nothing: there is no such file"

finish
