/**
 * Tests of the CUDA kernels by themselves: the PTX that is shipped, run by the emulator's interpreter with all its checks, against plain
 * Java. They know the kernels' interface (src/main/cuda/README.md) and nothing of the backend that calls them.
 */
@NullMarked
package dev.jebena.cuda.kernel;

import org.jspecify.annotations.NullMarked;
