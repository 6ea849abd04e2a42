package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.memory.MemoryDevice;
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

/** Clients that go on running: nbdkit's nbd plugin and nbdfuse; and what else nbdinfo can ask. */
@Timeout(300)
@ParameterizedClass
@EnumSource
class OtherClientsTest {

  private static final int SIZE = 8 << 20;

  @Parameter Storage storage = Storage.FILE;
  @TempDir Path folder;
  private Rig rig;
  private String uri;

  @BeforeEach
  void start() throws IOException {
    Path zeros = folder.resolve("zeros");
    try (RandomAccessFile file = new RandomAccessFile(zeros.toFile(), "rw")) {
      file.setLength(SIZE);
    }
    rig =
        new Rig(
            folder,
            storage.open(zeros),
            b ->
                b.limits(NbdLimits.DEFAULT)
                    .export(
                        NbdExport.of("fixed", new MemoryDevice(SIZE))
                            .withReadOnly(true)
                            .withDescription("cannot be changed")));
    uri = "nbd+unix:///?socket=" + rig.socket;
  }

  @AfterEach
  void stop() throws IOException {
    rig.close();
  }

  @Test
  void nbdinfoAnswersEveryQuestion() throws Exception {
    Program.require("nbdinfo", "libnbd-bin");
    String fixed = "nbd+unix:///fixed?socket=" + rig.socket;
    assertEquals(0, ask("--is", "read-only", fixed));
    assertNotEquals(0, ask("--is", "read-only", uri));
    assertNotEquals(0, ask("--is", "rotational", uri));
    for (String ability :
        List.of("cache", "connect", "df", "fast-zero", "flush", "fua", "multi-conn", "read")) {
      assertEquals(0, ask("--can", ability, uri), ability);
    }
    for (String ability : List.of("trim", "write", "zero", "structured-reply")) {
      assertEquals(0, ask("--can", ability, uri), ability);
    }
    for (String ability : List.of("trim", "write", "zero", "fast-zero")) {
      assertNotEquals(0, ask("--can", ability, fixed), ability);
    }
    String list = Program.output("nbdinfo", "--list", "--json", uri);
    assertTrue(list.contains("\"cannot be changed\""), list);
    assertTrue(Program.output("nbdinfo", "--map", "--totals", fixed).contains("100.0%"));
    assertTrue(Program.output("nbdinfo", "--map", "--json", fixed).contains("\"length\": " + SIZE));
  }

  private static int ask(String... question) throws Exception {
    String[] command = {"nbdinfo", question[0], question[1], question[2]};
    return Program.run(List.of(command)).status();
  }

  @Test
  void nbdshGetsNothingPastAReadOnlyExport() throws Exception {
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
        fails(errno.EPERM, lambda: h.pwrite(b'x' * 512, 0))
        fails(errno.EPERM, lambda: h.pwrite(b'x' * 512, 0, nbd.CMD_FLAG_FUA))
        fails(errno.EPERM, lambda: h.trim(512, 0))
        fails(errno.EPERM, lambda: h.zero(512, 0))
        fails(errno.EPERM, lambda: h.zero(512, 0, nbd.CMD_FLAG_FAST_ZERO))
        fails(errno.EINVAL, lambda: h.zero(512, 0, 0x4000))
        fails(errno.EINVAL, lambda: h.pread(512, 0, nbd.CMD_FLAG_NO_HOLE))
        fails(errno.EINVAL, lambda: h.block_status(512, 0, lambda *a: 0))
        h.flush()
        assert h.pread(512, 0) == bytes(512)
        """;
    Program.output("nbdsh", "-u", "nbd+unix:///fixed?socket=" + rig.socket, "-c", script);
  }

  @Test
  void nbdshNegotiatesInAnyOrder() throws Exception {
    Program.require("nbdsh", "python3-libnbd");
    String script =
        """
        h.set_opt_mode(True)
        h.connect_uri('URI')
        names = []
        h.opt_list(lambda name, text: names.append(name))
        assert sorted(names) == ['', 'fixed'], names
        h.set_export_name('nothing')
        for step in (h.opt_info, h.opt_go):
            try:
                step()
                raise AssertionError('an export that is not there')
            except nbd.Error:
                pass
        h.set_export_name('fixed')
        h.opt_info()
        assert h.is_read_only()
        h.set_export_name('')
        h.opt_go()
        assert not h.is_read_only()
        h.pwrite(b'z' * 4096, 0)
        assert h.pread(4096, 0) == b'z' * 4096
        h.shutdown()
        h = nbd.NBD()
        h.set_opt_mode(True)
        h.connect_uri('URI')
        h.opt_abort()
        """;
    Program.output("nbdsh", "-c", script.replace("URI", uri));
  }

  @Test
  void nbdkitPassesTheDiskOn() throws Exception {
    Program.require("nbdkit", "nbdkit");
    Program.require("nbdcopy", "libnbd-bin");
    Path data = folder.resolve("data");
    byte[] content = new byte[SIZE];
    new Random(3).nextBytes(content);
    Files.write(data, content);
    Path socket = folder.resolve("nbdkit.sock");
    Process nbdkit =
        new ProcessBuilder("nbdkit", "-f", "-U", socket.toString(), "nbd", "uri=" + uri)
            .inheritIO()
            .start();
    try {
      Await.until(() -> Files.exists(socket));
      String through = "nbd+unix:///?socket=" + socket;
      Program.output("nbdcopy", "--flush", data.toString(), through);
      Path copy = folder.resolve("copy");
      Program.output("nbdcopy", through, copy.toString());
      assertArrayEquals(content, Files.readAllBytes(copy));
      Program.output("nbdcopy", uri, copy.toString());
      assertArrayEquals(content, Files.readAllBytes(copy));
    } finally {
      nbdkit.destroy();
      nbdkit.waitFor();
    }
  }

  @Test
  void nbdfuseMakesAFileOfTheDisk() throws Exception {
    Program.require("nbdfuse", "libnbd-bin");
    Program.require("fusermount3", "fuse3");
    Path mount = Files.createDirectory(folder.resolve("mount"));
    Process nbdfuse = new ProcessBuilder("nbdfuse", mount.toString(), uri).inheritIO().start();
    try {
      Path file = mount.resolve("nbd");
      Await.until(() -> Files.exists(file) || !nbdfuse.isAlive());
      if (!nbdfuse.isAlive()) {
        throw new TestAbortedException("nbdfuse cannot mount here");
      }
      assertEquals(SIZE, Files.size(file));
      byte[] content = new byte[100_000];
      new Random(4).nextBytes(content);
      try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
        opened.seek(12345);
        opened.write(content);
        opened.getFD().sync();
        byte[] found = new byte[content.length];
        opened.seek(12345);
        opened.readFully(found);
        assertArrayEquals(content, found);
      }
      Path copy = folder.resolve("copy");
      Program.require("nbdcopy", "libnbd-bin");
      Program.output("nbdcopy", uri, copy.toString());
      assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(copy));
    } finally {
      new ProcessBuilder("fusermount3", "-u", mount.toString()).start().waitFor();
      nbdfuse.destroy();
      nbdfuse.waitFor();
    }
  }
}
