package dev.jebena.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** How many cores this process can compute on at once. */
final class Cores {

  private static final Path SYSTEM = Path.of("/sys/devices/system/cpu");

  private Cores() {}

  /**
   * Physical cores, at most as many as the process may use: the JVM knows affinity and cgroup quotas; where Linux tells which processors
   * are two threads of one core, such pairs count once.
   */
  static int available() {
    int processors = Runtime.getRuntime().availableProcessors();
    Set<String> cores = new HashSet<>();
    for (int i = 0; i < 4096; i++) {
      Path siblings = SYSTEM.resolve("cpu" + i + "/topology/thread_siblings_list");
      if (!Files.isReadable(siblings)) {
        break;
      }
      try {
        cores.add(Files.readString(siblings).strip());
      } catch (IOException e) {
        return processors;
      }
    }
    return cores.isEmpty() ? processors : Math.min(processors, cores.size());
  }
}
