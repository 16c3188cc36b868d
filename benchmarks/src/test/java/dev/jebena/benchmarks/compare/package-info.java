/** Tests of what compares engines; no other engine is needed. */
@NullMarked
package dev.jebena.benchmarks.compare;

import org.jspecify.annotations.NullMarked;
