/** OpenAI's protocol, with vLLM's additions: JSON to {@code GenerationRequest} and back. Knows nothing of connections. */
@NullMarked
package dev.jebena.server.openai;

import org.jspecify.annotations.NullMarked;
