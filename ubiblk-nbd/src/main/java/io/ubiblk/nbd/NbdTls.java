package io.ubiblk.nbd;

import java.io.IOException;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/**
 * How connections are protected: TLS 1.2 and 1.3 with certificates.
 *
 * <p>Clients that have to show a certificate get TLS 1.2: in TLS 1.3 those built on GnuTLS (QEMU
 * and libnbd) do not show Java one that is signed with RSA, because they do not look at the
 * extension in which Java says that it would take it.
 *
 * @param context keys of the server, and whom it trusts
 * @param required whether a client must start TLS before anything else; otherwise it may
 * @param verifiesClients whether a client must show a certificate that the context trusts
 */
public record NbdTls(SSLContext context, boolean required, boolean verifiesClients) {

  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
  private static final String[] VERIFYING_PROTOCOLS = {"TLSv1.2"};

  /**
   * Returns protection that is required, for clients that show no certificate.
   *
   * @param context keys of the server
   * @return the protection
   */
  public static NbdTls of(SSLContext context) {
    return new NbdTls(context, true, false);
  }

  /**
   * Reads certificates as other NBD programs keep them: {@code server-cert.pem} and {@code
   * server-key.pem}, and {@code ca-cert.pem} with those who sign clients' certificates, which is
   * needed only if clients are verified. The protection is required, for clients that show no
   * certificate.
   *
   * @param directory where the files are
   * @return the protection
   * @throws IOException if a file cannot be read, or is not what its name says
   */
  public static NbdTls fromDirectory(Path directory) throws IOException {
    return of(PemFiles.serverContext(directory));
  }

  /**
   * Returns a copy that is required or only offered.
   *
   * @param value whether a client must start TLS
   * @return the copy
   */
  public NbdTls withRequired(boolean value) {
    return new NbdTls(context, value, verifiesClients);
  }

  /**
   * Returns a copy that verifies clients or does not.
   *
   * @param value whether a client must show a certificate
   * @return the copy
   */
  public NbdTls withVerifiedClients(boolean value) {
    return new NbdTls(context, required, value);
  }

  /** {@return a new engine for the server's end of a connection} */
  public SSLEngine newEngine() {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    engine.setEnabledProtocols(verifiesClients ? VERIFYING_PROTOCOLS : PROTOCOLS);
    engine.setNeedClientAuth(verifiesClients);
    return engine;
  }
}
