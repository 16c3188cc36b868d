package dev.jebena.cuda.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The table of docs/cuda-kernels.md: what it says has to be what was counted. */
final class RooflineTable {

  private static final Path DOCUMENT = Path.of("../docs/cuda-kernels.md");

  /** Numbers are rounded there, and a few instructions depend on the random weights. */
  private static final double SHARE = 0.02;

  private static final double ROUNDING = 0.11;

  private RooflineTable() {}

  /** @throws AssertionError naming the lines that are not there, or say something else */
  static void requireListed(List<Roofline> counted) {
    List<String[]> table = new ArrayList<>();
    try {
      Files.readAllLines(DOCUMENT).stream().filter(line -> line.startsWith("| ")).forEach(line -> table.add(cells(line)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<String> wrong = new ArrayList<>();
    for (Roofline line : counted) {
      String[] cells = cells(line.line());
      if (table.stream().noneMatch(listed -> says(listed, cells))) {
        wrong.add(line.line());
      }
    }
    if (!wrong.isEmpty()) {
      throw new AssertionError(DOCUMENT + " does not have what was counted:\n" + String.join("\n", wrong));
    }
  }

  private static String[] cells(String line) {
    return Arrays.stream(line.split("\\|")).map(String::strip).skip(1).toArray(String[]::new);
  }

  private static boolean says(String[] listed, String[] counted) {
    if (listed.length != counted.length) {
      return false;
    }
    for (int i = 0; i < counted.length; i++) {
      boolean number = i > 1 && i < counted.length - 1;
      if (number ? !near(listed[i], counted[i]) : !listed[i].equals(counted[i])) {
        return false;
      }
    }
    return true;
  }

  private static boolean near(String listed, String counted) {
    try {
      double value = Double.parseDouble(counted);
      return Math.abs(Double.parseDouble(listed) - value) <= Math.max(ROUNDING, SHARE * value);
    } catch (NumberFormatException e) {
      return false;
    }
  }
}
