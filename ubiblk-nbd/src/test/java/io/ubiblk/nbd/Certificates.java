package io.ubiblk.nbd;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Arrays;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** Certificates that sign themselves, made by the JDK's keytool. */
final class Certificates {

  private static final String PASSWORD = "changeit";

  private final KeyStore store;

  private Certificates(KeyStore store) {
    this.store = store;
  }

  /** Makes a key and its certificate. */
  static Certificates make(Path folder, String name, String algorithm) throws Exception {
    Path file = folder.resolve(name + ".p12");
    Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
    Process process =
        new ProcessBuilder(
                keytool.toString(),
                "-genkeypair",
                "-alias",
                "it",
                "-keyalg",
                algorithm,
                "-dname",
                "CN=" + name,
                "-ext",
                "san=dns:localhost",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                PASSWORD)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(output);
    }
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, PASSWORD.toCharArray());
    }
    return new Certificates(store);
  }

  Certificate certificate() throws Exception {
    return store.getCertificate("it");
  }

  Key key() throws Exception {
    return store.getKey("it", PASSWORD.toCharArray());
  }

  /** A context that shows the certificate of one side, if any, and trusts that of the other. */
  static SSLContext context(@Nullable Certificates own, Certificates trusted) throws Exception {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    if (own != null) {
      keys.init(own.store, PASSWORD.toCharArray());
    }
    KeyStore authorities = KeyStore.getInstance("PKCS12");
    authorities.load(null, null);
    authorities.setCertificateEntry("other", trusted.certificate());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(authorities);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own == null ? null : keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  /** Writes the files that a server reads, with the key in PKCS #8 or, for RSA, in PKCS #1. */
  void writeServerFiles(Path directory, Certificates authority, boolean old) throws Exception {
    Files.createDirectories(directory);
    pem(directory.resolve("ca-cert.pem"), "CERTIFICATE", authority.certificate().getEncoded());
    pem(directory.resolve("server-cert.pem"), "CERTIFICATE", certificate().getEncoded());
    byte[] encoded = key().getEncoded();
    if (old) {
      // Sequence (4), version (3), algorithm (15), octet string (4), and then the key of PKCS #1.
      encoded = Arrays.copyOfRange(encoded, 26, encoded.length);
    }
    pem(directory.resolve("server-key.pem"), old ? "RSA PRIVATE KEY" : "PRIVATE KEY", encoded);
  }

  private static void pem(Path file, String what, byte[] content) throws IOException {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    Files.writeString(
        file,
        "Made by a test\n-----BEGIN " + what + "-----\n" + text + "\n-----END " + what + "-----\n");
  }
}
