package dev.jebena.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What Linux says of large pages: with pages of 4 KiB a step over a gigabyte of weights needs a quarter of a million translations. */
final class MemoryFacts {

  private static final Path SWITCH = Path.of("sys/kernel/mm/transparent_hugepage/enabled");
  private static final Path ROLLUP = Path.of("proc/self/smaps_rollup");
  private static final Pattern CHOSEN = Pattern.compile("\\[(\\w+)]");
  private static final Pattern HUGE = Pattern.compile("AnonHugePages:\\s*(\\d+) kB");

  private MemoryFacts() {}

  static Map<String, String> ofThisProcess() {
    return of(Path.of("/"));
  }

  /** Reads below {@code root}, the root of {@code proc} and {@code sys}; what is not said is left out. */
  static Map<String, String> of(Path root) {
    Map<String, String> facts = new LinkedHashMap<>();
    Matcher chosen = CHOSEN.matcher(read(root.resolve(SWITCH)));
    if (chosen.find()) {
      Matcher huge = HUGE.matcher(read(root.resolve(ROLLUP)));
      String inUse = huge.find() ? ", " + Long.parseLong(huge.group(1)) / 1024 + " MiB in use" : "";
      facts.put("large pages", chosen.group(1) + inUse + switch (chosen.group(1)) {
        case "never" -> " (slower: 'echo madvise > /" + SWITCH + "' as root lets the launcher ask for them)";
        default -> "";
      });
    }
    int nodes = Cores.memoryNodes(root);
    if (nodes > 1) {
      facts.put("memory nodes", nodes + " (a worker keeps its rows; without threads bound to processors the system may move it away from them)");
    }
    return facts;
  }

  private static String read(Path file) {
    try {
      return Files.isReadable(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      return "";
    }
  }
}
