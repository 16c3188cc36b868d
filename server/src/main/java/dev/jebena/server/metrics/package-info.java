/** Metrics under the names that vLLM gave them, in Prometheus' text format. Knows the engine's statistics, but no protocol. */
@NullMarked
package dev.jebena.server.metrics;

import org.jspecify.annotations.NullMarked;
