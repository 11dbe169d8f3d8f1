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
is "$versions" LIBTRACKD_0.1 "each has its version"
soname=$(objdump -p "$library" | awk '$1 == "SONAME" { print $2 }')
is "$soname" libtrackd.so.0 "soname"
finish
