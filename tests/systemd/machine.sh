# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A machine to test units on: a real systemd as the first process of namespaces of its own, over a
# throw-away overlay of /. Sourced after tests/harness/lib.sh, and needs a mount namespace that
# goes with the test: call machine_enter first of all.
#
#	machine_enter "$@"       run this script again in a mount namespace, or skip it all, if we may not
#	machine_make             the folder: $machine; what lies in $machine/upper covers the files of /
#	machine_boot             boot; again on the same folder after machine_crash is a reboot
#	machine_run CMD...       a command in the machine
#	machine_crash            the power fails: every process is killed at once
#	machine_remove           done at exit
#
# systemd moves every process of its root control group, so the machine has a control group of its
# own, and /proc, /dev, /run, /dev/shm of its own as well: it cannot reach the host's.

machine='' machine_parent='' machine_pid='' machine_group=''

machine_enter() {
	[ "${TRACKD_MACHINE:-}" = entered ] && return 0
	[ "$(id -u)" = 0 ] || skip_all "booting a systemd needs root"
	[ -x /lib/systemd/systemd ] || skip_all "systemd is not installed"
	unshare -fmuinpC --propagation private true 2>/dev/null || skip_all "no namespaces may be made here"
	TRACKD_MACHINE=entered exec unshare --mount --propagation private "$0" "$@"
}

machine_make() {
	machine=$work/machine
	mkdir "$machine"
	mount -t tmpfs -o mode=755 machine "$machine" || bail "cannot mount a tmpfs"
	mkdir "$machine/upper" "$machine/work" "$machine/root" "$machine/groups"
	mount -t cgroup2 cgroup2 "$machine/groups" || bail "cannot mount the cgroup2 file system"
	machine_group=$machine/groups/trackd-test-$$
	at_exit machine_remove
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
	wait_until 10 machine_child || bail "no machine: $(tail -n 5 "$machine/boot.log")"
	machine_pid=$(machine_child)
	wait_until 30 machine_up || bail "systemd does not come up: $(machine_run systemctl list-jobs)
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
	wait_until 10 machine_empty || note "processes of the machine are left in $machine_group"
	machine_pid='' machine_parent=''
	find "$machine_group" -depth -type d -exec rmdir {} +
}

machine_remove() {
	machine_crash
	umount -l "$machine/groups" "$machine" 2>/dev/null
}
