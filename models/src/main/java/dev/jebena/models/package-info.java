/** Model files and architectures. */
@NullMarked
package dev.jebena.models;

import org.jspecify.annotations.NullMarked;
