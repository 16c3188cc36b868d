package dev.jebena.cuda.emulator;

import dev.jebena.cuda.emulator.ptx.Check;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * What the emulated machine has.
 *
 * @param devices number of GPUs
 * @param deviceMemoryBytes memory of each; what is never touched costs nothing
 * @param computeCapability ten times the major number plus the minor one, 80 for an A100
 * @param multiprocessors of each device, as the driver tells them
 * @param peerAccess which devices can reach each other's memory
 * @param checks mistakes that are looked for in kernels
 * @param launchTimeout how long a kernel may run
 */
public record EmulatedCudaOptions(int devices, long deviceMemoryBytes, int computeCapability, int multiprocessors, PeerAccess peerAccess, Set<Check> checks,
    Duration launchTimeout) {

  /** Which devices can reach each other's memory, once they are told to. */
  public enum PeerAccess {
    ALL,
    NONE
  }

  /** One device of 1 GiB like an A100, with all checks. */
  public static final EmulatedCudaOptions DEFAULT =
      new EmulatedCudaOptions(1, 1L << 30, 80, 8, PeerAccess.ALL, EnumSet.allOf(Check.class), Duration.ofSeconds(60));

  public EmulatedCudaOptions {
    if (devices < 0 || devices > 64) {
      throw new IllegalArgumentException("devices: " + devices + ", must be 0 to 64");
    }
    if (deviceMemoryBytes <= 0) {
      throw new IllegalArgumentException("deviceMemoryBytes: " + deviceMemoryBytes + ", must be positive");
    }
    checks = Set.copyOf(checks);
  }

  public EmulatedCudaOptions withDevices(int count) {
    return new EmulatedCudaOptions(count, deviceMemoryBytes, computeCapability, multiprocessors, peerAccess, checks, launchTimeout);
  }

  public EmulatedCudaOptions withDeviceMemoryBytes(long bytes) {
    return new EmulatedCudaOptions(devices, bytes, computeCapability, multiprocessors, peerAccess, checks, launchTimeout);
  }

  public EmulatedCudaOptions withComputeCapability(int capability) {
    return new EmulatedCudaOptions(devices, deviceMemoryBytes, capability, multiprocessors, peerAccess, checks, launchTimeout);
  }

  public EmulatedCudaOptions withMultiprocessors(int count) {
    return new EmulatedCudaOptions(devices, deviceMemoryBytes, computeCapability, count, peerAccess, checks, launchTimeout);
  }

  public EmulatedCudaOptions withPeerAccess(PeerAccess access) {
    return new EmulatedCudaOptions(devices, deviceMemoryBytes, computeCapability, multiprocessors, access, checks, launchTimeout);
  }

  /** {@link Check#RACES} is the dearest: whole models run two to three times as fast without. */
  public EmulatedCudaOptions withChecks(Set<Check> wanted) {
    return new EmulatedCudaOptions(devices, deviceMemoryBytes, computeCapability, multiprocessors, peerAccess, wanted, launchTimeout);
  }

  public EmulatedCudaOptions withLaunchTimeout(Duration timeout) {
    return new EmulatedCudaOptions(devices, deviceMemoryBytes, computeCapability, multiprocessors, peerAccess, checks, timeout);
  }
}
