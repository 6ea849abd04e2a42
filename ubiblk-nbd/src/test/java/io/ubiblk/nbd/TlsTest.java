package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.Magic;
import io.ubiblk.nbd.protocol.Option;
import io.ubiblk.nbd.protocol.OptionReply;
import io.ubiblk.nbd.protocol.ReplyStyle;
import io.ubiblk.testkit.Seeds;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS: off, offered, required, verified, and attacked. */
@Timeout(120)
class TlsTest {

  @TempDir static Path keys;
  private static Certificates server;
  private static Certificates client;
  private static Certificates stranger;

  @TempDir Path folder;

  @BeforeAll
  static void makeCertificates() throws Exception {
    server = Certificates.make(keys, "server", "RSA");
    client = Certificates.make(keys, "client", "EC");
    stranger = Certificates.make(keys, "stranger", "EC");
  }

  private static NbdTls protection() throws Exception {
    return NbdTls.of(Certificates.context(server, client));
  }

  private Rig rig(NbdTls tls, ReactorOptions.Kind kind) throws IOException {
    InetSocketAddress port = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return new Rig(folder, kind, new MemoryDevice(Rig.SIZE), b -> b.at(port).tls(tls));
  }

  private Rig rig(NbdTls tls) throws IOException {
    return rig(tls, ReactorOptions.Kind.AUTOMATIC);
  }

  private static Socket plain(Rig rig) throws IOException {
    InetSocketAddress address = (InetSocketAddress) rig.server.addresses().get(1);
    return new Socket(address.getAddress(), address.getPort());
  }

  /** A client that has asked for TLS, and whose handshake of TLS comes with its first byte. */
  private static NbdClient secured(Rig rig, SSLContext context, String... protocols)
      throws IOException {
    Socket socket = plain(rig);
    NbdClient before = NbdClient.over(socket);
    before.greet(3);
    assertEquals(OptionReply.ACK, before.option(Option.STARTTLS).getLast().type());
    SSLSocket secure =
        (SSLSocket) context.getSocketFactory().createSocket(socket, "localhost", 0, true);
    if (protocols.length > 0) {
      secure.setEnabledProtocols(protocols);
    }
    return NbdClient.over(secure);
  }

  private static SSLContext trusting() throws Exception {
    return Certificates.context(null, server);
  }

  @ParameterizedTest
  @CsvSource({"TLSv1.3, RING", "TLSv1.2, RING", "TLSv1.3, EPOLL"})
  void whatIsWrittenIsRead(String protocol, ReactorOptions.Kind kind) throws Exception {
    try (Rig rig = rig(protection(), kind)) {
      talk(rig, protocol);
      rig.settle();
    }
  }

  private static void talk(Rig rig, String protocol) throws Exception {
    try (NbdClient secure = secured(rig, trusting(), protocol)) {
      secure.agree(ReplyStyle.STRUCTURED);
      secure.go("");
      for (int length : new int[] {512, 16384, 65536 + 512, 3 << 20}) {
        byte[] data = new byte[length];
        new Random(length).nextBytes(data);
        assertEquals(0, secure.write(512, data));
        assertArrayEquals(data, secure.read(512, length));
      }
      for (int i = 0; i < 200; i++) {
        secure.request(Command.READ, 0, i, 0, 65536);
      }
      for (int i = 0; i < 200; i++) {
        assertEquals(0, secure.readChunks(0).getFirst().error());
      }
      secure.request(Command.DISCONNECT, 0, 0, 0, 0);
      // A goodbye, not just an end.
      assertEquals(-1, secure.in.read());
    }
  }

  @Test
  void requiredMeansRequired() throws Exception {
    try (Rig rig = rig(protection())) {
      try (NbdClient open = NbdClient.greeted(rig.socket, ReplyStyle.SIMPLE)) {
        for (int option : new int[] {Option.LIST, Option.INFO, Option.GO, 8, 9, 10, 11, 99}) {
          assertEquals(
              OptionReply.TLS_REQUIRED, open.option(option, NbdClient.choice("")).getLast().type());
        }
        assertEquals(OptionReply.ACK, open.option(Option.ABORT).getLast().type());
      }
      try (NbdClient open = NbdClient.greeted(rig.socket, ReplyStyle.SIMPLE)) {
        open.sendOption(Option.EXPORT_NAME);
        assertTrue(open.isClosed());
      }
    }
  }

  @Test
  void offeredMeansOffered() throws Exception {
    try (Rig rig = rig(protection().withRequired(false));
        NbdClient secure = secured(rig, trusting())) {
      rig.assertServes();
      assertEquals(OptionReply.INVALID, secure.option(Option.STARTTLS).getLast().type());
      secure.go("");
      assertEquals(512, secure.read(0, 512).length);
    }
  }

  @Test
  void whatWasAgreedOnInTheClearIsForgotten() throws Exception {
    try (Rig rig = rig(protection().withRequired(false));
        Socket socket = plain(rig)) {
      NbdClient before = NbdClient.over(socket);
      before.greet(3);
      before.agree(ReplyStyle.STRUCTURED);
      before.selectAllocation("");
      assertEquals(OptionReply.INVALID, before.option(Option.STARTTLS, (byte) 0).getLast().type());
      assertEquals(OptionReply.ACK, before.option(Option.STARTTLS).getLast().type());
      try (NbdClient secure =
          NbdClient.over(
              trusting().getSocketFactory().createSocket(socket, "localhost", 0, true))) {
        // It could not be agreed on a second time.
        secure.agree(ReplyStyle.STRUCTURED);
        secure.go("");
        assertEquals(22, secure.command(Command.BLOCK_STATUS, 0, 0, 512));
      }
    }
  }

