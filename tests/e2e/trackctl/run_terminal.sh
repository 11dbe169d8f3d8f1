#!/bin/bash
# SPDX-License-Identifier: MIT
# run in a terminal: job control is as without it. The keys' signals reach the command once, Ctrl-Z stops the job and fg goes
# on, a command may read from the terminal, and pipelines and scripts keep theirs.
. "$(dirname "$0")/../../harness/lib.sh"
. "$(dirname "$0")/../../harness/screen.sh"

# The screen is cleared first, so that what is awaited is not what was there before.
types() {
	key "clear" Enter
	wait_until 10 shows 'ready>*([[:space:]])'
	key "$1" Enter
}
is_up() { [ "$(trackctl show --json "$1" 2>/dev/null | sed -n 's/^  "message": "\(.*\)",$/\1/p')" = up ]; }
up='echo 1/2 up >$TRACKD_PROGRESS'

start_daemon
cat >"$work/shellrc" <<EOF
PS1='ready> '
PATH=$build:$PATH TRACKD_BOARD=$board TRACKD_SOCKET=$socket
EOF
cat >"$work/count.py" <<'EOF'
import os, signal, sys
got = []
signal.signal(signal.SIGINT, lambda number, frame: got.append(number))
signal.signal(signal.SIGCONT, lambda number, frame: print("goes on", flush=True))
open(os.environ["TRACKD_PROGRESS"], "w").write("1/2 up\n")
while not os.path.exists(sys.argv[1]):
    signal.sigtimedwait([], 0.02)
print("SIGINT", len(got), flush=True)
EOF
cat >"$work/script" <<EOF
trackctl run --replace -q --id script -- sh -c '$up; sleep 300'
echo not reached
EOF
cat >"$work/ask" <<EOF
trackctl run --replace -q --id ask -- bash -c 'read -p "name: " x; echo "got \$x"; $up; sleep 300'
echo not reached
EOF
open_screen 100 24 "bash --rcfile '$work/shellrc' -i"
sees "a shell" 'ready>*([[:space:]])'
key "export TRACKD_BOARD TRACKD_SOCKET PATH" Enter

# ---- Ctrl-C ----
types "trackctl run --replace -q --id keys -- /usr/bin/python3 $work/count.py $work/keys.end"
ok "keys is up" wait_until 10 is_up keys
key C-c
sees "Ctrl-C" "*^C*"
touch "$work/keys.end"
sees "reaches the command once" "*SIGINT 1*"
types "trackctl run --replace -q --id dies -- sh -c '$up; sleep 300'; echo status \$?"
ok "dies is up" wait_until 10 is_up dies
key C-c
sees "a command that dies of it" "*^C*"
key 'echo "status $?"' Enter
sees "was interrupted, for the shell too" "*status 130*"

# ---- Ctrl-Z ----
types "trackctl run --replace -q --id stops -- /usr/bin/python3 $work/count.py $work/stops.end"
ok "stops is up" wait_until 10 is_up stops
key C-z
sees "Ctrl-Z stops the job" "*Stopped*trackctl run*ready>*"
runner=$(pgrep -f "run --replace -q --id stops" | head -n 1)
states() { ps -o stat= -p "$runner" --ppid "$runner" | cut -c1 | tr -d '\n'; }
is "$(states)" TT "trackctl and the command are stopped"
key bg Enter
sees "bg goes on" "*goes on*"
wait_until 10 eval '[[ $(states) != *T* ]]'
key fg Enter
sees "fg brings it to the front" "*fg*trackctl run*"
key C-z
sees "it can be stopped again" "*goes on*Stopped*"
key fg Enter
touch "$work/stops.end"
sees "and ends" "*SIGINT 0*"
key 'echo "status $?"' Enter
sees "well" "*status 0*"

# ---- Reading from the terminal ----
types "trackctl run --replace -q --id front -- sh -c 'ps -o stat= -p \$\$'"
sees "a job of its own has the terminal from the beginning" "*S*+*ready>*"
types "trackctl run --replace -q --id reads -- bash -c 'read -p \"name: \" x; echo \"got \$x\"'"
sees "a command asks" "*name:*"
key Joe Enter
sees "and is answered" "*got Joe*"
types "trackctl run --replace -q --id behind -- cat &"
sees "in the background it is stopped for it" "*ready>*"
key jobs Enter
wait_until 10 eval 'key jobs Enter; sleep 0.2; shows "*Stopped*"'
sees "and the shell says so" "*Stopped*trackctl run*"
key fg Enter
sees "in the foreground" "*fg*"
key hello Enter C-d
sees "it reads" "*hello*hello*ready>*"

# ---- Pipelines and scripts ----
types "seq 3 | trackctl run --replace -q --id last -- tail -n 1"
sees "the last of a pipeline" "*"$'\n'"3*"
types "trackctl run --replace -q --id first -- sh -c 'seq 3; exec sleep 300' | (read line; read -p 'more? ' answer </dev/tty; echo \"\$line \$answer\")"
sees "what reads the other end still has the terminal" "*more?*"
key yes Enter
sees "and is answered" "*1 yes*"
key C-c
sees "and Ctrl-C ends both" "*^C*ready>*"
types "bash $work/script; echo \"status \$?\""
ok "script is up" wait_until 10 is_up script
key C-c
sees "Ctrl-C in a script" "*^C*ready>*"
[[ $(picture) != *"not reached"* ]]
point $? "ends the script as well"
types "bash $work/script"
ok "script is up" wait_until 10 is_up script
key C-z
sees "Ctrl-Z in a script" "*Stopped*bash*"
key fg Enter
sees "and fg" "*fg*bash*"
key C-c
sees "and Ctrl-C" "*^C*ready>*"
types "bash $work/ask"
sees "a script whose command asks" "*name:*"
key Joe Enter
sees "is answered" "*got Joe*"
ok "ask is up" wait_until 10 is_up ask
key C-c
sees "and Ctrl-C then" "*^C*ready>*"
[[ $(picture) != *"not reached"* ]]
point $? "ends the script as well"

finish
