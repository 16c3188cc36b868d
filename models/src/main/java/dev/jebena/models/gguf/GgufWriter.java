package dev.jebena.models.gguf;

import dev.jebena.models.ModelException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a GGUF file of version 3, little-endian: metadata and tensors in the order in which they are added. */
public final class GgufWriter {

  private static final long CHUNK_BYTES = 4L << 20;

  private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  /** Where a tensor's bytes come from. */
  @FunctionalInterface
  public interface Content {

    /**
     * Writes the tensor's bytes {@code [offset, offset + chunk.byteSize())} into {@code chunk}; both lie on block borders. Chunks come in
     * order, without gaps.
     */
    void write(long offset, MemorySegment chunk);
  }

  private record Tensor(List<Long> dimensions, GgufTensorType type, long bytes, Content content) {}

  /** Adds a metadata value; a key that is there already gets the new value. */
  public GgufWriter metadata(String key, GgufValue value) {
    metadata.put(key, value);
    return this;
  }

  /**
   * Adds a tensor.
   *
   * @param dimensions sizes, the contiguous one first and a multiple of the type's block
   * @throws IllegalArgumentException if the name is taken or the shape does not fit the type
   */
  public GgufWriter tensor(String name, GgufTensorType type, List<Long> dimensions, Content content) {
    if (dimensions.isEmpty() || dimensions.size() > GgufHeader.MAX_DIMENSIONS || dimensions.stream().anyMatch(size -> size <= 0)
        || type.blockBytes() == 0 || dimensions.getFirst() % type.blockElements() != 0) {
      throw new IllegalArgumentException(
          "tensor '" + name + "' of shape " + dimensions + " cannot be written as " + type.name() + ": 1 to "
              + GgufHeader.MAX_DIMENSIONS + " positive sizes are needed, the first a multiple of the type's block");
    }
    long elements = dimensions.stream().reduce(1L, Math::multiplyExact);
    long bytes = Math.multiplyExact(elements / type.blockElements(), (long) type.blockBytes());
    if (tensors.putIfAbsent(name, new Tensor(List.copyOf(dimensions), type, bytes, content)) != null) {
      throw new IllegalArgumentException("there are two tensors '" + name + "'");
    }
    return this;
  }

  /** Adds a tensor whose bytes are in memory. */
  public GgufWriter tensor(String name, GgufTensorType type, List<Long> dimensions, MemorySegment bytes) {
    return tensor(
        name, type, dimensions, (offset, chunk) -> MemorySegment.copy(bytes, offset, chunk, 0, chunk.byteSize()));
  }

  /**
   * Writes the file beside its final place and then moves it there, so that a failure leaves no half file under the name.
   *
   * @throws ModelException if it cannot be written
   */
  public void write(Path path) {
    Path partial = path.resolveSibling(path.getFileName() + ".partial");
    try {
      try (FileChannel channel = FileChannel.open(
          partial, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
        write(channel);
      }
      Files.move(partial, path, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException problem) {
      throw new ModelException(path, "cannot be written (" + problem + "): check the folder, its permissions and the space left", problem);
    }
  }

  private void write(FileChannel channel) throws IOException {
    int alignment = metadata.get(GgufHeader.ALIGNMENT_KEY) instanceof GgufValue.Whole(GgufValueType type, long bytes)
        ? Math.toIntExact(bytes)
        : GgufHeader.DEFAULT_ALIGNMENT;
    Encoder header = new Encoder();
    header.int32(GgufHeader.MAGIC);
    header.int32(3);
    header.int64(tensors.size());
    header.int64(metadata.size());
    metadata.forEach(header::entry);
    long offset = 0;
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      Tensor tensor = entry.getValue();
      header.text(entry.getKey());
      header.int32(tensor.dimensions.size());
      tensor.dimensions.forEach(header::int64);
      header.int32(tensor.type.id());
      header.int64(offset);
      offset = align(offset + tensor.bytes, alignment);
    }
    for (byte[] part : header.parts) {
      writeFully(channel, ByteBuffer.wrap(part));
    }
    for (Tensor tensor : tensors.values()) {
      pad(channel, alignment);
      write(channel, tensor);
    }
    pad(channel, alignment);
  }

  private static void write(FileChannel channel, Tensor tensor) throws IOException {
    long chunkBytes = Math.max(1, CHUNK_BYTES / tensor.type.blockBytes()) * tensor.type.blockBytes();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(Math.min(chunkBytes, tensor.bytes));
      for (long at = 0; at < tensor.bytes; at += chunkBytes) {
        MemorySegment part = chunk.asSlice(0, Math.min(chunkBytes, tensor.bytes - at));
        tensor.content.write(at, part);
        writeFully(channel, part.asByteBuffer());
      }
    }
  }

  private static void pad(FileChannel channel, int alignment) throws IOException {
    long position = channel.position();
    writeFully(channel, ByteBuffer.allocate((int) (align(position, alignment) - position)));
  }

  private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static long align(long position, int alignment) {
    return (position + alignment - 1) / alignment * alignment;
  }

  /** Encodes the header. */
  private static final class Encoder {

    private final List<byte[]> parts = new ArrayList<>();

    void int32(int value) {
      parts.add(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
    }

    void int64(long value) {
      parts.add(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    }

    void text(String value) {
      byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
      int64(bytes.length);
      parts.add(bytes);
    }

    void entry(String key, GgufValue value) {
      text(key);
      int32(value.type().number());
      switch (value) {
        case GgufValue.Text(String text) -> text(text);
        case GgufValue.Flag(boolean flag) -> parts.add(new byte[] {(byte) (flag ? 1 : 0)});
        case GgufValue.Whole(GgufValueType type, long number) -> number(type, number);
        case GgufValue.Real(GgufValueType type, double number) ->
            number(type, type == GgufValueType.FLOAT32 ? Float.floatToRawIntBits((float) number) : Double.doubleToRawLongBits(number));
        case GgufValue.Array(GgufValueType elementType, long count, MemorySegment encoded) -> {
          int32(elementType.number());
          int64(count);
          parts.add(encoded.toArray(ValueLayout.JAVA_BYTE));
        }
      }
    }

    private void number(GgufValueType type, long bits) {
      byte[] bytes = new byte[type.bytes()];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (bits >>> 8 * i);
      }
      parts.add(bytes);
    }
  }
}
