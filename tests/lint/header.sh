#!/bin/bash
# SPDX-License-Identifier: MIT
# trackd.h stands alone in C and in C++ without a warning, and a C++ program runs with the library.
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck disable=SC2154
cd "$work" || bail "no $work"
library=$(find "$build" -maxdepth 1 -name 'libtrackd.so.*.*.*' | head -n 1)
[ -n "$library" ] || bail "no libtrackd.so in $build"
strict="-Wall -Wextra -Wpedantic -Wconversion -Werror"

# Twice, as programs do, and with the initializers used.
cat >alone.c <<'END'
#include "trackd.h"
#include "trackd.h"
int use(struct trackd *trackd, struct trackd_ref *ref);
int use(struct trackd *trackd, struct trackd_ref *ref)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;
	struct trackd_new task = TRACKD_NEW_INIT;
	task.ttl_ms = TRACKD_TTL_NEVER;
	return (int)options.flags + trackd_create(trackd, &task, ref) + (int)trackd_state_final(TRACKD_FAILED);
}
END
cp alone.c alone.cc

compiles() { # COMPILER STANDARD FILE
	# shellcheck disable=SC2086
	"$1" "-std=$2" $strict -I"$tree/libclient" -c -o alone.o "$3"
}

for standard in c11 c17; do
	for compiler in gcc clang; do
		ok "alone as $standard with $compiler" compiles "$compiler" "$standard" alone.c
	done
done
for standard in c++11 c++17; do
	for compiler in g++ clang++; do
		ok "alone as $standard with $compiler" compiles "$compiler" "$standard" alone.cc
	done
done

cat >program.cc <<'END'
#include <trackd.h>
#include <cstdio>
#include <cstring>
#include <string>

int main()
{
	trackd_options options = TRACKD_OPTIONS_INIT;
	trackd_new task = TRACKD_NEW_INIT;
	trackd *board = nullptr;
	trackd_ref ref{}, found{};
	trackd_task copy = TRACKD_TASK_INIT;
	std::string id = "from-c++";

	options.flags = TRACKD_OPEN_WRITE;
	task.id = id.c_str();
	int error = trackd_open(&board, &options);
	if (error == 0)
		error = trackd_create(board, &task, &ref);
	if (error == 0)
		error = trackd_update(board, ref, TRACKD_EMBEDDING, "from C++");
	if (error == 0)
		error = trackd_lookup(board, id.c_str(), &found);
	if (error == 0)
		error = trackd_copy(board, found, &copy);
	if (error < 0)
		return std::fprintf(stderr, "%s\n", trackd_strerror(error)), 1;
	std::printf("%s %s %d %s\n", copy.id, copy.status, copy.progress, copy.message);
	trackd_close(board);
	return std::strcmp(trackd_version(), TRACKD_VERSION) == 0 ? 0 : 2;
}
END

build_program() {
	ln -sf "$library" libtrackd.so && ln -sf "$library" libtrackd.so.1 &&
		g++ -std=c++17 -Wall -Wextra -Werror -I"$tree/libclient" -o program program.cc -L. -ltrackd -Wl,-rpath,"$work"
}

if [ -e "$build/trackd" ] && ! nm -D "$library" | grep -q __asan_init; then
	start_daemon
	ok "a C++ program links with the library" build_program
	# shellcheck disable=SC2154
	is "$(TRACKD_BOARD=$board TRACKD_SOCKET=$socket ./program 2>&1)" "from-c++ embedding 40 from C++" "and runs with it"
	stop_daemon
fi
finish
