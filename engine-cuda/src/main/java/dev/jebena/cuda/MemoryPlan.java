package dev.jebena.cuda;

/** Hands out places in one stretch of memory before that is allocated, so that its size is known first. */
final class MemoryPlan {

  private long bytes;

  /** Takes a place; its offset is a multiple of 256. */
  long take(long size) {
    long at = bytes;
    bytes = Math.addExact(bytes, Planes.aligned(size));
    return at;
  }

  /** Bytes of all places. */
  long bytes() {
    return bytes;
  }
}
