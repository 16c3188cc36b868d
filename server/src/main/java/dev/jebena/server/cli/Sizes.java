package dev.jebena.server.cli;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads and writes sizes as people do: {@code 16k} is 16 000, {@code 16K} is 16 384, {@code 2GiB} are bytes. */
final class Sizes {

  private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([kKmMgGtT]?)(i?[bB])?");

  private Sizes() {}

  /**
   * A number of things.
   *
   * @throws UsageException naming the option if it is not a number that fits
   */
  static int count(String option, String text) {
    long value = parse(option, text);
    if (value > Integer.MAX_VALUE) {
      throw new UsageException(option + " is '" + text + "': use at most " + Integer.MAX_VALUE);
    }
    return (int) value;
  }

  /**
   * A number of bytes.
   *
   * @throws UsageException naming the option if it is not a number that fits
   */
  static long bytes(String option, String text) {
    return parse(option, text);
  }

  private static long parse(String option, String text) {
    Matcher matcher = SIZE.matcher(text.strip());
    if (!matcher.matches()) {
      throw new UsageException(option + " is '" + text + "': use a number, which may end in k, K, m, M, g or G");
    }
    String unit = matcher.group(2);
    boolean binary = !unit.equals(unit.toLowerCase(Locale.ROOT)) || (matcher.group(3) != null && matcher.group(3).startsWith("i"));
    int power = unit.isEmpty() ? 0 : 1 + "kmgt".indexOf(unit.toLowerCase(Locale.ROOT));
    BigDecimal value = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(binary ? 1024 : 1000).pow(power))
        .setScale(0, RoundingMode.DOWN);
    if (value.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw new UsageException(option + " is '" + text + "': use less");
    }
    return value.longValue();
  }

  /** For people, such as {@code 93.4 MiB}. */
  static String ofBytes(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    int power = Math.min(4, (63 - Long.numberOfLeadingZeros(bytes)) / 10);
    return String.format(Locale.ROOT, "%.1f %ciB", bytes / Math.pow(1024, power), " KMGT".charAt(power));
  }
}
