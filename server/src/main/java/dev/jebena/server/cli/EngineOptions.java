package dev.jebena.server.cli;

import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineConfig;
import dev.jebena.engine.EngineConfig.Switch;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.WeightCacheSettings;
import dev.jebena.engine.model.Model;
import dev.jebena.models.ModelOptions;
import dev.jebena.models.Models;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** On what and how the engine runs; for every command that computes. */
final class EngineOptions {

  /** The last block of a sequence is seldom full, and the engine keeps one for itself. */
  private static final int SPARE_BLOCKS = 4;

  @Option(names = "--backend", paramLabel = "NAME", defaultValue = "auto",
      description = "auto, cpu, cuda or reference; auto takes the best that is available ('jebena doctor' says which, and why).")
  private String backend = "auto";

  @Option(names = {"-t", "--threads"}, paramLabel = "N", description = "Worker threads (what the backend finds best).")
  private @Nullable Integer threads;

  @Option(names = "--compute-type", paramLabel = "TYPE", defaultValue = "auto",
      description = "auto, f32, bf16 or int8: the arithmetic of matrix products; auto is the fastest that keeps the answers of float32, bf16 and int8 round"
          + " more and are there on the cuda backend only.")
  private String computeType = "auto";

  @Option(names = "--native-kernels", paramLabel = "auto|off", defaultValue = "auto",
      description = "This version computes in Java only: both mean the same.")
  private String nativeKernels = "auto";

  @Option(names = "--self-test", paramLabel = "auto|on|off", defaultValue = "auto",
      description = "Time the kernels at load and replace slow ones, which takes up to 0.3 s; auto: everywhere but in 'run'.")
  private String selfTest = "auto";

  @Option(names = "--weight-cache", paramLabel = "off|FOLDER", defaultValue = "off",
      description = "Keep repacked weights in FOLDER, which belongs to the cache alone, so that the next start need not repack them.")
  private String weightCache = "off";

  @Option(names = "--weight-cache-bytes", paramLabel = "SIZE", defaultValue = "16GiB",
      description = "The most that the weight cache may take (${DEFAULT-VALUE}); what was not used for longest goes first.")
  private String weightCacheBytes = "16GiB";

  @Mixin
  private final RankOptions ranks = new RankOptions();

  @Option(names = "--kv-cache-dtype", paramLabel = "TYPE", defaultValue = "auto",
      description = "auto, f32, f16, bf16, q8_0 or fp8 (E4M3, cuda backend only): how keys and values are stored; the last two round more than the others.")
  private String kvCacheType = "auto";

  @Option(names = "--kv-cache-memory-bytes", paramLabel = "SIZE", description = "Memory for keys and values, such as 512M or 2GiB.")
  private @Nullable String kvCacheBytes;

  @Option(names = "--gpu-memory-utilization", paramLabel = "SHARE",
      description = "The share of a GPU's memory that --backend cuda uses (0.9); keys and values get what the rest leaves. Other backends have none.")
  private @Nullable Double gpuMemoryUtilization;

  @Option(names = "--max-model-len", paramLabel = "N",
      description = "The most tokens of a sequence, such as 4096, 16k (16 000) or 16K (16 384); auto: as many as the model and memory allow.")
  private @Nullable String maxModelLength;

  @Option(names = "--max-num-seqs", paramLabel = "N", description = "Requests that run at once (64).")
  private @Nullable Integer maxSequences;

  @Option(names = "--max-num-batched-tokens", paramLabel = "N", description = "Tokens of a step (512).")
  private @Nullable String maxBatchedTokens;

  @Option(names = "--block-size", paramLabel = "N", description = "Tokens of a block of the KV cache (16).")
  private @Nullable Integer blockSize;

  @Option(names = "--enable-prefix-caching", negatable = true, arity = "0", fallbackValue = "true",
      description = "Compute equal beginnings of prompts once (on).")
  private @Nullable Boolean prefixCaching;

  @Option(names = "--enable-chunked-prefill", negatable = true, arity = "0", fallbackValue = "true",
      description = "Spread long prompts over steps (on).")
  private @Nullable Boolean chunkedPrefill;

