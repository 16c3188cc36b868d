package dev.jebena.cuda.emulator.driver;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A GPU: how much of its memory is taken, what its one context holds, and the error that it does not recover from. */
final class Device {

  final int ordinal;
  final long totalBytes;
  private long usedBytes;
  private volatile CuResult sticky = CuResult.SUCCESS;
  private CuResult injected = CuResult.SUCCESS;
  final List<Context> contexts = new ArrayList<>();
  @Nullable Context primary;
  int primaryReferences;

  Device(int ordinal, long totalBytes) {
    this.ordinal = ordinal;
    this.totalBytes = totalBytes;
  }

  synchronized boolean take(long bytes) {
    if (bytes > totalBytes - usedBytes) {
      return false;
    }
    usedBytes += bytes;
    return true;
  }

  synchronized void giveBack(long bytes) {
    usedBytes -= bytes;
  }

  synchronized long usedBytes() {
    return usedBytes;
  }

  CuResult sticky() {
    return sticky;
  }

  /** The first error stays. */
  synchronized void fail(CuResult result) {
    if (sticky == CuResult.SUCCESS) {
      sticky = result;
    }
  }

  /** The next launch ends with {@code result}. */
  synchronized void injectAtNextLaunch(CuResult result) {
    injected = result;
  }

  synchronized CuResult takeInjected() {
    CuResult result = injected;
    injected = CuResult.SUCCESS;
    return result;
  }

  void checkHealthy() {
    if (sticky != CuResult.SUCCESS) {
      throw new CudaFailure(sticky);
    }
  }
}
