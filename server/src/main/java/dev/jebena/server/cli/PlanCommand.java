package dev.jebena.server.cli;

import dev.jebena.engine.model.Model;
import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.shard.Shard;
import dev.jebena.models.ModelOptions;
import dev.jebena.models.Models;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says what each of several ranks would need. */
@Command(
    name = "plan",
    header = "Says what each of several ranks of a model needs.",
    description = {
      "Divides a model among ranks without loading it, and says of each rank what it reads of the weights, keeps for each token and sends.",
      "What cannot be divided, or does not fit into --memory-per-rank, is refused with the numbers."
    })
final class PlanCommand implements Callable<Integer> {

  private final Surroundings surroundings;

  @Mixin
  @SuppressWarnings("unused")
  private final CommonOptions common = new CommonOptions();

  @Parameters(paramLabel = "MODEL", description = "A GGUF file, or a name such as smollm2:135m.")
  private String model = "";

  @Option(names = {"--world", "--tensor-parallel-size"}, required = true, paramLabel = "N", description = "How many ranks.")
  private int world;

  @Option(names = "--max-model-len", paramLabel = "N", description = "Tokens of a sequence whose cache is to fit (as many as the model allows).")
  private @Nullable String maxModelLength;

  @Option(names = "--kv-cache-dtype", paramLabel = "TYPE", defaultValue = "f32", description = "f32, f16, bf16, q8_0 or fp8 (${DEFAULT-VALUE}).")
  private String kvType = "f32";

  @Option(names = "--memory-per-rank", paramLabel = "SIZE", description = "Refuse the plan if a rank needs more, such as 16G, with one sequence.")
  private @Nullable String memory;

  @Option(names = "--json", description = "Print one JSON value.")
  private boolean json;

  PlanCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /** What one rank needs; bytes of weights as they are stored. */
  private record Need(
      int rank, long weightBytes, String kvHeads, long kvBytesPerToken, long kvBytesFullContext, Shard.Traffic traffic) {

    long bytes() {
      return weightBytes + kvBytesFullContext;
    }

    Map<String, Object> json() {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("rank", rank);
      fields.put("weight_bytes", weightBytes);
      fields.put("kv_heads", kvHeads);
      fields.put("kv_bytes_per_token", kvBytesPerToken);
      fields.put("kv_bytes_full_context", kvBytesFullContext);
      fields.put("collectives_per_step", traffic.collectives());
      fields.put("sent_bytes_per_token", traffic.sentTokenBytes());
      fields.put("sent_bytes_per_row_of_logits", traffic.sentOutputBytes());
      return fields;
    }
  }

  @Override
  public Integer call() {
    if (world < 1 || world > 1024) {
      throw new UsageException("--world is " + world + ": use 1 to 1024");
    }
    try (Model opened = Models.open(new ModelLocator(surroundings).locate(model), ModelOptions.idsOnly())) {
      int context = maxModelLength == null ? opened.maxContext() : Sizes.count("--max-model-len", maxModelLength);
      List<Need> needs = new ArrayList<>();
      for (int rank = 0; rank < world; rank++) {
        needs.add(need(Shard.of(opened.program(), rank, world), context));
      }
      requireFits(needs);
      if (json) {
        JsonLines.write(surroundings.out(), report(opened, context, needs));
      } else {
        print(opened, context, needs);
      }
      return ExitCode.DONE;
    }
  }

  private Need need(Shard shard, int context) {
    Program program = shard.program();
    long kvBytes = kvBytes(program.kvElementsPerToken());
    return new Need(
        shard.rank(), program.weightBytes(), kvHeads(program), kvBytes, kvBytes * context, shard.traffic());
  }

  /** The KV heads of a layer, or of each kind of layer. */
  private static String kvHeads(Program program) {
    Stream<KvGroup.CacheLayer> layers = program.kvGroups().stream().flatMap(group -> group.layers().stream());
    return layers.map(layer -> String.valueOf(layer.kvHeads())).distinct().collect(Collectors.joining("/"));
  }

  private long kvBytes(long elements) {
    return switch (kvType) {
      case "f32" -> 4 * elements;
      case "f16", "bf16" -> 2 * elements;
      // a scale of two bytes for 32 codes
      case "q8_0" -> Math.ceilDiv(34 * elements, 32);
      case "fp8" -> elements;
      default -> throw new UsageException("--kv-cache-dtype is '" + kvType + "': use f32, f16, bf16, q8_0 or fp8");
    };
  }

  private void requireFits(List<Need> needs) {
    if (memory == null) {
      return;
    }
    long limit = Sizes.bytes("--memory-per-rank", memory);
    for (Need need : needs) {
      if (need.bytes() > limit) {
        throw new CommandException(
            "rank " + need.rank + " of " + world + " needs " + Sizes.ofBytes(need.bytes()) + " (weights " + Sizes.ofBytes(need.weightBytes)
                + ", cache of one sequence " + Sizes.ofBytes(need.kvBytesFullContext) + "), --memory-per-rank is " + Sizes.ofBytes(limit)
                + ": use more ranks, a shorter --max-model-len or a smaller --kv-cache-dtype");
      }
    }
  }

  private Map<String, Object> report(Model opened, int context, List<Need> needs) {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("model", opened.name());
    report.put("world", world);
    report.put("context", context);
    report.put("weight_bytes_of_one_rank", opened.program().weightBytes());
    report.put("kv_bytes_per_token_of_one_rank", kvBytes(opened.program().kvElementsPerToken()));
    report.put("ranks", needs.stream().map(Need::json).toList());
    return report;
  }

  private void print(Model opened, int context, List<Need> needs) {
    PrintStream out = surroundings.out();
    out.println(opened.name() + " on " + world + (world == 1 ? " rank" : " ranks") + ", " + kvType + " cache of " + context + " tokens");
    out.printf("%-6s %12s %9s %14s %14s %16s %18s%n", "rank", "weights", "KV heads", "KV a token", "KV full", "sent a token", "sent a logits row");
    for (Need need : needs) {
      out.printf("%-6d %12s %9s %14s %14s %16s %18s%n", need.rank, Sizes.ofBytes(need.weightBytes), need.kvHeads,
          Sizes.ofBytes(need.kvBytesPerToken), Sizes.ofBytes(need.kvBytesFullContext), Sizes.ofBytes(need.traffic.sentTokenBytes()),
          Sizes.ofBytes(need.traffic.sentOutputBytes()));
    }
    long sum = needs.stream().mapToLong(Need::weightBytes).sum();
    out.println("weights of all ranks " + Sizes.ofBytes(sum) + ", of one alone " + Sizes.ofBytes(opened.program().weightBytes())
        + "; " + needs.getFirst().traffic.collectives() + " collectives a step");
  }
}
