/** The HTTP server. */
@NullMarked
package dev.jebena.server;

import org.jspecify.annotations.NullMarked;
