#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/run: timeout=900
# clang-tidy has nothing to say about any C file. With arguments, about these. The analyzer follows each
# function through TIDY_NODES states: a third of its own limit, which takes half the time; `make tidy`
# gives it all.
. "$(dirname "$0")/../harness/lib.sh"
cd "$tree" || bail "no $tree"

tidy() {
	local said=$work/$BASHPID
	# shellcheck disable=SC2086
	clang-tidy --quiet "$1" -- -std=gnu11 -D_GNU_SOURCE -I. -pthread $system_headers \
		-Xclang -analyzer-config -Xclang "max-nodes=${TIDY_NODES:-75000}" \
		2>"$said" || { echo "$1"; cat "$said"; return 1; }
}
system_headers=$(pkg-config --cflags poppler-glib libxml-2.0 gnutls | sed 's/-I/-isystem /g')
export -f tidy
export work system_headers

for folder in libclient daemon tools tests; do
	mapfile -t files < <(if [ $# -gt 0 ]; then printf '%s\n' "$@" | grep "^$folder/"; else
		find "$folder" -name '*.c' | sort; fi)
	[ "${#files[@]}" -gt 0 ] || continue
	# shellcheck disable=SC2016
	ok "$folder: ${#files[@]} files" xargs -P 2 -n 1 bash -c 'tidy "$1"' tidy < \
		<(printf '%s\n' "${files[@]}")
done
finish
