# Tries the frontends that need drivers of the kernel. Each part says with an @ what it has seen.
cd /tmp
mkdir /run/same /run/disk
pid=

die() {
    echo "@failed: $*"
    tail -n 20 /tmp/program.log
    dmesg | tail -n 10
    exit 1
}

java() {
    @JAVA@ -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m --enable-native-access=ALL-UNNAMED -cp '@CLASSPATH@' "$@" >program.log 2>&1
}

# Waits until a command succeeds.
await() {
    tries=0
    until "$@" 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -lt 1800 ] || die "this does not come true: $*"
        kill -0 $pid 2>/dev/null || die "the program has ended before this came true: $*"
        sleep 0.1
    done
}

start() {
    exec env --default-signal=INT @JAVA@ -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m --enable-native-access=ALL-UNNAMED \
        -cp '@CLASSPATH@' io.ubiblk.examples.Main "$@" >program.log 2>&1 &
    pid=$!
}

# Sends a signal and waits for an end in order.
finish() {
    kill -"$1" $pid
    wait $pid || die "it has ended with status $?"
}

use() {
    mkfs.ext4 -q "$1" || die "mkfs on $1"
    mount "$1" /mnt || die "mount $1"
    dd if=/dev/urandom of=/mnt/file bs=1M count=8 conv=fsync 2>/dev/null || die "dd on $1"
    md5sum /mnt/file >file.md5
    umount /mnt || die "umount $1"
    mount "$1" /mnt || die "mount $1 again"
    md5sum -c --quiet file.md5 || die "the file on $1 is not as it was written"
    fstrim /mnt || die "fstrim on $1"
    umount /mnt || die "umount $1 again"
    e2fsck -f -n "$1" >/dev/null 2>&1 || die "the file system on $1 is damaged"
}

java io.ubiblk.examples.guest.SameDisk /run/same || die "the disk is not the same everywhere"
grep -q SAME program.log || die "the disk was not compared"
echo "@same"

start ublk --file /run/disk/ublk --size 64M --queues 2 --device-symlink /run/links/disk
await test -b /run/links/disk
await grep -q "^serving /dev/ublkb0 as /run/links/disk: " program.log
use /run/links/disk
finish TERM
[ ! -e /dev/ublkb0 ] && [ ! -L /run/links/disk ] || die "the device or its link is left"
echo "@runner"

cat >disk.toml <<'TOML'
[device]
data_path = "/run/disk/backend"
rpc_socket = "/run/disk/rpc.sock"
[tuning]
num_queues = 2
queue_size = 32
[danger_zone]
enabled = true
allow_unencrypted_disk = true
TOML
truncate -s 64M /run/disk/backend
start ublk-backend --config disk.toml --device-symlink /run/links/disk
await test -b /run/links/disk
[ -S /run/disk/rpc.sock ] || die "no RPC socket"
use /run/links/disk
finish INT
[ ! -s program.log ] || die "ublk-backend has something to say"
[ ! -e /dev/ublkb0 ] && [ ! -L /run/links/disk ] && [ ! -e /run/disk/rpc.sock ] || die "something is left"
echo "@backend"

start nbd --file /run/disk/nbd --size 64M --socket /run/disk/nbd.sock
await test -S /run/disk/nbd.sock
nbd-client -unix /run/disk/nbd.sock /dev/nbd0 -C 2 >client.log 2>&1 || die "nbd-client: $(cat client.log)"
use /dev/nbd0
dd if=/dev/urandom of=/dev/nbd0 bs=512 seek=3 count=5 oflag=direct 2>/dev/null || die "sectors on /dev/nbd0"
cmp -n 2560 -i 1536 /dev/nbd0 /run/disk/nbd || die "sectors are not where they were written"
nbd-client -d /dev/nbd0 >/dev/null || die "nbd-client -d"
finish TERM
echo "@nbd-client"
exit 0
