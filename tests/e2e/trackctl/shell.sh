#!/bin/bash
# SPDX-License-Identifier: MIT
# The completion of all programs completes, the manual formats and names every verb and exit status.
. "$(dirname "$0")/../../harness/lib.sh"

# shellcheck disable=SC1091
. "$tree/tools/common/completion.bash"
PATH=$build:$PATH
completed() { # WORD... with the cursor at the end of the last
	(
		unset -f trackctl
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_trackd "$1"
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

is "$(completed trackctl ls --owner = '')" "alice bob" "a value behind ="
is "$(completed trackctl --board = "$board" cancel '')" "open-1" "behind --board="
is "$(completed trackctl top --sort n)" "newest name" "orders"
is "$(completed trackctl complete open-1 '')" "" "a message is not completed"
is "$(completed trackctl help do)" "doctor" "verbs to explain"

cd "$work" || bail "no $work"
mkdir folder && touch file.pdf
is "$(completed trackd --st)" "--state-dir" "trackd: options"
is "$(completed trackd --mode 064)" "0640 0644" "trackd: the values of one"
is "$(completed trackd --state-dir f)" "folder" "trackd: folders"
is "$(completed trackd --verbose --bo)" "--board" "trackd: behind an option whose value is optional"
is "$(completed trackd --verbose = '')" "yes no" "trackd: and its values"
is "$(completed trackd '')" "" "trackd: no arguments"
is "$(completed docproc s)" "serve submit search show" "docproc: verbs"
is "$(completed docproc fi)" "file.pdf" "docproc: files in the place of a verb"
is "$(completed docproc submit fi)" "file.pdf" "docproc: files behind it"
is "$(completed docproc file.pdf --ow)" "--owner" "docproc: options of FILE"
is "$(completed docproc serve --ow)" "" "docproc: and not of a verb that lacks them"
is "$(completed docproc serve --sp)" "--spool" "docproc: settings behind a verb"
is "$(completed docproc show --owner '')" "alice bob" "docproc: owners"
is "$(completed docproc show op)" "open-1" "docproc: ids"
is "$(completed trackd-http to)" "token" "trackd-http: its verb"
is "$(completed trackd-http --che)" "--check-config" "trackd-http: options"
is "$(completed trackd-http token --s)" "--sub" "trackd-http: options of the verb"
is "$(completed trackd-http token --li)" "" "trackd-http: and not the settings"
is "$(completed trackd-http --config x token --sub '')" "alice bob" "trackd-http: owners"
for program in trackd docproc trackd-http; do
	unknown=
	while IFS=$'\t' read -r what verb name _; do
		[ "$what" = option ] || continue
		[ "$verb" = - ] && verb=
		[[ " $(completed "$program" $verb "$name") " == *" $name "* ]] || unknown+=" $verb$name"
	done < <("$program" --list-options)
	is "$unknown" "" "$program: every option of the table is completed"
done

page=$tree/tools/trackctl/trackctl.1
is "$(man --warnings -l "$page" 2>&1 >/dev/null)" "" "the manual formats without a warning"
text=$(MANWIDTH=100 man -l "$page" | col -bx)
for verb in $verbs; do
	like "$text" "*"$'\n'"       $verb*" "it lists $verb"
done
while read -r status; do
	[[ " 71 74 " != *" $status "* ]] || continue # trackd's
	like "$text" "*"$'\n'*" $status *" "it lists exit status $status"
done < <(sed -n 's/^\tEXIT_CODE_[A-Z_]* = \([0-9]*\),.*/\1/p' "$tree/tools/common/exit_code.h")
like "$(MANWIDTH=100 man -l "$tree/daemon/trackd.8" | col -bx)" "*"$'\n'" *71 *"$'\n'" *74 *" "trackd's tells of its own"

finish
