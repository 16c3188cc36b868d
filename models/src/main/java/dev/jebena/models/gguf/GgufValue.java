package dev.jebena.models.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A metadata value. */
public sealed interface GgufValue {

  /** The value's type in the file. */
  GgufValueType type();

  /**
   * A whole number.
   *
   * @param type one of the eight integer types
   * @param value the number; for UINT64 its 64 bits, so that a negative value stands for one above {@link Long#MAX_VALUE}
   */
  record Whole(GgufValueType type, long value) implements GgufValue {

    public Whole {
      if (!type.isInteger()) {
        throw new IllegalArgumentException(type + " is not a type of whole numbers");
      }
    }
  }

  /** A number of type FLOAT32 or FLOAT64. */
  record Real(GgufValueType type, double value) implements GgufValue {

    public Real {
      if (type != GgufValueType.FLOAT32 && type != GgufValueType.FLOAT64) {
        throw new IllegalArgumentException(type + " is not a type of floating-point numbers");
      }
    }
  }

  /** A truth value. */
  record Flag(boolean value) implements GgufValue {
    @Override
    public GgufValueType type() {
      return GgufValueType.BOOL;
    }
  }

  /** A string. */
  record Text(String value) implements GgufValue {
    @Override
    public GgufValueType type() {
      return GgufValueType.STRING;
    }
  }

  /**
   * An array, kept as the file has it and decoded when somebody asks: a vocabulary is large, and many readers do not need it.
   *
   * @param elementType the type of all elements
   * @param count number of elements
   * @param encoded the elements as in the file, valid until the file is closed
   */
  record Array(GgufValueType elementType, long count, MemorySegment encoded) implements GgufValue {
    @Override
    public GgufValueType type() {
      return GgufValueType.ARRAY;
    }
  }

  static GgufValue of(String value) {
    return new Text(value);
  }

  static GgufValue of(boolean value) {
    return new Flag(value);
  }

  /** A UINT32, the type that most sizes have. */
  static GgufValue uint32(long value) {
    if (value < 0 || value > 0xffff_ffffL) {
      throw new IllegalArgumentException(value + " does not fit UINT32: use a value from 0 to 4294967295");
    }
    return new Whole(GgufValueType.UINT32, value);
  }

  /** A FLOAT32. */
  static GgufValue of(float value) {
    return new Real(GgufValueType.FLOAT32, value);
  }

  /** An array of strings. */
  static GgufValue ofStrings(List<String> values) {
    List<byte[]> encoded = values.stream().map(value -> value.getBytes(StandardCharsets.UTF_8)).toList();
    long size = encoded.stream().mapToLong(bytes -> 8L + bytes.length).sum();
    MemorySegment memory = MemorySegment.ofArray(new byte[Math.toIntExact(size)]);
    long at = 0;
    for (byte[] bytes : encoded) {
      memory.set(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), at, bytes.length);
      MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, at + 8, bytes.length);
      at += 8L + bytes.length;
    }
    return new Array(GgufValueType.STRING, values.size(), memory);
  }

  /** An array of FLOAT32. */
  static GgufValue ofFloats(float[] values) {
    MemorySegment memory = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, 4)]);
    for (int i = 0; i < values.length; i++) {
      memory.set(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 4L * i, values[i]);
    }
    return new Array(GgufValueType.FLOAT32, values.length, memory);
  }

  /** An array of INT32. */
  static GgufValue ofInts(int[] values) {
    MemorySegment memory = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, 4)]);
    for (int i = 0; i < values.length; i++) {
      memory.set(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 4L * i, values[i]);
    }
    return new Array(GgufValueType.INT32, values.length, memory);
  }
}
