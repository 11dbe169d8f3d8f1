#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
# Every C file looks as clang-format would have it, and scripts parse.
. "$(dirname "$0")/../harness/lib.sh"
cd "$tree" || bail "no $tree"

mapfile -t sources < <(find libclient daemon tools tests -name '*.[ch]' | sort)
mapfile -t scripts < <(find tests -type f \( -name '*.sh' -o -perm -u+x \) ! -name '*.py' ! -path '*/node_modules/*' ! -name '*.mjs' | sort)

all_formatted() {
	printf '%s\0' "${sources[@]}" | xargs -0 -n 40 -P 2 clang-format --dry-run -Werror
}

all_parse() {
	local script status=0
	for script in "${scripts[@]}"; do
		[[ $(head -n 1 "$script") == '#!'*python3* ]] && continue
		bash -n "$script" || status=1
	done
	return $status
}

all_say_their_license() {
	! grep -L 'SPDX-License-Identifier: MIT' "${sources[@]}" "${scripts[@]}" | grep .
}

ok "${#sources[@]} C files are formatted" all_formatted
ok "${#scripts[@]} scripts parse" all_parse
ok "every file says its license" all_say_their_license
finish
