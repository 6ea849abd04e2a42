package io.ubiblk.examples;

import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.UsageException;
import java.io.IOException;

/** One of the programs that {@code examples/run} starts. */
public interface Runner {

  /** {@return the options that the program takes} */
  CommandLine commandLine();

  /**
   * Does the work. Returning means success.
   *
   * @param arguments the values of the options
   * @param termination says when the user wants the program to end
   * @throws UsageException if options contradict each other
   * @throws IOException if the work fails
   * @throws InterruptedException if the thread is interrupted
   */
  void run(Arguments arguments, Termination termination)
      throws UsageException, IOException, InterruptedException;
}
