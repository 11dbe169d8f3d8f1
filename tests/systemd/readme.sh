#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/run: alone=systemd timeout=300
#
# The lines of README.md that install trackd, to the letter, under a real systemd.
. "$(dirname "$0")/../harness/lib.sh"
. "$(dirname "$0")/machine.sh"

machine_enter "$@"

# The lines of the first block of a section, without the comments.
block() { # SECTION
	sed -n "/^## $1/,/^## /p" "$tree/README.md" | awk '/^```/ { if (n++) exit; next } n' | sed 's/ *# .*//'
}

is "$(block Install | head -n 1)" "make && sudo make install PREFIX=/usr" "the first line builds and installs"
machine_make
machine_install
machine_boot
# The state of the host must not decide the result.
is "$(machine_run find /var/lib /etc/trackd /run /usr/local /home /root /srv /tmp \( -name 'dpkg' -o -name '*trackd*' -o -name '*docproc*' \) \
	! -path '/run/systemd/*' ! -path '/run/log/*' | sort)" "/etc/trackd
/etc/trackd/docproc.conf
/etc/trackd/trackd.conf" "nothing of ours or of the host's is there but what was installed"
# One who is root needs no sudo. The machine has no accounts of its own, so somebody is made.
machine_run useradd --no-create-home somebody || bail "cannot make a user"
while read -r line; do
	ok "$line" machine_run env USER=somebody sh -c "sudo() { \"\$@\"; }; $line" </dev/null
done < <(block Install | tail -n +2)

for unit in trackd.socket trackd.service; do
	is "$(machine_run systemctl is-enabled $unit) $(machine_run systemctl is-active $unit)" "enabled active" \
		"$unit is enabled and runs"
done
as_somebody() { machine_run setpriv --reuid somebody --regid somebody --init-groups "$@"; }
ok "the user may report tasks" as_somebody trackctl create report-42
like "$(as_somebody trackctl show report-42)" "*report-42*pending*" "and see them"
exits 77 "others may not" machine_run setpriv --reuid 64323 --regid 64323 --clear-groups trackctl ls

finish
