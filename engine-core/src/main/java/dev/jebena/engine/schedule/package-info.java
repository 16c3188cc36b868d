/** Who runs when, and where its keys and values lie: scheduler, block pool, prefix cache. Knows nothing of text, threads or clocks. */
@NullMarked
package dev.jebena.engine.schedule;

import org.jspecify.annotations.NullMarked;
