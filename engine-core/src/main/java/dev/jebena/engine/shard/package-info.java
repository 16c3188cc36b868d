/** Tensor parallelism as a rewriting of Programs: which part of a model each rank computes. Knows nothing of how ranks are connected. */
@NullMarked
package dev.jebena.engine.shard;

import org.jspecify.annotations.NullMarked;
