package dev.jebena.cuda.emulator.driver;

import dev.jebena.cuda.emulator.ptx.KernelFault;

/** Results of driver calls, with the driver's numbers. */
public enum CuResult {
  SUCCESS(0),
  INVALID_VALUE(1),
  OUT_OF_MEMORY(2),
  NOT_INITIALIZED(3),
  NO_DEVICE(100),
  INVALID_DEVICE(101),
  INVALID_IMAGE(200),
  INVALID_CONTEXT(201),
  ECC_UNCORRECTABLE(214),
  PEER_ACCESS_UNSUPPORTED(217),
  INVALID_PTX(218),
  FILE_NOT_FOUND(301),
  INVALID_HANDLE(400),
  NOT_FOUND(500),
  NOT_READY(600),
  ILLEGAL_ADDRESS(700),
  LAUNCH_OUT_OF_RESOURCES(701),
  LAUNCH_TIMEOUT(702),
  PEER_ACCESS_ALREADY_ENABLED(704),
  PEER_ACCESS_NOT_ENABLED(705),
  HOST_MEMORY_ALREADY_REGISTERED(712),
  HOST_MEMORY_NOT_REGISTERED(713),
  MISALIGNED_ADDRESS(716),
  LAUNCH_FAILED(719),
  NOT_SUPPORTED(801),
  STREAM_CAPTURE_UNSUPPORTED(900),
  STREAM_CAPTURE_INVALIDATED(901),
  STREAM_CAPTURE_UNMATCHED(903),
  UNKNOWN(999);

  private final int code;

  CuResult(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }

  /** The name as the driver tells it. */
  public String driverName() {
    return this == SUCCESS ? "CUDA_SUCCESS" : "CUDA_ERROR_" + name();
  }

  static CuResult of(KernelFault.Kind kind) {
    return switch (kind) {
      case ILLEGAL_ADDRESS, USE_AFTER_FREE -> ILLEGAL_ADDRESS;
      case MISALIGNED -> MISALIGNED_ADDRESS;
      case TIMEOUT -> LAUNCH_TIMEOUT;
      case UNINITIALISED, RACE, DIVERGENT_BARRIER, SHUFFLE_MASK, DEADLOCK, TRAP, CANCELLED, INTERNAL -> LAUNCH_FAILED;
    };
  }
}
