package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The clients of Debian over TLS, with certificates as they are usually made. */
@Timeout(300)
class TlsClientsTest {

  private static final int SIZE = 8 << 20;

  @TempDir Path folder;
  private Path disk;
  private byte[] content;

  @BeforeEach
  void makeCertificates() throws Exception {
    Program.require("openssl", "openssl");
    content = new byte[SIZE];
    new Random(1).nextBytes(content);
    disk = Files.write(folder.resolve("disk.raw"), content);
    Files.createDirectory(folder.resolve("server"));
    Files.createDirectory(folder.resolve("client"));
    String ca = folder.resolve("ca-cert.pem").toString();
    String key = folder.resolve("ca-key.pem").toString();
    Program.output(
        ("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=authority -days 30 -keyout "
                + (key + " -out " + ca)
                + " -addext keyUsage=critical,keyCertSign")
            .split(" "));
    sign("server", "serverAuth");
    sign("client", "clientAuth");
  }

  private void sign(String who, String usage) throws Exception {
    Path own = folder.resolve(who);
    Files.copy(folder.resolve("ca-cert.pem"), own.resolve("ca-cert.pem"));
    Path extensions = folder.resolve("extensions");
    Files.writeString(
        extensions,
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nkeyUsage=digitalSignature,keyEncipherment\n"
            + ("extendedKeyUsage=" + usage + "\n"));
    String name = own.resolve(who).toString();
    String request = folder.resolve(who + ".csr").toString();
    Program.output(
        ("openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "
                + (name + "-key.pem -out " + request))
            .split(" "));
    Program.output(
        ("openssl x509 -req -days 30 -CAcreateserial -in "
                + (request + " -out " + name + "-cert.pem -extfile " + extensions)
                + (" -CA " + folder + "/ca-cert.pem -CAkey " + folder + "/ca-key.pem"))
            .split(" "));
  }

  private Rig serve(boolean verifying) throws Exception {
    NbdTls tls = NbdTls.fromDirectory(folder.resolve("server")).withVerifiedClients(verifying);
    return new Rig(
        folder,
        RawFileDevice.open(disk, RawFileOptions.DEFAULT),
        b ->
            b.tls(tls)
                .limits(NbdLimits.DEFAULT)
                .at(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
  }

  private String uri(Rig rig) {
    return "nbds+unix://localhost/?socket="
        + rig.socket
        + "&tls-certificates="
        + folder.resolve("client");
  }

  @Test
  void libnbdCopiesBothWaysAndShowsTheProtection() throws Exception {
    Program.require("nbdcopy", "libnbd-bin");
    for (boolean verifying : new boolean[] {false, true}) {
      try (Rig rig = serve(verifying)) {
        Path copy = folder.resolve("copy.raw");
        Program.output("nbdcopy", uri(rig), copy.toString());
        assertArrayEquals(content, Files.readAllBytes(copy));
        new Random(2).nextBytes(content);
        Files.write(copy, content);
        Program.output("nbdcopy", "--flush", copy.toString(), uri(rig));
        assertArrayEquals(content, Files.readAllBytes(disk));
        assertEquals(SIZE + "", Program.output("nbdinfo", "--size", uri(rig)).strip());
        assertTrue(Program.output("nbdinfo", uri(rig)).contains("with TLS"));
      }
    }
  }

  @Test
  void qemuImgConvertsAndCompares() throws Exception {
    Program.require("qemu-img", "qemu-utils");
    for (boolean verifying : new boolean[] {false, true}) {
      try (Rig rig = serve(verifying)) {
        String credentials = "tls-creds-x509,id=t0,endpoint=client,dir=" + folder.resolve("client");
        String options =
            "driver=nbd,server.type=unix,tls-creds=t0,tls-hostname=localhost,server.path="
                + rig.socket;
        String copy = folder.resolve("copy.qcow2").toString();
        Program.output(
            "qemu-img",
            "convert",
            "--object",
            credentials,
            "--image-opts",
            options,
            "-O",
            "qcow2",
            copy);
        Program.output(
            "qemu-img",
            "compare",
            "--object",
            credentials,
            "--image-opts",
            options,
            "driver=qcow2,file.driver=file,file.filename=" + copy);
      }
    }
  }

  @Test
  void clientsWithoutTlsAndWithoutCertificatesAreRefused() throws Exception {
    Program.require("nbdinfo", "libnbd-bin");
    try (Rig rig = serve(true)) {
      String plain = "nbd+unix:///?socket=" + rig.socket;
      assertNotEquals(0, Program.run(List.of("nbdinfo", plain)).status());
      Files.delete(folder.resolve("client/client-cert.pem"));
      Files.delete(folder.resolve("client/client-key.pem"));
      assertNotEquals(0, Program.run(List.of("nbdinfo", uri(rig))).status());
      rig.settle();
    }
  }
}
