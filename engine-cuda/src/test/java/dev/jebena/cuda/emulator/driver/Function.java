package dev.jebena.cuda.emulator.driver;

import dev.jebena.cuda.emulator.ptx.Kernel;

/** A kernel of a loaded module, with what was set for it. */
final class Function {

  final LoadedModule module;
  final Kernel kernel;
  volatile int maxDynamicSharedBytes;

  Function(LoadedModule module, Kernel kernel) {
    this.module = module;
    this.kernel = kernel;
    this.maxDynamicSharedBytes = Math.max(0, 48 * 1024 - kernel.sharedBytes());
  }
}
