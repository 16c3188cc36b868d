package dev.jebena.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.jebena.benchmarks.model.LlamaShape;
import dev.jebena.benchmarks.model.RandomModel;
import dev.jebena.benchmarks.model.TypeMix;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.models.file.FileMappings;
import dev.jebena.models.gguf.GgufFile;
import dev.jebena.models.gguf.GgufTensor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CompareTest {

  private static Results results() {
    Results results = new Results();
    results.add("ours", Map.of("pp8", 30.0));
    results.add("theirs <1>", Map.of("pp8", 10.0));
    results.add("ours", Map.of("pp8", 50.0));
    results.add("ours", Map.of("pp8", 40.0));
    results.add("theirs <1>", Map.of("pp8", 30.0));
    return results;
  }

  @Test
  void aTableShowsMediansAndHowManyTimesAsFastTheFirstIs() {
    String table = Report.markdown(results());
    assertTrue(table.contains("| ours | 40.0 |"), table);
    assertTrue(table.contains("| theirs <1> | 20.0 (2.00x) |"), table);
  }

  @Test
  void aPlotIsWellFormed() throws Exception {
    byte[] svg = Report.svg(results()).getBytes(StandardCharsets.UTF_8);
    var document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(svg));
    assertEquals(2, document.getElementsByTagName("rect").getLength());
    assertEquals(5, document.getElementsByTagName("line").getLength());
  }

  @Test
  void aProgramThatFailsIsNamedWithItsStatus() {
    IllegalStateException failure = assertThrows(IllegalStateException.class, () -> Processes.output(List.of("sh", "-c", "echo why >&2; exit 3")));
    assertTrue(failure.getMessage().contains("ended with 3: why"), failure.getMessage());
  }

  @Test
  void aFolderHasTheRowsOfQueriesInHuggingFacesOrder(@TempDir Path folder) throws IOException {
    Path model = folder.resolve("tiny.gguf");
    new RandomModel(LlamaShape.TINY, TypeMix.of("BF16"), 1).write(model);
    Path written = SafetensorsFolder.write(model, folder.resolve("folder"));
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(written.resolve("model.safetensors"))).order(ByteOrder.LITTLE_ENDIAN);
    int headerBytes = Math.toIntExact(file.getLong());
    JsonNode header = Contender.JSON.readTree(new String(file.array(), 8, headerBytes, StandardCharsets.UTF_8));
    JsonNode queries = header.get("model.layers.1.self_attn.q_proj.weight");
    int columns = LlamaShape.TINY.hidden();
    int at = 8 + headerBytes + queries.get("data_offsets").get(0).asInt();
    assertEquals(file.capacity(), 8 + headerBytes + header.get("model.norm.weight").get("data_offsets").get(1).asInt());
    try (GgufFile gguf = GgufFile.open(model, new FileMappings())) {
      GgufTensor tensor = Objects.requireNonNull(gguf.tensors().get("blk.1.attn_q.weight"));
      float[] row = new float[columns];
      int half = LlamaShape.TINY.headDim() / 2;
      // of the second head: row 3 of the first half is row 6 of the file, row 3 of the second half is row 7
      for (int part = 0; part < 2; part++) {
        for (int i = 0; i < columns; i++) {
          BlockType.BF16.decode(tensor.data(), 2L * ((LlamaShape.TINY.headDim() + 6 + part) * columns + i), row, i);
        }
        int source = at + 2 * (LlamaShape.TINY.headDim() + part * half + 3) * columns;
        for (int i = 0; i < columns; i++) {
          assertEquals(row[i], Float.intBitsToFloat(file.getShort(source + 2 * i) << 16));
        }
      }
    }
  }
}
