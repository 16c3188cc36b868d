package dev.jebena.benchmarks;

import dev.jebena.engine.sampling.Sampler;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.sampling.SamplingState;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** One token from a row of logits. The row is copied first, since sampling may overwrite it; the copy is part of the time. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SamplerBenchmark {

  /** The ways to choose that are common. */
  public enum Way {
    GREEDY(SamplingParameters.GREEDY),
    TEMPERATURE(parameters(0, 1, 1)),
    TOP_K_40(parameters(40, 1, 1)),
    TOP_P_95(parameters(0, 0.95f, 1)),
    TOP_K_P(parameters(40, 0.95f, 1)),
    REPETITION(parameters(40, 0.95f, 1.1f));

    private final SamplingParameters parameters;

    Way(SamplingParameters parameters) {
      this.parameters = parameters;
    }

    private static SamplingParameters parameters(int topK, float topP, float repetitionPenalty) {
      return new SamplingParameters(0.8f, topK, topP, 0, repetitionPenalty, 0, 0, Map.of(), 1);
    }
  }

  @Param
  public Way way = Way.GREEDY;

  @Param({"49152", "151936"})
  public int vocabulary;

  @SuppressWarnings("NullAway.Init")
  private float[] logits;

  @SuppressWarnings("NullAway.Init")
  private float[] row;

  @SuppressWarnings("NullAway.Init")
  private Sampler sampler;

  @SuppressWarnings("NullAway.Init")
  private SamplingState state;

  private int position;

  @Setup
  public void prepare() {
    SplittableRandom random = new SplittableRandom(1);
    logits = new float[vocabulary];
    row = new float[vocabulary];
    for (int i = 0; i < vocabulary; i++) {
      logits[i] = (float) random.nextGaussian(0, 3);
    }
    sampler = new Sampler(vocabulary);
    state = new SamplingState(way.parameters, 0, new int[0], vocabulary);
    for (int i = 0; i < 512; i++) {
      state.addPrompt(random.nextInt(vocabulary));
    }
  }

  /** A token. */
  @Benchmark
  public int token() {
    System.arraycopy(logits, 0, row, 0, vocabulary);
    sampler.choose(row, 0, state, position++ & 0xffff);
    return sampler.token();
  }
}
