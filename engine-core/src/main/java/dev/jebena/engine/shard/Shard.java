package dev.jebena.engine.shard;

import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.WeightSource;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one rank computes: its Program, and which parts of the model's weights that Program's weights are.
 *
 * @param program with collectives
 * @param rank from 0
 * @param worldSize ranks
 * @param cuts by the name that the Program uses
 */
public record Shard(Program program, int rank, int worldSize, Map<String, WeightCut> cuts) {

  public Shard {
    cuts = Map.copyOf(cuts);
  }

  /**
   * Rewrites a Program for one of {@code worldSize} ranks: linear operations by columns or rows, attention by heads, embedding and head by
   * ranges of the vocabulary, with collectives where ranks need what others have. Every rank that rewrites the same Program gets collectives
   * that fit the others'. Source of the scheme: Shoeybi et al., Megatron-LM, 2019.
   *
   * @throws ShardException naming the numbers if it cannot be divided so
   */
  public static Shard of(Program program, int rank, int worldSize) {
    if (worldSize < 1 || rank < 0 || rank >= worldSize) {
      throw new IllegalArgumentException("rank " + rank + " of " + worldSize + ": ranks go from 0 to the size of the world less one");
    }
    if (worldSize == 1) {
      Map<String, WeightCut> whole = new LinkedHashMap<>();
      program.weights().forEach((name, spec) -> whole.put(name, WeightCut.whole(spec)));
      return new Shard(program, rank, worldSize, whole);
    }
    return new Rewriter(program, SplitPlan.of(program, worldSize), rank, worldSize).rewrite();
  }

  /** The Program's weights, as parts of the model's. */
  public WeightSource weights(WeightSource whole) {
    return spec -> {
      WeightCut cut = cuts.get(spec.name());
      if (cut == null || !cut.spec().equals(spec)) {
        throw new BackendException(spec + " is no weight of rank " + rank + " of " + worldSize);
      }
      return cut.of(whole.weight(cut.whole()));
    };
  }

  /** What the collectives carry. */
  public Traffic traffic() {
    long tokenReduce = 0;
    long outputGather = 0;
    long tokenGather = 0;
    long outputReduce = 0;
    int collectives = 0;
    for (Op operation : program.operations()) {
      if (operation instanceof Op.AllReduce reduce) {
        collectives++;
        tokenReduce += bytes(reduce.out(), RowDomain.TOKENS);
        outputReduce += bytes(reduce.out(), RowDomain.OUTPUTS);
      } else if (operation instanceof Op.AllGather gather) {
        collectives++;
        tokenGather += bytes(gather.out(), RowDomain.TOKENS);
        outputGather += bytes(gather.out(), RowDomain.OUTPUTS);
      }
    }
    return new Traffic(collectives, tokenReduce, tokenGather, outputReduce, outputGather, worldSize);
  }

  private static long bytes(Value value, RowDomain domain) {
    return value.domain() == domain ? (long) value.columns() * Float.BYTES : 0;
  }

  /**
   * What collectives carry, before any of it is sent: sizes of the results.
   *
   * @param collectives in a step
   * @param reducedTokenBytes of sums, for each token of a step
   * @param gatheredTokenBytes of gathered values, for each token of a step
   * @param reducedOutputBytes of sums, for each row of logits
   * @param gatheredOutputBytes of gathered values, for each row of logits
   * @param worldSize ranks
   */
  public record Traffic(
      int collectives, long reducedTokenBytes, long gatheredTokenBytes, long reducedOutputBytes, long gatheredOutputBytes, int worldSize) {

    /** Bytes that a rank sends for each token: a sum is scattered and gathered, each time all but the rank's own part. */
    public long sentTokenBytes() {
      return sent(2 * reducedTokenBytes + gatheredTokenBytes);
    }

    /** Bytes that a rank sends for each row of logits. */
    public long sentOutputBytes() {
      return sent(2 * reducedOutputBytes + gatheredOutputBytes);
    }

    private long sent(long bytes) {
      return Math.ceilDiv(bytes * (worldSize - 1), worldSize);
    }
  }
}