  @Test
  void aServerWithoutTlsSaysSo() throws Exception {
    try (Rig rig = Rig.start(folder);
        NbdClient open = NbdClient.greeted(rig.socket, ReplyStyle.SIMPLE)) {
      assertEquals(OptionReply.POLICY, open.option(Option.STARTTLS).getLast().type());
    }
  }

  @Test
  void bytesBehindStartTlsEndTheConnection() throws Exception {
    try (Rig rig = rig(protection());
        NbdClient open = NbdClient.greeted(rig.socket, ReplyStyle.SIMPLE)) {
      ByteBuffer both = ByteBuffer.allocate(32);
      both.putLong(Magic.OPTION).putInt(Option.STARTTLS).putInt(0);
      both.putLong(Magic.OPTION).putInt(Option.LIST).putInt(0);
      open.send(both.array());
      assertEquals(OptionReply.ACK, open.readReply().type());
      assertTrue(open.isClosed());
    }
  }

  @Test
  void clientsAreVerified() throws Exception {
    try (Rig rig = rig(protection().withVerifiedClients(true))) {
      try (NbdClient known = secured(rig, Certificates.context(client, server))) {
        known.go("");
        assertEquals(512, known.read(0, 512).length);
      }
      for (SSLContext unknown :
          new SSLContext[] {trusting(), Certificates.context(stranger, server)}) {
        try (NbdClient refused = secured(rig, unknown)) {
          assertThrows(IOException.class, () -> refused.go(""));
        }
      }
      rig.settle();
    }
  }

  @Test
  void aClientThatDoesNotTrustTheServerDisturbsNobody() throws Exception {
    try (Rig rig = rig(protection())) {
      try (NbdClient other = secured(rig, Certificates.context(null, stranger))) {
        assertThrows(IOException.class, () -> other.go(""));
      }
      rig.settle();
    }
  }

  @Test
  void aSilentClientIsDisconnected() throws Exception {
    NbdTls tls = protection();
    NbdLimits limits = NbdLimits.DEFAULT.withHandshakeTime(Duration.ofMillis(500));
    try (Rig rig = new Rig(folder, new MemoryDevice(Rig.SIZE), b -> b.tls(tls).limits(limits));
        NbdClient open = NbdClient.greeted(rig.socket, ReplyStyle.SIMPLE)) {
      assertEquals(OptionReply.ACK, open.option(Option.STARTTLS).getLast().type());
      open.in.readAllBytes();
    }
  }

  @Test
  void bytesThatAreNoTlsEndTheConnectionAndNoOther() throws Exception {
    try (Rig rig = rig(protection());
        NbdClient other = secured(rig, trusting())) {
      other.go("");
      Seeds.check(
          100,
          random -> {
            try (NbdClient open = NbdClient.greeted(rig.socket, ReplyStyle.SIMPLE)) {
              open.option(Option.STARTTLS);
              byte[] noise = new byte[1 + random.below(300)];
              for (int i = 0; i < noise.length; i++) {
                noise[i] = (byte) random.below(256);
              }
              if (random.below(2) == 0) {
                // What looks like the beginning of a record.
                System.arraycopy(new byte[] {22, 3, 1, 0}, 0, noise, 0, Math.min(4, noise.length));
              }
              open.send(noise);
            }
          });
      assertEquals(512, other.read(0, 512).length);
    }
  }

  @Test
  void aClientThatReadsNothingDoesNotKeepTheServerFromClosing() throws Exception {
    NbdTls tls = protection();
    InetSocketAddress port = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (Rig rig =
            new Rig(
                folder,
                new MemoryDevice(Rig.SIZE),
                b -> b.at(port).tls(tls).grace(Duration.ofMillis(100)));
        NbdClient secure = secured(rig, trusting())) {
      secure.go("");
      for (int i = 0; i < 100; i++) {
        secure.request(Command.READ, 0, i, 0, 1 << 20);
      }
      rig.server.close();
      assertEquals(0, rig.server.connections());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void certificatesAreReadFromFiles(boolean old) throws Exception {
    Path directory = folder.resolve("pki");
    server.writeServerFiles(directory, client, old);
    NbdTls tls = NbdTls.fromDirectory(directory).withVerifiedClients(true);
    assertTrue(tls.required());
    try (Rig rig = rig(tls);
        NbdClient known = secured(rig, Certificates.context(client, server))) {
      known.go("");
      assertEquals(512, known.read(0, 512).length);
    }
  }

  @Test
  void filesThatAreNotWhatTheySayAreRefused() throws Exception {
    Path directory = folder.resolve("pki");
    assertThrows(IOException.class, () -> NbdTls.fromDirectory(directory));
    client.writeServerFiles(directory, client, false);
    NbdTls.fromDirectory(directory);
    for (String name : new String[] {"server-cert.pem", "server-key.pem", "ca-cert.pem"}) {
      byte[] good = Files.readAllBytes(directory.resolve(name));
      Files.writeString(directory.resolve(name), "nothing");
      IOException refusal = assertThrows(IOException.class, () -> NbdTls.fromDirectory(directory));
      assertTrue(String.valueOf(refusal.getMessage()).contains(name));
      Files.write(directory.resolve(name), good);
    }
  }
}
