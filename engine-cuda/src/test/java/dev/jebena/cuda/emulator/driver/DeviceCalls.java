package dev.jebena.cuda.emulator.driver;

import dev.jebena.cuda.emulator.EmulatedCudaOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Devices and contexts. Methods have the names and arguments of the driver's functions. */
final class DeviceCalls {

  private static final Map<String, MemorySegment> STRINGS = new ConcurrentHashMap<>();

  private final Session session;

  DeviceCalls(Session session) {
    this.session = session;
  }

  void cuInit(int flags) {
    if (session.devices.isEmpty()) {
      throw new CudaFailure(CuResult.NO_DEVICE);
    }
    session.initialised = true;
  }

  void cuDriverGetVersion(MemorySegment version) {
    Out.integer(version, 12060);
  }

  void cuGetErrorName(int error, MemorySegment name) {
    Out.address(name, string(result(error).driverName()));
  }

  void cuGetErrorString(int error, MemorySegment text) {
    Out.address(text, string("emulated: " + result(error).driverName()));
  }

  private static CuResult result(int error) {
    for (CuResult result : CuResult.values()) {
      if (result.code() == error) {
        return result;
      }
    }
    throw new CudaFailure(CuResult.INVALID_VALUE);
  }

  /** C strings that live as long as the process, as the driver's do. */
  private static long string(String text) {
    return STRINGS.computeIfAbsent(text, t -> Arena.global().allocateFrom(t)).address();
  }

  void cuDeviceGetCount(MemorySegment count) {
    if (!session.initialised) {
      throw new CudaFailure(CuResult.NOT_INITIALIZED);
    }
    Out.integer(count, session.devices.size());
  }

  void cuDeviceGet(MemorySegment device, int ordinal) {
    Out.integer(device, session.device(ordinal).ordinal);
  }

  void cuDeviceGetName(MemorySegment name, int room, int device) {
    Out.string(name, room, "Emulated GPU " + session.device(device).ordinal);
  }

  void cuDeviceGetUuid(MemorySegment uuid, int device) {
    cuDeviceGetUuid_v2(uuid, device);
  }

  void cuDeviceGetUuid_v2(MemorySegment uuid, int device) {
    Out.bytes(uuid, 16).fill((byte) (session.device(device).ordinal + 1));
  }

  void cuDeviceGetPCIBusId(MemorySegment text, int room, int device) {
    Out.string(text, room, "0000:%02x:00.0".formatted(session.device(device).ordinal + 1));
  }

  void cuDeviceTotalMem_v2(MemorySegment bytes, int device) {
    Out.address(bytes, session.device(device).totalBytes);
  }

  void cuDeviceComputeCapability(MemorySegment major, MemorySegment minor, int device) {
    session.device(device);
    Out.integer(major, session.options.computeCapability() / 10);
    Out.integer(minor, session.options.computeCapability() % 10);
  }

  void cuDeviceGetAttribute(MemorySegment value, int attribute, int device) {
    session.device(device);
    EmulatedCudaOptions options = session.options;
    Out.integer(value, switch (attribute) {
      case 1, 2, 3 -> 1024; // threads of a block, its x and y
      case 4 -> 64;
      case 5 -> Integer.MAX_VALUE; // the grid's x
      case 6, 7 -> 65535;
      case 8 -> 48 * 1024; // shared memory of a block
      case 9 -> 65536;
      case 10 -> 32;
      case 12, 82 -> 65536; // registers
      case 13 -> 1410000; // clock, kHz
      case 14 -> 512;
      case 16 -> options.multiprocessors();
      case 15, 19, 31, 41, 78, 95 -> 1; // overlap, mapped host memory, concurrent kernels, unified addresses, priorities, cooperative launches
      case 33 -> device + 1; // PCI bus
      case 36 -> 1215000; // memory clock, kHz
      case 37 -> 5120; // memory bus, bits
      case 38 -> 40 << 20; // L2
      case 39 -> 2048; // threads of a multiprocessor
      case 40 -> 2;
      case 75 -> options.computeCapability() / 10;
      case 76 -> options.computeCapability() % 10;
      case 81 -> (options.computeCapability() >= 90 ? 228 : 164) * 1024; // shared memory of a multiprocessor
      case 97 -> (options.computeCapability() >= 90 ? 227 : 163) * 1024; // of a block that asks for it
      case 106 -> 32; // blocks of a multiprocessor
      case 111 -> 1024; // shared memory that the system takes from each block
      default -> 0;
    });
  }

  void cuDeviceCanAccessPeer(MemorySegment can, int device, int peer) {
    session.device(device);
    session.device(peer);
    Out.integer(can, device != peer && session.options.peerAccess() == EmulatedCudaOptions.PeerAccess.ALL ? 1 : 0);
  }

