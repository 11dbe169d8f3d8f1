#!/bin/bash
# SPDX-License-Identifier: MIT
# The shared library exports what tests/lint/symbols.txt lists and nothing else, all of it declared in
# the public header. Who adds a call adds it there; what stands there never goes.
. "$(dirname "$0")/../harness/lib.sh"
library=$(find "$build" -maxdepth 1 -name 'libtrackd.so.*.*.*' | head -n 1)
[ -n "$library" ] || bail "no libtrackd.so in $build"

exported=$(nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort)
is "$exported" "$(grep -v '^#' "$tree/tests/lint/symbols.txt" | sort)" "exported symbols"

undeclared=
for symbol in $exported; do
	grep -q "\b$symbol(" "$tree/libclient/trackd.h" || undeclared="$undeclared $symbol"
done
is "$undeclared" "" "each is declared in trackd.h"

versions=$(objdump -T "$library" | awk '$4 == ".text" { print $(NF-1) }' | sort -u)
is "$versions" LIBTRACKD_1 "each has its version"
soname=$(objdump -p "$library" | awk '$1 == "SONAME" { print $2 }')
is "$soname" libtrackd.so.1 "soname"

# The static library: the same names, and no other that a program could collide with.
archive=$build/libtrackd.a
visible=$(nm -g --defined-only "$archive" | awk 'NF == 3 { print $3 }' | sort)
is "$visible" "$(grep -v '^#' "$tree/tests/lint/symbols.txt" | sort)" "the archive shows the same symbols and no others"

# shellcheck disable=SC2154
cd "$work" || bail "no $work"
cat >own.c <<'END'
#include "trackd.h"
#include <string.h>
/* Names of modules within the library, which a program may use as it likes. */
int lock_take(void);
int record_peek(void);
int segment_open(void);
int lock_take(void) { return 1; }
int record_peek(void) { return 2; }
int segment_open(void) { return 3; }
int main(void)
{
	struct trackd *trackd;
	struct trackd_options options = TRACKD_OPTIONS_INIT;
	options.board = "/no-such-board-for-symbols";
	options.socket = "/nonexistent/socket";
	return lock_take() + record_peek() + segment_open() == 6 && trackd_open(&trackd, &options) < 0 &&
	       strcmp(trackd_version(), TRACKD_VERSION) == 0 ? 0 : 1;
}
END
links_statically() {
	"${CC:-gcc}" -I"$tree/libclient" -o own own.c "$archive" $(nm "$archive" | grep -q __asan && echo -fsanitize=address,undefined) \
		-pthread && ./own
}
ok "a program with functions of the same names links with it and runs" links_statically
finish
