#!/bin/bash
# SPDX-License-Identifier: MIT
# What processes share and what programs were compiled against is frozen: size and members of every
# struct and the value of every enumerator in trackd.h, layout.h and protocol.h are those of
# tests/lint/layout.txt. Who changes one changes that file, and then the layout's or the library's
# version: a new major layout, or a new soname. `tests/lint/layout.sh --print` prints what is.
print=
[ "${1:-}" = --print ] && print=1
tree=$(cd "$(dirname "$0")/../.." && pwd)
frozen=$tree/tests/lint/layout.txt

# From the debugging information, so that no member can be forgotten.
dump() { # OBJECT
	readelf --debug-dump=info "$1" | awk '
		function number(text,   n, i) { # readelf writes some in hexadecimal
			if (text !~ /^0x/) return text
			for (i = 3; i <= length(text); i++) n = n * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
			return n
		}
		function leave() { if (struct != "" && size != "") print struct, "size", number(size); size = "" }
		/Abbrev Number/ {
			match($0, /<[0-9a-f]+>/); depth = substr($0, RSTART + 1, RLENGTH - 2) + 0
			tag = $NF; gsub(/[()]/, "", tag); name = ""; at = ""
			if (tag == "DW_TAG_structure_type" || tag == "DW_TAG_union_type" || tag == "DW_TAG_enumeration_type") {
				leave(); struct = ""; level = depth
			}
			next
		}
		/DW_AT_name/ {
			name = $0; sub(/.*: /, "", name); sub(/[ \t]+$/, "", name)
			if (tag == "DW_TAG_structure_type" || tag == "DW_TAG_union_type") struct = name
		}
		/DW_AT_byte_size/ && (tag == "DW_TAG_structure_type" || tag == "DW_TAG_union_type") { size = $NF }
		/DW_AT_data_member_location/ && tag == "DW_TAG_member" && struct != "" && depth == level + 1 { print struct "." name, number($NF) }
		/DW_AT_const_value/ && tag == "DW_TAG_enumerator" { print name, "=", number($NF) }
		END { leave() }' | grep -E '^(trackd|layout|protocol)_|^[A-Z]+_[A-Z0-9_]+ =' | sort -u
}

look() { # FOLDER
	printf '#include "libclient/%s.h"\n' trackd segment/layout client/protocol >"$1/layout.c"
	"${CC:-gcc}" -std=gnu11 -g -gdwarf-4 -O0 -fno-eliminate-unused-debug-types -I"$tree" -c -o "$1/layout.o" "$1/layout.c" &&
		dump "$1/layout.o"
}

if [ -n "$print" ]; then
	folder=$(mktemp -d) || exit 1
	look "$folder"
	rm -r "$folder"
	exit
fi

. "$(dirname "$0")/../harness/lib.sh"

# shellcheck disable=SC2154
present=$(look "$work") || bail "cannot look at the structs"
ok "$(grep -c . <<<"$present") facts are known" [ "$(grep -c . <<<"$present")" -gt 300 ]
ok "sizes, members and values are the frozen ones" diff <(grep -v '^#' "$frozen") <(echo "$present")
finish
