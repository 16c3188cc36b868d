/** How the next token is chosen: parameters and the specification of the sampler. Knows nothing of schedules or devices. */
@NullMarked
package dev.jebena.engine.sampling;

import org.jspecify.annotations.NullMarked;
