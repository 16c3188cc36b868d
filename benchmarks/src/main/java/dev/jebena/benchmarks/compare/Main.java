package dev.jebena.benchmarks.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Compares engines on one model: see {@link #USAGE}. */
public final class Main {

  private static final String USAGE =
      """
      usage: benchmarks/compare [MODEL.gguf] [--llama-bench PATH] [--without-peers] [--jebena PATH] [--rounds N] [-p N] [-n N] [-b N] [-t N]
                 [--out FOLDER]
        MODEL           the shipped model if it is left out
        --llama-bench   the llama-bench of a llama.cpp built for this machine; llama-batched-bench beside it is used for batches
        --without-peers leaves out the engines that come as Maven dependencies (Jlama, a binding of llama.cpp)
        --jebena        the jebena command of another build or installation (the checkout's own)
        --rounds        times that all engines run in turn (3)
        -p, -n, -b, -t  tokens of the prompt (512), tokens to generate (128), sequences at once (16; 0: none), threads (all processors)
        --out           where comparison.json, comparison.md and comparison.svg are written (target/comparison)
      """;

  private static final List<String> WITHOUT_DEFAULT = List.of("--llama-bench", "--jebena", "--out");

  private Main() {}

  /**
   * Properties set by the script: {@code jebena.root}, the repository, and {@code jebena.peers}, the class path of the peers (empty:
   * none).
   */
  public static void main(String[] arguments) throws IOException {
    try {
      new Main.Run(arguments).execute();
    } catch (IllegalArgumentException problem) {
      System.err.println("compare: " + problem.getMessage());
      System.err.print(USAGE);
      System.exit(2);
    } catch (IllegalStateException | UncheckedIOException problem) {
      System.err.println("compare: " + problem.getMessage());
      System.exit(1);
    }
  }

  /** What the command line asks for. */
  private static final class Run {

    private final Path root = Path.of(System.getProperty("jebena.root", ".")).toAbsolutePath().normalize();
    private final Map<String, String> options = new LinkedHashMap<>(Map.of(
        "--rounds", "3", "-p", "512", "-n", "128", "-b", "16", "-t", String.valueOf(Runtime.getRuntime().availableProcessors())));
    private Path model = root.resolve("models/weights/SmolLM2-135M-Instruct.Q4_1.gguf");
    private boolean withPeers = true;

    Run(String[] arguments) {
      for (int i = 0; i < arguments.length; i++) {
        String argument = arguments[i];
        if (argument.equals("--without-peers")) {
          withPeers = false;
        } else if (WITHOUT_DEFAULT.contains(argument) || options.containsKey(argument)) {
          if (++i == arguments.length) {
            throw new IllegalArgumentException(argument + " needs a value");
          }
          options.put(argument, arguments[i]);
        } else if (argument.startsWith("-")) {
          throw new IllegalArgumentException("unknown option " + argument);
        } else {
          model = Path.of(argument).toAbsolutePath();
        }
      }
      if (!Files.isRegularFile(model)) {
        throw new IllegalArgumentException(model + " is not a file");
      }
    }

    private int number(String option) {
      return Integer.parseInt(String.valueOf(options.get(option)));
    }

    void execute() throws IOException {
      Path out = Path.of(options.getOrDefault("--out", root.resolve("target/comparison").toString()));
      Files.createDirectories(out);
      Path scratch = Files.createDirectories(out.resolve("scratch"));
      Workload workload = new Workload(
          model, PromptText.write(model, number("-p"), scratch.resolve("prompt.txt")), number("-p"), number("-n"), number("-b"),
          number("-t"));
      List<Contender> contenders = contenders(scratch);
      Results results = new Results();
      List<Double> bandwidths = new ArrayList<>();
      for (int round = 0; round < number("--rounds"); round++) {
        bandwidths.add(ReadBandwidth.measure(workload.threads()));
        // every other round runs backwards, so that nobody always follows the same neighbour
        for (Contender contender : round % 2 == 0 ? contenders : contenders.reversed()) {
          Map<String, Double> rates = contender.run(workload);
          results.add(contender.name(), rates);
          System.err.printf("round %d, %s: %s%n", round + 1, contender.name(), rates);
        }
      }
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("model", String.valueOf(model.getFileName()));
      json.put("threads", workload.threads());
      json.put("model_bytes", Files.size(model));
      json.put("read_bytes_per_second", bandwidths);
      json.put("tokens_per_second", results.all());
      Files.writeString(out.resolve("comparison.json"), Contender.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json));
      String table = model.getFileName() + ", " + workload.threads() + " threads, " + number("--rounds") + " rounds\n\n" + Report.markdown(results)
          + Report.bandwidth(results, workload.decodeTest(), Files.size(model), bandwidths);
      Files.writeString(out.resolve("comparison.md"), table);
      Files.writeString(out.resolve("comparison.svg"), Report.svg(results));
      System.out.print(table);
      System.out.println("written to " + out);
    }

    private List<Contender> contenders(Path scratch) {
      List<Contender> contenders = new ArrayList<>();
      contenders.add(new Contender.Jebena(Path.of(options.getOrDefault("--jebena", root.resolve("jebena").toString()))));
      Optional.ofNullable(options.get("--llama-bench")).ifPresent(path -> contenders.add(new Contender.LlamaCpp(Path.of(path))));
      String peers = System.getProperty("jebena.peers", "");
      if (withPeers && !peers.isEmpty()) {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        List<String> command = List.of(
            java.toString(), "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "--enable-preview", "-cp", peers);
        contenders.add(new Contender.JvmPeer("llama.cpp binding (de.kherud)", command, "dev.jebena.benchmarks.peers.LlamaBinding", model));
        contenders.add(new Contender.JvmPeer(
            "Jlama", command, "dev.jebena.benchmarks.peers.Jlama", SafetensorsFolder.write(model, scratch.resolve("hugging-face"))));
      }
      return contenders;
    }
  }
}
