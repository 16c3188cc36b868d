package dev.jebena.cuda.emulator.driver;

import dev.jebena.cuda.emulator.ptx.Allocation;
import dev.jebena.cuda.emulator.ptx.KernelFault;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** Memory of devices and host, copies and fills. Methods have the names and arguments of the driver's functions. */
final class MemoryCalls {

  private final Session session;

  MemoryCalls(Session session) {
    this.session = session;
  }

  void cuMemAlloc_v2(MemorySegment out, long bytes) {
    Context context = session.context();
    session.notWhileCapturing("cuMemAlloc", null);
    if (bytes <= 0) {
      throw new CudaFailure(CuResult.INVALID_VALUE, "cuMemAlloc of " + bytes + " bytes");
    }
    if (!context.device.take(bytes)) {
      throw new CudaFailure(CuResult.OUT_OF_MEMORY);
    }
    Out.address(out, session.space.allocate(bytes, context.device.ordinal, "allocation").address());
  }

  void cuMemFree_v2(long address) {
    session.context();
    if (address == 0) {
      return;
    }
    session.notWhileCapturing("cuMemFree", null);
    Allocation allocation = session.space.startingAt(address).filter(a -> a.device() != Allocation.HOST)
        .orElseThrow(() -> new CudaFailure(CuResult.INVALID_VALUE, "cuMemFree of 0x%x, where no live allocation begins".formatted(address)));
    Device device = session.devices.get(allocation.device());
    for (Context context : java.util.List.copyOf(device.contexts)) {
      context.streams().forEach(stream -> stream.tail().await());
    }
    session.space.free(allocation);
    device.giveBack(allocation.bytes());
  }

  void cuMemGetInfo_v2(MemorySegment free, MemorySegment total) {
    Device device = session.context().device;
    Out.address(free, device.totalBytes - device.usedBytes());
    Out.address(total, device.totalBytes);
  }

  void cuMemGetAddressRange_v2(MemorySegment base, MemorySegment bytes, long address) {
    Allocation allocation = session.space.containing(address).orElseThrow(() -> new CudaFailure(CuResult.NOT_FOUND));
    if (base.address() != 0) {
      Out.address(base, allocation.address());
    }
    if (bytes.address() != 0) {
      Out.address(bytes, allocation.bytes());
    }
  }

  void cuPointerGetAttribute(MemorySegment out, int attribute, long address) {
    Allocation allocation = session.space.containing(address).orElseThrow(() -> new CudaFailure(CuResult.INVALID_VALUE));
    switch (attribute) {
      case 2 -> Out.integer(out, allocation.device() == Allocation.HOST ? 1 : 2); // memory type
      case 3, 4 -> Out.address(out, address); // device and host pointer
      case 9 -> Out.integer(out, Math.max(0, allocation.device())); // device ordinal
      case 11 -> Out.address(out, allocation.address());
      case 12 -> Out.address(out, allocation.bytes());
      default -> throw new CudaFailure(CuResult.NOT_SUPPORTED, "cuPointerGetAttribute " + attribute + " is not emulated");
    }
  }

  // ---- host memory

  void cuMemAllocHost_v2(MemorySegment out, long bytes) {
    cuMemHostAlloc(out, bytes, 0);
  }

  void cuMemHostAlloc(MemorySegment out, long bytes, int flags) {
    session.context();
    if (bytes <= 0) {
      throw new CudaFailure(CuResult.INVALID_VALUE, "cuMemHostAlloc of " + bytes + " bytes");
    }
    Allocation allocation = session.space.allocateHost(bytes, "pinned memory");
    session.hostMemory.put(allocation.address(), allocation);
    Out.address(out, allocation.address());
  }

  void cuMemFreeHost(long address) {
    session.context();
    Allocation allocation = session.hostMemory.remove(address);
    if (allocation == null) {
      throw new CudaFailure(CuResult.INVALID_VALUE, "cuMemFreeHost of 0x%x, where no pinned memory begins".formatted(address));
    }
    session.devices.forEach(device -> java.util.List.copyOf(device.contexts)
        .forEach(context -> context.streams().forEach(stream -> stream.tail().await())));
    session.space.free(allocation);
  }

