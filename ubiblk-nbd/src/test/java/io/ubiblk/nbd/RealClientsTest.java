package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.nbd.protocol.ReplyStyle;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.opentest4j.TestAbortedException;

/** The clients of Debian, with a sparse file served, or what it holds on an encrypted disk. */
@Timeout(300)
@ParameterizedClass
@EnumSource
class RealClientsTest {

  private static final int SIZE = 16 << 20;

  @Parameter Storage storage = Storage.FILE;
  @TempDir Path folder;
  private Path disk;
  private Rig rig;
  private String uri;

  @BeforeEach
  void start() throws IOException {
    disk = folder.resolve("disk.raw");
    byte[] data = new byte[1 << 20];
    new Random(1).nextBytes(data);
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(SIZE);
      file.seek(1 << 20);
      file.write(data);
      file.seek(8 << 20);
      file.write(data);
    }
    rig = new Rig(folder, storage.open(disk), b -> b.limits(NbdLimits.DEFAULT));
    uri = "nbd+unix:///?socket=" + rig.socket;
  }

  @AfterEach
  void stop() throws IOException {
    rig.close();
  }

  private byte[] readDisk() throws IOException {
    try (NbdClient client = rig.open(ReplyStyle.STRUCTURED)) {
      return client.read(0, SIZE);
    }
  }

  @Test
  void nbdinfoShowsEverything() throws Exception {
    Program.require("nbdinfo", "libnbd-bin");
    String plain = Program.output("nbdinfo", uri);
    assertTrue(plain.contains("export-size: " + SIZE), plain);
    assertTrue(plain.contains("can_multi_conn: true"), plain);
    assertTrue(plain.contains("block_size_maximum: 33554432"), plain);
    assertTrue(plain.contains("base:allocation"), plain);
    assertTrue(Program.output("nbdinfo", "--json", uri).contains("\"exports\""));
    assertTrue(Program.output("nbdinfo", "--list", uri).contains("export="));
    assertEquals(SIZE + "", Program.output("nbdinfo", "--size", uri).strip());
    Program.output("nbdinfo", "--can", "zero", uri);
  }

  @Test
  void nbdinfoMapsHolesWhereTheyReadAsZeros() throws Exception {
    Program.require("nbdinfo", "libnbd-bin");
    Program.require("nbdsh", "python3-libnbd");
    // What is a hole below an encrypted disk does not read as zeros, nor must anybody think so.
    String allData = "0 16777216 0 data";
    String holes =
        "0 1048576 3 hole,zero\n 1048576 1048576 0 data\n 2097152 6291456 3 hole,zero\n"
            + " 8388608 1048576 0 data\n 9437184 7340032 3 hole,zero";
    assertEquals(storage == Storage.FILE ? holes : allData, map());
    Program.output(
        "nbdsh", "-u", uri, "-c", "h.trim(1048576, 1048576)\nh.zero(1048576, 8388608)\nh.flush()");
    assertEquals(storage == Storage.FILE ? "0 16777216 3 hole,zero" : allData, map());
  }

  private String map() throws Exception {
    return Program.output("nbdinfo", "--map", uri).replaceAll(" +", " ").strip();
  }

  @Test
  void nbdcopyCopiesBothWays() throws Exception {
    Program.require("nbdcopy", "libnbd-bin");
    Path copy = folder.resolve("copy.raw");
    Program.output("nbdcopy", "--connections=4", uri, copy.toString());
    byte[] content = Files.readAllBytes(disk);
    assertArrayEquals(content, Files.readAllBytes(copy));
    new Random(2).nextBytes(content);
    Files.write(copy, content);
    Program.output("nbdcopy", "--flush", "--connections=4", copy.toString(), uri);
    assertArrayEquals(content, readDisk());
  }

  @Test
  void qemuImgConvertsComparesAndMaps() throws Exception {
    Program.require("qemu-img", "qemu-utils");
    String qcow = folder.resolve("copy.qcow2").toString();
    Program.output("qemu-img", "convert", "-f", "raw", "-O", "qcow2", uri, qcow);
    Program.output("qemu-img", "compare", "-f", "raw", "-F", "qcow2", uri, qcow);
    String map = Program.output("qemu-img", "map", "-f", "raw", "--output=json", uri);
    String data = "\"start\": 1048576, \"length\": 1048576";
    assertTrue(storage != Storage.FILE || map.contains(data), map);
    assertTrue(storage == Storage.FILE || !map.contains("\"zero\": true"), map);
    byte[] before = Files.readAllBytes(disk);
    Program.output("qemu-io", "-f", "raw", "-c", "write -P 9 0 16M", uri);
    Program.output("qemu-img", "convert", "-n", "-f", "qcow2", "-O", "raw", qcow, uri);
    assertArrayEquals(before, readDisk());
  }

  @Test
  void qemuIoWritesZeroesTrimsAndFlushes() throws Exception {
    Program.require("qemu-io", "qemu-utils");
    String output =
        Program.output(
            "qemu-io",
            "-f",
            "raw",
            "-c",
            "write -f -P 7 0 1M",
            "-c",
            "read -P 7 0 1M",
            "-c",
            "write -z 1M 64k",
            "-c",
            "read -P 0 1M 64k",
            "-c",
            "write -zu 8M 1M",
            "-c",
            "discard 2M 1M",
            "-c",
            "aio_write -P 5 4M 64k",
            "-c",
            "aio_flush",
            "-c",
            "read -P 5 4M 64k",
            "-c",
            "flush",
            uri);
    assertTrue(!output.contains("failed"), output);
  }

  @Test
  void fioVerifiesWhatItWrites() throws Exception {
    Program.require("fio", "fio");
    if (!Program.run(List.of("fio", "--enghelp")).output().contains("nbd")) {
      throw new TestAbortedException("this fio has no nbd engine");
    }
    Program.output(
        "fio",
        "--name=verify",
        "--ioengine=nbd",
        "--uri=" + uri,
        "--rw=randrw",
        "--verify=crc32c",
        "--verify_state_save=0",
        "--iodepth=32",
        "--bsrange=4k-1m",
        "--size=" + SIZE,
        "--io_size=" + 2 * SIZE);
  }

  @Test
  void nbdshGetsItsErrors() throws Exception {
    Program.require("nbdsh", "python3-libnbd");
    String script =
        """
        import errno
        h.set_strict_mode(0)
        def fails(number, what):
            try:
                what()
            except nbd.Error as e:
                assert e.errnum == number, (e.errnum, number)
                return
            raise AssertionError('nothing failed')
        size = h.get_size()
        fails(errno.EINVAL, lambda: h.pread(512, size))
        fails(errno.ENOSPC, lambda: h.pwrite(b'x' * 512, size))
        h.pwrite(b'x' * 511, 1)
        assert h.pread(513, 0) == b'\\0' + b'x' * 511 + b'\\0'
        fails(errno.EINVAL, lambda: h.trim(512, size))
        fails(errno.EINVAL, lambda: h.pread(512, 0, 0x8000))
        h.pwrite(b'y' * 1024, 512, nbd.CMD_FLAG_FUA)
        assert h.pread(1024, 512) == b'y' * 1024
        assert h.pread(3, 511) == b'xyy'
        h.zero(1024, 512)
        assert h.pread(1024, 512) == bytes(1024)
        h.cache(4096, 0)
        h.flush()
        """;
    Program.output("nbdsh", "-u", uri, "-c", script);
  }

  @Test
  void everyHandshakeServesRequests() throws Exception {
    Program.require("nbdsh", "python3-libnbd");
    String script =
        """
        for flags in range(4):
            for structured in (False, True):
                h = nbd.NBD()
                h.set_handshake_flags(flags)
                h.set_request_structured_replies(structured)
                h.connect_uri('URI')
                assert h.get_size() == SIZE
                h.pwrite(b'z' * 512, 0)
                assert h.pread(512, 0) == b'z' * 512
                h.shutdown()
        """;
    Program.output("nbdsh", "-c", script.replace("URI", uri).replace("SIZE", SIZE + ""));
  }
}
