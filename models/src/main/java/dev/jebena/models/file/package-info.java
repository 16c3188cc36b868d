/** Files as read-only memory, counted. Knows nothing of what is in them. */
@NullMarked
package dev.jebena.models.file;

import org.jspecify.annotations.NullMarked;
