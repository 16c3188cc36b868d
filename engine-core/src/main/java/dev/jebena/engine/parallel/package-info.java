/** Ranks at work together: one Program on several backends, in threads of this process and in other processes. Knows no model. */
@NullMarked
package dev.jebena.engine.parallel;

import org.jspecify.annotations.NullMarked;
