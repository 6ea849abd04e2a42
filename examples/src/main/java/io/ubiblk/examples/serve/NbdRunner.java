package io.ubiblk.examples.serve;

import io.ubiblk.api.Geometry;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.memory.NullDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.examples.Runner;
import io.ubiblk.examples.Termination;
import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.Option;
import io.ubiblk.examples.cli.UsageException;
import io.ubiblk.examples.cli.ValueType;
import io.ubiblk.nbd.NbdExport;
import io.ubiblk.nbd.NbdServer;
import io.ubiblk.nbd.NbdServerBuilder;
import io.ubiblk.nbd.NbdTls;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** Serves one disk over NBD until it is told to end. */
public final class NbdRunner implements Runner {

  private static final int LARGEST_PORT = 65535;
  private static final int MOST_THREADS = 256;

  private final CommandLine line =
      new CommandLine("examples/run nbd", "Serves one disk to everything that speaks NBD.");
  private final DiskOptions diskOptions = new DiskOptions(line);
  private final Option<Path> socket =
      line.optional("--socket", "PATH", ValueType.PATH, "Unix socket to listen on");
  private final Option<Integer> port =
      line.optional(
          "--port",
          "N",
          ValueType.number(0, LARGEST_PORT),
          "TCP port to listen on, usually "
              + NbdServerBuilder.DEFAULT_PORT
              + "; 0 takes one that is free");
  private final Option<String> address =
      line.optional(
          "--address",
          "HOST",
          ValueType.TEXT,
          "address of this machine that the port is opened on, localhost unless given");
  private final Option<String> export =
      line.optional("--export", "NAME", ValueType.TEXT, "name of the disk, none unless given");
  private final Option<Path> tlsCerts =
      line.optional(
          "--tls-certs",
          "DIR",
          ValueType.PATH,
          "certificates; clients must then use TLS: server-cert.pem, server-key.pem, ca-cert.pem");
  private final Option<Boolean> tlsOffered =
      line.flag("--tls-offered", "let clients choose whether they use TLS, needs --tls-certs");
  private final Option<Boolean> tlsVerify =
      line.flag("--tls-verify", "let only clients in with a certificate, needs --tls-certs");
  private final Option<Integer> threads =
      line.optional(
          "--threads",
          "N",
          ValueType.number(1, MOST_THREADS),
          "reactor threads that connections are spread over, at most and unless given one for each"
              + " processor");
  private final ReactorFlags reactorFlags = new ReactorFlags(line);
  private final StatisticsOption statistics = new StatisticsOption(line);

  /** Creates the runner. */
  public NbdRunner() {}

  @Override
  public CommandLine commandLine() {
    return line;
  }

  @Override
  public void run(Arguments arguments, Termination termination)
      throws UsageException, IOException, InterruptedException {
    check(arguments);
    // Closed in this order: the server, which flushes; the last statistics; the disk; the reactors.
    try (ReactorGroup reactors = start(arguments);
        VirtualDisk disk = diskOptions.open(arguments, reactors);
        StatisticsFile file = statistics.open(arguments, disk);
        NbdServer server = serve(arguments, disk, reactors)) {
      System.out.println("listening on " + describe(server) + ": " + disk);
      StatisticsOption.await(server, termination, file);
    }
  }

  private ReactorGroup start(Arguments arguments) throws IOException {
    return reactorFlags.start(arguments, arguments.find(threads).orElse(MOST_THREADS));
  }

  private void check(Arguments arguments) throws UsageException {
    diskOptions.check(arguments);
    if (!arguments.isSet(socket) && !arguments.isSet(port)) {
      throw new UsageException(
          "neither " + socket.name() + " nor " + port.name() + " is given, expected at least one");
    }
    arguments.requireWith(address, port);
    arguments.requireWith(tlsOffered, tlsCerts);
    arguments.requireWith(tlsVerify, tlsCerts);
    checkExport(arguments.find(export).orElse(""));
  }

  /** Describes an export of that name, of another device because there is none yet. */
  private void checkExport(String name) throws UsageException {
    try (NullDevice nothing = new NullDevice(Geometry.SECTOR)) {
      NbdExport.of(name, nothing);
    } catch (IllegalArgumentException e) {
      throw new UsageException("option " + export.name() + ": " + e.getMessage());
    }
  }

  private NbdServer serve(Arguments arguments, VirtualDisk disk, ReactorGroup reactors)
      throws UsageException, IOException {
    String name = arguments.find(export).orElse("");
    NbdServerBuilder builder =
        NbdServer.builder()
            .export(NbdExport.of(name, disk).withReadOnly(diskOptions.isReadOnly(arguments)))
            .defaultExport(name)
            .reactors(reactors);
    if (arguments.isSet(tlsCerts)) {
      builder.tls(
          NbdTls.fromDirectory(arguments.get(tlsCerts))
              .withRequired(!arguments.isSet(tlsOffered))
              .withVerifiedClients(arguments.isSet(tlsVerify)));
    }
    if (arguments.isSet(socket)) {
      builder.at(arguments.get(socket));
    }
    if (arguments.isSet(port)) {
      builder.at(tcp(arguments));
    }
    try {
      return builder.start();
    } catch (IllegalArgumentException e) {
      throw new UsageException("option " + socket.name() + ": " + e.getMessage());
    } catch (SocketException e) {
      throw new IOException("a socket cannot be opened", e);
    }
  }

  private InetSocketAddress tcp(Arguments arguments) throws UsageException {
    String host = arguments.find(address).orElse("localhost");
    InetSocketAddress found = new InetSocketAddress(host, arguments.get(port));
    if (found.isUnresolved()) {
      throw new UsageException(
          "option "
              + address.name()
              + " has the value '"
              + host
              + "', expected a name or address of this machine");
    }
    return found;
  }

  /** Where clients connect: paths, and ports with the number that was chosen. */
  private static String describe(NbdServer server) throws IOException {
    return server.addresses().stream()
        .map(NbdRunner::describe)
        .collect(Collectors.joining(" and "));
  }

  private static String describe(SocketAddress address) {
    return address instanceof InetSocketAddress tcp
        ? tcp.getHostString() + ":" + tcp.getPort()
        : address.toString();
  }
}
