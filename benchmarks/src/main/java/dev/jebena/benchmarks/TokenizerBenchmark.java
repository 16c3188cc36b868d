package dev.jebena.benchmarks;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.jebena.tokenizer.EncodeOptions;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.TokenizerOptions;
import dev.jebena.tokenizer.Tokenizers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.AuxCounters;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A tokenizer beside Hugging Face's own library, through DJL, in one thread each; {@link Megabytes#megabytes} is the rate in millions of
 * bytes of UTF-8 a second.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class TokenizerBenchmark {

  /** The bytes that were encoded, which JMH divides by the time. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Megabytes {
    public double megabytes;
  }

  /** A folder with a {@code tokenizer.json}, or that file. */
  @Param("../shared/data/tokenizers/llama3")
  public String tokenizer = "";

  /** A text, or a folder whose {@code .md} files are the text. */
  @Param("docs")
  public String text = "";

  @SuppressWarnings("NullAway.Init")
  private Tokenizer ours;

  @SuppressWarnings("NullAway.Init")
  private HuggingFaceTokenizer library;

  @SuppressWarnings("NullAway.Init")
  private String content;

  private double size;

  @Setup
  public void open() throws IOException {
    System.setProperty("ai.djl.offline", "true");
    // the library spreads some of its work over threads unless it is told not to
    System.setProperty("TOKENIZERS_PARALLELISM", "false");
    content = read(Path.of(text));
    size = content.getBytes(StandardCharsets.UTF_8).length / 1e6;
    Path file = Path.of(tokenizer);
    ours = Tokenizers.fromFile(file, TokenizerOptions.NONE);
    library = HuggingFaceTokenizer.newInstance(
        Files.isDirectory(file) ? file.resolve("tokenizer.json") : file, Map.of("truncation", "false", "padding", "false"));
  }

  @TearDown
  public void close() {
    library.close();
  }

  private static String read(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return Files.readString(path);
    }
    List<Path> files;
    try (Stream<Path> all = Files.list(path)) {
      files = all.filter(file -> file.toString().endsWith(".md")).sorted().toList();
    }
    StringBuilder all = new StringBuilder();
    for (Path file : files) {
      all.append(Files.readString(file));
    }
    return all.toString();
  }

  /** Ids alone. */
  @Benchmark
  public int[] jebena(Megabytes rate) {
    rate.megabytes += size;
    return ours.encode(content, EncodeOptions.TEMPLATE);
  }

  /** The library gives offsets and the spelling of tokens, too; there is no way to ask it for ids alone. */
  @Benchmark
  public long[] library(Megabytes rate) {
    rate.megabytes += size;
    return library.encode(content, false, false).getIds();
  }

  /** Reading {@code tokenizer.json}. */
  @Benchmark
  @BenchmarkMode(Mode.AverageTime)
  @OutputTimeUnit(TimeUnit.MILLISECONDS)
  public Tokenizer load() {
    return Tokenizers.fromFile(Path.of(tokenizer), TokenizerOptions.NONE);
  }
}
