package dev.jebena.server.cli;

import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The root of all commands. */
@Command(
    name = "jebena",
    description = "An LLM inference engine inside the JVM.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Every option can also be set by an environment variable (--max-model-len: JEBENA_MAX_MODEL_LEN)",
      "and in a file given with --config; an option is stronger than the environment, which is stronger than the file.",
      "Exit codes: 0 done, 1 the work failed, 2 wrong usage, 130 interrupted."
    })
final class JebenaCommand implements Runnable {

  /** Every command by its name, built when it is needed: describing all of them would delay the one that is wanted. */
  private static final Map<String, Function<Surroundings, Object>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("run", RunCommand::new);
    COMMANDS.put("serve", ServeCommand::new);
    COMMANDS.put("tokenize", TokenizeCommand::new);
    COMMANDS.put("template", TemplateCommand::new);
    COMMANDS.put("perplexity", PerplexityCommand::new);
    COMMANDS.put("logprobs", LogprobsCommand::new);
    COMMANDS.put("inspect", InspectCommand::new);
    COMMANDS.put("plan", PlanCommand::new);
    COMMANDS.put("bench", BenchCommand::new);
    COMMANDS.put("doctor", DoctorCommand::new);
  }

  @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
  @SuppressWarnings("unused")
  private boolean help;

  @Option(names = {"-V", "--version"}, versionHelp = true, description = "Show the version.")
  @SuppressWarnings("unused")
  private boolean version;

  @Override
  public void run() {
    throw new UsageException("no command is given: 'jebena --help' lists them");
  }

  /**
   * Runs a command.
   *
   * @return the exit code
   */
  static int execute(Surroundings surroundings, String... arguments) {
    try {
      CommandLine line = commandLine(surroundings, arguments);
      return line.execute(ArgumentSpelling.expand(line, arguments));
    } catch (UsageException e) {
      surroundings.err().println("jebena: " + e.getMessage());
      return ExitCode.USAGE;
    } finally {
      surroundings.out().flush();
      surroundings.err().flush();
    }
  }

  static CommandLine commandLine(Surroundings surroundings, String... arguments) {
    CommandLine line = new CommandLine(new JebenaCommand());
    Settings settings = Settings.read(surroundings, arguments);
    boolean one = arguments.length > 0 && COMMANDS.containsKey(arguments[0]) && !settings.hasFile();
    COMMANDS.forEach((name, command) -> {
      if (!one || name.equals(arguments[0])) {
        CommandLine child = new CommandLine(command.apply(surroundings));
        if (name.equals("bench")) {
          child.addSubcommand("serve", new BenchServeCommand(surroundings));
        }
        line.addSubcommand(name, child);
      }
    });
    if (!one) {
      line.addSubcommand("help", new CommandLine.HelpCommand());
      settings.requireKnown(line);
    }
    line.setDefaultValueProvider(settings);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.getCommandSpec().version("jebena " + versionText(), "Java " + Runtime.version() + ", " + System.getProperty("java.vm.name"));
    line.setUsageHelpWidth(110);
    line.setUsageHelpAutoWidth(false);
    line.setOut(writer(surroundings.out()));
    line.setErr(writer(surroundings.err()));
    line.setExecutionExceptionHandler(new Failures(surroundings));
    line.setParameterExceptionHandler(new Misuse());
    return line;
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  private static String versionText() {
    String version = JebenaCommand.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
