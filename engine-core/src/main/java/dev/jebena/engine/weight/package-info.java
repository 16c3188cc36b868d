/** Weight formats and views of weights in memory. Knows nothing of files or models. */
@NullMarked
package dev.jebena.engine.weight;

import org.jspecify.annotations.NullMarked;
