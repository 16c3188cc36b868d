/** Main classes that drive other engines, each in a process of its own. */
@NullMarked
package dev.jebena.benchmarks.peers;

import org.jspecify.annotations.NullMarked;
