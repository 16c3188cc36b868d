package dev.jebena.tokenizer;

import java.util.Arrays;

/** A growing list of ids. */
final class IntList {

  private int[] values = new int[64];
  private int size;

  void add(int value) {
    ensure(size + 1);
    values[size++] = value;
  }

  void reserve(int capacity) {
    ensure(capacity);
  }

  int get(int index) {
    return values[index];
  }

  int size() {
    return size;
  }

  void addAll(int[] source, int length) {
    ensure(size + length);
    System.arraycopy(source, 0, values, size, length);
    size += length;
  }

  private void ensure(int capacity) {
    if (capacity > values.length) {
      values = Arrays.copyOf(values, Math.max(capacity, values.length * 2));
    }
  }

  int[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
