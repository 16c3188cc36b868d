package dev.jebena.cuda.emulator.driver;

/** Work of one or several streams that goes into a graph. */
final class Capture {

  final Graph graph = new Graph();
  final Stream origin;
  final Thread thread = Thread.currentThread();

  /** Whether a call came that has no place in a graph. */
  boolean invalidated;

  Capture(Stream origin) {
    this.origin = origin;
  }
}
