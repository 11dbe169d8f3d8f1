#!/bin/bash
# SPDX-License-Identifier: MIT
# The completion completes, the manual formats and names every verb and exit status.
. "$(dirname "$0")/../../harness/lib.sh"

# shellcheck disable=SC1091
. "$tree/tools/trackctl/trackctl.bash"
PATH=$build:$PATH
completed() { # WORD... with the cursor at the end of the last
	(
		unset -f trackctl
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_trackctl
		echo "${COMPREPLY[*]}"
	)
}

start_daemon
export TRACKD_BOARD=$board TRACKD_SOCKET=$socket
"$build/trackctl" create done-1 --owner alice
"$build/trackctl" create open-1 --owner bob
"$build/trackctl" complete done-1

verbs="ls show watch wait top run create update complete fail cancel rm kinds stats doctor help"
is "$(completed trackctl '')" "$verbs" "verbs"
is "$(completed trackctl wa)" "watch wait" "the beginning of one"
is "$(completed trackctl show '')" "open-1 done-1" "ids"
is "$(completed trackctl wait '')" "open-1" "ids of what is not over"
is "$(completed trackctl update open-1 '')" "extracting chunking embedding indexing summarizing" "stages"
is "$(completed trackctl update --pid 5 open-1 ch)" "chunking" "stages behind an option"
is "$(completed trackctl ls --ow)" "--owner" "options of the verb"
# One table gives the options; completion, help and the manual must know each of them.
unknown=
while IFS=$'\t' read -r what verb name _; do
	[ "$what" = option ] || continue
	[ "$verb" = - ] && verb=
	[[ " $(completed trackctl $verb "$name") " == *" $name "* ]] || unknown+=" completion:$verb$name"
	[[ $(trackctl help $verb) == *" $name"* ]] || unknown+=" help:$verb$name"
	grep -q -- "$(sed 's/-/[-\\]*/g' <<<"${name#--}")" "$tree/tools/trackctl/trackctl.1" || unknown+=" manual:$verb$name"
done < <(trackctl --list-options)
is "$unknown" "" "every option of the table is completed, explained and in the manual"
is "$(completed trackctl --j)" "--json" "options of all"
is "$(completed trackctl ls --owner '')" "alice bob" "owners"
is "$(completed trackctl ls --kind '')" "document" "kinds"
is "$(completed trackctl ls --state c)" "completed cancelled" "states"
is "$(completed trackctl ls -o wor)" "work worker" "columns"
is "$(completed trackctl --board "$board" rm op)" "open-1" "behind --board"
is "$(completed trackctl --color '')" "auto always never" "--color"

page=$tree/tools/trackctl/trackctl.1
is "$(man --warnings -l "$page" 2>&1 >/dev/null)" "" "the manual formats without a warning"
text=$(MANWIDTH=100 man -l "$page" | col -bx)
for verb in $verbs; do
	like "$text" "*"$'\n'"       $verb*" "it tells of $verb"
done
while read -r status; do
	like "$text" "*"$'\n'*" $status *" "it tells of exit status $status"
done < <(sed -n 's/^\tX([A-Z_]*, *\([0-9]*\),.*/\1/p' "$tree/tools/common/exit_code.h")

finish
