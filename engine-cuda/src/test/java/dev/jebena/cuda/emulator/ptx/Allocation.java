package dev.jebena.cuda.emulator.ptx;

/** A piece of memory that kernels may reach: where it is for them, and where its bytes lie in this process. */
public final class Allocation {

  /** The memory's device ordinal for memory of the host. */
  public static final int HOST = -1;

  final long address;
  final long bytes;
  final long data;
  final long shadowDelta;
  final int device;
  final String label;
  volatile boolean freed;

  /**
   * @param address first address as kernels see it
   * @param bytes size
   * @param data first address in this process
   * @param shadowDelta distance from a byte to its mark "was written", 0 where there are no marks
   * @param device ordinal of the device that owns the memory, or {@link #HOST}
   * @param label what it is, for messages
   */
  Allocation(long address, long bytes, long data, long shadowDelta, int device, String label) {
    this.address = address;
    this.bytes = bytes;
    this.data = data;
    this.shadowDelta = shadowDelta;
    this.device = device;
    this.label = label;
  }

  public long address() {
    return address;
  }

  public long bytes() {
    return bytes;
  }

  public int device() {
    return device;
  }

  public String label() {
    return label;
  }

  @Override
  public String toString() {
    return "%s (%d bytes at 0x%x%s)".formatted(label, bytes, address, device == HOST ? ", host" : ", device " + device);
  }
}
