package dev.jebena.models.gguf;

import dev.jebena.models.ModelException;
import dev.jebena.models.file.MappedFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Reads a file from front to back; nothing is read, skipped or allocated that the file does not hold. */
final class GgufCursor {

  static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path path;
  private final MemorySegment memory;
  private long position;

  GgufCursor(MappedFile file) {
    path = file.path();
    memory = file.memory();
  }

  long position() {
    return position;
  }

  int uint8(String what) {
    require(1, what);
    return memory.get(ValueLayout.JAVA_BYTE, advance(1)) & 0xff;
  }

  int int16(String what) {
    require(2, what);
    return memory.get(SHORT, advance(2));
  }

  int int32(String what) {
    require(4, what);
    return memory.get(INT, advance(4));
  }

  long int64(String what) {
    require(8, what);
    return memory.get(LONG, advance(8));
  }

  /** A UINT64 that counts things of at least {@code minimumBytes} bytes each that follow, so that the file's size limits it. */
  long count(String what, long minimumBytes) {
    long at = position;
    long count = int64("the count of " + what);
    long limit = remaining() / minimumBytes;
    if (count < 0 || count > limit) {
      throw new ModelException(
          path, at, Long.toUnsignedString(count) + " " + what + " are announced, the " + remaining()
              + " bytes that follow hold at most " + limit + ": the file is cut off or corrupt, fetch it again");
    }
    return count;
  }

  /** A string that must be UTF-8 and not longer than {@code maxBytes}. */
  String name(String what, int maxBytes) {
    long at = position;
    long length = count("bytes of " + what, 1);
    if (length == 0 || length > maxBytes) {
      throw new ModelException(path, at, what + " has " + length + " bytes: 1 to " + maxBytes + " are allowed, the file is corrupt");
    }
    byte[] bytes = memory.asSlice(advance(length), length).toArray(ValueLayout.JAVA_BYTE);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException problem) {
      throw new ModelException(path, at, what + " is not UTF-8 (" + problem.getMessage() + "): the file is corrupt");
    }
  }

  /** The bytes passed by {@code walk}. */
  MemorySegment passed(long from) {
    return memory.asSlice(from, position - from);
  }

  void skip(long bytes, String what) {
    require(bytes, what);
    position += bytes;
  }

  long remaining() {
    return memory.byteSize() - position;
  }

  ModelException corrupt(long at, String problem) {
    return new ModelException(path, at, problem);
  }

  private void require(long bytes, String what) {
    if (bytes < 0 || bytes > remaining()) {
      throw new ModelException(
          path, position, what + " takes " + Long.toUnsignedString(bytes) + " bytes, the file has " + remaining()
              + " more: it is cut off or corrupt, fetch it again");
    }
  }

  private long advance(long bytes) {
    long at = position;
    position += bytes;
    return at;
  }
}
