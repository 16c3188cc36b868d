package dev.jebena.engine.parallel;

import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * This process once it has joined: its connections, the watch over the other nodes, and the one failure that ends it all.
 *
 * <p>A process that ends closes its connections, which is seen at once; a machine that is gone says nothing any more, which is seen when it
 * has been silent for {@link Cluster#silence()}. Whoever sees a failure first tells the others what it was, so that all name the same rank.
 */
abstract class ConnectedNode implements RankNode, ControlChannel.Listener {

  private static final System.Logger LOG = System.getLogger(ConnectedNode.class.getName());
  private static final int BEATS = 8;
  private static final long SUSPICION_MILLIS = 300;
  private static final long TELL_MILLIS = 100;

  private final Cluster cluster;
  private final int localRanks;
  private final List<ControlChannel> controls;
  private final MeshLink link;
  private final Thread heart;
  private final CountDownLatch failed = new CountDownLatch(1);
  private final AtomicReference<@Nullable RankException> failure = new AtomicReference<>();
  private final AtomicReference<@Nullable Consumer<RankException>> listener = new AtomicReference<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean ending;

  ConnectedNode(
      Cluster cluster, int localRanks, List<ControlChannel> controls, SortedMap<Integer, SocketChannel> data, int busyThreads)
      throws IOException {
    this.cluster = cluster;
    this.localRanks = localRanks;
    this.controls = List.copyOf(controls);
    Selector selector = openSelector();
    List<MeshPeer> peers = new ArrayList<>();
    for (Map.Entry<Integer, SocketChannel> each : data.entrySet()) {
      peers.add(new MeshPeer(each.getKey(), each.getValue(), selector));
    }
    this.link = new MeshLink(cluster.node(), cluster.nodes(), selector, peers, this::suspect, busyThreads);
    this.heart = Thread.ofPlatform().daemon(true).name("jebena-rank-heart").unstarted(this::beat);
  }

  @SuppressWarnings("MustBeClosed") // the link closes it
  private static Selector openSelector() throws IOException {
    return Selector.open();
  }

  /** Begins to listen and to watch. */
  final void start() {
    heart.start();
    controls.forEach(control -> control.start(this));
  }

  @Override
  public final int node() {
    return cluster.node();
  }

  @Override
  public final int nodes() {
    return cluster.nodes();
  }

  @Override
  public final NodeLink link() {
    return link;
  }

  final Cluster cluster() {
    return cluster;
  }

  final List<ControlChannel> controls() {
    return controls;
  }

  /** The ranks of a node, in words. */
  final String ranksOf(int node) {
    return Cluster.ranksOf(node, localRanks);
  }

  @Override
  public final void onFailure(Consumer<RankException> newListener) {
    listener.set(newListener);
    RankException known = failure.get();
    if (known != null) {
      newListener.accept(known);
    }
  }

  /** Why it ended, if it did. */
  final @Nullable RankException failure() {
    return failure.get();
  }

  final void requireAlive() {
    RankException cause = failure.get();
    if (cause != null) {
      throw new RankException(String.valueOf(cause.getMessage()), cause);
    }
  }

  @Override
  public final void lost(ControlChannel from, String why) {
    fail(new RankException(ranksOf(from.node()) + " (node " + from.node() + " at " + from.address() + ") is gone: " + why));
  }

  /** A data connection broke: the node at its end is gone, or has failed because of another one, which the control channel tells soon. */
  private RankException suspect(int node, String why) {
    if (this.node() != 0) {
      tell("the connection to " + ranksOf(node) + " (node " + node + ") broke: " + why);
    }
    try {
      if (!failed.await(SUSPICION_MILLIS, TimeUnit.MILLISECONDS)) {
        fail(new RankException(ranksOf(node) + " (node " + node + ") is gone: " + why));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    RankException cause = failure.get();
    return cause == null ? new RankException(ranksOf(node) + " is gone: " + why) : cause;
  }

  private void tell(String what) {
    controls.forEach(control -> control.offer(ControlChannel.Type.FAILED, what, TELL_MILLIS));
  }

  /** Ends everything; only the first cause counts. May be called by any thread. */
  @Override
  public final void fail(RankException cause) {
    if (ending || closed.get() || !failure.compareAndSet(null, cause)) {
      return;
    }
    LOG.log(System.Logger.Level.ERROR, "the ranks end: {0}", cause.getMessage());
    failed.countDown();
    link.fail(cause);
    Consumer<RankException> told = listener.get();
    if (told != null) {
      told.accept(cause);
    }
    tell(String.valueOf(cause.getMessage()));
    ended();
  }

  /** Is told when the ranks have failed. */
  abstract void ended();

  /** Sends signs of life and looks for those of the others. */
  private void beat() {
    long beatNanos = cluster.silence().toNanos() / BEATS;
    Map<ControlChannel, Long> heard = new HashMap<>();
    Map<ControlChannel, Integer> missed = new HashMap<>();
    long before = System.nanoTime();
    while (!closed.get() && failure.get() == null) {
      try {
        TimeUnit.NANOSECONDS.sleep(beatNanos);
      } catch (InterruptedException e) {
        return;
      }
      long now = System.nanoTime();
      // whoever was stopped itself cannot tell how long the others were silent
      boolean wasStopped = now - before > 2 * beatNanos;
      before = now;
      for (ControlChannel control : controls) {
        control.offer(ControlChannel.Type.PING, "", 0);
        Long last = heard.put(control, control.heard());
        boolean silent = last != null && last == control.heard();
        int count = silent && !wasStopped ? missed.merge(control, 1, Integer::sum) : 0;
        if (count == 0) {
          missed.put(control, 0);
        } else if (count >= BEATS) {
          lost(control, "it has been silent for " + cluster.silence().toMillis() + " ms");
        }
      }
    }
  }

  /** From now on the others may go without that being a failure. */
  final void expectEnd() {
    ending = true;
  }

  /** Whether this is the first call. */
  final boolean closeOnce() {
    return closed.compareAndSet(false, true);
  }

  /** Closes every connection and waits for the threads behind them. */
  final void disconnect() {
    heart.interrupt();
    controls.forEach(ControlChannel::close);
    link.close();
    controls.forEach(ControlChannel::join);
    if (Thread.currentThread() != heart) {
      try {
        heart.join(TimeUnit.SECONDS.toMillis(2));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
