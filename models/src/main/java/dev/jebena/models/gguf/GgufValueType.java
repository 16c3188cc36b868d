package dev.jebena.models.gguf;

import java.util.Arrays;
import java.util.Optional;

/** The types of metadata values; each has its number in the file. */
public enum GgufValueType {
  UINT8(0, 1),
  INT8(1, 1),
  UINT16(2, 2),
  INT16(3, 2),
  UINT32(4, 4),
  INT32(5, 4),
  FLOAT32(6, 4),
  BOOL(7, 1),
  STRING(8, 0),
  ARRAY(9, 0),
  UINT64(10, 8),
  INT64(11, 8),
  FLOAT64(12, 8);

  private final int number;
  private final int bytes;

  GgufValueType(int number, int bytes) {
    this.number = number;
    this.bytes = bytes;
  }

  /** The type's number in the file. */
  public int number() {
    return number;
  }

  /** Bytes of a value; 0 if values vary in size. */
  public int bytes() {
    return bytes;
  }

  /** Whether values are whole numbers. */
  public boolean isInteger() {
    return switch (this) {
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
      case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> false;
    };
  }

  static Optional<GgufValueType> of(int number) {
    return Arrays.stream(values()).filter(type -> type.number == number).findFirst();
  }
}
