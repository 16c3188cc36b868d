/** Tests of the writer of random models. */
@NullMarked
package dev.jebena.benchmarks.model;

import org.jspecify.annotations.NullMarked;
