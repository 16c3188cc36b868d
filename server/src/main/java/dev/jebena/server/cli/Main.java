package dev.jebena.server.cli;

/** Where the launcher enters. */
public final class Main {

  private Main() {}

  public static void main(String[] arguments) {
    int status = JebenaCommand.execute(Surroundings.ofProcess(), arguments);
    System.exit(status);
  }
}
