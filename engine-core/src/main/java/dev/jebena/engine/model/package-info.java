/** What the engine needs of a model, whatever file it came from. */
@NullMarked
package dev.jebena.engine.model;

import org.jspecify.annotations.NullMarked;
