#!/bin/bash
# SPDX-License-Identifier: MIT
# Screens, seen through a terminal: top with its keys and sizes, watch redrawing in place.
. "$(dirname "$0")/../../harness/lib.sh"
. "$(dirname "$0")/../../harness/screen.sh"

open_command() { # WIDTH HEIGHT COMMAND: its status is shown at the end
	open_screen "$1" "$2" "$3; echo \"[status \$?]\"; while :; do sleep 1; done"
}
top="$build/trackctl --board $TRACKD_TEST_BOARD-s1 --socket $work/1.sock top"

start_daemon --capacity 64
trackctl create alpha --owner alice --name first.pdf
trackctl create beta --owner bob --name second.pdf
trackctl update beta embedding "half way" --done 5 --total 10
trackctl create gamma --owner alice
trackctl cancel gamma

# ---- top ----
open_command 100 20 "$top"
sees "top: summary, headings, tasks, keys" "*3/64  1 active, 1 pending*sorted by activity*ID*STATUS*beta*embedding*55%*alpha*pending*gamma*cancelled*q quit*"
key s
sees "s sorts by the next column" "*sorted by newest*"
key S
sees "S the other way round" "*sorted by newest (reversed)*"
key /
key alp
sees "/ searches" "*search: alp*alpha*search: alp_*"
key Enter
sees "nothing else is shown" "!(*beta*)"
key Escape
sees "escape ends the search" "*beta*"
key /
key zzz
sees "a search without a result" "*none found*"
key Escape
key g
key Enter
sees "enter shows one in detail" "*Stages:*Message:*"
key Escape
sees "escape goes back" "*sorted by*"
key h
sees "h helps" "*select a task*quit*"
key Escape
sees "and back" "*sorted by*"
key f
sees "f freezes" "*FROZEN*"
trackctl update beta indexing "frozen out"
key f
sees "and goes on" "*beta*indexing*"
sees "not frozen any more" "!(*FROZEN*)"
key /
key alpha Enter
sees "one is left" "!(*beta*)"
key c
sees "c asks first" "*cancel alpha? y/n*"
key n
is "$(trackctl ls -o state --no-headings --owner alice -s pending)" pending "n does nothing"
key c
sees "again" "*cancel alpha? y/n*"
key y
sees "y cancels" "*alpha*cancelled*alpha: cancelled*"
screen resize-window -t s -x 40 -y 10 2>/dev/null
sees "a narrow screen keeps ids and states" "*alpha*cancelled*"
screen resize-window -t s -x 10 -y 2 2>/dev/null
sees "a tiny one is survived" "alpha*"
screen resize-window -t s -x 100 -y 20
sees "and the way back" "*3/64*"
key q
sees "q leaves, and the screen is as before" "*[[]status 0[]]*"
open_command 100 20 "$top"
sees "up again" "*sorted by*"
key C-c
sees "interrupted: 130" "*[[]status 130[]]*"
open_command 100 20 "TERM=dumb $top"
sees "a terminal without the capabilities is refused" '*terminal "dumb" lacks the capabilities for top; use*[[]status 2[]]*'
open_command 100 20 "TERM=nosuchterminal $top"
sees "an unknown terminal is refused too" '*lacks the capabilities for top; use*[[]status 2[]]*'

# ---- watch ----
trackctl create live --name "long name of a document.pdf"
open_command 100 12 "$build/trackctl --board $board --socket $socket watch live"
sees "watch: the line, and the table beneath" "*live*pending*Queued*live*pending*─────*"
for done in 1 2 3 4 5 6 7 8 9; do trackctl update live extracting "page $done" --done "$done" --total 10; done
sees "the bar moves in place" "*extracting 10 %*live*extracting*23%*━*9/10*page 9*"
is "$(picture | grep -c 'live ')" 3 "two transitions and one row, however often it was drawn"
trackctl complete live
sees "it ends with its task" "*completed 100 %*100%*[[]status 0[]]*"
trackctl create one
trackctl create two
open_command 100 12 "$build/trackctl --board $board --socket $socket watch"
sees "all tasks in a table" "*ID*STATUS*two*pending*one*pending*"
stop_daemon
rm "/dev/shm$board"
restart_daemon
for name in three four; do trackctl create "$name"; done
sees "a new board is reported" "*the board is new*ID*STATUS*four*pending*three*pending*"
is "$(picture | grep -c 'STATUS')" 1 "and nothing of the old table stays on the screen"
open_command 30 6 "$build/trackctl --board $board --socket $socket watch"
trackctl create tiny
sees "on a tiny terminal nothing wraps" "*tiny*pending*"
key C-c
sees "interrupted: 130" "*[[]status 130[]]*"
finish
