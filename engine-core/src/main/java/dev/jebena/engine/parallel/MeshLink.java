package dev.jebena.engine.parallel;

import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Selector;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Collectives over a TCP connection between every two nodes, driven by the thread that wants the result.
 *
 * <p>A large sum is scattered and gathered: each node gets its own part of the values from all others, adds the parts in the order of the
 * nodes as they come, and sends what it has added on at once, so that sending, adding and receiving overlap. A node sends and receives
 * {@code 2 (n - 1) / n} of the values, as in a ring, but in two hops instead of {@code 2 (n - 1)}, and the order of the additions is that
 * of the nodes wherever a value lies. A small sum goes in one hop: everybody sends everything and adds by itself. Source of the bound:
 * Patarasuk and Yuan, Bandwidth optimal all-reduce algorithms, 2009.
 */
final class MeshLink implements NodeLink, AutoCloseable {

  /** Sums up to here are latency, not bandwidth. */
  private static final int SMALL_VALUES = 4096;

  private static final int SPINS = 2_000;
  private static final int YIELDS = 50;
  private static final long NAP_MILLIS = 100;

  /** What is known of why a connection broke. */
  interface Suspicion {

    /** Finds out, perhaps by waiting a little, and ends everything. */
    RankException suspect(int node, String why);
  }

  private final int node;
  private final int nodes;
  private final Selector selector;
  private final List<MeshPeer> peers;
  private final Suspicion suspicion;
  private final int spins;
  private final AtomicReference<@Nullable RankException> failure = new AtomicReference<>();
  private float[] own = new float[0];
  private long sequence;

  /**
   * Takes over the connections.
   *
   * @param peers of every other node, in their order
   */
  MeshLink(int node, int nodes, Selector selector, List<MeshPeer> peers, Suspicion suspicion, int busyThreads) {
    this.node = node;
    this.nodes = nodes;
    this.selector = selector;
    this.peers = List.copyOf(peers);
    this.suspicion = suspicion;
    this.spins = busyThreads <= Runtime.getRuntime().availableProcessors() ? SPINS : 0;
  }

  @Override
  public int node() {
    return node;
  }

  @Override
  public int nodes() {
    return nodes;
  }

  /** Ends the collective that runs and those to come. */
  void fail(RankException cause) {
    failure.compareAndSet(null, cause);
    selector.wakeup();
  }

  /** Bytes sent to other nodes until now. */
  long sentBytes() {
    return peers.stream().mapToLong(MeshPeer::sentBytes).sum();
  }

  @Override
  public void allReduce(float[] values, int count) {
    if (count <= SMALL_VALUES) {
      addUpHere(values, count);
    } else {
      scatterAndGather(values, count);
    }
  }

  private void addUpHere(float[] values, int count) {
    if (own.length < count) {
      own = new float[SMALL_VALUES];
    }
    System.arraycopy(values, 0, own, 0, count);
    sequence++;
    for (MeshPeer peer : peers) {
      peer.begin(sequence, count);
      peer.send(0, own, 0, count);
      peer.receive(0, peer.theirs(count), 0, count);
    }
    drive(() -> 0);
    boolean first = true;
    for (int each = 0; each < nodes; each++) {
      float[] part = each == node ? own : peer(each).theirs(count);
      if (first) {
        System.arraycopy(part, 0, values, 0, count);
        first = false;
      } else {
        add(part, 0, values, 0, count);
      }
    }
  }

  private MeshPeer peer(int other) {
    return peers.get(other < node ? other : other - 1);
  }

  private static void add(float[] from, int fromOffset, float[] to, int toOffset, int count) {
    for (int i = 0; i < count; i++) {
      to[toOffset + i] += from[fromOffset + i];
    }
  }

  private int partStart(int count, int part) {
    return (int) ((long) count * part / nodes);
  }

  private void scatterAndGather(float[] values, int count) {
    int start = partStart(count, node);
    int size = partStart(count, node + 1) - start;
    sequence++;
    for (MeshPeer peer : peers) {
      int theirStart = partStart(count, peer.node());
      int theirSize = partStart(count, peer.node() + 1) - theirStart;
      peer.begin(sequence, count);
      peer.send(0, values, theirStart, theirSize);
      peer.receive(0, peer.theirs(size), 0, size);
      peer.send(1, values, start, size);
      peer.receive(1, values, theirStart, theirSize);
    }
    drive(new Adder(values, start));
  }

  /** Adds what all have sent of this node's part, as it comes. */
  private final class Adder implements Added {

    private final float[] values;
    private final int start;
    private int added;

    Adder(float[] values, int start) {
      this.values = values;
      this.start = start;
    }

    @Override
    public int added() {
      int arrived = Integer.MAX_VALUE;
      for (MeshPeer peer : peers) {
        arrived = Math.min(arrived, peer.received(0));
      }
      int count = arrived - added;
      if (count > 0) {
        int at = start + added;
        if (node > 0) {
          // the sum begins with node 0's values: ours come when it is our turn
          if (own.length < count) {
            own = new float[Math.max(count, SMALL_VALUES)];
          }
          System.arraycopy(values, at, own, 0, count);
          System.arraycopy(peer(0).theirs(0), added, values, at, count);
        }
        for (int each = 1; each < nodes; each++) {
          if (each == node) {
            add(own, 0, values, at, count);
          } else {
            add(peer(each).theirs(0), added, values, at, count);
          }
        }
        added = arrived;
      }
      return added;
    }
  }

  @Override
  public void exchange(float[][] parts, int[] counts) {
    sequence++;
    int total = 0;
    for (int count : counts) {
      total += count;
    }
    for (MeshPeer peer : peers) {
      peer.begin(sequence, total);
      peer.send(0, parts[node], 0, counts[node]);
      peer.receive(0, parts[peer.node()], 0, counts[peer.node()]);
    }
    drive(() -> 0);
  }

  /** How many values of the second stretch can be sent; may do the work that makes them so. */
  private interface Added {
    int added();
  }

  @SuppressWarnings("ThreadPriorityCheck") // a hint only
  private void drive(Added added) {
    int idle = 0;
    while (true) {
      RankException cause = failure.get();
      if (cause != null) {
        throw new RankException(String.valueOf(cause.getMessage()), cause);
      }
      boolean moved = false;
      boolean done = true;
      int sendable = added.added();
      for (MeshPeer peer : peers) {
        try {
          moved |= peer.progress(sendable);
        } catch (IOException e) {
          throw suspicion.suspect(peer.node(), reason(e));
        }
        done &= peer.isDone();
      }
      if (done) {
        return;
      }
      if (moved) {
        idle = 0;
      } else if (idle < spins) {
        idle++;
        Thread.onSpinWait();
      } else if (idle < spins + YIELDS) {
        idle++;
        Thread.yield();
      } else {
        nap();
      }
    }
  }

  private static String reason(IOException e) {
    return e instanceof ClosedChannelException ? "the connection was closed" : String.valueOf(e.getMessage());
  }

  private void nap() {
    try {
      peers.forEach(MeshPeer::await);
      selector.select(_ -> {}, NAP_MILLIS);
    } catch (IOException | ClosedSelectorException | CancelledKeyException e) {
      throw new RankException("the connections between ranks were closed", e);
    }
  }

  @Override
  public void close() {
    peers.forEach(MeshPeer::close);
    try {
      selector.close();
    } catch (IOException e) {
      // it is gone either way
    }
  }
}
