/** The engine's public API. */
@NullMarked
package dev.jebena.engine;

import org.jspecify.annotations.NullMarked;
