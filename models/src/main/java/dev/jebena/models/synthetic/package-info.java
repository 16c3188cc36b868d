/** Models of random weights in any shape and type, for benchmarks and tests. */
@NullMarked
package dev.jebena.models.synthetic;

import org.jspecify.annotations.NullMarked;
