package dev.jebena.benchmarks;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What an operation reads and computes; in a benchmark of operations per second JMH shows both as rates. */
@AuxCounters(AuxCounters.Type.OPERATIONS)
@State(Scope.Thread)
public class Rates {

  /** Bytes of weights or cache read, in thousands of millions: shown as GB/s. */
  public double gigabytes;

  /** Multiplications and additions, in thousands of millions: shown as GFLOP/s. */
  public double gigaOperations;
}
