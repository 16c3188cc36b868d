package dev.jebena.cuda.emulator;

import dev.jebena.cuda.emulator.driver.CuResult;
import dev.jebena.cuda.emulator.driver.Failure;
import dev.jebena.cuda.emulator.driver.NativeLibraries;
import dev.jebena.cuda.emulator.driver.Session;
import dev.jebena.cuda.emulator.ptx.LaunchLog;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** An emulated machine with GPUs, for as long as it is open. See the package for how to use it. */
public final class EmulatedCuda implements AutoCloseable {

  private final NativeLibraries libraries;
  private final Session session;

  private EmulatedCuda(NativeLibraries libraries, Session session) {
    this.libraries = libraries;
    this.session = session;
  }

  /**
   * Starts an emulated machine.
   *
   * @throws IllegalStateException if one is running already, or on a system where {@link #unsupported} says why not
   */
  public static EmulatedCuda start(EmulatedCudaOptions options) {
    unsupported().ifPresent(reason -> {
      throw new IllegalStateException(reason);
    });
    NativeLibraries libraries = NativeLibraries.load();
    Session session = new Session(options);
    libraries.bind(session);
    return new EmulatedCuda(libraries, session);
  }

  /** Why there can be no emulation here, if so. */
  public static Optional<String> unsupported() {
    String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    return system.equals("Linux amd64") ? Optional.empty() : Optional.of("the emulated CUDA driver needs Linux amd64, this is " + system);
  }

  /** Skips a test where there can be no emulation. */
  public static void assumeSupported() {
    Optional<String> reason = unsupported();
    Assumptions.assumeTrue(reason.isEmpty(), () -> reason.orElse(""));
  }

  /** What kernels did, counted. */
  public LaunchLog log() {
    return session.log();
  }

  /** What went wrong: mistakes of kernels and of callers, and calls that are not emulated. */
  public List<Failure> failures() {
    return session.failures();
  }

  /** Forgets the failures: those that a test provoked. */
  public void clearFailures() {
    session.clearFailures();
  }

  /** What was made and not given back yet. */
  public List<String> leaks() {
    return session.leaks();
  }

  /** Device memory that is taken. */
  public long usedBytes(int device) {
    return session.usedBytes(device);
  }

  /** Images that the driver has compiled for callers to keep. */
  public int linkedImages() {
    return session.linkedImages();
  }

  /** A device fails now and for good. */
  public void injectNow(int device, CuResult result) {
    session.injectNow(device, result);
  }

  /** The next kernel that runs on a device fails, and with it the device for good. */
  public void injectAtNextLaunch(int device, CuResult result) {
    session.injectAtNextLaunch(device, result);
  }

  /** @throws AssertionError if there were failures, or if something was not given back */
  public void verify() {
    if (!failures().isEmpty() || !leaks().isEmpty()) {
      throw new AssertionError("failures: " + failures() + "\nleaks: " + leaks());
    }
  }

  /** Ends all work and the life of all that was made. Calls give CUDA_ERROR_NO_DEVICE from now on. */
  @Override
  public void close() {
    libraries.unbind(session);
    session.close();
  }
}
