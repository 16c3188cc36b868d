/** Runs this engine and others on the same file in turn, each in its own process, and writes what came out; knows nothing of how they work. */
@NullMarked
package dev.jebena.benchmarks.compare;

import org.jspecify.annotations.NullMarked;
