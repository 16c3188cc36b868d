package dev.jebena.engine.parallel;

import dev.jebena.engine.backend.BackendException;
import java.time.Duration;

/**
 * The processes that share a model, each with as many ranks as the others. Node 0 schedules; the others follow it.
 *
 * @param nodes processes
 * @param node this one, from 0
 * @param masterAddress where node 0 listens, and nothing else: a loopback address keeps everybody out who is not on this machine
 * @param masterPort the port there
 * @param secret what all nodes know and nobody else; it is never sent
 * @param joinTimeout how long to wait until all have joined
 * @param silence after so long without a sign of life, a node is given up; a node that ends is noticed at once
 */
public record Cluster(
    int nodes, int node, String masterAddress, int masterPort, String secret, Duration joinTimeout, Duration silence) {

  /** vLLM's. */
  public static final int DEFAULT_PORT = 29501;

  /** As vLLM's ranks listen where they are told, ours listen on this unless they are told otherwise. */
  public static final String DEFAULT_ADDRESS = "127.0.0.1";

  /** How long a node waits for the others. */
  public static final Duration DEFAULT_JOIN_TIMEOUT = Duration.ofMinutes(2);

  /** After how long a silent node is given up. */
  public static final Duration DEFAULT_SILENCE = Duration.ofSeconds(3);

  private static final int MOST_NODES = 64;
  private static final int LEAST_SECRET = 8;

  public Cluster {
    if (nodes < 2 || nodes > MOST_NODES) {
      throw new IllegalArgumentException("nodes is " + nodes + ": use 2 to " + MOST_NODES + ", or no cluster");
    }
    if (node < 0 || node >= nodes) {
      throw new IllegalArgumentException("node rank is " + node + ": use 0 to " + (nodes - 1));
    }
    if (masterPort < 1 || masterPort > 65535) {
      throw new IllegalArgumentException("master port is " + masterPort + ": use 1 to 65535");
    }
    if (secret.length() < LEAST_SECRET) {
      throw new IllegalArgumentException("the ranks' secret has " + secret.length() + " characters: use at least " + LEAST_SECRET);
    }
    if (joinTimeout.toMillis() < 1 || silence.toMillis() < 500) {
      throw new IllegalArgumentException(
          "the ranks wait " + joinTimeout + " for each other and " + silence + " for a sign of life: use more than 0 and at least 0.5 s");
    }
  }

  /** A cluster that waits as long as is usual. */
  public static Cluster of(int nodes, int node, String masterAddress, int masterPort, String secret) {
    return new Cluster(nodes, node, masterAddress, masterPort, secret, DEFAULT_JOIN_TIMEOUT, DEFAULT_SILENCE);
  }

  /**
   * Checks that every node gets as many ranks.
   *
   * @throws IllegalArgumentException naming both numbers if not
   */
  public void requireDivides(int tensorParallelSize) {
    if (tensorParallelSize % nodes != 0) {
      throw new IllegalArgumentException(
          "tensorParallelSize is " + tensorParallelSize + " and there are " + nodes + " nodes: every node gets as many ranks, use a multiple of "
              + nodes);
    }
  }

  /** The ranks of a node, in words. */
  static String ranksOf(int node, int localRanks) {
    return localRanks == 1 ? "rank " + node : "ranks " + node * localRanks + " to " + ((node + 1) * localRanks - 1);
  }

  /** What waiting longer than {@link #joinTimeout} ends with. */
  BackendException late(String whom) {
    return new RankException(whom + " within " + joinTimeout.toSeconds() + " s: start every node with the same --master-addr and --master-port");
  }
}
