/**
 * An interpreter of PTX, the assembly language that nvcc emits for NVIDIA GPUs: text in, checked execution of grids on emulated memory
 * out. Knows nothing of drivers, streams and contexts.
 *
 * <p>{@link dev.jebena.cuda.emulator.ptx.PtxModule} reads the text, {@link dev.jebena.cuda.emulator.ptx.Kernel} is one entry point
 * decoded into steps, {@link dev.jebena.cuda.emulator.ptx.Grid} runs it. A warp executes a step for its 32 lanes at once; registers are
 * arrays of 32 lanes, so that most steps are a short loop.
 *
 * <p>Source of all instructions: "Parallel Thread Execution ISA", NVIDIA.
 */
@org.jspecify.annotations.NullMarked
package dev.jebena.cuda.emulator.ptx;
