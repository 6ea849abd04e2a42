# Tries a ublk device the way a machine uses it. Each part says with an @ what it has seen.
cd /tmp
kills=@KILLS@
device=/dev/ublkb0
pid=

die() {
    echo "@failed: $*"
    tail -n 20 /tmp/server.log /tmp/fio.log 2>/dev/null
    dmesg | tail -n 10
    exit 1
}

# Waits for a line in the server's log.
await() {
    tries=0
    until grep -q "$1" server.log; do
        tries=$((tries + 1))
        [ $tries -lt 1800 ] || die "the server does not say $1"
        kill -0 $pid 2>/dev/null || grep -q "$1" server.log || die "the server has ended before it said $1"
        sleep 0.1
    done
}

serve() {
    : >server.log
    @JAVA@ -XX:+UseSerialGC -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED -cp @CLASSPATH@ \
        io.ubiblk.ublk.guest.ServerMain "$@" >server.log 2>&1 &
    pid=$!
    await READY
}

# Whether data is not copied has to be as the kernel can, unless $1 says no.
zerocopy() {
    expected=$(sed -n 's/^KERNEL REGISTERS //p' server.log)
    [ "$1" != no ] || expected=false
    grep -q "^ZERO COPY $expected\$" server.log || die "expected zero copy to be $expected: $(cat server.log)"
}

close() {
    kill $pid
    await CLOSED
    wait $pid
    [ ! -e $device ] || die "the device is there after its server has closed it"
}

[ -c /dev/ublk-control ] || die "the driver is not there"

serve file=/run/disk size=134217728 queues=2
await "ZERO COPY"
zerocopy
[ "$(ls /sys/block/ublkb0/mq | wc -l)" = 2 ] || die "not two queues"
mkfs.ext4 -q $device || die mkfs
mount $device /mnt || die mount
dd if=/dev/urandom of=/mnt/junk bs=1M count=48 conv=fsync 2>/dev/null || die dd
before=$(stat -c %b /run/disk)
rm /mnt/junk
sync
fstrim /mnt || die fstrim
after=$(stat -c %b /run/disk)
[ $((before - after)) -gt 80000 ] || die "fstrim has freed $((before - after)) sectors"
umount /mnt || die umount
e2fsck -f -n $device >/dev/null 2>&1 || die "the file system is damaged"
echo "@filesystem"

fio --name=verify --filename=$device --direct=1 --rw=randwrite --bsrange=4k-64k --ioengine=libaio --iodepth=32 --numjobs=2 \
    --size=32m --offset_increment=32m --verify=crc32c --output=fio.log || die "fio has found a difference"
echo "@verified"
dd if=/dev/zero of=$device bs=4096 count=1 oflag=direct,dsync 2>/dev/null || die "a forced write has failed"
truncate -s 1100000 /run/disk
dd if=$device of=/dev/null bs=256k skip=4 count=1 iflag=direct 2>error && die "a read behind the end of the file has succeeded"
grep -q "Input/output error" error || die "$(cat error)"
dd if=$device of=/dev/null bs=256k skip=3 count=1 iflag=direct 2>error || die "$(cat error)"
truncate -s 134217728 /run/disk
close
mkdir /run/full
mount -t tmpfs -o size=4m tmpfs /run/full || die "no small file system"
serve file=/run/full/disk size=67108864
dd if=/dev/urandom of=$device bs=64k count=256 oflag=direct 2>error && die "more is written than there is room for"
grep -q "No space left on device" error || die "$(cat error)"
close
umount /run/full
echo "@file errors"

serve file=/run/disk size=134217728 zerocopy=off
await "ZERO COPY"
zerocopy no
fio --name=verify --filename=$device --direct=1 --rw=randwrite --bsrange=4k-64k --ioengine=libaio --iodepth=8 \
    --size=4m --verify=crc32c --output=fio.log || die "fio has found a difference"
close
serve file=/run/disk size=134217728 crowded=1
await "ZERO COPY"
zerocopy
fio --name=verify --filename=$device --direct=1 --rw=randrw --bsrange=4k-64k --ioengine=libaio --iodepth=8 \
    --size=4m --verify=crc32c --output=fio.log || die "fio has found a difference without fixed buffers"
close
dd if=/dev/urandom of=/run/image bs=1M count=24 2>/dev/null
truncate -s 25165824 /run/lazy
serve file=/run/lazy image=/run/image
await "ZERO COPY"
zerocopy
fio --name=verify --filename=$device --direct=1 --rw=randwrite --bsrange=4k-64k --ioengine=libaio --iodepth=16 \
    --offset=8m --size=4m --verify=crc32c --output=fio.log || die "fio has found a difference"
dd if=$device bs=1M count=8 iflag=direct 2>/dev/null | cmp -n 8388608 - /run/image || die "the disk does not begin as its image"
dd if=$device bs=1M skip=12 iflag=direct 2>/dev/null | cmp - /run/image 0 12582912 || die "the disk does not end as its image"
dd if=$device bs=1M count=8 iflag=direct 2>/dev/null | cmp -n 8388608 - /run/image || die "the disk does not begin as its image when it has been filled"
close
rm /run/lazy /run/image
echo "@mixed"

