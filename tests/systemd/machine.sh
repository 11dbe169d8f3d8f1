# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A machine to test units on: a real systemd as the first process of namespaces of its own, over a
# throw-away overlay of /. Sourced after tests/harness/lib.sh, and needs a mount namespace that
# goes with the test: call machine_enter first of all.
#
#	machine_enter "$@"       run this script again in a mount namespace, or skip it all, if we may not
#	machine_make             the folder: $machine; what lies in $machine/upper covers the files of /
#	machine_install          what is built, as packages install it
#	machine_boot             boot; again on the same folder after machine_crash is a reboot
#	machine_run CMD...       a command in the machine
#	machine_crash            the power fails: every process is killed at once
#	machine_remove           done at exit
#
# Of the unit that $unit names, or of the one in the last argument:
#
#	show PROPERTY            as systemctl shows it
#	active                   whether it runs
#	main_pid                 its main process, never the machine's first one; false if there is none
#	another_main PID         whether it runs again, as another process than PID
#	journal                  what it has logged
#	task ID KEY              a value of a task's JSON; nested keys with dots
#	task_is ID KEY VALUE
#
# systemd moves every process of its root control group, so the machine has a control group of its
# own, and /proc, /dev, /run, /dev/shm of its own as well: it cannot reach the host's. Of the host it
# sees the programs of /usr; state, configuration, accounts and what was installed by hand are its own.

machine='' machine_parent='' machine_pid='' machine_group=''

machine_enter() {
	[ "${TRACKD_MACHINE:-}" = entered ] && return 0
	[ "$(id -u)" = 0 ] || skip_all "booting a systemd needs root"
	[ -x /lib/systemd/systemd ] || skip_all "systemd is not installed"
	unshare -fmuinpC --propagation private true 2>/dev/null || skip_all "no namespaces may be made here"
	rmdir "$work"
	TRACKD_MACHINE=entered exec unshare --mount --propagation private "$0" "$@"
}

# Folders of the host that the machine has empty, or as we fill them: opaque in the upper layer.
machine_cover() {
	local folder
	for folder in etc var home root srv opt media usr/local usr/lib/tmpfiles.d; do
		mkdir -p "$machine/upper/$folder"
		chmod --reference="/$folder" "$machine/upper/$folder" 2>/dev/null
		/usr/bin/python3 -c 'import os, sys; os.setxattr(sys.argv[1], "trusted.overlay.opaque", b"y")' \
			"$machine/upper/$folder" || bail "cannot cover /$folder"
	done
	# Only what systemd itself needs; the files of other packages do not matter here.
	dpkg -L systemd | grep '^/usr/lib/tmpfiles.d/' | xargs cp -t "$machine/upper/usr/lib/tmpfiles.d" ||
		bail "no tmpfiles.d of systemd's"
}

# A new machine's /etc: Debian's own accounts, and what programs need to find libraries and each other.
machine_fill_etc() {
	local etc=$machine/upper/etc name
	cp /usr/share/base-passwd/passwd.master "$etc/passwd"
	cp /usr/share/base-passwd/group.master "$etc/group"
	sed 's/:.*/:*:19000:0:99999:7:::/' "$etc/passwd" >"$etc/shadow"
	sed 's/:.*/:*::/' "$etc/group" >"$etc/gshadow"
	printf '%s: files\n' passwd group shadow gshadow hosts >"$etc/nsswitch.conf"
	echo '127.0.0.1 localhost trackd-test' >"$etc/hosts"
	cat /usr/lib/sysusers.d/{basic,dbus,systemd-*}.conf | systemd-sysusers --root="$machine/upper" - >>"$machine/boot.log" 2>&1 ||
		bail "cannot make the accounts of systemd"
	# The administrator creates those of our packages, not by the boot after an update of /usr.
	touch -d tomorrow "$etc/.updated"
	# With an id it is no first boot, at which systemd would enable all that is installed.
	tr -d - </proc/sys/kernel/random/uuid >"$etc/machine-id"
	for name in alternatives ssl fonts pam.d security login.defs ld.so.conf ld.so.conf.d ld.so.cache os-release; do
		[ ! -e "/etc/$name" ] || cp -a "/etc/$name" "$etc/$name"
	done
}

