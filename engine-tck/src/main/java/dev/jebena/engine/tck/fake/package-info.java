/** A backend and a model that compute nothing but notice every mistake of a scheduler; for tests of whatever stands above a backend. */
@NullMarked
package dev.jebena.engine.tck.fake;

import org.jspecify.annotations.NullMarked;
