package dev.jebena.server.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds the model that a word on the command line means: a path, or a name among the models that are installed. */
final class ModelLocator {

  private static final Pattern NAME = Pattern.compile("[\\w.-]+(/[\\w.-]+)?:[\\w.-]+");

  private final Optional<Path> folder;

  ModelLocator(Surroundings surroundings) {
    this.folder = surroundings.home().map(home -> home.resolve("models").resolve("weights"));
  }

  /**
   * The model that is used when none is named.
   *
   * @throws CommandException if the installation has none
   */
  Path shipped() {
    return installed().stream().findFirst().orElseThrow(
        () -> new CommandException("no model is named, and none is installed" + folder.map(at -> " in " + at).orElse("") + ": name a GGUF file"));
  }

  /**
   * The model that {@code word} means.
   *
   * @throws CommandException naming what there is if it means none
   */
  Path locate(String word) {
    Optional<Path> path = path(word);
    if (path.isPresent()) {
      return path.get();
    }
    return named(word).orElseThrow(() -> new CommandException(
        "'" + word + "' is neither a file or folder nor an installed model; installed are: "
            + (installed().isEmpty() ? "none" : installed().stream().map(ModelLocator::name).collect(Collectors.joining(", ")))));
  }

  /** Whether a word is meant as a model, and not as text. */
  boolean isModel(String word) {
    return path(word).isPresent() || word.endsWith(".gguf") || NAME.matcher(word).matches() || named(word).isPresent();
  }

  private static Optional<Path> path(String word) {
    try {
      return word.isBlank() ? Optional.empty() : Optional.of(Path.of(word)).filter(Files::exists);
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private Optional<Path> named(String word) {
    String wanted = word.toLowerCase(Locale.ROOT).replace(':', '-');
    return installed().stream().filter(file -> fits(wanted, name(file))).findFirst();
  }

  /** {@code smollm2-135m} names {@code smollm2-135m-instruct.q4_1}: the name, or its beginning up to a border. */
  private static boolean fits(String wanted, String name) {
    return !wanted.isEmpty() && name.startsWith(wanted)
        && (name.length() == wanted.length() || name.charAt(wanted.length()) == '-' || name.charAt(wanted.length()) == '.');
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).replaceFirst("\\.gguf$", "");
  }

  private List<Path> installed() {
    if (folder.isEmpty() || !Files.isDirectory(folder.get())) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder.get())) {
      return files.filter(file -> file.toString().endsWith(".gguf")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
