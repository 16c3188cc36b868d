/** Tests that the benchmarks still run. */
@NullMarked
package dev.jebena.benchmarks;

import org.jspecify.annotations.NullMarked;
