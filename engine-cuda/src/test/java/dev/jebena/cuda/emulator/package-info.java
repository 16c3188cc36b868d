/**
 * An emulated CUDA driver and cuBLAS for tests: unmodified JCuda, and everything that calls the driver by {@code java.lang.foreign}, runs on
 * a machine without a GPU.
 *
 * <pre>{@code
 * @BeforeAll static void cuda() { EmulatedCuda.assumeSupported(); }      // skips and says why on other systems than Linux x86-64
 *
 * try (EmulatedCuda cuda = EmulatedCuda.start(EmulatedCudaOptions.DEFAULT.withDevices(2))) {
 *   JCudaDriver.cuInit(0);                                              // or the backend, or a server with --backend cuda
 *   ...
 *   cuda.log().counts()                                                 // instructions, bytes, operations by kernel
 *   cuda.failures()                                                     // what kernels and callers did wrong, with thread and instruction
 *   cuda.verify();                                                      // fails if there were failures or if something was not freed
 * }
 * }</pre>
 *
 * <p>{@code libcuda.so.1} and {@code libcublas.so.12} are written by Java into a temporary folder and loaded once a process, before JCuda's own
 * libraries are; whoever looks for {@code libcuda.so.1} by name then finds them. Each {@link dev.jebena.cuda.emulator.EmulatedCuda} is a
 * new set of devices behind them; one at a time. Kernels run as PTX, by {@link dev.jebena.cuda.emulator.ptx}.
 *
 * <p>A call that is not emulated returns CUDA_ERROR_NOT_SUPPORTED (801; cuBLAS: 15) and is among the failures, by name.
 */
@org.jspecify.annotations.NullMarked
package dev.jebena.cuda.emulator;
