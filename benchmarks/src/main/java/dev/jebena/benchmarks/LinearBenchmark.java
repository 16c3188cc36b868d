package dev.jebena.benchmarks;

import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.ProgramBuilder;
import dev.jebena.engine.program.Site;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSpec;
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
 * Products of {@code [tokens, columns]} with a weight of every type: one token is decode (matrix-vector), few are a small batch, many are
 * prefill (matrix-matrix). The step around the product, an embedding of small rows and two barriers, is part of the time.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LinearBenchmark {

  /** Tokens from which the product is bound by computing: few matrices will do. */
  private static final int MANY_TOKENS = 64;

  /** By name: an annotation cannot list the values of an enum. */
  @Param({"F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"})
  public BlockType type = BlockType.F32;

  @Param({"1", "4", "16", "512"})
  public int tokens;

  @Param("2048")
  public int columns;

  @Param("2048")
  public int rows;

  /** Weights of a step with few tokens: more than a cache holds. */
  @Param("96")
  public long weightMebibytes;

  @Param("cpu")
  public String backend = "cpu";

  /** 0 is what the backend finds best. */
  @Param("0")
  public int threads;

  @SuppressWarnings("NullAway.Init")
  private OperationRig rig;

  private int matrices;

  /** Several matrices in a row, so that they do not stay in a cache that a model would not fit into. */
  private Program program() {
    ProgramBuilder builder = new ProgramBuilder("products");
    Value in = builder.embedTokens(
        Site.of("embed"), "in", new WeightSpec("unit", OperationRig.VOCABULARY, columns, WeightFormat.of(BlockType.F32)));
    Value out = in;
    for (int i = 0; i < matrices; i++) {
      WeightSpec weight = new WeightSpec("weight" + i, rows, columns, WeightFormat.of(type));
      out = builder.linear(Site.of("product" + i), "out" + i, in, weight, Optional.empty());
    }
    Value selected = builder.selectOutputs(Site.of("outputs"), "selected", out);
    WeightSpec head = new WeightSpec("head", OperationRig.VOCABULARY, rows, WeightFormat.of(BlockType.F32));
    return builder.build(builder.linear(Site.of("head"), "logits", selected, head, Optional.empty()), OperationRig.VOCABULARY);
  }

  @Setup(Level.Trial)
  public void load() {
    long matrixBytes = (long) rows * columns / type.elements() * type.bytes();
    matrices = tokens >= MANY_TOKENS ? 4 : (int) Math.max(4, Math.ceilDiv(weightMebibytes << 20, matrixBytes));
    OptionalInt team = threads == 0 ? OptionalInt.empty() : OptionalInt.of(threads);
    rig = new OperationRig(backend, team, program(), tokens, 1, tokens, new KvFormat(KvType.F32, 16));
    rig.open(0, tokens);
    rig.run(0, 0, tokens);
    rig.step();
  }

  /** A step of all the products. */
  @Benchmark
  public long products(Rates rates) {
    rig.run(0, 0, tokens);
    rates.gigabytes += matrices * (double) rows * columns / type.elements() * type.bytes() / 1e9;
    rates.gigaOperations += matrices * 2.0 * rows * columns * tokens / 1e9;
    return rig.step();
  }

  @TearDown(Level.Trial)
  public void close() {
    rig.close();
  }
}
