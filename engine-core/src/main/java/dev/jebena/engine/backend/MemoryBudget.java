package dev.jebena.engine.backend;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that a process grants its engines. Everything large is reserved here before it is allocated, and what is reserved can be
 * counted. Safe for use by several threads.
 */
public final class MemoryBudget {

  private final long limitBytes;
  private final AtomicLong reservedBytes = new AtomicLong();

  /** A budget of {@code limitBytes} bytes. */
  public MemoryBudget(long limitBytes) {
    if (limitBytes <= 0) {
      throw new IllegalArgumentException("a memory budget of " + limitBytes + " bytes: it must be positive");
    }
    this.limitBytes = limitBytes;
  }

  /**
   * Reserves memory until the reservation is closed.
   *
   * @param what names the use in the error
   * @throws BackendException naming what was asked, what is free and the remedy
   */
  public Reservation reserve(long bytes, String what) {
    while (true) {
      long reserved = reservedBytes.get();
      if (bytes < 0 || bytes > limitBytes - reserved) {
        throw new BackendException(
            what + " needs " + bytes + " bytes, " + (limitBytes - reserved) + " of the budget of " + limitBytes
                + " are free: raise the budget, or ask for less (a smaller model, context or cache)");
      }
      if (reservedBytes.compareAndSet(reserved, reserved + bytes)) {
        return new Reservation(bytes);
      }
    }
  }

  public long limitBytes() {
    return limitBytes;
  }

  /** Bytes reserved now; zero when everything was closed. */
  public long reservedBytes() {
    return reservedBytes.get();
  }

  /** Bytes that can still be reserved. */
  public long freeBytes() {
    return limitBytes - reservedBytes.get();
  }

  /** A part of the budget; closing it twice does no harm. */
  public final class Reservation implements AutoCloseable {

    private final long bytes;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Reservation(long bytes) {
      this.bytes = bytes;
    }

    public long bytes() {
      return bytes;
    }

    @Override
    public void close() {
      if (!closed.getAndSet(true)) {
        reservedBytes.addAndGet(-bytes);
      }
    }
  }
}
