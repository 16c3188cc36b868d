/** The {@code jebena} command: arguments in, text or JSON out. Knows the library's API and nothing of how it computes. */
@NullMarked
package dev.jebena.server.cli;

import org.jspecify.annotations.NullMarked;
