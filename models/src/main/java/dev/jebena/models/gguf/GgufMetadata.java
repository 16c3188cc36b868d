package dev.jebena.models.gguf;

import dev.jebena.models.ModelException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** The metadata of a GGUF file, read by type: an absent key is empty, a value of another type is an error. */
public final class GgufMetadata {

  /** Elements of an array that is decoded; the largest vocabularies have about 300 thousand tokens, with as many merges. */
  private static final long MAX_DECODED_ELEMENTS = 1L << 24;

  private static final long MAX_DECODED_BYTES = 256L << 20;

  private final Path file;
  private final Map<String, GgufValue> values;

  GgufMetadata(Path file, Map<String, GgufValue> values) {
    this.file = file;
    this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** The file that the metadata is from. */
  public Path file() {
    return file;
  }

  /** All values by key, in the file's order. */
  public Map<String, GgufValue> values() {
    return values;
  }

  /** A string. */
  public Optional<String> text(String key) {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case GgufValue.Text(String value) -> Optional.of(value);
      case GgufValue other -> throw wrongType(key, other, "a string");
    };
  }

  /** A whole number of any integer type. */
  public OptionalLong whole(String key) {
    return switch (values.get(key)) {
      case null -> OptionalLong.empty();
      case GgufValue.Whole(GgufValueType type, long value) when type != GgufValueType.UINT64 || value >= 0 -> OptionalLong.of(value);
      case GgufValue other -> throw wrongType(key, other, "a whole number below 2^63");
    };
  }

  /** A number of any numeric type. */
  public OptionalDouble real(String key) {
    return switch (values.get(key)) {
      case null -> OptionalDouble.empty();
      case GgufValue.Real(GgufValueType type, double value) -> OptionalDouble.of(value);
      case GgufValue.Whole(GgufValueType type, long value) -> OptionalDouble.of((double) value);
      case GgufValue other -> throw wrongType(key, other, "a number");
    };
  }

  /** A truth value. */
  public Optional<Boolean> flag(String key) {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case GgufValue.Flag(boolean value) -> Optional.of(value);
      case GgufValue other -> throw wrongType(key, other, "a truth value");
    };
  }

  /** An array of strings; what is not UTF-8 in them becomes U+FFFD. */
  public Optional<List<String>> texts(String key) {
    return array(key, "an array of strings", GgufValueType.STRING).map(GgufMetadata::decodeTexts);
  }

  /** An array of numbers of any numeric type, as float32. */
  public Optional<float[]> floats(String key) {
    return array(key, "an array of numbers", NUMBERS).map(GgufMetadata::decodeFloats);
  }

  /** An array of whole numbers of up to 32 bits. */
  public Optional<int[]> ints(String key) {
    return array(key, "an array of whole numbers of up to 32 bits", INTS).map(GgufMetadata::decodeInts);
  }

  /** An array of bytes, signed or not. */
  public Optional<byte[]> bytes(String key) {
    return array(key, "an array of bytes", GgufValueType.UINT8, GgufValueType.INT8)
        .map(array -> array.encoded().toArray(ValueLayout.JAVA_BYTE));
  }

  private static final GgufValueType[] INTS = {
    GgufValueType.UINT8, GgufValueType.INT8, GgufValueType.UINT16, GgufValueType.INT16, GgufValueType.UINT32, GgufValueType.INT32
  };
  private static final GgufValueType[] NUMBERS = {
    GgufValueType.UINT8, GgufValueType.INT8, GgufValueType.UINT16, GgufValueType.INT16, GgufValueType.UINT32, GgufValueType.INT32,
    GgufValueType.FLOAT32, GgufValueType.UINT64, GgufValueType.INT64, GgufValueType.FLOAT64
  };

  private Optional<GgufValue.Array> array(String key, String expected, GgufValueType... elementTypes) {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (!(value instanceof GgufValue.Array array) || !List.of(elementTypes).contains(array.elementType())) {
      throw wrongType(key, value, expected);
    }
    if (array.count() > MAX_DECODED_ELEMENTS || array.encoded().byteSize() > MAX_DECODED_BYTES) {
      throw new ModelException(
          file, "metadata '" + key + "' has " + array.count() + " elements in " + array.encoded().byteSize() + " bytes: at most "
              + MAX_DECODED_ELEMENTS + " in " + MAX_DECODED_BYTES + " are read");
    }
    return Optional.of(array);
  }

  private static List<String> decodeTexts(GgufValue.Array array) {
    MemorySegment encoded = array.encoded();
    List<String> texts = new ArrayList<>((int) array.count());
    long at = 0;
    for (long i = 0; i < array.count(); i++) {
      long length = encoded.get(GgufCursor.LONG, at);
      byte[] bytes = encoded.asSlice(at + 8, length).toArray(ValueLayout.JAVA_BYTE);
      texts.add(new String(bytes, StandardCharsets.UTF_8));
      at += 8 + length;
    }
    return Collections.unmodifiableList(texts);
  }

  private static float[] decodeFloats(GgufValue.Array array) {
    float[] floats = new float[(int) array.count()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) decodeNumber(array, i);
    }
    return floats;
  }

  private static int[] decodeInts(GgufValue.Array array) {
    int[] ints = new int[(int) array.count()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = (int) (long) decodeNumber(array, i);
    }
    return ints;
  }

  /** Exact for whole numbers of up to 53 bits, and for both floating-point types. */
  private static double decodeNumber(GgufValue.Array array, int index) {
    MemorySegment encoded = array.encoded();
    long at = (long) index * array.elementType().bytes();
    return switch (array.elementType()) {
      case UINT8, BOOL -> encoded.get(ValueLayout.JAVA_BYTE, at) & 0xff;
      case INT8 -> encoded.get(ValueLayout.JAVA_BYTE, at);
      case UINT16 -> encoded.get(GgufCursor.SHORT, at) & 0xffff;
      case INT16 -> encoded.get(GgufCursor.SHORT, at);
      case UINT32 -> encoded.get(GgufCursor.INT, at) & 0xffff_ffffL;
      case INT32 -> encoded.get(GgufCursor.INT, at);
      case FLOAT32 -> Float.intBitsToFloat(encoded.get(GgufCursor.INT, at));
      case FLOAT64 -> Double.longBitsToDouble(encoded.get(GgufCursor.LONG, at));
      case UINT64, INT64 -> encoded.get(GgufCursor.LONG, at);
      case STRING, ARRAY -> throw new IllegalStateException("not an array of numbers");
    };
  }

  private ModelException wrongType(String key, GgufValue value, String expected) {
    String actual = switch (value) {
      case GgufValue.Array(GgufValueType elementType, long count, MemorySegment encoded) ->
          "an array of " + count + " " + elementType + " values";
      case GgufValue.Text text -> "a string";
      case GgufValue.Whole(GgufValueType type, long number) -> type + " " + (type == GgufValueType.UINT64
          ? Long.toUnsignedString(number) : Long.toString(number));
      case GgufValue.Real(GgufValueType type, double number) -> type + " " + number;
      case GgufValue.Flag(boolean flag) -> "the truth value " + flag;
    };
    return new ModelException(file, "metadata '" + key + "' is " + actual + ": " + expected + " is needed");
  }
}
