#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/run: serial timeout=300
#
# make demo tells its story to the end, loses no task, and leaves nothing behind, also when it is
# interrupted.
. "$(dirname "$0")/../harness/lib.sh"

demo() {
	env --default-signal=INT DEMO_BOARD="$TRACKD_TEST_BOARD-demo" BUILD="$build" DOCS="${docs:-}" \
		TMPDIR="$work/tmp" "$tree/tests/demo/demo.sh"
}

left() { # what a demonstration may not leave
	find "$work/tmp" -mindepth 1
	find /dev/shm -name "${TRACKD_TEST_BOARD#/}-demo*"
}

mkdir "$work/tmp"
started=$SECONDS
ok "the demonstration succeeds" demo
told=$output
ok "in less than a minute" [ $((SECONDS - started)) -lt 60 ]
like "$told" "*The page, for an hour: http://127.0.0.1:*/#token=*" "the page has an address"
like "$told" "*kill -9*failed · worker lost*Error: worker docproc*was killed by SIGKILL in *" "a process is killed and its task fails"
like "$told" "*documents were processed without a daemon*" "others are completed while the daemon is dead"
like "$told" "*documents in * s: * completed, 1 failed, 0 unfinished.*" "every document is accounted for"
like "$told" "*A gilded copper record is bolted to the side*" "the index finds a sentence"
like "$told" "*the oldest lighthouse that is still in use*" "and another"
[[ $told != *$'\e'* ]]
point $? "without a terminal it prints lines"
is "$(left)" "" "nothing is left behind"

docs=$tree/tests/documents
ok "documents of one's own, some of which fail" demo
like "$output" "*encrypted.pdf*failed*" "an encrypted one does"
is "$(left)" "" "nothing is left behind"
docs=

demo >"$work/interrupted" 2>&1 &
demonstration=$!
busy() { grep -q ' completed 100' "$work/interrupted"; }
ok "a second one gets going" wait_until 60 busy
# Its process is what env became, below the function's.
kill -INT "$(pgrep -P "$demonstration" -f demo.sh || echo "$demonstration")"
wait "$demonstration"
is "$?" 130 "interrupted, it ends"
is "$(left)" "" "and leaves nothing behind"

finish
