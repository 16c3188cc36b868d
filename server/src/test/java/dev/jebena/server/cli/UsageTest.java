package dev.jebena.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UsageTest {

  private static void assertOneLine(String expected, int status, Cli.Result result) {
    assertEquals(status, result.status(), result.err());
    assertEquals("", result.out());
    assertEquals(1, result.err().lines().count(), result.err());
    assertTrue(result.err().contains(expected), result.err());
  }

  @ParameterizedTest
  @CsvSource({
    "run --temprature 1 hi, did you mean '--temperature'?",
    "serve --max-num-seqz 4, did you mean '--max-num-seqs'?",
    "serv, did you mean 'serve'?",
    "tokenize, MODEL",
    "run --temperature hot hi, hot",
    "serve --max 4, write more of it",
    "run --tensor-parallel-size 0 hi, use 1 or more",
    "run --tensor-parallel-size 3 --nnodes 2 hi, use a multiple of 2",
    "run --tensor-parallel-size 2 --nnodes 2 --node-rank 2 hi, use 0 to 1",
    "run --tensor-parallel-size 2 --nnodes 2 --master-addr 192.0.2.1 hi, set JEBENA_RANK_SECRET",
    "run --tensor-parallel-size 2 --nnodes 2 --rank-timeout 0 hi, sign of life",
    "run --node-rank 1 hi, say how many nodes there are",
    "run --compute-type int9 hi, int8",
    "run --kv-cache-dtype fp9 hi, fp9",
    "run --threads 0 hi, threads is 0",
    "run --temperature -1 hi, temperature",
    "bench -r 0, --repetitions is 0",
    "bench serve --request-rate fast, --request-rate",
    "run --raw --model smollm2:135m a b, quotes",
    "'', no command"
  })
  void sayInOneLineWhatIsWrongAndWhatIsRight(String arguments, String expected) {
    String[] words = arguments.isBlank() ? new String[0] : arguments.split(" ");
    assertOneLine(expected, ExitCode.USAGE, Cli.run(words));
  }

  @Test
  void aModelThatIsNotThereIsNamedWithThoseThatAre() {
    assertOneLine("smollm2-135m-instruct", ExitCode.FAILED, Cli.run("inspect", "nothing:1b"));
  }

  @Test
  void debugShowsWhereItFailed() {
    Cli.Result result = Cli.run("inspect", "nothing:1b", "--debug");
    assertEquals(ExitCode.FAILED, result.status());
    assertTrue(result.err().contains("at dev.jebena"), result.err());
  }

  @Test
  void aFolderIsRefusedByName(@TempDir Path folder) {
    assertOneLine(folder.toString(), ExitCode.FAILED, Cli.run("run", folder.toString(), "hi"));
  }

  @Test
  void everyCommandHasHelp() {
    Cli.Result root = Cli.run("--help");
    assertEquals(ExitCode.DONE, root.status());
    for (String command : new String[] {"run", "serve", "tokenize", "template", "perplexity", "logprobs", "inspect", "plan", "bench", "doctor"}) {
      assertTrue(root.out().contains("  " + command), command);
      Cli.Result help = Cli.run(command, "--help");
      assertEquals(ExitCode.DONE, help.status());
      assertTrue(help.out().startsWith(System.lineSeparator()) || help.out().contains("Usage: jebena " + command), help.out());
    }
  }

  @Test
  void underscoresAndUniqueBeginningsAreUnderstood() {
    Cli.Result result = Cli.run("", Map.of(), "run", Cli.TINY, "Once", "--raw", "--json", "--max_tok", "3", "--ignore_eos", "--backend=reference");
    assertEquals(ExitCode.DONE, result.status(), result.err());
    assertEquals(3, result.json().get("token_ids").size());
  }

  @Test
  void theVersionIsTold() {
    assertTrue(Cli.run("--version").out().startsWith("jebena "));
  }
}
