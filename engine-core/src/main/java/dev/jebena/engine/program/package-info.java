/** A forward pass as data: typed, single-assignment, unfused operations. Knows nothing of files, schedules or devices. */
@NullMarked
package dev.jebena.engine.program;

import org.jspecify.annotations.NullMarked;
