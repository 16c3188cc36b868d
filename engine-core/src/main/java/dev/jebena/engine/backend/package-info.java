/** The Backend SPI: what the engine asks of whatever computes. Knows nothing of requests, text or HTTP. */
@NullMarked
package dev.jebena.engine.backend;

import org.jspecify.annotations.NullMarked;
