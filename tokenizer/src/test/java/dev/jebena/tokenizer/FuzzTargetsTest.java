package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs Jazzer over each parser of outside bytes, in a process of its own, for {@code -Djebena.fuzz.seconds=} seconds each (0: not at all).
 */
class FuzzTargetsTest {

  @ParameterizedTest
  @ValueSource(strings = {"TokenizerJson", "SentencePieceModel", "RankFile", "GgufVocabularies", "TemplateSource"})
  void nothingButARefusalComesOfAnyBytes(String target, @TempDir Path folder) throws Exception {
    int seconds = Integer.getInteger("jebena.fuzz.seconds", 60);
    Assumptions.assumeTrue(seconds > 0, "skipped: jebena.fuzz.seconds is 0");
    Path corpus = Files.createDirectory(folder.resolve("corpus"));
    Files.write(corpus.resolve("seed"), FuzzTargets.seeds().get(target));
    Path log = folder.resolve("log");
    int code = new ProcessBuilder(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g", "-Xss1m", "-XX:+EnableDynamicAgentLoading",
            "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), "com.code_intelligence.jazzer.Jazzer",
            "--target_class=" + FuzzTargets.class.getName() + "$" + target, "--instrumentation_includes=dev.jebena.tokenizer.**",
            // tokenizer.json holds regular expressions by design
            "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.RegexInjection",
            "--reproducer_path=" + folder, "-artifact_prefix=" + folder + "/", "-max_total_time=" + seconds, "-timeout=60", "-rss_limit_mb=4096",
            "-max_len=4096", corpus.toString()))
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start()
        .waitFor();
    List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
    String end = String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
    assertEquals(0, code, end);
    System.out.println(target + ": " + (lines.isEmpty() ? "" : lines.getLast()));
  }
}
