package dev.jebena.server.cli;

import java.util.Arrays;
import java.util.Comparator;
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
      String first = unmatched.getUnmatched().getFirst();
      message = (first.startsWith("-") ? "unknown option '" : "unexpected '") + first + "'"
          + unmatched.getSuggestions().stream().min(Comparator.comparingInt(known -> distance(first, known)))
              .map(known -> "; did you mean '" + known + "'?").orElse("");
    }
    return report(failure.getCommandLine(), message);
  }

  /** How many letters have to be changed, added or left out to make one word of the other (Levenshtein, 1966). */
  static int distance(String from, String to) {
    int[] row = new int[to.length() + 1];
    Arrays.setAll(row, i -> i);
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int changed = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }

  static int report(CommandLine line, String message) {
    String name = line.getCommandSpec().qualifiedName();
    line.getErr().println(name + ": " + message.strip().replaceAll("\\s*\\R\\s*", "; ") + " ('" + name + " --help' shows the usage)");
    line.getErr().flush();
    return ExitCode.USAGE;
  }
}
