/** The GGUF container, read and written. Knows nothing of architectures. */
@NullMarked
package dev.jebena.models.gguf;

import org.jspecify.annotations.NullMarked;
