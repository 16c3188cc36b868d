package dev.jebena.cuda;

import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.MemoryBudget;

/** Blocks of keys and values on a device. */
final class CudaKvCache implements KvCache {

  private final Device device;
  private final int blocks;
  private final DeviceMemory memory;
  private final MemoryBudget.Reservation reservation;
  private final Runnable onClose;
  private boolean closed;

  private CudaKvCache(
      Device device, int blocks, DeviceMemory memory, MemoryBudget.Reservation reservation, Runnable onClose) {
    this.device = device;
    this.blocks = blocks;
    this.memory = memory;
    this.reservation = reservation;
    this.onClose = onClose;
  }

  /**
   * Allocates a cache.
   *
   * @param onClose called before the memory goes: captured launches name its addresses
   */
  static CudaKvCache allocate(Device device, DeviceStream stream, int blocks, long blockBytes, MemoryBudget budget, Runnable onClose) {
    if (blocks < 2) {
      throw new BackendException("a cache of " + blocks + " blocks: the null block and at least one more are needed");
    }
    String what = "a KV cache of " + blocks + " blocks of " + blockBytes + " bytes";
    long bytes = Math.multiplyExact(blocks, blockBytes);
    MemoryBudget.Reservation reservation = budget.reserve(bytes, what);
    try {
      device.bind();
      DeviceMemory memory = device.allocate(bytes, what);
      // padded rows read and write the null block
      stream.zero(memory.address(), blockBytes);
      return new CudaKvCache(device, blocks, memory, reservation, onClose);
    } catch (RuntimeException | Error e) {
      reservation.close();
      throw e;
    }
  }

  long address() {
    return memory.address();
  }

  @Override
  public int blocks() {
    return blocks;
  }

  @Override
  public long bytes() {
    return reservation.bytes();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try {
        if (!device.isLost()) {
          device.bind();
        }
        onClose.run();
        memory.close();
      } finally {
        reservation.close();
      }
    }
  }
}
