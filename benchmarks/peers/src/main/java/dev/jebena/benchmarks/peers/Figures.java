package dev.jebena.benchmarks.peers;

import java.util.Locale;

/** Prints rates as lines of JSON. */
final class Figures {

  private Figures() {}

  static void print(String test, double tokens, double seconds) {
    System.out.printf(Locale.ROOT, "{\"test\":\"%s\",\"tok_s\":%.3f}%n", test, tokens / seconds);
  }
}
