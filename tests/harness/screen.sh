# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A terminal that shows what a program draws, and has keys. Sourced after lib.sh; skips the whole test without tmux.
#
#	open_screen 100 24 CMD   a terminal of 100 columns and 24 lines in which a shell command runs
#	key KEY...               press keys, as tmux names them
#	shows "pattern"          whether a bash pattern matches what it shows now
#	sees "name" "pattern"    a point: it shows that in time
#	picture                  what it shows now

command -v tmux >/dev/null || skip_all "tmux is not installed"

export LC_ALL=C.UTF-8 TERM=xterm
unset TMUX TMUX_PANE
screen() { tmux -S "$work/tmux" "$@"; }
at_exit screen kill-server
# Without a session tmux would end, and a new one could find it ending.
screen -f /dev/null start-server \; set-option -g exit-empty off

open_screen() { # WIDTH HEIGHT COMMAND
	screen kill-session -t s 2>/dev/null
	screen -f /dev/null new-session -d -s s -x "$1" -y "$2" "$3"
}
picture() { screen capture-pane -p -t s; }
shows() { [[ $(picture) == $1 ]]; }
sees() { # NAME PATTERN
	wait_until 60 shows "$2"
	point $? "$1" && return 0
	note "expected: $2"
	note "seen:"
	note "$(picture)"
}
key() { screen send-keys -t s "$@"; }
