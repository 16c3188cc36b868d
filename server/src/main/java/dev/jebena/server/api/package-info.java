/** What all protocols share: routes, JSON and its checks, errors. Knows the transport, but no engine. */
@NullMarked
package dev.jebena.server.api;

import org.jspecify.annotations.NullMarked;
