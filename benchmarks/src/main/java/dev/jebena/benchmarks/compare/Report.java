package dev.jebena.benchmarks.compare;

import java.util.List;
import java.util.Locale;

/** Results as a Markdown table and as a plot. */
final class Report {

  private static final int LABEL_WIDTH = 190;
  private static final int BAR_WIDTH = 420;
  private static final int LINE = 22;
  private static final List<String> COLOURS = List.of("#2a6f4e", "#c8553d", "#4a6fa5", "#8d6a9f", "#b08900");

  private Report() {}

  /** A row a contender; behind each rate the first contender's rate divided by it. */
  static String markdown(Results results) {
    StringBuilder text = new StringBuilder("| tokens/s, median |");
    StringBuilder rule = new StringBuilder("|---|");
    for (String test : results.tests()) {
      text.append(' ').append(test).append(" |");
      rule.append("---|");
    }
    text.append('\n').append(rule).append('\n');
    String first = results.contenders().getFirst();
    for (String contender : results.contenders()) {
      text.append("| ").append(contender).append(" |");
      for (String test : results.tests()) {
        double median = results.median(contender, test);
        if (Double.isNaN(median)) {
          text.append(" - |");
        } else if (contender.equals(first)) {
          text.append(String.format(Locale.ROOT, " %.1f |", median));
        } else {
          text.append(String.format(Locale.ROOT, " %.1f (%.2fx) |", median, results.median(first, test) / median));
        }
      }
      text.append('\n');
    }
    text.append('\n').append("In brackets: how many times as fast ").append(first).append(" is.\n");
    return text.toString();
  }

  /** What share of the read bandwidth of the same run decoding took, if a token reads the file once. */
  static String bandwidth(Results results, String decodeTest, long modelBytes, List<Double> bytesPerSecond) {
    double[] sorted = bytesPerSecond.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    double bandwidth = sorted[sorted.length / 2];
    StringBuilder text = new StringBuilder(String.format(
        Locale.ROOT, "Read bandwidth in this run: %.1f GB/s. Decoding reads %.0f MB a token, which takes of it:", bandwidth / 1e9, modelBytes / 1e6));
    for (String contender : results.contenders()) {
      double rate = results.median(contender, decodeTest);
      if (!Double.isNaN(rate)) {
        text.append(String.format(Locale.ROOT, " %s %.0f %%;", contender, 100 * rate * modelBytes / bandwidth));
      }
    }
    return text.deleteCharAt(text.length() - 1).append(".\n").toString();
  }

  /** Bars for each test, as long as the rate by the largest of that test; thin marks show the slowest and the fastest round. */
  static String svg(Results results) {
    StringBuilder body = new StringBuilder();
    int y = LINE;
    for (String test : results.tests()) {
      double most = results.contenders().stream()
          .flatMap(contender -> results.rates(contender, test).stream()).mapToDouble(Double::doubleValue).max().orElse(1);
      body.append(String.format(Locale.ROOT, "<text x=\"8\" y=\"%d\" font-weight=\"bold\">%s, tokens/s</text>%n", y, escape(test)));
      for (int i = 0; i < results.contenders().size(); i++) {
        String contender = results.contenders().get(i);
        double median = results.median(contender, test);
        if (Double.isNaN(median)) {
          continue;
        }
        y += LINE;
        bar(body, y, contender, median, COLOURS.get(i % COLOURS.size()), most);
        for (double rate : results.rates(contender, test)) {
          double x = LABEL_WIDTH + BAR_WIDTH * rate / most;
          body.append(String.format(
              Locale.ROOT, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#000\" stroke-opacity=\"0.5\"/>%n", x, x, y - 14, y + 2));
        }
      }
      y += LINE + LINE / 2;
    }
    return String.format(
        Locale.ROOT,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"13\">%n%s</svg>%n",
        LABEL_WIDTH + BAR_WIDTH + 90, y, body);
  }

  private static void bar(StringBuilder body, int y, String contender, double median, String colour, double most) {
    double width = BAR_WIDTH * median / most;
    body.append(String.format(Locale.ROOT, "<text x=\"16\" y=\"%d\">%s</text>%n", y, escape(contender)))
        .append(String.format(
            Locale.ROOT, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"14\" fill=\"%s\"/>%n", LABEL_WIDTH, y - 12, width, colour))
        .append(String.format(Locale.ROOT, "<text x=\"%d\" y=\"%d\">%.1f</text>%n", LABEL_WIDTH + BAR_WIDTH + 12, y, median));
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }
}
