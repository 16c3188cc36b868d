/** JMH benchmarks of the parts whose speed matters, through the interfaces that everybody else uses. */
@NullMarked
package dev.jebena.benchmarks;

import org.jspecify.annotations.NullMarked;
