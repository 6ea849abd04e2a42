#!/bin/busybox sh
# The guest's first process: makes this machine's file tree visible, with a layer in memory to write to, and runs
# the scenario in it. A line that begins with @ is for the test to read.
/bin/busybox --install -s /bin
export PATH=/bin
stop() { echo "@$*"; poweroff -f; sleep 1000; }
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do
    insmod /modules/$module || stop "failed: module $module"
done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=512000,cache=mmap root /ro || stop "failed: file tree"
mount -t tmpfs tmpfs /rw
mkdir /rw/upper /rw/work
mount -t overlay -o lowerdir=/ro,upperdir=/rw/upper,workdir=/rw/work overlay /new || stop "failed: overlay"
mount --move /dev /new/dev
mount -t proc proc /new/proc
mount -t sysfs sys /new/sys
mount -t tmpfs tmpfs /new/tmp
mkdir -p /new/mnt /new/run
mount -t tmpfs tmpfs /new/run
cp /scenario.sh /new/tmp/scenario.sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot /new /bin/sh /tmp/scenario.sh
stop "ended with status $?"
