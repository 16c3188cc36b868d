/** A model's settings and weights under one set of names, whatever container they came in. */
@NullMarked
package dev.jebena.models.checkpoint;

import org.jspecify.annotations.NullMarked;
