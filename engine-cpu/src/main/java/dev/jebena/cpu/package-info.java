/** The Vector API backend. */
@NullMarked
package dev.jebena.cpu;

import org.jspecify.annotations.NullMarked;
