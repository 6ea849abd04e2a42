import java.io.IOException;

/**
 * Runs a command with JAVA_HOME set to the JDK that runs this file: Maven starts the toolchain's
 * java, and tells nobody else where it is.
 */
final class WithJavaHome {

  private WithJavaHome() {}

  /**
   * Runs the command and ends with its status.
   *
   * @param args the command and its arguments
   * @throws IOException if the command cannot be started
   * @throws InterruptedException never
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    ProcessBuilder command = new ProcessBuilder(args).inheritIO();
    command.environment().put("JAVA_HOME", System.getProperty("java.home"));
    System.exit(command.start().waitFor());
  }
}
