package dev.jebena.benchmarks;

import dev.jebena.models.Models;
import dev.jebena.tokenizer.EncodeOptions;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.TokenizerOptions;
import java.nio.file.Path;
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

/** Encoding long texts of one kind: ten times the text must not take much more than ten times as long. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = "-Xmx3g")
@Warmup(iterations = 2)
@Measurement(iterations = 3)
public class HostileTextBenchmark {

  /** What the text repeats. */
  public enum Kind {
    LETTER("a"),
    SPACE(" "),
    MARK("\u0301"),
    UNPAIRED_SURROGATE("\ud83d"),
    SPECIAL_TOKEN("<|im_start|>"),
    DIGIT("7"),
    LINE("\n ");

    private final String piece;

    Kind(String piece) {
      this.piece = piece;
    }
  }

  /** A model or a tokenizer's file. */
  @Param("models/weights/SmolLM2-135M-Instruct.Q4_1.gguf")
  public String model = "";

  @Param({"100000", "1000000", "10000000"})
  public int characters;

  @Param
  public Kind kind = Kind.LETTER;

  @SuppressWarnings("NullAway.Init")
  private Tokenizer tokenizer;

  private String text = "";

  @Setup
  public void open() {
    tokenizer = Models.tokenizer(Path.of(model), TokenizerOptions.NONE);
    text = kind.piece.repeat(characters / kind.piece.length());
  }

  @Benchmark
  public int[] encode() {
    return tokenizer.encode(text, EncodeOptions.PROMPT);
  }
}
