/** Text to token ids and back. */
@NullMarked
package dev.jebena.tokenizer;

import org.jspecify.annotations.NullMarked;
