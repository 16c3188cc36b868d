package dev.jebena.cuda.emulator.driver;

/** A point in a stream's work that can be waited for. */
final class Completion {

  /** A point that has been passed. */
  static final Completion PASSED = new Completion();

  static {
    PASSED.complete();
  }

  private boolean done;
  private long nanos;

  synchronized void complete() {
    done = true;
    nanos = System.nanoTime();
    notifyAll();
  }

  synchronized boolean isDone() {
    return done;
  }

  /** When the point was passed. */
  synchronized long nanos() {
    return nanos;
  }

  void await() {
    boolean interrupted = false;
    synchronized (this) {
      while (!done) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true; // a driver call cannot be interrupted
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
