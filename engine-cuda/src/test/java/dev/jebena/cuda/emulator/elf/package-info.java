/**
 * Shared objects written and read as bytes: the libraries through which native code reaches the emulated driver. Knows nothing of CUDA.
 */
@org.jspecify.annotations.NullMarked
package dev.jebena.cuda.emulator.elf;
