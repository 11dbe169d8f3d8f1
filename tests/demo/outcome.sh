#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/run: serial timeout=180
#
# make demo tells its story to the end, loses no task, and leaves nothing behind, also when it is
# interrupted.
. "$(dirname "$0")/../harness/lib.sh"

# The project's own sources, three times over, so that a worker is in the middle of one for a while.
# Below a hidden folder, which the person who names it may well mean.
make_documents() { # FOLDER
	local file
	mkdir -p "$1"
	for file in "$tree"/libclient/*.[ch] "$tree"/daemon/*.c "$tree"/docs/*.md; do
		cat "$file" "$file" "$file" >"$1/${file##*/}"
	done
}

demo() {
	env --default-signal=INT DEMO_BOARD="$TRACKD_TEST_BOARD-demo" BUILD="$build" DOCS="$work/.texts/documents" \
		TMPDIR="$work/tmp" "$tree/tests/demo/demo.sh"
}

left() { # what a demonstration may not leave
	find "$work/tmp" -mindepth 1
	find /dev/shm -name "${TRACKD_TEST_BOARD#/}-demo*"
}

make_documents "$work/.texts/documents"
mkdir "$work/tmp"
count=$(find "$work/.texts/documents" -type f | wc -l)
[ "$count" -le 60 ] || count=60

started=$SECONDS
ok "the demonstration succeeds" demo
told=$output
ok "in less than a minute" [ $((SECONDS - started)) -lt 60 ]
like "$told" "*kill -9*failed · worker lost*Error: worker indexer*exited in embedding*" "a worker is killed and its task fails"
like "$told" "*documents were completed without a daemon*" "others are completed while the daemon is dead"
like "$told" "*$count documents in * s: $((count - 1)) completed, 1 failed, *, 0 missing.*" "every document is accounted for"
like "$told" "*The index that they made*page *" "the index finds something"
[[ $told != *$'\e'* ]]
point $? "without a terminal it prints lines"
is "$(left)" "" "nothing is left behind"

demo >"$work/interrupted" 2>&1 &
demonstration=$!
busy() { grep -q ' completed 100' "$work/interrupted"; }
ok "a second one gets going" wait_until 30 busy
# Its process is what env became, below the function's.
kill -INT "$(pgrep -P "$demonstration" -f demo.sh || echo "$demonstration")"
wait "$demonstration"
is "$?" 130 "interrupted, it ends"
is "$(left)" "" "and leaves nothing behind"

finish
