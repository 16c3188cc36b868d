package dev.jebena.models.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.weight.BlockType;
import dev.jebena.models.ModelException;
import dev.jebena.models.file.FileMappings;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GgufFileTest {

  @TempDir
  Path folder;

  private final FileMappings mappings = new FileMappings();

  @AfterEach
  void everythingIsUnmapped() {
    assertEquals(0, mappings.openFiles());
    assertEquals(0, mappings.mappedBytes());
  }

  @Test
  void whatIsWrittenIsRead() {
    Path path = folder.resolve("all.gguf");
    byte[] bytes = new byte[3 * 34];
    bytes[40] = 7;
    MemorySegment nested = MemorySegment.ofArray(ByteBuffer.allocate(12 + 2 + 12).order(ByteOrder.LITTLE_ENDIAN)
        .putInt(GgufValueType.UINT8.number()).putLong(2).put((byte) 1).put((byte) 2)
        .putInt(GgufValueType.STRING.number()).putLong(0).array());
    new GgufWriter()
        .metadata("general.architecture", GgufValue.of("llama"))
        .metadata("general.alignment", GgufValue.uint32(64))
        .metadata("a.byte", new GgufValue.Whole(GgufValueType.INT8, -3))
        .metadata("a.short", new GgufValue.Whole(GgufValueType.UINT16, 65535))
        .metadata("a.long", new GgufValue.Whole(GgufValueType.UINT64, 1L << 60))
        .metadata("a.float", GgufValue.of(1.5f))
        .metadata("a.double", new GgufValue.Real(GgufValueType.FLOAT64, 0.1))
        .metadata("a.flag", GgufValue.of(true))
        .metadata("texts", GgufValue.ofStrings(List.of("", "ünï", "c")))
        .metadata("floats", GgufValue.ofFloats(new float[] {1, 2.5f}))
        .metadata("ints", GgufValue.ofInts(new int[] {-1, Integer.MAX_VALUE}))
        .metadata("nested", new GgufValue.Array(GgufValueType.ARRAY, 2, nested))
        .tensor("one", GgufTensorType.of(BlockType.F32), List.of(1L), MemorySegment.ofArray(new byte[] {0, 0, (byte) 128, 63}))
        .tensor("two", GgufTensorType.of(BlockType.Q8_0), List.of(32L, 3L), MemorySegment.ofArray(bytes))
        .write(path);
    try (GgufFile file = GgufFile.open(path, mappings)) {
      GgufMetadata metadata = file.metadata();
      assertEquals(3, file.version());
      assertEquals("llama", metadata.text("general.architecture").orElseThrow());
      assertEquals(-3, metadata.whole("a.byte").orElseThrow());
      assertEquals(65535, metadata.whole("a.short").orElseThrow());
      assertEquals(1L << 60, metadata.whole("a.long").orElseThrow());
      assertEquals(1.5, metadata.real("a.float").orElseThrow());
      assertEquals(0.1, metadata.real("a.double").orElseThrow());
      assertEquals(-3, metadata.real("a.byte").orElseThrow());
      assertTrue(metadata.flag("a.flag").orElseThrow());
      assertEquals(List.of("", "ünï", "c"), metadata.texts("texts").orElseThrow());
      assertArrayEquals(new float[] {1, 2.5f}, metadata.floats("floats").orElseThrow());
      assertArrayEquals(new int[] {-1, Integer.MAX_VALUE}, metadata.ints("ints").orElseThrow());
      assertEquals(nested.byteSize(), ((GgufValue.Array) metadata.values().get("nested")).encoded().byteSize());
      assertTrue(metadata.text("absent").isEmpty());
      assertEquals(List.of("one", "two"), List.copyOf(file.tensors().keySet()));
      GgufTensor two = file.tensor("two").orElseThrow();
      assertEquals(List.of(32L, 3L), two.dimensions());
      assertEquals(0, two.offset() % 64);
      assertArrayEquals(bytes, two.data().toArray(ValueLayout.JAVA_BYTE));
      assertEquals(1, file.tensor("one").orElseThrow().data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0));
    }
  }

  @Test
  void aValueOfAnotherTypeIsRefusedByKey() {
    Path path = write(writer -> writer.metadata("k", GgufValue.of("text")));
    try (GgufFile file = GgufFile.open(path, mappings)) {
      ModelException problem = assertThrows(ModelException.class, () -> file.metadata().whole("k"));
      assertTrue(problem.getMessage().contains("'k' is a string: a whole number"), problem.getMessage());
      assertThrows(ModelException.class, () -> file.metadata().texts("k"));
    }
  }

  @Test
  void versionTwoIsReadAndOthersAreRefused() throws IOException {
    Path path = write(writer -> {});
    patch(path, bytes -> bytes.putInt(4, 2));
    try (GgufFile file = GgufFile.open(path, mappings)) {
      assertEquals(2, file.version());
    }
    patch(path, bytes -> bytes.putInt(4, 1));
    refuses(path, 4, "version 1 is not supported");
    patch(path, bytes -> bytes.putInt(4, Integer.reverseBytes(3)));
    refuses(path, 4, "big-endian");
    patch(path, bytes -> bytes.putInt(0, 7));
    refuses(path, 0, "no GGUF file");
  }

  @Test
  void countsThatTheFileCannotHoldAreRefused() throws IOException {
    Path path = write(writer -> {});
    patch(path, bytes -> bytes.putLong(8, Long.MAX_VALUE));
    refuses(path, 8, "9223372036854775807 tensors are announced");
    patch(path, bytes -> bytes.putLong(8, -1));
    refuses(path, 8, "18446744073709551615 tensors are announced");
  }

  @Test
  void whatIsNoFileIsRefused() throws IOException {
    refusesText(folder, "is a folder");
    refusesText(folder.resolve("nothing.gguf"), "does not exist");
    Path empty = Files.createFile(folder.resolve("empty.gguf"));
    refuses(empty, 0, "the file has 0 more");
  }

  @Test
  void overlappingTensorsAreRefused() throws IOException {
    Path path = write(writer -> writer
        .tensor("aaaa", GgufTensorType.of(BlockType.F32), List.of(64L), MemorySegment.ofArray(new byte[256]))
        .tensor("bbbb", GgufTensorType.of(BlockType.F32), List.of(64L), MemorySegment.ofArray(new byte[256])));
    int at = new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1).indexOf("bbbb") + 4 + 4 + 8 + 4;
    patch(path, bytes -> bytes.putLong(at, 128));
    refusesText(path, "tensor 'bbbb' begins inside of tensor 'aaaa'");
    patch(path, bytes -> bytes.putLong(at, 129));
    refusesText(path, "a multiple of 32");
    patch(path, bytes -> bytes.putLong(at, 512));
    refusesText(path, "0 bytes are left");
  }

  @Test
  void tensorsOfUnknownTypesDoNoHarmUntilTheyAreUsed() throws IOException {
    Path path = write(writer ->
        writer.tensor("strange", GgufTensorType.of(BlockType.F32), List.of(8L), MemorySegment.ofArray(new byte[32])));
    int at = new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1).indexOf("strange") + 7 + 4 + 8;
    patch(path, bytes -> bytes.putInt(at, 77));
    try (GgufFile file = GgufFile.open(path, mappings)) {
      assertEquals("of unknown number 77", file.tensor("strange").orElseThrow().type().name());
      assertTrue(file.tensor("strange").orElseThrow().type().block().isEmpty());
    }
  }

  @Test
  void aSplitModelIsOpenedByAnyOfItsFiles() throws IOException {
    for (int i = 0; i < 3; i++) {
      writeShard(i, 3, "tensor" + i);
    }
    for (int i = 1; i <= 3; i++) {
      try (GgufFile file = GgufFile.open(folder.resolve("model-0000" + i + "-of-00003.gguf"), mappings)) {
        assertEquals(List.of("tensor0", "tensor1", "tensor2"), List.copyOf(file.tensors().keySet()));
        assertEquals("llama", file.metadata().text("general.architecture").orElseThrow());
        assertEquals(3, mappings.openFiles());
      }
    }
    Path first = folder.resolve("model-00001-of-00003.gguf");
    writeShard(2, 3, "tensor1");
    refusesText(first, "also in another file");
    Files.delete(folder.resolve("model-00003-of-00003.gguf"));
    refusesText(first, "is missing");
    Path renamed = Files.copy(first, folder.resolve("renamed.gguf"));
    refusesText(renamed, "is one of 3 files");
    Files.copy(first, folder.resolve("model-00003-of-00003.gguf"));
    refusesText(first, "is part 0 of 3");
  }

  private void writeShard(int number, int count, String tensor) {
    GgufWriter writer = new GgufWriter()
        .metadata("split.no", new GgufValue.Whole(GgufValueType.UINT16, number))
        .metadata("split.count", new GgufValue.Whole(GgufValueType.UINT16, count))
        .metadata("split.tensors.count", new GgufValue.Whole(GgufValueType.INT32, count))
        .tensor(tensor, GgufTensorType.of(BlockType.F32), List.of(4L), MemorySegment.ofArray(new byte[16]));
    if (number == 0) {
      writer.metadata("general.architecture", GgufValue.of("llama"));
    }
    writer.write(folder.resolve(String.format("model-%05d-of-%05d.gguf", number + 1, count)));
  }

  private Path write(Consumer<GgufWriter> content) {
    Path path = folder.resolve("file.gguf");
    GgufWriter writer = new GgufWriter().metadata("general.architecture", GgufValue.of("llama"));
    content.accept(writer);
    writer.write(path);
    return path;
  }

  private static void patch(Path path, Consumer<ByteBuffer> change) throws IOException {
    byte[] bytes = Files.readAllBytes(path);
    change.accept(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    Files.write(path, bytes);
  }

  private void refuses(Path path, long offset, String reason) {
    ModelException problem = refusesText(path, reason);
    assertEquals(offset, problem.offset().orElseThrow(), problem.getMessage());
  }

  private ModelException refusesText(Path path, String reason) {
    ModelException problem = assertThrows(ModelException.class, () -> GgufFile.open(path, mappings).close());
    assertTrue(problem.getMessage().contains(reason), problem.getMessage());
    return problem;
  }
}
