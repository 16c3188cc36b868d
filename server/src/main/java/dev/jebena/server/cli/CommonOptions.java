package dev.jebena.server.cli;

import picocli.CommandLine.Option;

/** What every command takes. */
final class CommonOptions {

  @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
  @SuppressWarnings("unused")
  private boolean help;

  /** Read by {@link Failures}. */
  @Option(names = "--debug", description = "When the work fails, also show where.")
  @SuppressWarnings("unused")
  private boolean debug;

  /** Read by {@link Settings}, before the arguments are. */
  @Option(names = "--config", paramLabel = "FILE.yaml", description = "Take options that are not given from this file.")
  @SuppressWarnings("unused")
  private String config = "";
}
