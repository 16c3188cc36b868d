package dev.jebena.benchmarks;

import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.ProgramBuilder;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Site;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSpec;
import java.util.Collections;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Attention of 32 query heads over 8 heads of cached keys and values of 64 columns, in shuffled blocks of 16 tokens, through as many layers
 * as make {@code cacheMebibytes} of keys and values. What was never written holds zeros, which take as long as anything else.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class AttentionBenchmark {

  private static final int HEADS = 32;
  private static final int KV_HEADS = 8;
  private static final int HEAD_DIM = 64;
  private static final int CHUNK = 512;

  @Param({"128", "2048", "8192"})
  public int context;

  /** Tokens that the step runs at the end of the context: 1 decodes, more prefill. */
  @Param({"1", "64"})
  public int tokens;

  @Param({"F32", "F16", "BF16", "Q8_0"})
  public KvType kvType = KvType.F32;

  /** Keys and values that a step reads; 0: one layer. */
  @Param("64")
  public int cacheMebibytes = 64;

  @Param("cpu")
  public String backend = "cpu";

  private int layers = 1;

  @SuppressWarnings("NullAway.Init")
  private OperationRig rig;

  private static Program program(int layers) {
    ProgramBuilder builder = new ProgramBuilder("attention");
    int group = builder.kvGroup(Collections.nCopies(layers, new KvGroup.CacheLayer(KV_HEADS, HEAD_DIM, HEAD_DIM)));
    Value query = embedded(builder, "query", HEADS * HEAD_DIM);
    Value key = embedded(builder, "key", KV_HEADS * HEAD_DIM);
    Value value = embedded(builder, "value", KV_HEADS * HEAD_DIM);
    for (int layer = 0; layer < layers; layer++) {
      builder.append(new Op.KvWrite(Site.of(layer, "kv"), group, layer, key, value));
      Value out = builder.value("out" + layer, RowDomain.TOKENS, HEADS * HEAD_DIM);
      builder.append(new Op.Attention(
          Site.of(layer, "attention"), query, out, group, layer, HEADS, KV_HEADS, HEAD_DIM, HEAD_DIM, (float) (1 / Math.sqrt(HEAD_DIM)),
          new AttentionMask.Causal(), 0));
      query = out;
    }
    Value selected = builder.selectOutputs(Site.of("outputs"), "selected", query);
    WeightSpec head = new WeightSpec("head", OperationRig.VOCABULARY, HEADS * HEAD_DIM, WeightFormat.of(BlockType.F32));
    return builder.build(builder.linear(Site.of("head"), "logits", selected, head, Optional.empty()), OperationRig.VOCABULARY);
  }

  private static Value embedded(ProgramBuilder builder, String name, int columns) {
    return builder.embedTokens(
        Site.of(name), name, new WeightSpec("unit_" + name, OperationRig.VOCABULARY, columns, WeightFormat.of(BlockType.F32)));
  }

  /** Bytes of a layer's keys and values. */
  private double layerBytes() {
    double valueBytes = switch (kvType) {
      case F32 -> 4;
      case F16, BF16 -> 2;
      case Q8_0 -> 34 / 32.0;
      case FP8 -> 1;
    };
    return 2.0 * context * KV_HEADS * HEAD_DIM * valueBytes;
  }

  @Setup(Level.Trial)
  public void open() {
    layers = (int) Math.max(1, Math.ceil(cacheMebibytes * (double) (1 << 20) / layerBytes()));
    rig = new OperationRig(backend, OptionalInt.empty(), program(layers), Math.max(CHUNK, tokens), 1, context, new KvFormat(kvType, 16));
    rig.open(0, context);
  }

  /** A step at the end of the context, again and again. */
  @Benchmark
  public long attention(Rates rates) {
    rig.run(0, context - tokens, tokens);
    rates.gigabytes += layers * layerBytes() / 1e9;
    rates.gigaOperations += layers * 4.0 * HEADS * HEAD_DIM * tokens * (context - (tokens - 1) / 2.0) / 1e9;
    return rig.step();
  }

  @TearDown(Level.Trial)
  public void close() {
    rig.close();
  }
}