  void cuDeviceGetP2PAttribute(MemorySegment value, int attribute, int device, int peer) {
    boolean can = device != peer && session.options.peerAccess() == EmulatedCudaOptions.PeerAccess.ALL;
    Out.integer(value, can && attribute != 1 ? 1 : 0);
  }

  // ---- contexts

  private Context create(Device device) {
    Context context = new Context(session, device);
    device.contexts.add(context);
    session.handle(context);
    return context;
  }

  void cuDevicePrimaryCtxRetain(MemorySegment out, int ordinal) {
    Device device = session.device(ordinal);
    synchronized (device) {
      Context primary = device.primary;
      if (primary == null) {
        primary = create(device);
        device.primary = primary;
      }
      device.primaryReferences++;
      Out.address(out, session.handleOf(primary));
    }
  }

  void cuDevicePrimaryCtxRelease_v2(int ordinal) {
    Device device = session.device(ordinal);
    synchronized (device) {
      Context primary = device.primary;
      if (primary == null || device.primaryReferences == 0) {
        throw new CudaFailure(CuResult.INVALID_CONTEXT, "the primary context of device " + ordinal + " is not retained");
      }
      if (--device.primaryReferences == 0) {
        destroy(primary);
        device.primary = null;
      }
    }
  }

  void cuDevicePrimaryCtxSetFlags_v2(int ordinal, int flags) {
    session.device(ordinal);
  }

  void cuDevicePrimaryCtxGetState(int ordinal, MemorySegment flags, MemorySegment active) {
    Out.integer(flags, 0);
    Out.integer(active, session.device(ordinal).primary == null ? 0 : 1);
  }

  void cuCtxCreate_v2(MemorySegment out, int flags, int ordinal) {
    Context context = create(session.device(ordinal));
    session.contextStack().push(context);
    Out.address(out, session.handleOf(context));
  }

  void cuCtxDestroy_v2(long handle) {
    Context context = session.object(handle, Context.class);
    destroy(context);
  }

  private void destroy(Context context) {
    context.streams().forEach(stream -> stream.tail().await());
    context.close();
    context.device.contexts.remove(context);
    session.contextStack().remove(context);
    session.removeAll(object -> object == context);
  }

  void cuCtxSetCurrent(long handle) {
    session.contextStack().poll();
    if (handle != 0) {
      session.contextStack().push(session.object(handle, Context.class));
    }
  }

  void cuCtxGetCurrent(MemorySegment out) {
    Context context = session.contextStack().peek();
    Out.address(out, context == null ? 0 : session.handleOf(context));
  }

  void cuCtxPushCurrent_v2(long handle) {
    session.contextStack().push(session.object(handle, Context.class));
  }

  void cuCtxPopCurrent_v2(MemorySegment out) {
    Context context = session.contextStack().poll();
    if (context == null) {
      throw new CudaFailure(CuResult.INVALID_CONTEXT, "no context to pop");
    }
    if (out.address() != 0) {
      Out.address(out, session.handleOf(context));
    }
  }

  void cuCtxGetDevice(MemorySegment device) {
    Out.integer(device, session.context().device.ordinal);
  }

  void cuCtxGetApiVersion(long context, MemorySegment version) {
    Out.integer(version, 12060);
  }

  void cuCtxGetStreamPriorityRange(MemorySegment least, MemorySegment greatest) {
    Out.integer(least, 0);
    Out.integer(greatest, -5);
  }

  void cuCtxSetLimit(int limit, long value) {
    session.context();
  }

  void cuCtxSetCacheConfig(int config) {
    session.context();
  }

  void cuCtxSynchronize() {
    session.notWhileCapturing("cuCtxSynchronize", null);
    session.context().synchronize();
  }

  void cuCtxEnablePeerAccess(long peer, int flags) {
    Context context = session.context();
    Device other = session.object(peer, Context.class).device;
    if (other == context.device || session.options.peerAccess() == EmulatedCudaOptions.PeerAccess.NONE) {
      throw new CudaFailure(CuResult.PEER_ACCESS_UNSUPPORTED);
    }
    if (!context.peers.add(other.ordinal)) {
      throw new CudaFailure(CuResult.PEER_ACCESS_ALREADY_ENABLED);
    }
  }

  void cuCtxDisablePeerAccess(long peer) {
    if (!session.context().peers.remove(session.object(peer, Context.class).device.ordinal)) {
      throw new CudaFailure(CuResult.PEER_ACCESS_NOT_ENABLED);
    }
  }

  void cuProfilerStart() {}

  void cuProfilerStop() {}
}
