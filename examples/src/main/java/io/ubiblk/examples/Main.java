package io.ubiblk.examples;

import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.UsageException;
import io.ubiblk.examples.programs.DumpMetadata;
import io.ubiblk.examples.programs.InitMetadata;
import io.ubiblk.examples.programs.Release;
import io.ubiblk.examples.programs.UblkBackend;
import io.ubiblk.examples.programs.VhostBackend;
import io.ubiblk.examples.programs.Xts;
import io.ubiblk.examples.quickstart.QuickstartRunner;
import io.ubiblk.examples.serve.HundredsRunner;
import io.ubiblk.examples.serve.NbdRunner;
import io.ubiblk.examples.serve.UblkRunner;
import io.ubiblk.examples.serve.VhostRunner;
import io.ubiblk.examples.top.Ubitop;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Starts a runner by its name. Exit status: 0 for success, 1 if the work failed, 2 if the command
 * line cannot be followed.
 */
public final class Main {

  private static final int FAILURE = 1;
  private static final int BAD_USAGE = 2;

  /** The warm-up from which the script makes the cache of loaded classes. */
  private static final String TRAINING = "training";

  /** The same for a release. */
  private static final String REHEARSAL = "rehearsal";

  private static final Map<String, Supplier<Runner>> RUNNERS = runners();

  private Main() {}

  private static Map<String, Supplier<Runner>> runners() {
    Map<String, Supplier<Runner>> runners = new LinkedHashMap<>();
    runners.put("quickstart", QuickstartRunner::new);
    runners.put("vhost", VhostRunner::new);
    runners.put("nbd", NbdRunner::new);
    runners.put("ublk", UblkRunner::new);
    runners.put("hundreds", HundredsRunner::new);
    runners.put("vhost-backend", VhostBackend::new);
    runners.put("ublk-backend", UblkBackend::new);
    runners.put("init-metadata", InitMetadata::new);
    runners.put("dump-metadata", DumpMetadata::new);
    runners.put("xts", Xts::new);
    runners.put("ubitop", Ubitop::new);
    return runners;
  }

  /**
   * Starts a runner.
   *
   * @param args its name and its arguments
   */
  public static void main(String[] args) {
    Termination termination = new Termination();
    termination.listenToSignals();
    int status = FAILURE;
    try {
      status = start(termination, args);
    } catch (RuntimeException | Error e) {
      // The exit below would hide it.
      e.printStackTrace();
      System.err.println("internal error: " + e);
    } finally {
      // In any case: the handler of signals would wait for it for ever.
      termination.exit(status);
    }
  }

  /** Runs what a command line says and returns the exit status. */
  static int start(Termination termination, String... args) {
    if (args.length == 0 || args[0].equals("--help") || args[0].equals("-h")) {
      System.out.print(list());
      return 0;
    }
    if (args[0].equals("--version") || args[0].equals("-V")) {
      System.out.println(Release.own());
      return 0;
    }
    Supplier<Runner> supplier = find(args[0]);
    if (supplier == null) {
      System.err.println("examples/run: unknown runner '" + args[0] + "', expected one of these:");
      System.err.print(list());
      return BAD_USAGE;
    }
    return start(supplier.get(), termination, Arrays.copyOfRange(args, 1, args.length));
  }

  private static @Nullable Supplier<Runner> find(String name) {
    return switch (name) {
      case TRAINING -> TrainingRunner::new;
      case REHEARSAL -> RehearsalRunner::new;
      default -> RUNNERS.get(name);
    };
  }

  private static int start(Runner runner, Termination termination, String... args) {
    CommandLine line = runner.commandLine();
    if (line.version().isEmpty()) {
      line.withVersion(Release.own());
    }
    try {
      Arguments arguments = line.parse(args);
      if (arguments.isHelpWanted()) {
        System.out.print(line.help());
      } else if (arguments.isVersionWanted()) {
        System.out.println(line.version());
      } else {
        runner.run(arguments, termination);
      }
      return 0;
    } catch (UsageException e) {
      complain(line, e.getMessage());
      System.err.print(line.usage());
      System.err.println("See " + line.program() + " --help.");
      return BAD_USAGE;
    } catch (IOException e) {
      complain(line, describe(e));
      return FAILURE;
    } catch (UncheckedIOException e) {
      complain(line, describe(Objects.requireNonNullElse(e.getCause(), e)));
      return FAILURE;
    } catch (InterruptedException e) {
      complain(line, "interrupted");
      return FAILURE;
    } catch (RuntimeException | Error e) {
      // Whoever reports this bug needs the trace.
      e.printStackTrace();
      complain(line, "internal error: " + e);
      return FAILURE;
    }
  }

  private static void complain(CommandLine line, @Nullable String message) {
    System.err.println(line.program() + ": " + message);
  }

  private static String list() {
    StringBuilder text = new StringBuilder("Usage: examples/run NAME [OPTION]...\n\n");
    RUNNERS.forEach(
        (name, runner) ->
            text.append(String.format("  %-15s%s%n", name, runner.get().commandLine().purpose())));
    return text.append("\nexamples/run NAME --help tells more.\n").toString();
  }

  private static String describe(Throwable e) {
    String message =
        switch (e) {
          case NoSuchFileException missing -> missing.getFile() + " does not exist";
          case AccessDeniedException denied -> "no permission for " + denied.getFile();
          case FileAlreadyExistsException there -> there.getFile() + " exists already";
          default -> e.getMessage() == null ? e.toString() : e.getMessage();
        };
    Throwable cause = e.getCause();
    return cause == null ? message : message + ": " + describe(cause);
  }
}
