/** Writes model files of random weights, whose speed is that of real ones of the same shape and types; knows nothing of engines. */
@NullMarked
package dev.jebena.benchmarks.model;

import org.jspecify.annotations.NullMarked;