  void cuMemHostRegister_v2(long address, long bytes, int flags) {
    session.context();
    if (session.space.containing(address).isPresent()) {
      throw new CudaFailure(CuResult.HOST_MEMORY_ALREADY_REGISTERED, "0x%x is registered already".formatted(address));
    }
    session.hostMemory.put(address, session.space.addHost(address, bytes, "registered memory"));
  }

  void cuMemHostUnregister(long address) {
    session.context();
    Allocation allocation = session.hostMemory.remove(address);
    if (allocation == null) {
      throw new CudaFailure(CuResult.HOST_MEMORY_NOT_REGISTERED, "0x%x is not registered".formatted(address));
    }
    session.space.free(allocation);
  }

  void cuMemHostGetDevicePointer_v2(MemorySegment out, long address, int flags) {
    if (session.space.containing(address).isEmpty()) {
      throw new CudaFailure(CuResult.INVALID_VALUE, "0x%x is not pinned".formatted(address));
    }
    Out.address(out, address);
  }

  // ---- copies

  private boolean isPinned(long address, long bytes) {
    Optional<Allocation> allocation = session.space.containing(address);
    return allocation.isPresent() && address + bytes <= allocation.get().address() + allocation.get().bytes();
  }

  private static MemorySegment host(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /** Finds mistakes of the caller at the call and not when the copy is done. */
  private void check(String call, long address, long bytes) {
    try {
      Allocation allocation = session.space.require(address, bytes);
      if (allocation.device() == Allocation.HOST && !call.equals("cuMemcpyAsync")) {
        throw new CudaFailure(CuResult.INVALID_VALUE, call + ": 0x%x is host memory".formatted(address));
      }
    } catch (KernelFault e) {
      throw new CudaFailure(CuResult.INVALID_VALUE, call + ": " + e.getMessage());
    }
  }

  private void toDevice(long to, MemorySegment from, long bytes) {
    session.space.bytes(to, bytes).copyFrom(from);
    session.space.markWritten(to, bytes);
  }

  private void toHost(long to, long from, long bytes) {
    host(to, bytes).copyFrom(session.space.bytes(from, bytes));
  }

  private static void done(Stream stream) {
    stream.tail().await();
    stream.context.device.checkHealthy();
  }

  void cuMemcpyHtoD_v2(long to, MemorySegment from, long bytes) {
    cuMemcpyHtoDAsync_v2(to, from, bytes, 0);
    session.notWhileCapturing("cuMemcpyHtoD", session.context().defaultStream);
    done(session.context().defaultStream);
  }

  void cuMemcpyHtoDAsync_v2(long to, MemorySegment from, long bytes, long streamHandle) {
    session.context();
    Stream stream = session.stream(streamHandle);
    if (bytes == 0) {
      return;
    }
    check("cuMemcpyHtoD", to, bytes);
    long address = from.address();
    if (isPinned(address, bytes)) {
      stream.submit(GraphNode.Other.copy(() -> toDevice(to, host(address, bytes), bytes)));
      return;
    }
    // pageable memory is read before the call returns
    MemorySegment staged = Arena.ofAuto().allocate(bytes);
    staged.copyFrom(host(address, bytes));
    stream.submit(GraphNode.Other.copy(() -> toDevice(to, staged, bytes)));
  }

  void cuMemcpyDtoH_v2(MemorySegment to, long from, long bytes) {
    session.notWhileCapturing("cuMemcpyDtoH", session.context().defaultStream);
    cuMemcpyDtoHAsync_v2(to, from, bytes, 0);
    done(session.context().defaultStream);
  }

  void cuMemcpyDtoHAsync_v2(MemorySegment to, long from, long bytes, long streamHandle) {
    session.context();
    Stream stream = session.stream(streamHandle);
    if (bytes == 0) {
      return;
    }
    check("cuMemcpyDtoH", from, bytes);
    long address = to.address();
    boolean pinned = isPinned(address, bytes);
    if (!pinned && stream.capture != null) {
      session.notWhileCapturing("cuMemcpyDtoHAsync into pageable memory", stream);
    }
    stream.submit(GraphNode.Other.copy(() -> toHost(address, from, bytes)));
    if (!pinned) {
      done(stream);
    }
  }

  void cuMemcpyDtoD_v2(long to, long from, long bytes) {
    cuMemcpyDtoDAsync_v2(to, from, bytes, 0);
  }

  void cuMemcpyDtoDAsync_v2(long to, long from, long bytes, long streamHandle) {
    session.context();
    if (bytes == 0) {
      return;
    }
    check("cuMemcpyDtoD", to, bytes);
    check("cuMemcpyDtoD", from, bytes);
    session.stream(streamHandle).submit(GraphNode.Other.copy(() -> session.space.copy(to, from, bytes)));
  }

  void cuMemcpyPeer(long to, long toContext, long from, long fromContext, long bytes) {
    cuMemcpyPeerAsync(to, toContext, from, fromContext, bytes, 0);
    done(session.context().defaultStream);
  }

  void cuMemcpyPeerAsync(long to, long toContext, long from, long fromContext, long bytes, long stream) {
    session.object(toContext, Context.class);
    session.object(fromContext, Context.class);
    cuMemcpyDtoDAsync_v2(to, from, bytes, stream);
  }

  void cuMemcpy(long to, long from, long bytes) {
    cuMemcpyAsync(to, from, bytes, 0);
    done(session.context().defaultStream);
  }

  /** Either address may be one of host or device. */
  void cuMemcpyAsync(long to, long from, long bytes, long stream) {
    boolean toHost = session.space.containing(to).map(a -> a.device() == Allocation.HOST).orElse(true);
    boolean fromHost = session.space.containing(from).map(a -> a.device() == Allocation.HOST).orElse(true);
    if (toHost && fromHost) {
      session.stream(stream).submit(GraphNode.Other.copy(() -> host(to, bytes).copyFrom(host(from, bytes))));
    } else if (toHost) {
      cuMemcpyDtoHAsync_v2(MemorySegment.ofAddress(to), from, bytes, stream);
    } else if (fromHost) {
      cuMemcpyHtoDAsync_v2(to, MemorySegment.ofAddress(from), bytes, stream);
    } else {
      cuMemcpyDtoDAsync_v2(to, from, bytes, stream);
    }
  }

  // ---- fills

  private void fill(String call, long to, long count, int unit, int value, long streamHandle) {
    session.context();
    Stream stream = session.stream(streamHandle);
    if (count == 0) {
      return;
    }
    if (to % unit != 0) {
      throw new CudaFailure(CuResult.INVALID_VALUE, call + ": 0x%x is not aligned to %d".formatted(to, unit));
    }
    check(call, to, count * unit);
    stream.submit(GraphNode.Other.fill(() -> {
      MemorySegment bytes = session.space.bytes(to, count * unit);
      if (unit == 1) {
        bytes.fill((byte) value);
      } else if (unit == 2) {
        for (long i = 0; i < count; i++) {
          bytes.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i, (short) value);
        }
      } else {
        for (long i = 0; i < count; i++) {
          bytes.set(ValueLayout.JAVA_INT_UNALIGNED, 4 * i, value);
        }
      }
      session.space.markWritten(to, count * unit);
    }));
  }

  void cuMemsetD8_v2(long to, byte value, long count) {
    fill("cuMemsetD8", to, count, 1, value, 0);
  }

  void cuMemsetD8Async(long to, byte value, long count, long stream) {
    fill("cuMemsetD8Async", to, count, 1, value, stream);
  }

  void cuMemsetD16_v2(long to, short value, long count) {
    fill("cuMemsetD16", to, count, 2, value, 0);
  }

  void cuMemsetD16Async(long to, short value, long count, long stream) {
    fill("cuMemsetD16Async", to, count, 2, value, stream);
  }

  void cuMemsetD32_v2(long to, int value, long count) {
    fill("cuMemsetD32", to, count, 4, value, 0);
  }

  void cuMemsetD32Async(long to, int value, long count, long stream) {
    fill("cuMemsetD32Async", to, count, 4, value, stream);
  }
}
