#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
#
# Root makes no files that the service could not use later, and who meets such files is told at once
# what to do. In a mount namespace with a /var/lib and accounts of its own.
. "$(dirname "$0")/../../harness/lib.sh"

[ "$(id -u)" = 0 ] || skip_all "needs root"
if [ "${TRACKD_OWNERSHIP:-}" != entered ]; then
	unshare --mount --propagation private true 2>/dev/null || skip_all "no namespaces may be made here"
	rmdir "$work"
	TRACKD_OWNERSHIP=entered exec unshare --mount --propagation private "$0" "$@"
fi

folder=/var/lib/trackd-documents
user=64325 group=64326
chmod 755 "$work"
cp "$build/docproc" "$work"
printf 'Tides are the rise and fall of the sea. They follow the moon.\n' >"$work/tides.txt"
export HOME=$work/home XDG_DATA_HOME=$work/home/data
mkdir -p "$XDG_DATA_HOME"
mount -t tmpfs -o mode=755 tmpfs /var/lib || bail "cannot mount a tmpfs"

accounts() { # [LINE]: nobody but root, and who is named
	printf 'root:x:0:0:root:/root:/bin/sh\n%s' "${1:+$1$'\n'}" >"$work/passwd"
	printf 'root:x:0:\ntrackd:x:%d:\n' "$group" >"$work/group"
}
accounts
mount --bind "$work/passwd" /etc/passwd && mount --bind "$work/group" /etc/group || bail "cannot bind accounts"

places() { printf '%s ' --board "$board" --socket "$socket" --config /dev/null; }
# shellcheck disable=SC2046
docproc() { timeout 60 "$work/docproc" $(places) "$@"; }
# shellcheck disable=SC2046
as_service() {
	setpriv --reuid "$user" --regid "$group" --clear-groups --inh-caps=-all --bounding-set=-all \
		env HOME=/nonexistent timeout 60 "$work/docproc" $(places) "$@"
}
made() { find /var/lib -mindepth 1 | sort; }

start_daemon --mode 0666

# ---- Without the service -----------------------------------------------------------------------------

ok "root processes a document" docproc "$work/tides.txt"
is "$(made)" "" "without making the folder of a service that is not installed"
ok "but a store of root's own" test -e "$XDG_DATA_HOME/trackd-documents/documents.db"

# ---- With it -----------------------------------------------------------------------------------------

accounts "docproc:x:$user:$group::$folder:/usr/sbin/nologin"
exits 77 "where the service is installed, root is refused" docproc "$work/tides.txt"
like "$output" "*belongs to the user docproc*docproc submit*runuser -u docproc*--store*systemd-tmpfiles --create*" \
	"and told what to do"
exits 77 "root may not serve either" docproc serve
exits 77 "nor hand in before there is a spool" docproc submit "$work/tides.txt"
is "$(made)" "" "and nothing is made"
ok "a store of root's own may be anywhere else" docproc --store "$work/own.db" "$work/tides.txt"

install -d -o "$user" -g "$group" -m 2750 $folder
for name in '' /tmp /new /work; do install -d -o "$user" -g "$group" -m 2770 $folder/spool$name; done
exits 77 "the same when the folder is there" docproc "$work/tides.txt"
like "$output" "*runuser -u docproc*" "with the same advice"
ok "the user of the service may" as_service "$work/tides.txt"
is "$(stat -c %u $folder/documents.db)" "$user" "whose store it is"
ok "root finds what is in it" docproc search moon
ok "and submits to the spool" docproc submit "$work/tides.txt"

# ---- Files that root has made ------------------------------------------------------------------------

for suffix in '' -wal -shm; do
	chown root:root $folder/documents.db$suffix
	exits 77 "a service that meets root's documents.db$suffix ends at once" as_service serve
	like "$output" "*belongs to the user root*chown docproc:trackd $folder/documents.db\**" "and says what to do"
	chown docproc:trackd $folder/documents.db*
done
ok "after which all is well" as_service "$work/tides.txt"

finish
