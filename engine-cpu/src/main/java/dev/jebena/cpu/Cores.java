package dev.jebena.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many cores this process can compute on at once, and what bounds them.
 *
 * <p>Two threads of one core share its arithmetic units and its load ports, so that a second one adds nothing to kernels which keep either
 * busy. A quota of a control group is rounded down: threads that wait for each other all stand still when one of them was stopped because
 * the quota was used up.
 *
 * @param count worker threads that are best
 * @param why what it is made of
 */
record Cores(int count, String why) {

  private static final int MOST_PROCESSORS = 8192;
  private static final Pattern RANGE = Pattern.compile("\\s*(\\d{1,6})(?:-(\\d{1,6}))?\\s*");

  /** What is found on this machine. */
  static Cores ofThisProcess() {
    return find(Path.of("/"), Runtime.getRuntime().availableProcessors());
  }

  /**
   * Reads what Linux says below {@code root}; where it says nothing, the JVM's number counts.
   *
   * @param root the root of {@code proc} and {@code sys}
   * @param jvmProcessors what the JVM takes for available
   */
  static Cores find(Path root, int jvmProcessors) {
    Set<Integer> allowed = allowed(root);
    int cores = allowed.isEmpty() ? jvmProcessors : cores(root, allowed);
    List<String> reasons = new ArrayList<>();
    if (!allowed.isEmpty()) {
      reasons.add(cores + (cores == 1 ? " core" : " cores") + (cores == allowed.size() ? "" : " of " + allowed.size() + " processors"));
    } else {
      reasons.add(jvmProcessors + " processors");
    }
    int count = cores;
    OptionalDouble quota = quota(root);
    if (quota.isPresent() && Math.floor(quota.getAsDouble()) < count) {
      count = Math.max(1, (int) quota.getAsDouble());
      reasons.add(String.format(Locale.ROOT, "control group's quota of %.2f", quota.getAsDouble()));
    }
    if (jvmProcessors < count) {
      count = jvmProcessors;
      reasons.add("the JVM counts " + jvmProcessors);
    }
    return new Cores(count, String.join(", ", reasons));
  }

  /** Memory nodes that have processors of this process; 1 where the machine has none. */
  static int memoryNodes(Path root) {
    Set<Integer> allowed = allowed(root);
    int nodes = 0;
    for (int node = 0; node < MOST_PROCESSORS; node++) {
      String list = read(root.resolve("sys/devices/system/node/node" + node + "/cpulist"));
      if (list.isEmpty()) {
        break;
      }
      nodes += allowed.isEmpty() || list(list).stream().anyMatch(allowed::contains) ? 1 : 0;
    }
    return Math.max(1, nodes);
  }

  private static int cores(Path root, Set<Integer> allowed) {
    Set<String> siblings = new HashSet<>();
    for (int processor : allowed) {
      String list = read(root.resolve("sys/devices/system/cpu/cpu" + processor + "/topology/thread_siblings_list"));
      siblings.add(list.isEmpty() ? "alone " + processor : list);
    }
    return siblings.size();
  }

  /** The processors that the process may run on; empty if that is not said. */
  private static Set<Integer> allowed(Path root) {
    return read(root.resolve("proc/self/status")).lines()
        .filter(line -> line.startsWith("Cpus_allowed_list:"))
        .findFirst()
        .map(line -> list(line.substring(line.indexOf(':') + 1).strip()))
        .orElse(Set.of());
  }

  /** The smallest quota of the group and the groups around it, in processors. */
  private static OptionalDouble quota(Path root) {
    double least = Double.MAX_VALUE;
    for (String line : read(root.resolve("proc/self/cgroup")).lines().toList()) {
      String[] fields = line.split(":", 3);
      if (fields.length < 3) {
        continue;
      }
      boolean unified = fields[1].isEmpty();
      if (!unified && !List.of(fields[1].split(",")).contains("cpu")) {
        continue;
      }
      List<String> mounts = unified
          ? List.of("sys/fs/cgroup", "sys/fs/cgroup/unified")
          : List.of("sys/fs/cgroup/" + fields[1], "sys/fs/cgroup/cpu");
      for (String mount : mounts) {
        least = Math.min(least, quota(root.resolve(mount), Path.of("/" + fields[2]).normalize(), unified));
      }
    }
    return least == Double.MAX_VALUE ? OptionalDouble.empty() : OptionalDouble.of(least);
  }

  /** In a container the path may be that of the host, and its own group the root of what is mounted: the root is always looked at. */
  private static double quota(Path mount, Path group, boolean unified) {
    double least = Double.MAX_VALUE;
    for (Path at = group; at != null; at = at.getParent()) {
      Path folder = mount.resolve(at.toString().substring(1));
      least = Math.min(least, unified ? unified(folder) : first(folder));
    }
    return least;
  }

  private static double unified(Path folder) {
    String[] fields = read(folder.resolve("cpu.max")).split(" ");
    return fields.length == 2 ? ratio(fields[0], fields[1]) : Double.MAX_VALUE;
  }

  /** As the first version of control groups has it. */
  private static double first(Path folder) {
    return ratio(read(folder.resolve("cpu.cfs_quota_us")), read(folder.resolve("cpu.cfs_period_us")));
  }

  private static double ratio(String quota, String period) {
    try {
      double ratio = (double) Long.parseLong(quota) / Long.parseLong(period);
      return ratio > 0 ? ratio : Double.MAX_VALUE;
    } catch (NumberFormatException e) {
      return Double.MAX_VALUE; // "max", or nothing there
    }
  }

  /** The numbers of a list such as {@code 0-3,8}; what is not understood is left out. */
  private static Set<Integer> list(String text) {
    Set<Integer> numbers = new TreeSet<>();
    for (String range : text.split(",")) {
      Matcher ends = RANGE.matcher(range);
      if (ends.matches()) {
        int from = Integer.parseInt(ends.group(1));
        int to = ends.group(2) == null ? from : Math.min(Integer.parseInt(ends.group(2)), MOST_PROCESSORS);
        for (int number = from; number <= to; number++) {
          numbers.add(number);
        }
      }
    }
    return numbers;
  }

  private static String read(Path file) {
    try {
      return Files.isReadable(file) ? Files.readString(file).strip() : "";
    } catch (IOException e) {
      return "";
    }
  }
}
