/**
 * The emulated driver and cuBLAS: devices, contexts, streams, events, modules and graphs, and the C functions through which callers reach them.
 */
@org.jspecify.annotations.NullMarked
package dev.jebena.cuda.emulator.driver;
