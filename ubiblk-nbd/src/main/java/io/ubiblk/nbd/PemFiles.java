package io.ubiblk.nbd;

import io.ubiblk.api.BlockDeviceException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Reads certificates and keys in PEM.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7468">RFC 7468</a>
 */
final class PemFiles {

  private static final Pattern KEY =
      Pattern.compile("-----BEGIN ((?:RSA )?PRIVATE KEY)-----([^-]*)-----END");

  // DER of the version and of the algorithm rsaEncryption, which PKCS #8 puts before a PKCS #1 key.
  private static final byte[] RSA_PREFIX =
      HexFormat.of().parseHex("020100300d06092a864886f70d0101010500");

  private static final String[] ALGORITHMS = {"RSA", "EC", "EdDSA"};

  private PemFiles() {}

  static SSLContext serverContext(Path directory) throws IOException {
    char[] noPassword = {};
    try {
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(null, noPassword);
      Certificate[] chain =
          certificates(directory.resolve("server-cert.pem")).toArray(Certificate[]::new);
      PrivateKey key = privateKey(directory.resolve("server-key.pem"));
      keys.setKeyEntry("server", key, noPassword, chain);
      KeyManagerFactory keyManagers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keyManagers.init(keys, noPassword);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          keyManagers.getKeyManagers(),
          trust(directory.resolve("ca-cert.pem")).getTrustManagers(),
          null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(
          "certificates in " + directory + " cannot be used: " + e.getMessage(), e);
    }
  }

  /** Who signs clients' certificates; without the file, nobody. */
  private static TrustManagerFactory trust(Path file) throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    if (Files.exists(file)) {
      int number = 0;
      for (Certificate certificate : certificates(file)) {
        trusted.setCertificateEntry("ca" + number++, certificate);
      }
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    return factory;
  }

  private static Collection<? extends Certificate> certificates(Path file)
      throws IOException, GeneralSecurityException {
    // GnuTLS writes a description before each certificate, which the factory does not like.
    String text = Files.readString(file);
    int begin = text.indexOf("-----BEGIN CERTIFICATE-----");
    if (begin < 0) {
      throw new BlockDeviceException.BadFormat(file + " holds no certificate in PEM");
    }
    byte[] bytes = text.substring(begin).getBytes(StandardCharsets.US_ASCII);
    return CertificateFactory.getInstance("X.509")
        .generateCertificates(new ByteArrayInputStream(bytes));
  }

  private static PrivateKey privateKey(Path file) throws IOException {
    Matcher matcher = KEY.matcher(Files.readString(file));
    if (!matcher.find()) {
      throw new BlockDeviceException.BadFormat(
          file + " holds no private key in PEM, expected one of PKCS #8, or of RSA");
    }
    byte[] der = Base64.getMimeDecoder().decode(matcher.group(2));
    byte[] encoded = matcher.group(1).startsWith("RSA") ? wrapRsa(der) : der;
    try {
      for (String algorithm : ALGORITHMS) {
        PrivateKey key = decode(algorithm, encoded);
        if (key != null) {
          return key;
        }
      }
    } finally {
      Arrays.fill(der, (byte) 0);
      Arrays.fill(encoded, (byte) 0);
    }
    throw new BlockDeviceException.BadFormat(
        file + " holds a private key of another kind, expected RSA, EC or EdDSA");
  }

  private static @Nullable PrivateKey decode(String algorithm, byte[] encoded) {
    try {
      return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
    } catch (GeneralSecurityException otherKind) {
      return null;
    }
  }

  /** Makes PKCS #8 of a key of PKCS #1: a sequence of version, algorithm, and the key as bytes. */
  private static byte[] wrapRsa(byte[] key) {
    byte[] octets = der(0x04, key);
    byte[] content = Arrays.copyOf(RSA_PREFIX, RSA_PREFIX.length + octets.length);
    System.arraycopy(octets, 0, content, RSA_PREFIX.length, octets.length);
    return der(0x30, content);
  }

  private static byte[] der(int tag, byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    int length = content.length;
    if (length >= 0x80) {
      int bytes = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
      out.write(0x80 | bytes);
      for (int i = bytes - 1; i > 0; i--) {
        out.write(length >>> (8 * i));
      }
    }
    out.write(length);
    out.writeBytes(content);
    return out.toByteArray();
  }
}