machine_fill_var() {
	local var=$machine/upper/var
	mkdir "$var/lib" "$var/cache" "$var/log" "$var/spool" "$var/tmp"
	chmod 1777 "$var/tmp"
	touch -d tomorrow "$var/.updated"
	ln -s /run "$var/run"
	ln -s /run/lock "$var/lock"
}

machine_make() {
	machine=$work/machine
	mkdir "$machine"
	mount -t tmpfs -o mode=755 machine "$machine" || bail "cannot mount a tmpfs"
	mkdir "$machine/upper" "$machine/work" "$machine/root" "$machine/groups"
	mount -t cgroup2 cgroup2 "$machine/groups" || bail "cannot mount the cgroup2 file system"
	machine_group=$machine/groups/trackd-test-$$
	machine_cover
	machine_fill_etc
	machine_fill_var
	at_exit machine_remove
}

machine_install() {
	env -u MAKEFLAGS -u MFLAGS make -C "$tree" -s BUILD="$build" install DESTDIR="$machine/upper" PREFIX=/usr >"$work/install.log" 2>&1 ||
		bail "make install: $(tail -n 5 "$work/install.log")"
}

machine_up() { machine_run systemctl is-system-running | grep -Eq '^(running|degraded)$'; }

machine_boot() {
	cat /proc/sys/kernel/random/uuid >"$machine/boot_id"
	mkdir -p "$machine_group"
	(
		echo "$BASHPID" >"$machine_group/cgroup.procs" || exit
		exec setpriv --pdeathsig KILL unshare -fmuinpC --kill-child --propagation private \
			"$tree/tests/systemd/machine_init.sh" "$machine"
	) >>"$machine/boot.log" 2>&1 &
	machine_parent=$!
	wait_until 60 machine_child || bail "no machine: $(tail -n 5 "$machine/boot.log")"
	machine_pid=$(machine_child)
	wait_until 60 machine_up || bail "systemd does not come up: $(machine_run systemctl list-jobs)
$(tail -n 5 "$machine/boot.log")"
}

# The first process of the machine is the child of unshare.
machine_child() { pgrep -P "$machine_parent"; }

machine_run() {
	nsenter -t "$machine_pid" --mount --uts --ipc --net --pid --cgroup --root --wd \
		env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"
}

machine_empty() { grep -qx 'populated 0' "$machine_group/cgroup.events"; }

machine_crash() {
	[ -n "$machine_parent" ] || return 0
	echo 1 >"$machine_group/cgroup.kill"
	wait "$machine_parent" 2>/dev/null
	wait_until 60 machine_empty || note "processes of the machine are left in $machine_group"
	machine_pid='' machine_parent=''
	find "$machine_group" -depth -type d -exec rmdir {} +
}

machine_remove() {
	machine_crash
	umount -l "$machine/groups" "$machine" 2>/dev/null
}

# ---- Looking at a unit -------------------------------------------------------------------------------

show() { machine_run systemctl show --value -p "$1" "${2:-$unit}"; }
active() { [ "$(show ActiveState)" = active ]; }
main_pid() {
	local pid
	pid=$(show MainPID)
	[ "$pid" -gt 1 ] && echo "$pid"
}
another_main() { active && main_pid >/dev/null && [ "$(main_pid)" != "$1" ]; }
journal() { machine_run journalctl --no-pager -o cat -u "${1:-$unit}"; }

field() { # KEY: of the JSON on standard input
	/usr/bin/python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[key] if value is not None else None
print(value)' "$1"
}
task() { machine_run trackctl show --json "$1" | field "$2"; }
task_is() { [ "$(task "$1" "$2")" = "$3" ]; }
