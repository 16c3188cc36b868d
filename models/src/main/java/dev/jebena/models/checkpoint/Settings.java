package dev.jebena.models.checkpoint;

import dev.jebena.models.ModelException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The settings of an architecture, read with their ranges: what is out of range is an error that names the key as the file spells it.
 * Keys are GGUF's without the architecture's prefix, for example {@code attention.head_count}.
 */
public final class Settings {

  private final Path source;
  private final Map<String, Setting> values;

  /**
   * One setting.
   *
   * @param storedName the key as the file spells it
   * @param value a Long, Double, Boolean, String, or a List of one of them
   */
  public record Setting(String storedName, Object value) {}

  public Settings(Path source, Map<String, Setting> values) {
    this.source = source;
    this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** Whether the key is there. */
  public boolean has(String key) {
    return values.containsKey(key);
  }

  /** A required whole number from 1 to {@code max}. */
  public int size(String key, int max) {
    return whole(key, 1, max).orElseThrow(() -> missing(key));
  }

  /** A whole number from 1 to {@code max}. */
  public int sizeOr(String key, int fallback, int max) {
    return whole(key, 1, max).orElse(fallback);
  }

  /** A whole number from 0 to {@code max}. */
  public int countOr(String key, int fallback, int max) {
    return whole(key, 0, max).orElse(fallback);
  }

  /** A required finite number above 0. */
  public double positive(String key) {
    return real(key, true).orElseThrow(() -> missing(key));
  }

  /** A finite number above 0. */
  public double positiveOr(String key, double fallback) {
    return real(key, true).orElse(fallback);
  }

  /** A finite number. */
  public double realOr(String key, double fallback) {
    return real(key, false).orElse(fallback);
  }

  /** A string. */
  public Optional<String> text(String key) {
    Setting setting = values.get(key);
    if (setting == null) {
      return Optional.empty();
    }
    if (!(setting.value() instanceof String text)) {
      throw wrong(setting, "a string is needed");
    }
    return Optional.of(text);
  }

  /** A truth value. */
  public boolean flagOr(String key, boolean fallback) {
    Setting setting = values.get(key);
    if (setting == null) {
      return fallback;
    }
    if (!(setting.value() instanceof Boolean flag)) {
      throw wrong(setting, "true or false is needed");
    }
    return flag;
  }

  /** An error about a setting's value. */
  public ModelException wrong(String key, String remedy) {
    Setting setting = values.get(key);
    return setting == null ? missing(key) : wrong(setting, remedy);
  }

  /** An error about the settings as a whole. */
  public ModelException problem(String what) {
    return new ModelException(source, what);
  }

  private Optional<Integer> whole(String key, int min, int max) {
    Setting setting = values.get(key);
    if (setting == null) {
      return Optional.empty();
    }
    Object value = single(setting);
    if (!(value instanceof Long number) || number < min || number > max) {
      throw wrong(setting, "a whole number from " + min + " to " + max + " is needed");
    }
    return Optional.of(number.intValue());
  }

  private Optional<Double> real(String key, boolean positive) {
    Setting setting = values.get(key);
    if (setting == null) {
      return Optional.empty();
    }
    double number = switch (single(setting)) {
      case Double real -> real;
      case Long whole -> whole;
      default -> throw wrong(setting, "a number is needed");
    };
    if (!Double.isFinite(number) || positive && !(number > 0)) {
      throw wrong(setting, positive ? "a finite number above 0 is needed" : "a finite number is needed");
    }
    return Optional.of(number);
  }

  /** Some converters write a value for each layer; one value is understood if all are equal. */
  private Object single(Setting setting) {
    if (setting.value() instanceof List<?> list) {
      if (list.isEmpty() || list.stream().distinct().count() != 1) {
        throw wrong(setting, "one value for all layers is supported");
      }
      return list.getFirst();
    }
    return setting.value();
  }

  private ModelException missing(String key) {
    return new ModelException(source, "setting '" + key + "' is missing: convert the model again");
  }

  private ModelException wrong(Setting setting, String remedy) {
    String value = String.valueOf(setting.value());
    String shown = value.length() > 100 ? value.substring(0, 100) + "..." : value;
    return new ModelException(source, "setting '" + setting.storedName() + "' is " + shown + ": " + remedy);
  }
}
