/** The test kit that every backend has to pass, and tiny random models for tests. Knows the engine's seams only. */
@NullMarked
package dev.jebena.engine.tck;

import org.jspecify.annotations.NullMarked;
