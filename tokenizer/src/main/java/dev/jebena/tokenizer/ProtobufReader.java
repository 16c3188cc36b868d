package dev.jebena.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads the fields of one Protocol Buffers message; every length is checked against what is left. Source: Protocol Buffers encoding,
 * protobuf.dev.
 */
final class ProtobufReader {

  static final int VARINT = 0;
  static final int FIXED_64 = 1;
  static final int BYTES = 2;
  static final int FIXED_32 = 5;

  private final byte[] data;
  private final int to;
  private int at;
  private int field;
  private int kind;

  private ProtobufReader(byte[] data, int from, int to) {
    this.data = data;
    this.at = from;
    this.to = to;
  }

  static ProtobufReader of(byte[] message) {
    return new ProtobufReader(message, 0, message.length);
  }

  /** Goes to the next field; false at the end. The field has to be read or skipped before the next call. */
  boolean next() {
    if (at == to) {
      return false;
    }
    long tag = varint();
    if (tag >>> 3 < 1 || tag >>> 3 > 536_870_911) {
      throw bad("a field of number " + (tag >>> 3));
    }
    field = (int) (tag >>> 3);
    kind = (int) tag & 7;
    return true;
  }

  int field() {
    return field;
  }

  /** Reads a number. */
  long number() {
    require(VARINT);
    return varint();
  }

  boolean flag() {
    return number() != 0;
  }

  float real() {
    require(FIXED_32);
    int start = take(4);
    return Float.intBitsToFloat(
        data[start] & 0xFF | (data[start + 1] & 0xFF) << 8 | (data[start + 2] & 0xFF) << 16 | data[start + 3] << 24);
  }

  byte[] bytes() {
    require(BYTES);
    int length = length();
    int start = take(length);
    return Arrays.copyOfRange(data, start, start + length);
  }

  String text() {
    require(BYTES);
    int length = length();
    return new String(data, take(length), length, StandardCharsets.UTF_8);
  }

  /** Reads a message within this one. */
  ProtobufReader message() {
    require(BYTES);
    int length = length();
    int start = take(length);
    return new ProtobufReader(data, start, start + length);
  }

  void skip() {
    switch (kind) {
      case VARINT -> varint();
      case FIXED_64 -> take(8);
      case BYTES -> take(length());
      case FIXED_32 -> take(4);
      default -> throw bad("a field of kind " + kind);
    }
  }

  private void require(int wanted) {
    if (kind != wanted) {
      throw bad("field " + field + " of kind " + kind + ", not " + wanted);
    }
  }

  private int length() {
    long length = varint();
    if (length < 0 || length > to - at) {
      throw bad("a length of " + length + " bytes where " + (to - at) + " are left");
    }
    return (int) length;
  }

  private int take(int count) {
    if (count > to - at) {
      throw bad(count + " bytes where " + (to - at) + " are left");
    }
    int start = at;
    at += count;
    return start;
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      int b = data[take(1)];
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw bad("a number of more than ten bytes");
  }

  private TokenizerException bad(String what) {
    return new TokenizerException("byte " + at + " of the file: " + what + "; it is damaged or no SentencePiece model");
  }
}
