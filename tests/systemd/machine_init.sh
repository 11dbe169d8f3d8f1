#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What runs before systemd in a machine of tests/systemd/machine.sh: it is the first process of
# namespaces of its own, makes a root folder for them and hands over to systemd. FOLDER holds
# upper and work (of an overlay of /, kept from boot to boot) and boot_id.

set -eu
folder=$1
root=$folder/root

mask() { # systemd has no business with the host's kernel here
	local unit
	for unit in sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
		sys-fs-fuse-connections.mount dev-hugepages.mount dev-mqueue.mount modprobe@.service \
		systemd-modules-load.service systemd-timesyncd.service systemd-udevd.service \
		systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udev-trigger.service \
		systemd-networkd.service systemd-resolved.service proc-sys-fs-binfmt_misc.automount; do
		ln -sf /dev/null "etc/systemd/system/$unit"
	done
}

make_dev() {
	mount -t tmpfs -o mode=755,nosuid tmpfs dev
	mknod -m 666 dev/null c 1 3
	mknod -m 666 dev/zero c 1 5
	mknod -m 666 dev/full c 1 7
	mknod -m 666 dev/random c 1 8
	mknod -m 666 dev/urandom c 1 9
	mknod -m 666 dev/tty c 5 0
	mkdir dev/pts dev/shm
	mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
	ln -s pts/ptmx dev/ptmx
	ln -s /proc/self/fd dev/fd
	mount -t tmpfs -o mode=1777,nosuid,nodev,size=256m tmpfs dev/shm
}

make_proc() {
	mount -t proc proc proc
	mount --bind proc/sys proc/sys
	mount -o remount,bind,ro proc/sys
	# A boot of its own: the kernel's id is the host's. systemd gives hardened services another
	# /proc, so they are told in a drop-in.
	mount --bind "$folder/boot_id" proc/sys/kernel/random/boot_id
	mkdir -p etc/systemd/system/service.d
	printf '[Service]\nBindReadOnlyPaths=/proc/sys/kernel/random/boot_id\n' \
		>etc/systemd/system/service.d/boot_id.conf
}

mount -t overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" overlay "$root"
cd "$root"
mkdir -p proc sys dev run tmp mnt etc/systemd/system
mask
make_proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
make_dev
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs tmp
hostname trackd-test
pivot_root . mnt
umount -l mnt
# As on any machine: systemd takes a container's mounts as they are, and a credential is mounted in a
# namespace of its own from where it must come to everybody's.
mount --make-rshared /
exec env -i container=ci PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	/lib/systemd/systemd --unit=basic.target --log-target=journal --show-status=no </dev/null
