package dev.jebena.cuda.emulator.ptx;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;

/**
 * The memory of all devices and the host memory that they may reach, under one set of addresses.
 *
 * <p>Every allocation begins in a 4 GiB slot of its own, and slots are never used twice: an access finds its allocation by a shift, one
 * that runs out of an allocation meets nothing, and one after the end of its life is told from one that never made sense. Beside each byte
 * of device memory lies a mark that says whether it was ever written.
 */
public final class AddressSpace implements AutoCloseable {

  /** Above every host address, and not aligned better than 256 bytes, which is all that a driver promises. */
  private static final long FIRST = 0x0200_0000_0000_0100L;

  private static final int SLOT_SHIFT = 32;

  private volatile Allocation[] slots = new Allocation[1024];
  private int used;
  private final ConcurrentSkipListMap<Long, Allocation> host = new ConcurrentSkipListMap<>();
  private final List<long[]> mappings = new ArrayList<>();

  /** New memory on a device; its bytes count as never written. */
  public synchronized Allocation allocate(long bytes, int device, String label) {
    long mapped = pages(bytes);
    long data = NativePages.map(2 * mapped);
    mappings.add(new long[] {data, 2 * mapped});
    int span = (int) ((bytes + 0x100 >>> SLOT_SHIFT) + 1);
    if (used + span > slots.length) {
      slots = java.util.Arrays.copyOf(slots, Math.max(2 * slots.length, used + span));
    }
    Allocation allocation = new Allocation(FIRST + ((long) used << SLOT_SHIFT), bytes, data, mapped, device, label);
    Allocation[] now = slots;
    for (int i = 0; i < span; i++) {
      now[used + i] = allocation;
    }
    slots = now;
    used += span;
    return allocation;
  }

  /** New host memory that kernels may reach under its own address: pinned memory. */
  public synchronized Allocation allocateHost(long bytes, String label) {
    long mapped = pages(bytes);
    long data = NativePages.map(mapped);
    mappings.add(new long[] {data, mapped});
    return addHost(data, bytes, label);
  }

  /** Host memory of somebody else that kernels may reach under its own address. */
  public Allocation addHost(long address, long bytes, String label) {
    Allocation allocation = new Allocation(address, bytes, address, 0, Allocation.HOST, label);
    host.put(address, allocation);
    return allocation;
  }

  /** Ends an allocation's life. */
  public synchronized void free(Allocation allocation) {
    allocation.freed = true;
    if (allocation.device == Allocation.HOST) {
      host.remove(allocation.address);
    } else {
      NativePages.discard(allocation.data, 2 * pages(allocation.bytes));
    }
  }

  /** The live allocation that begins at {@code address}, if there is one. */
  public java.util.Optional<Allocation> startingAt(long address) {
    return java.util.Optional.ofNullable(peek(address)).filter(a -> a.address == address && !a.freed);
  }

  /** The live allocation that {@code address} lies in, if there is one. */
  public java.util.Optional<Allocation> containing(long address) {
    return java.util.Optional.ofNullable(peek(address)).filter(a -> !a.freed && address - a.address < a.bytes && address >= a.address);
  }

  /** All memory of devices that is alive. */
  public synchronized List<Allocation> live() {
    return Stream.of(slots).limit(used).distinct().filter(a -> !a.freed).toList();
  }

  private @org.jspecify.annotations.Nullable Allocation peek(long address) {
    long slot = address - FIRST >> SLOT_SHIFT;
    Allocation[] now = slots;
    if (slot >= 0 && slot < now.length) {
      return now[(int) slot];
    }
    Map.Entry<Long, Allocation> entry = host.floorEntry(address);
    return entry == null ? null : entry.getValue();
  }

  /**
   * The allocation in which all of {@code [address, address + bytes)} lies.
   *
   * @throws KernelFault where there is none
   */
  public Allocation require(long address, long bytes) {
    Allocation found = peek(address);
    if (found == null) {
      throw new KernelFault(KernelFault.Kind.ILLEGAL_ADDRESS, "illegal address 0x%x (%d bytes): no allocation is there".formatted(address, bytes));
    }
    if (found.freed) {
      throw new KernelFault(KernelFault.Kind.USE_AFTER_FREE,
          "use after free: 0x%x (%d bytes) was in %s".formatted(address, bytes, found));
    }
    long offset = address - found.address;
    if (offset < 0 || bytes < 0 || offset > found.bytes - bytes) {
      throw new KernelFault(KernelFault.Kind.ILLEGAL_ADDRESS,
          "illegal address 0x%x (%d bytes): out of bounds at offset %d of %s".formatted(address, bytes, offset, found));
    }
    return found;
  }

  /** The bytes of a checked range. */
  public MemorySegment bytes(long address, long bytes) {
    Allocation allocation = require(address, bytes);
    return NativePages.ALL.asSlice(allocation.data + (address - allocation.address), bytes);
  }

  /** Marks a range of device memory as written. */
  public void markWritten(long address, long bytes) {
    Allocation allocation = require(address, bytes);
    if (allocation.shadowDelta != 0) {
      NativePages.ALL.asSlice(allocation.data + allocation.shadowDelta + (address - allocation.address), bytes).fill((byte) 1);
    }
  }

  /** The offset of the first byte of the range that was never written, or -1. */
  public long firstUnwritten(long address, long bytes) {
    Allocation allocation = require(address, bytes);
    if (allocation.shadowDelta == 0) {
      return -1;
    }
    long from = allocation.data + allocation.shadowDelta + (address - allocation.address);
    for (long i = 0; i < bytes; i++) {
      if (i + 8 <= bytes && NativePages.ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, from + i) == 0x0101010101010101L) {
        i += 7;
      } else if (NativePages.ALL.get(ValueLayout.JAVA_BYTE, from + i) == 0) {
        return i;
      }
    }
    return -1;
  }

  /** Copies device memory with its marks; ranges may overlap. */
  public void copy(long to, long from, long bytes) {
    Allocation source = require(from, bytes);
    Allocation target = require(to, bytes);
    MemorySegment.copy(bytes(from, bytes), 0, bytes(to, bytes), 0, bytes);
    if (target.shadowDelta == 0) {
      return;
    }
    if (source.shadowDelta == 0) {
      markWritten(to, bytes);
      return;
    }
    MemorySegment.copy(NativePages.ALL.asSlice(source.data + source.shadowDelta + (from - source.address), bytes), 0,
        NativePages.ALL.asSlice(target.data + target.shadowDelta + (to - target.address), bytes), 0, bytes);
  }

  private static long pages(long bytes) {
    return (bytes + 4095) / 4096 * 4096 + 4096;
  }

  @Override
  public synchronized void close() {
    mappings.forEach(mapping -> NativePages.unmap(mapping[0], mapping[1]));
    mappings.clear();
  }
}
