/** Opens models from files and folders and says what they are. Knows nothing of backends or requests. */
@NullMarked
package dev.jebena.models;

import org.jspecify.annotations.NullMarked;
