package dev.jebena.engine.schedule;

/** A stack of numbers without boxes, of a fixed capacity. */
final class IntStack {

  private final int[] values;
  private int size;

  IntStack(int capacity) {
    values = new int[capacity];
  }

  void push(int value) {
    values[size++] = value;
  }

  int pop() {
    return values[--size];
  }

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }
}