# Around the page cache, where storage has blocks of 512 bytes and of 4096, for users whose memory begins anywhere.
mkdir /run/direct
for block in 512 4096; do
    truncate -s 167772160 /run/store
    loop=$(losetup -f --show -b $block /run/store) || die losetup
    mkfs.ext4 -q -b 4096 $loop || die mkfs
    mount $loop /run/direct || die mount
    serve file=/run/direct/disk size=67108864 direct=1
    await "ZERO COPY"
    zerocopy
    for memory in $(($(cat /sys/block/ublkb0/queue/dma_alignment) + 1)) 4096; do
        fio --name=verify --filename=$device --direct=1 --rw=randrw --bsrange=512-64k --iomem_align=$memory --ioengine=libaio --iodepth=16 \
            --size=8m --verify=crc32c --output=fio.log || die "fio has found a difference with memory at $memory, blocks of $block"
    done
    dd if=/dev/zero of=$device bs=4096 count=1 oflag=direct,dsync 2>/dev/null || die "a forced write has failed"
    close
    umount /run/direct || die umount
    losetup -d $loop || die losetup
    rm /run/store
done
echo "@direct"

truncate -s 67108864 /run/growing
serve file=/run/growing size=67108864 grow=134217728
await GROWN
if grep -q "KERNEL RESIZES true" server.log; then
    tries=0
    until [ "$(cat /sys/block/ublkb0/size)" = 262144 ]; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || die "the block device has $(cat /sys/block/ublkb0/size) sectors and not 262144"
        sleep 0.1
    done
    dd if=/dev/urandom of=/run/junk bs=1M count=1 2>/dev/null
    dd if=/run/junk of=$device bs=1M seek=127 oflag=direct 2>error || die "$(cat error)"
    dd if=$device bs=1M skip=127 iflag=direct 2>/dev/null | cmp - /run/junk || die "what was added does not keep data"
else
    await "keeps its size: this kernel cannot"
    [ "$(cat /sys/block/ublkb0/size)" = 131072 ] || die "the block device has $(cat /sys/block/ublkb0/size) sectors and not 131072"
fi
close
rm -f /run/growing /run/junk
echo "@resized"

serve memory=1 size=67108864 fault=1048576:4096:5
dd if=$device of=/dev/null bs=4096 skip=256 count=1 iflag=direct 2>error && die "a read that fails has succeeded"
grep -q "Input/output error" error || die "$(cat error)"
dd if=/dev/zero of=$device bs=4096 seek=255 count=1 oflag=direct 2>error || die "$(cat error)"
close
serve memory=1 size=67108864 fault=1048576:4096:28
dd if=/dev/zero of=$device bs=4096 seek=256 count=1 oflag=direct 2>error && die "a write that fails has succeeded"
grep -q "No space left on device" error || die "$(cat error)"
echo "@errors"
close

serve file=/run/disk queues=2
mkfs.ext4 -q -E nodiscard $device || die mkfs
mount $device /mnt || die mount
(while dd if=/dev/zero of=/mnt/file bs=64k count=64 conv=fsync 2>/dev/null; do :; done) &
load=$!
sleep 1
close
wait $load
umount /mnt || die umount
echo "@stopped while busy"

serve memory=1 size=67108864 hold=500
await HOLDING
dd if=$device of=/dev/null bs=4096 count=1 iflag=direct 2>/dev/null &
load=$!
sleep 0.5
close
wait $load && die "a read that was cancelled has succeeded"
echo "@stopped while waiting"

serve memory=1 size=1048576 many=20
await "MANY 20"
grep -q "LEAK" server.log && die "$(grep LEAK server.log)"
close
ls /dev/ublkb* 2>/dev/null && die "devices are left"
echo "@many"

serve file=/run/disk queues=2 id=0 recover=1
(fio --name=verify --filename=$device --direct=1 --rw=randwrite --bs=4k --ioengine=libaio --iodepth=32 --size=96m \
    --loops=1000000 --verify=crc32c --verify_backlog=2000 --output=fio.log; echo $? >fio.status) &
load=$!
kill=0
while [ $kill -lt $kills ]; do
    kill=$((kill + 1))
    sleep 1
    kill -9 $pid
    wait $pid
    written=$(awk '{print $5}' /sys/block/ublkb0/stat)
    serve file=/run/disk queues=2 id=0 recover=1
    tries=0
    until [ "$(awk '{print $5}' /sys/block/ublkb0/stat)" -gt "$written" ]; do
        tries=$((tries + 1))
        [ ! -e fio.status ] || die "fio has ended with status $(cat fio.status)"
        [ $tries -lt 1800 ] || die "no request is answered after recovery $kill"
        sleep 0.1
    done
done
pkill -INT -x fio
tries=0
until [ -e fio.status ]; do
    tries=$((tries + 1))
    # Interrupted while it verifies, fio 3.33 may wait for requests that have all been answered.
    if [ $tries = 200 ]; then
        [ "$(awk '{print $1 + $2}' /sys/block/ublkb0/inflight)" = 0 ] || die "requests are not answered"
        pkill -KILL -x fio
    fi
    sleep 0.1
done
wait $load
grep -q -i "verify.*fail\|bad magic\|bad header" fio.log && die "fio has found a difference"
case $(cat fio.status) in 0 | 128 | 137) ;; *) die "fio has ended with status $(cat fio.status)" ;; esac
close
echo "@recovered"
exit 0
