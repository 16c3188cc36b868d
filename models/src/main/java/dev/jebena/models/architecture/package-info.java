/** Architectures: from settings and weights to a Program. Knows nothing of containers. */
@NullMarked
package dev.jebena.models.architecture;

import org.jspecify.annotations.NullMarked;
