/** HTTP/1.1 over Netty: connections, limits, timeouts, backpressure. Knows nothing of models and protocols. */
@NullMarked
package dev.jebena.server.http;

import org.jspecify.annotations.NullMarked;
