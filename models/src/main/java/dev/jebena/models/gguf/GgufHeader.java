package dev.jebena.models.gguf;

import dev.jebena.models.ModelException;
import dev.jebena.models.file.MappedFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The header of one GGUF file: metadata and the places of the tensors, all checked against the file's size. Source: the GGUF
 * specification of ggml, versions 2 and 3 (which differ only in that 3 allows big-endian files).
 *
 * @param version 2 or 3
 * @param metadata by key, in the file's order
 * @param tensors in the file's order
 */
record GgufHeader(int version, Map<String, GgufValue> metadata, List<GgufTensor> tensors) {

  static final int MAGIC = 0x46554747;
  static final String ALIGNMENT_KEY = "general.alignment";
  static final int DEFAULT_ALIGNMENT = 32;
  static final int MAX_DIMENSIONS = 4;

  private static final int MAX_ALIGNMENT = 1 << 20;
  private static final int MAX_KEY_BYTES = 65535;
  private static final int MAX_TENSOR_NAME_BYTES = 1024;
  private static final int MAX_ARRAY_DEPTH = 8;
  private static final int MAX_METADATA_ENTRIES = 1 << 16;
  private static final int MAX_TENSORS = 1 << 20;
  /** All strings outside of arrays together; they are the only part of a file that is copied into the heap when it is opened. */
  private static final long MAX_TEXT_BYTES = 64L << 20;
  private static final long MIN_ENTRY_BYTES = 8 + 1 + 4 + 1;
  private static final long MIN_TENSOR_BYTES = 8 + 1 + 4 + 8 + 4 + 8;

  static GgufHeader read(MappedFile file) {
    return new Reader(file).read();
  }

  /** Reads one header. */
  private static final class Reader {

    private final MappedFile file;
    private final GgufCursor cursor;
    private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
    private long textBytes;

    Reader(MappedFile file) {
      this.file = file;
      cursor = new GgufCursor(file);
    }

    GgufHeader read() {
      int version = readVersion();
      long tensorCount = cursor.count("tensors", MIN_TENSOR_BYTES);
      long entryCount = cursor.count("metadata entries", MIN_ENTRY_BYTES);
      if (tensorCount > MAX_TENSORS || entryCount > MAX_METADATA_ENTRIES) {
        throw cursor.corrupt(
            8, tensorCount + " tensors and " + entryCount + " metadata entries are announced: at most " + MAX_TENSORS + " and "
                + MAX_METADATA_ENTRIES + " are read, the file is corrupt");
      }
      for (long i = 0; i < entryCount; i++) {
        readEntry();
      }
      List<PlannedTensor> planned = new ArrayList<>();
      for (long i = 0; i < tensorCount; i++) {
        planned.add(readTensor());
      }
      int alignment = alignment();
      long dataStart = (cursor.position() + alignment - 1) / alignment * alignment;
      return new GgufHeader(version, metadata, place(planned, dataStart, alignment));
    }

    private int readVersion() {
      int magic = cursor.int32("the magic number");
      if (magic == Integer.reverseBytes(MAGIC)) {
        throw bigEndian();
      }
      if (magic != MAGIC) {
        throw cursor.corrupt(0, "begins with " + String.format("0x%08x", magic) + " and not with GGUF: this is no GGUF file, give one that is");
      }
      int version = cursor.int32("the version");
      if (version != 0 && (version & 0xffff) == 0) {
        throw bigEndian();
      }
      if (version != 2 && version != 3) {
        throw cursor.corrupt(
            4, "GGUF version " + Integer.toUnsignedString(version) + " is not supported, versions 2 and 3 are: convert the file again");
      }
      return version;
    }

    private ModelException bigEndian() {
      return cursor.corrupt(4, "this is a big-endian GGUF file, which is not supported: convert it to little-endian");
    }

    private void readEntry() {
      long at = cursor.position();
      String key = cursor.name("a metadata key", MAX_KEY_BYTES);
      long typeAt = cursor.position();
      GgufValueType type = readType("metadata '" + key + "'", typeAt);
      if (metadata.put(key, readValue("metadata '" + key + "'", type)) != null) {
        throw cursor.corrupt(at, "metadata '" + key + "' stands there twice: the file is corrupt");
      }
    }

