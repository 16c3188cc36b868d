package dev.jebena.server.cli;

import dev.jebena.engine.BackendSelection;
import dev.jebena.engine.EngineConfig;
import dev.jebena.engine.EngineLoadException;
import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendReport;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Probe;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import javax.management.JMException;
import javax.management.JMRuntimeException;
import javax.management.ObjectName;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Says what would run here, why, how fast, and what to change. */
@Command(
    name = "doctor",
    header = "Says what runs here, how fast, and what to change.",
    description = "Says which backend runs here and why, how fast its kernels are, and what to change.")
final class DoctorCommand implements Callable<Integer> {

  private static final String VECTOR_MODULE = "jdk.incubator.vector";
  private static final String AOT_CACHE = "-XX:AOTCache=";
  /** Before the answer, in what a JVM says about itself. */
  private static final String CLASS_ARCHIVE = "CDS: ";
  private static final String NATIVE_ACCESS = "--enable-native-access";

  private final Surroundings surroundings;

  @Mixin
  @SuppressWarnings("unused")
  private final CommonOptions common = new CommonOptions();

  @Mixin
  private final EngineOptions engineOptions = new EngineOptions();

  @Option(names = "--json", description = "Print one JSON value.")
  private boolean json;

  DoctorCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    EngineConfig config = engineOptions.config();
    Map<String, Object> report = new LinkedHashMap<>();
    List<String> advice = new ArrayList<>();
    report.put("java", java(advice));
    report.put("machine", machine());
    report.put("backends", backends());
    Optional<Map<String, Object>> chosen = chosen(config, advice);
    report.put("chosen", chosen.<Object>map(found -> found).orElse(Map.of()));
    report.put("advice", advice);
    if (json) {
      JsonLines.write(surroundings.out(), report);
    } else {
      print(report);
    }
    return chosen.isPresent() ? ExitCode.DONE : ExitCode.FAILED;
  }

  private static Map<String, Object> java(List<String> advice) {
    List<String> flags = ManagementFactory.getRuntimeMXBean().getInputArguments();
    boolean vectors = ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
    Map<String, Object> java = new LinkedHashMap<>();
    java.put("version", Runtime.version().toString());
    java.put("vm", System.getProperty("java.vm.name") + " by " + System.getProperty("java.vendor"));
    java.put("home", System.getProperty("java.home"));
    java.put("flags", flags);
    java.put("vector_module", vectors);
    java.put("start_up_cache", startUpCache(flags, advice));
    java.put("max_heap", Sizes.ofBytes(Runtime.getRuntime().maxMemory()));
    if (!vectors) {
      advice.add("start Java with --add-modules=" + VECTOR_MODULE + ": without it only the slow reference backend can run");
    }
    if (flags.stream().noneMatch(flag -> flag.startsWith(NATIVE_ACCESS))) {
      advice.add("start Java with " + NATIVE_ACCESS + "=ALL-UNNAMED: later versions refuse memory access without it");
    }
    return java;
  }

  /** The JVM goes on without a cache that does not fit it or the jars, and says nothing. */
  private static String startUpCache(List<String> flags, List<String> advice) {
    Optional<String> file = flags.stream().filter(flag -> flag.startsWith(AOT_CACHE)).map(flag -> flag.substring(AOT_CACHE.length())).findFirst();
    if (file.isEmpty()) {
      return "none";
    }
    return switch (classArchive()) {
      case "on" -> file.get() + ", in use";
      case "off" -> {
        advice.add(
            "delete " + file.get() + ": it does not fit this JDK or these jars, and commands start slower without it; the launcher makes it anew");
        yield file.get() + ", refused by the JVM";
      }
      default -> file.get();
    };
  }

  /** Whether this JVM runs with an archive of classes: {@code on}, {@code off}, or empty where it does not say. No option of JDK 25 tells. */
  private static String classArchive() {
    try {
      Object information = ManagementFactory.getPlatformMBeanServer()
          .invoke(new ObjectName("com.sun.management:type=DiagnosticCommand"), "vmInfo", null, null);
      return String.valueOf(information).lines().filter(line -> line.startsWith(CLASS_ARCHIVE)).findFirst()
          .map(line -> line.substring(CLASS_ARCHIVE.length()).strip()).orElse("");
    } catch (JMException | JMRuntimeException unknown) {
      return "";
    }
  }

  private static Map<String, Object> machine() {
    Map<String, Object> machine = new LinkedHashMap<>();
    machine.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version") + ", " + System.getProperty("os.arch"));
    machine.put("processors", Runtime.getRuntime().availableProcessors());
    if (ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system) {
      machine.put("memory", Sizes.ofBytes(system.getTotalMemorySize()));
      machine.put("free_memory", Sizes.ofBytes(system.getFreeMemorySize()));
    }
    return machine;
  }

  private static List<Map<String, Object>> backends() {
    List<Map<String, Object>> backends = new ArrayList<>();
    for (BackendSelection.Candidate candidate : BackendSelection.probeAll()) {
      Map<String, Object> backend = new LinkedHashMap<>();
      backend.put("name", candidate.provider().name());
      switch (candidate.probe()) {
        case Probe.Available(Map<String, String> facts) -> {
          backend.put("available", true);
          backend.put("facts", facts);
        }
        case Probe.Unavailable(String reason) -> {
          backend.put("available", false);
          backend.put("reason", reason);
        }
      }
      backends.add(backend);
    }
    return backends;
  }

  /** Opens the backend, which measures its kernels. */
  private Optional<Map<String, Object>> chosen(EngineConfig config, List<String> advice) {
    BackendSelection selection;
    try {
      selection = BackendSelection.select(config.compute().backend());
    } catch (EngineLoadException e) {
      advice.add(String.valueOf(e.getMessage()));
      return Optional.empty();
    }
    BackendSettings settings = new BackendSettings(config.compute().threads(), config.compute().computeType());
    try (Progress progress = new Progress(surroundings); Backend backend = selection.chosen().open(settings, new MemoryBudget(Long.MAX_VALUE))) {
      progress.say("measuring the kernels, for up to half a minute");
      backend.selfTest();
      BackendReport measured = backend.report();
      Map<String, Object> chosen = new LinkedHashMap<>();
      chosen.put("name", backend.name());
      chosen.put("why", config.compute().backend().equals(EngineConfig.AUTO) ? "the best of those available" : "asked for with --backend");
      chosen.put("facts", measured.facts());
      chosen.put("kernels", measured.kernels().stream().map(this::kernel).toList());
      advice.addAll(measured.warnings());
      return Optional.of(chosen);
    }
  }

  /** Texts only for people; the numbers behind them, and what was slower, for programs. */
  private Map<String, Object> kernel(BackendReport.Kernel kernel) {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("operation", kernel.operation());
    value.put("type", kernel.type());
    value.put("variant", kernel.variant());
    value.put("measured", kernel.measured());
    kernel.shareOfPeak().ifPresent(share -> value.put("share", Math.round(100 * share) + " % of peak"));
    if (json) {
      kernel.unitsPerSecond().ifPresent(rate -> value.put("units_per_second", rate));
      kernel.shareOfPeak().ifPresent(share -> value.put("share_of_peak", share));
      value.put("alternatives", kernel.alternatives());
    }
    return value;
  }

  private void print(Map<String, Object> report) {
    PrintStream out = surroundings.out();
    report.forEach((title, content) -> {
      out.println(title);
      print(out, "  ", content);
    });
  }

  private static void print(PrintStream out, String indent, Object content) {
    if (content instanceof Map<?, ?> map) {
      map.forEach((key, value) -> {
        if (value instanceof Map || value instanceof List) {
          out.println(indent + key);
          print(out, indent + "  ", value);
        } else {
          out.printf("%s%-14s %s%n", indent, key, value);
        }
      });
    } else if (content instanceof List<?> list) {
      for (Object element : list) {
        if (element instanceof Map<?, ?> map && map.values().stream().allMatch(String.class::isInstance)) {
          out.println(indent + String.join("  ", map.values().stream().map(value -> String.format("%-16s", value)).toList()).strip());
        } else {
          print(out, indent, element);
        }
      }
      if (list.isEmpty()) {
        out.println(indent + "none");
      }
    } else {
      out.println(indent + content);
    }
  }
}
