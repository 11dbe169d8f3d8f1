#!/bin/bash
# SPDX-License-Identifier: MIT
# What the layout does not fit is refused when it is compiled, with one sentence: other word sizes, other byte orders, other C
# libraries. With headers of no C library at all, so that what a C library says of itself is said here.
. "$(dirname "$0")/../harness/lib.sh"

# shellcheck disable=SC2154
headers=$work/headers
mkdir "$headers"
touch "$headers"/{assert,stddef,stdint}.h

look() { # OPTION... : the errors that layout.h gives
	"${CC:-gcc}" -E -nostdinc -I"$headers" -I"$tree" "$@" "$tree/libclient/segment/layout.h" 2>&1 >/dev/null | grep 'error:'
}

is_refused() { # OPTION...
	local errors
	errors=$(look "$@")
	[ "$(wc -l <<<"$errors")" = 1 ] && [[ $errors == *"trackd needs a 64-bit little-endian Linux with the GNU C library"* ]]
}

is "$(look -D__GLIBC__=2)" "" "a 64-bit little-endian glibc platform is taken"
ok "another C library is refused" is_refused
ok "32 bits are refused" is_refused -D__GLIBC__=2 -U__LP64__
ok "a big-endian platform is refused" is_refused -D__GLIBC__=2 -U__BYTE_ORDER__ -D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__
ok "another system is refused" is_refused -D__GLIBC__=2 -U__linux__
finish
