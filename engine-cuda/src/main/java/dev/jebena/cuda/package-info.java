/** The CUDA backend. Knows programs, weights and steps; nothing of requests, text or model files. */
@NullMarked
package dev.jebena.cuda;

import org.jspecify.annotations.NullMarked;
