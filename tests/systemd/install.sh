#!/bin/bash
# SPDX-License-Identifier: MIT
#
# make install puts everything into a packager's folder, with the given paths; make uninstall
# takes all of it away, but not what an administrator has changed.
. "$(dirname "$0")/../harness/lib.sh"

root=$work/root

install_in() { # TARGET PREFIX
	env -u MAKEFLAGS -u MFLAGS make -C "$tree" -s "$1" BUILD="$build" DESTDIR="$root" PREFIX="$2" SYSCONFDIR=/etc 2>&1
}

left() { find "$root" ! -type d -printf '/%P\n' | sort; }

# What has to be there, below the prefix.
expected="bin/docproc
bin/trackctl
bin/trackd
bin/trackd-http
include/trackd.h
lib/libtrackd.a
lib/libtrackd.so
lib/libtrackd.so.0.1.0
lib/libtrackd.so.1
lib/pkgconfig/libtrackd.pc
lib/systemd/system/docproc.service
lib/systemd/system/trackd-http-admin.socket
lib/systemd/system/trackd-http.service
lib/systemd/system/trackd-http.socket
lib/systemd/system/trackd.service
lib/systemd/system/trackd.socket
lib/sysusers.d/trackd.conf
lib/tmpfiles.d/trackd.conf
share/bash-completion/completions/docproc
share/bash-completion/completions/trackctl
share/bash-completion/completions/trackd
share/bash-completion/completions/trackd-http
share/doc/trackd/DESIGN.md
share/doc/trackd/FORMAT.md
share/doc/trackd/LICENSE
share/doc/trackd/README.md
share/doc/trackd/docproc.conf.example
share/doc/trackd/grafana-dashboard.json
share/doc/trackd/haproxy.cfg
share/doc/trackd/http.conf.example
share/doc/trackd/nginx.conf
share/doc/trackd/prometheus-alerts.yaml
share/doc/trackd/trackd.conf.example
share/man/man1/docproc.1
share/man/man1/trackctl.1
share/man/man1/trackd-http.1
share/man/man3/trackd.3
share/man/man5/http.conf.5
share/man/man5/trackd.conf.5
share/man/man8/trackd.8"

# ---- Into /usr/local, as a person does -----------------------------------------------------------------

touch "$work/before"
ok "make install works" install_in install /usr/local
is "$output" "" "and prints nothing for a packager"
is "$(find "$tree" "$build" -path "$tree/.git" -prune -o -cnewer "$work/before" -print)" "" "nor writes into the tree"
is "$(left)" "/etc/trackd/docproc.conf
/etc/trackd/http.conf
/etc/trackd/trackd.conf
$(sed 's|^|/usr/local/|' <<<"$expected")" "every file is in its place"
is "$(readlink "$root/usr/local/lib/libtrackd.so") $(readlink "$root/usr/local/lib/libtrackd.so.1")" \
	"libtrackd.so.1 libtrackd.so.0.1.0" "the library's names lead to it"
like "$(readelf -d "$root/usr/local/lib/libtrackd.so")" "*SONAME*\[libtrackd.so.1\]*" "the library has its soname"
is "$(grep ^ExecStart= "$root/usr/local/lib/systemd/system/trackd.service")" \
	"ExecStart=/usr/local/bin/trackd --config=/etc/trackd/trackd.conf" "the service starts what was installed"
is "$(grep -rlE '@[A-Z]+@' "$root" --include='*.service' --include='*.pc')" "" "no placeholder is left"
ok "the configuration is valid" "$root/usr/local/bin/trackd" --check-config --config "$root/etc/trackd/trackd.conf"
uncomment='s/^#\([a-z_]* =.*\)/\1/; s/^#\[/[/; /^group/d'
ok "also with every line of it in force" "$root/usr/local/bin/trackd" --check-config \
	--config <(sed "$uncomment" "$root/etc/trackd/trackd.conf")

# A program against what was installed, found by pkg-config, run on the shared library.
cat >"$work/program.c" <<'C'
#include <stdio.h>
#include <trackd.h>
int main(void) { return puts(trackd_version()) < 0; }
C
flags=$(PKG_CONFIG_PATH=$root/usr/local/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root pkg-config --cflags --libs libtrackd)
# shellcheck disable=SC2086
ok "a program is built with pkg-config's flags" cc -o "$work/program" "$work/program.c" $flags
is "$(LD_LIBRARY_PATH=$root/usr/local/lib "$work/program")" \
	"$(PKG_CONFIG_PATH=$root/usr/local/lib/pkgconfig pkg-config --modversion libtrackd)" "and runs"

ok "make uninstall with another prefix is refused" bash -c "! make -C '$tree' -s uninstall BUILD='$build' DESTDIR='$root' PREFIX=/usr"
like "$output" "*nothing was removed*/usr/bin/trackd*PREFIX*" "and says why and what to do"
is "$(left)" "/etc/trackd/docproc.conf
/etc/trackd/http.conf
/etc/trackd/trackd.conf
$(sed 's|^|/usr/local/|' <<<"$expected")" "and takes nothing away"
ok "make install keeps a configuration that is there" sh -c "echo '# mine' >>'$root/etc/trackd/trackd.conf'"
install_in install /usr/local
is "$(tail -n 1 "$root/etc/trackd/trackd.conf")" "# mine" "changes and all"
like "$(install_in uninstall /usr/local)" "*trackd.conf has been changed and is kept" "make uninstall says what it keeps"
is "$(left)" "/etc/trackd/trackd.conf" "and takes the rest away"

# With FORCE=1 what there is goes.
install_in install /usr/local >/dev/null
rm "$root/usr/local/bin/docproc"
ok "make uninstall FORCE=1 removes what there is" make -C "$tree" -s uninstall BUILD="$build" DESTDIR="$root" \
	PREFIX=/usr/local FORCE=1
is "$(left)" "/etc/trackd/trackd.conf" "all of it"

# ---- From a tree that is another user's, in which not everything is built --------------------------------

if [ "$(id -u)" = 0 ]; then
	mkdir "$work/tree"
	(cd "$tree" && cp -r Makefile README.md LICENSE daemon libclient tools systemd docs "$work/tree")
	chown -R 64323:64323 "$work/tree"
	ok "root builds nothing in another user's tree" bash -c "! make -C '$work/tree' -s install BUILD=build DESTDIR='$root' PREFIX=/usr/local"
	like "$output" "*not everything is built*" "and says so"
	is "$(find "$work/tree" ! -uid 64323)" "" "nor leaves a file there"
fi

# ---- Building -------------------------------------------------------------------------------------------

is "$(env -u MAKEFLAGS -u MFLAGS make -C "$tree" -n BUILD="$work/b" "$work/b/tests/unit/libclient/test_text" | grep '^rm [^-].*\.o')" "" \
	"make keeps the objects of test programs"

# ---- Into /usr, as a package does ----------------------------------------------------------------------

rm -rf "$root"
ok "make install works below /usr" install_in install /usr
is "$(left)" "/etc/trackd/docproc.conf
/etc/trackd/http.conf
/etc/trackd/trackd.conf
$(sed 's|^|/usr/|' <<<"$expected")" "every file is in its place"
is "$(grep ^prefix= "$root/usr/lib/pkgconfig/libtrackd.pc")" "prefix=/usr" "pkg-config has the prefix"
ok "make uninstall works" install_in uninstall /usr
is "$(left)" "" "nothing is left"

finish
