package dev.jebena.server.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What an option is worth that is not on the command line: first the environment says, then the file of {@code --config}. */
final class Settings implements IDefaultValueProvider {

  /** Stands between the values of an option that takes several. */
  static final String SEPARATOR = "\u001f";

  private static final String PREFIX = "JEBENA_";
  private static final String CONFIG = "--config";
  private static final String NO_FILE = "";
  private static final int MAX_FILE_BYTES = 1 << 20;

  private final Map<String, String> environment;
  private final String file;
  private final Map<String, String> values;

  private Settings(Map<String, String> environment, String file, Map<String, String> values) {
    this.environment = environment;
    this.file = file;
    this.values = values;
  }

  /**
   * Finds the file that the arguments or the environment name, and reads it.
   *
   * @throws UsageException if there is a file and it cannot be read
   */
  static Settings read(Surroundings surroundings, String... arguments) {
    String file = surroundings.environment().getOrDefault(PREFIX + "CONFIG", NO_FILE);
    for (int i = 0; i < arguments.length && !arguments[i].equals("--"); i++) {
      if (arguments[i].equals(CONFIG) && i + 1 < arguments.length) {
        file = arguments[i + 1];
      } else if (arguments[i].startsWith(CONFIG + "=")) {
        file = arguments[i].substring(CONFIG.length() + 1);
      }
    }
    return new Settings(surroundings.environment(), file, file.equals(NO_FILE) ? Map.of() : load(Path.of(file)));
  }

  private static Map<String, String> load(Path path) {
    try {
      if (Files.size(path) > MAX_FILE_BYTES) {
        throw new UsageException(path + " has " + Files.size(path) + " bytes: a configuration has at most " + MAX_FILE_BYTES);
      }
      try (Reader reader = Files.newBufferedReader(path)) {
        Object content = new Yaml(new SafeConstructor(new LoaderOptions())).load(reader);
        if (content == null) {
          return Map.of();
        }
        if (!(content instanceof Map<?, ?> map)) {
          throw new UsageException(path + " is not a map of options: write lines such as 'max-model-len: 4096'");
        }
        Map<String, String> values = new LinkedHashMap<>();
        map.forEach((key, value) -> values.put(canonical(String.valueOf(key)), text(path, String.valueOf(key), value)));
        return values;
      }
    } catch (IOException e) {
      throw new UsageException("the configuration " + path + " cannot be read: " + e.getMessage());
    } catch (YAMLException e) {
      throw new UsageException(path + " is not YAML: " + e.getMessage());
    }
  }

  private static String text(Path path, String key, @Nullable Object value) {
    return switch (value) {
      case null -> throw new UsageException(path + ": '" + key + "' has no value");
      case List<?> list -> list.stream().map(String::valueOf).collect(Collectors.joining(SEPARATOR));
      case Map<?, ?> map -> throw new UsageException(path + ": '" + key + "' is a map: a value or a list is needed");
      default -> String.valueOf(value);
    };
  }

  private static String canonical(String key) {
    return key.replaceFirst("^--", "").replace('_', '-').toLowerCase(Locale.ROOT);
  }

  boolean hasFile() {
    return !file.equals(NO_FILE);
  }

  /**
   * Checks that every key of the file is an option of some command.
   *
   * @throws UsageException naming one that is not
   */
  void requireKnown(CommandLine root) {
    for (String key : values.keySet()) {
      boolean known = key.equals("model")
          || root.getSubcommands().values().stream().anyMatch(line -> line.getCommandSpec().findOption("--" + key) != null);
      if (!known) {
        throw new UsageException(file + ": '" + key + "' is not an option of any command");
      }
    }
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option) || option.usageHelp() || option.versionHelp()) {
      return null;
    }
    String name = option.longestName();
    if (!name.startsWith("--") || name.equals(CONFIG)) {
      return null;
    }
    String key = name.substring(2);
    String variable = environment.get(PREFIX + key.toUpperCase(Locale.ROOT).replace('-', '_'));
    return variable != null ? variable : values.get(key);
  }
}
