#!/bin/busybox sh
# The guest's only process. At its first start it makes a file system on the disk and fills it, then the guest
# starts anew; at each later start it checks what is there. A line that begins with @ is for the test to read;
# after one that ends in a question mark the guest waits for an answer.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
stop() { echo "@$*"; sync; poweroff -f; sleep 1000; }
ask() { echo "@$1?"; read -r answer; }
for module in $(cat /modules/order); do
    insmod /modules/$module || stop "failed: module $module"
done
tries=0
while [ ! -b /dev/vda ]; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || stop "failed: no disk"
    sleep 0.1
done
[ "$(ls /sys/block/vda/mq | wc -l)" -ge @QUEUES@ ] || stop "failed: expected @QUEUES@ queues, found $(ls /sys/block/vda/mq)"
verify() {
    echo 3 >/proc/sys/vm/drop_caches
    (cd /mnt && md5sum -c -s /tree.md5) || stop "failed: files are not as they were written"
}
unmount() {
    umount /mnt || stop "failed: umount"
    e2fsck -f -n /dev/vda || stop "failed: the file system is damaged"
}
if mount -t ext4 /dev/vda /mnt 2>/dev/null; then
    echo "@verifying"
    [ -f /mnt/installed ] || stop "failed: the installation was not finished"
    verify
    cp -a /mnt/tree/0 "/mnt/more-$(date +%s)" || stop "failed: cp"
    unmount
    stop passed
fi
[ "$(dd if=/dev/vda bs=1M count=@IMAGE_MIB@ 2>/dev/null | md5sum)" = "$(cat /image.md5)" ] || stop "failed: the disk does not read as its image"
ask read
mkfs.ext4 -q -F /dev/vda || stop "failed: mkfs"
mount -t ext4 /dev/vda /mnt || stop "failed: mount"
cp -a /tree /mnt/tree || stop "failed: cp"
dd if=/dev/zero of=/mnt/junk bs=1M count=@JUNK_MIB@ 2>/dev/null || stop "failed: dd"
sync
ask written
rm /mnt/junk
sync
fstrim /mnt || stop "failed: fstrim"
sync
ask trimmed
verify
touch /mnt/installed
unmount
echo "@rebooting"
reboot -f
sleep 1000