    private GgufValueType readType(String what, long at) {
      int number = cursor.int32("the type of " + what);
      return GgufValueType.of(number)
          .orElseThrow(
              () -> cursor.corrupt(
                  at, what + " has type number " + Integer.toUnsignedString(number) + ", 0 to "
                      + (GgufValueType.values().length - 1) + " are known: the file is corrupt"));
    }

    private GgufValue readValue(String what, GgufValueType type) {
      return switch (type) {
        case UINT8 -> new GgufValue.Whole(type, cursor.uint8(what));
        case INT8 -> new GgufValue.Whole(type, (byte) cursor.uint8(what));
        case UINT16 -> new GgufValue.Whole(type, cursor.int16(what) & 0xffff);
        case INT16 -> new GgufValue.Whole(type, cursor.int16(what));
        case UINT32 -> new GgufValue.Whole(type, cursor.int32(what) & 0xffff_ffffL);
        case INT32 -> new GgufValue.Whole(type, cursor.int32(what));
        case UINT64, INT64 -> new GgufValue.Whole(type, cursor.int64(what));
        case FLOAT32 -> new GgufValue.Real(type, Float.intBitsToFloat(cursor.int32(what)));
        case FLOAT64 -> new GgufValue.Real(type, Double.longBitsToDouble(cursor.int64(what)));
        case BOOL -> readFlag(what);
        case STRING -> readText(what);
        case ARRAY -> readArray(what, 1);
      };
    }

    private GgufValue readFlag(String what) {
      int value = cursor.uint8(what);
      if (value > 1) {
        throw cursor.corrupt(cursor.position() - 1, what + " is a truth value of " + value + ": 0 and 1 are allowed, the file is corrupt");
      }
      return new GgufValue.Flag(value == 1);
    }

    private GgufValue readText(String what) {
      long at = cursor.position();
      long length = cursor.count("bytes of " + what, 1);
      textBytes += length;
      if (textBytes > MAX_TEXT_BYTES) {
        throw cursor.corrupt(
            at, what + " of " + length + " bytes brings the metadata's strings to " + textBytes + " bytes: at most " + MAX_TEXT_BYTES
                + " are read, the file is corrupt");
      }
      long from = cursor.position();
      cursor.skip(length, what);
      byte[] bytes = cursor.passed(from).toArray(ValueLayout.JAVA_BYTE);
      return new GgufValue.Text(new String(bytes, StandardCharsets.UTF_8));
    }

    private GgufValue.Array readArray(String what, int depth) {
      long at = cursor.position();
      GgufValueType elementType = readType("the elements of " + what, at);
      if (depth > MAX_ARRAY_DEPTH) {
        throw cursor.corrupt(at, what + " nests arrays " + depth + " deep: at most " + MAX_ARRAY_DEPTH + " are read");
      }
      long minimum = switch (elementType) {
        case STRING -> 8;
        case ARRAY -> 12;
        case UINT8, INT8, UINT16, INT16, UINT32, INT32, FLOAT32, BOOL, UINT64, INT64, FLOAT64 -> elementType.bytes();
      };
      long count = cursor.count("elements of " + what, minimum);
      long from = cursor.position();
      switch (elementType) {
        case STRING -> {
          for (long i = 0; i < count; i++) {
            cursor.skip(cursor.count("bytes of an element of " + what, 1), what);
          }
        }
        case ARRAY -> {
          for (long i = 0; i < count; i++) {
            readArray(what, depth + 1);
          }
        }
        case UINT8, INT8, UINT16, INT16, UINT32, INT32, FLOAT32, BOOL, UINT64, INT64, FLOAT64 ->
            cursor.skip(count * elementType.bytes(), what);
      }
      return new GgufValue.Array(elementType, count, cursor.passed(from));
    }

