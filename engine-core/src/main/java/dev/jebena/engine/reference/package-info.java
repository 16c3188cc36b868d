/** The scalar reference backend: every operation in plain Java, the specification of the others. Knows nothing of speed. */
@NullMarked
package dev.jebena.engine.reference;

import org.jspecify.annotations.NullMarked;
