package dev.jebena.server.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Accepts the spellings of options that manifests written for other servers use: underscores for hyphens, and beginnings that only one
 * option has.
 */
final class ArgumentSpelling {

  private ArgumentSpelling() {}

  /**
   * The arguments with every long option spelled in full.
   *
   * @throws UsageException if a beginning fits several options
   */
  static String[] expand(CommandLine root, String... arguments) {
    CommandLine line = root;
    List<String> expanded = new ArrayList<>();
    boolean value = false;
    for (int i = 0; i < arguments.length; i++) {
      String argument = arguments[i];
      if (argument.equals("--")) {
        expanded.addAll(List.of(arguments).subList(i, arguments.length));
        break;
      }
      if (!value && argument.startsWith("--")) {
        argument = spell(line, argument);
      } else if (!value && line.getSubcommands().containsKey(argument) && !argument.equals("help")) {
        line = line.getSubcommands().get(argument);
      }
      expanded.add(argument);
      OptionSpec option = line.getCommandSpec().findOption(argument);
      value = option != null && option.arity().min() > 0;
    }
    return expanded.toArray(String[]::new);
  }

  private static String spell(CommandLine line, String argument) {
    int equals = argument.indexOf('=');
    String name = (equals < 0 ? argument : argument.substring(0, equals)).replace('_', '-');
    String rest = equals < 0 ? "" : argument.substring(equals);
    if (line.getCommandSpec().findOption(name) != null) {
      return name + rest;
    }
    Set<OptionSpec> found = line.getCommandSpec().options().stream()
        .filter(option -> names(option).stream().anyMatch(known -> known.startsWith(name)))
        .collect(Collectors.toSet());
    Set<String> names = found.stream().flatMap(option -> names(option).stream())
        .filter(known -> known.startsWith(name)).collect(Collectors.toCollection(TreeSet::new));
    if (names.isEmpty() || name.length() < 4) {
      return argument;
    }
    if (names.size() > 1) {
      throw new UsageException("option '" + name + "' could be " + String.join(" or ", names) + ": write more of it");
    }
    return names.iterator().next() + rest;
  }

  private static List<String> names(OptionSpec option) {
    List<String> names = new ArrayList<>();
    for (String name : option.names()) {
      if (name.startsWith("--")) {
        names.add(name);
        if (option.negatable()) {
          names.add("--no-" + name.substring(2));
        }
      }
    }
    return names;
  }
}