    private PlannedTensor readTensor() {
      long at = cursor.position();
      String name = cursor.name("a tensor's name", MAX_TENSOR_NAME_BYTES);
      long dimensionsAt = cursor.position();
      int count = cursor.int32("the number of dimensions of tensor '" + name + "'");
      if (count < 1 || count > MAX_DIMENSIONS) {
        throw cursor.corrupt(
            dimensionsAt, "tensor '" + name + "' has " + Integer.toUnsignedString(count) + " dimensions: 1 to " + MAX_DIMENSIONS
                + " are allowed, the file is corrupt");
      }
      List<Long> dimensions = new ArrayList<>();
      long elements = 1;
      for (int i = 0; i < count; i++) {
        long size = cursor.int64("a dimension of tensor '" + name + "'");
        if (size <= 0 || size > Long.MAX_VALUE / elements) {
          throw cursor.corrupt(
              cursor.position() - 8, "tensor '" + name + "' has dimension " + i + " of size " + Long.toUnsignedString(size)
                  + ": sizes and their product lie from 1 to 2^63 - 1, the file is corrupt");
        }
        elements *= size;
        dimensions.add(size);
      }
      GgufTensorType type = GgufTensorType.of(cursor.int32("the type of tensor '" + name + "'"));
      long offset = cursor.int64("the offset of tensor '" + name + "'");
      return new PlannedTensor(name, dimensions, elements, type, offset, at);
    }

    private int alignment() {
      GgufValue value = metadata.get(ALIGNMENT_KEY);
      return switch (value) {
        case null -> DEFAULT_ALIGNMENT;
        case GgufValue.Whole(GgufValueType type, long bytes)
            when bytes > 0 && bytes <= MAX_ALIGNMENT && Long.bitCount(bytes) == 1 -> (int) bytes;
        case GgufValue other ->
            throw cursor.corrupt(
                0, ALIGNMENT_KEY + " is " + other + ": a power of two from 1 to " + MAX_ALIGNMENT + " is needed, the file is corrupt");
      };
    }

    private List<GgufTensor> place(List<PlannedTensor> planned, long dataStart, int alignment) {
      Set<String> names = new HashSet<>();
      List<GgufTensor> tensors = new ArrayList<>();
      for (PlannedTensor tensor : planned) {
        if (!names.add(tensor.name)) {
          throw cursor.corrupt(tensor.at, "tensor '" + tensor.name + "' stands there twice: the file is corrupt");
        }
        tensors.add(tensor.place(file, dataStart, alignment));
      }
      List<GgufTensor> sorted = new ArrayList<>(tensors);
      sorted.sort(Comparator.comparingLong(GgufTensor::offset));
      for (int i = 1; i < sorted.size(); i++) {
        GgufTensor before = sorted.get(i - 1);
        GgufTensor tensor = sorted.get(i);
        if (before.type().blockBytes() > 0 && before.offset() + before.data().byteSize() > tensor.offset()) {
          throw cursor.corrupt(
              tensor.offset(), "tensor '" + tensor.name() + "' begins inside of tensor '" + before.name() + "' ("
                  + before.data().byteSize() + " bytes from " + before.offset() + "): the file is corrupt");
        }
      }
      return List.copyOf(tensors);
    }
  }

  /** A tensor as the header announces it. */
  private record PlannedTensor(String name, List<Long> dimensions, long elements, GgufTensorType type, long offset, long at) {

    GgufTensor place(MappedFile file, long dataStart, int alignment) {
      long available = file.byteSize() - dataStart;
      if (offset < 0 || offset > available || offset % alignment != 0) {
        throw fail(
            file, "begins at " + Long.toUnsignedString(offset) + " of the data: a multiple of " + alignment + " up to "
                + Math.max(available, 0) + " is needed, the file is cut off or corrupt, fetch it again");
      }
      long bytes = available - offset;
      if (type.blockBytes() > 0) {
        if (dimensions.getFirst() % type.blockElements() != 0) {
          throw fail(
              file, "of type " + type.name() + " has rows of " + dimensions.getFirst() + " elements: a multiple of "
                  + type.blockElements() + " is needed, the file is corrupt");
        }
        long blocks = elements / type.blockElements();
        if (blocks > bytes / type.blockBytes()) {
          throw fail(
              file, "of type " + type.name() + " and " + elements + " elements takes " + blocks + " blocks of " + type.blockBytes()
                  + " bytes, " + bytes + " bytes are left from its offset " + offset
                  + ": the file is cut off or corrupt, fetch it again");
        }
        bytes = blocks * type.blockBytes();
      }
      MemorySegment data = file.memory().asSlice(dataStart + offset, bytes);
      return new GgufTensor(name, dimensions, type, dataStart + offset, data);
    }

    private ModelException fail(MappedFile file, String problem) {
      return new ModelException(file.path(), at, "tensor '" + name + "' " + problem);
    }
  }
}