  /**
   * The configuration that the options describe.
   *
   * @throws UsageException naming the option that is out of range
   */
  EngineConfig.Builder builder() {
    requireKernels();
    EngineConfig.Builder builder = EngineConfig.builder().backend(backend.toLowerCase(Locale.ROOT)).computeType(computeType());
    ranks.configure(builder);
    builder.selfTest(selfTest(Switch.ON));
    if (!weightCache.equalsIgnoreCase("off")) {
      builder.weightCache(new WeightCacheSettings(Path.of(weightCache), Sizes.bytes("--weight-cache-bytes", weightCacheBytes)));
    }
    if (threads != null) {
      builder.threads(threads);
    }
    if (!kvCacheType.equalsIgnoreCase("auto")) {
      builder.kvType(kvType());
    }
    if (kvCacheBytes != null) {
      builder.kvCacheBytes(Sizes.bytes("--kv-cache-memory-bytes", kvCacheBytes));
    }
    if (gpuMemoryUtilization != null) {
      builder.gpuMemoryUtilization(gpuMemoryUtilization);
    }
    if (maxModelLength != null && !maxModelLength.equals("auto") && !maxModelLength.equals("-1")) {
      builder.maxContext(Sizes.count("--max-model-len", maxModelLength));
    }
    if (blockSize != null) {
      builder.blockTokens(blockSize);
    }
    if (prefixCaching != null) {
      builder.prefixCaching(prefixCaching ? Switch.ON : Switch.OFF);
    }
    if (chunkedPrefill != null) {
      builder.chunkedPrefill(chunkedPrefill ? Switch.ON : Switch.OFF);
    }
    scheduling(builder);
    return builder;
  }

  /**
   * The configuration for one sequence at a time of at most so many tokens: memory that is not needed is not touched, which would
   * take longer than the first answer.
   */
  EngineConfig forOneSequence(Model model, int tokens) {
    EngineConfig.Builder builder = builder();
    if (maxModelLength == null) {
      builder.maxContext(Math.clamp(tokens, 1, model.maxContext()));
    }
    if (maxSequences == null) {
      builder.maxSequences(1);
    }
    builder.selfTest(selfTest(Switch.OFF));
    EngineConfig config = build(builder);
    if (kvCacheBytes == null) {
      long block = config.cache().blockTokens();
      long context = Math.min(config.cache().maxContext().orElse(model.maxContext()), model.maxContext());
      long rounded = (context / block + SPARE_BLOCKS) * block * config.scheduling().maxSequences();
      // ranks that hold copies of the same heads need more
      builder.kvCacheBytes(rounded * model.program().kvElementsPerToken() * Float.BYTES * config.compute().tensorParallelSize());
    }
    return build(builder);
  }

  /** More sequences than a step has tokens make no sense; if only their number is given, the step grows with it. */
  private void scheduling(EngineConfig.Builder builder) {
    if (maxSequences != null) {
      builder.maxSequences(maxSequences);
      if (maxBatchedTokens == null && maxSequences > EngineConfig.DEFAULTS.scheduling().maxBatchedTokens()) {
        builder.maxBatchedTokens(maxSequences);
      }
    }
    if (maxBatchedTokens != null) {
      int tokens = Sizes.count("--max-num-batched-tokens", maxBatchedTokens);
      builder.maxBatchedTokens(tokens);
      if (maxSequences == null && tokens < EngineConfig.DEFAULTS.scheduling().maxSequences()) {
        builder.maxSequences(tokens);
      }
    }
  }

  /**
   * The configuration that the options describe, as it stands.
   *
   * @throws UsageException naming the option that is out of range
   */
  EngineConfig config() {
    return build(builder());
  }

  /** Builds, and says of what is out of range that it was wrong usage. */
  static EngineConfig build(EngineConfig.Builder builder) {
    try {
      return builder.build();
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Computes as ranks of another process until that ends, if that is what the options ask for.
   *
   * @return whether it was
   */
  boolean follow(Path path) {
    if (!ranks.follows()) {
      return false;
    }
    try (Model model = Models.open(path, ModelOptions.idsOnly())) {
      Engine.follow(model, config());
    }
    return true;
  }

  private void requireKernels() {
    if (!nativeKernels.equals("auto") && !nativeKernels.equals("off")) {
      throw new UsageException("--native-kernels is '" + nativeKernels + "': use auto or off");
    }
  }

  private Switch selfTest(Switch auto) {
    return switch (selfTest.toLowerCase(Locale.ROOT)) {
      case "auto" -> auto;
      case "on" -> Switch.ON;
      case "off" -> Switch.OFF;
      default -> throw new UsageException("--self-test is '" + selfTest + "': use auto, on or off");
    };
  }

  private ComputeType computeType() {
    for (ComputeType type : ComputeType.values()) {
      if (type.name().equalsIgnoreCase(computeType)) {
        return type;
      }
    }
    throw new UsageException("--compute-type is '" + computeType + "': this version has " + names(ComputeType.values()));
  }

  private KvType kvType() {
    String name = switch (kvCacheType.toLowerCase(Locale.ROOT)) {
      case "float32", "float" -> "f32";
      case "float16", "half" -> "f16";
      case "bfloat16" -> "bf16";
      case "fp8_e4m3" -> "fp8";
      default -> kvCacheType;
    };
    for (KvType type : KvType.values()) {
      if (type.name().equalsIgnoreCase(name)) {
        return type;
      }
    }
    throw new UsageException("--kv-cache-dtype is '" + kvCacheType + "': this version has auto, " + names(KvType.values()));
  }

  private static String names(Enum<?>[] values) {
    return Arrays.stream(values).map(value -> value.name().toLowerCase(Locale.ROOT)).collect(Collectors.joining(", "));
  }
}
