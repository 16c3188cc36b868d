package dev.jebena.server.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says in one line what is wrong with the arguments, and what was probably meant. */
final class Misuse implements IParameterExceptionHandler {

  @Override
  public int handleParseException(ParameterException failure, String[] arguments) {
    String message = String.valueOf(failure.getMessage());
    if (failure instanceof UnmatchedArgumentException unmatched) {
      List<String> suggestions = unmatched.getSuggestions();
      String first = unmatched.getUnmatched().getFirst();
      message = (first.startsWith("-") ? "unknown option '" : unmatched.isUnknownOption() ? "unknown option '" : "unexpected '") + first + "'"
          + (suggestions.isEmpty() ? "" : "; did you mean '" + String.join("' or '", suggestions.subList(0, Math.min(2, suggestions.size()))) + "'?");
    }
    return report(failure.getCommandLine(), message);
  }

  static int report(CommandLine line, String message) {
    String name = line.getCommandSpec().qualifiedName();
    line.getErr().println(name + ": " + message.strip().replaceAll("\\s*\\R\\s*", "; ") + " ('" + name + " --help' shows the usage)");
    line.getErr().flush();
    return ExitCode.USAGE;
  }
}
