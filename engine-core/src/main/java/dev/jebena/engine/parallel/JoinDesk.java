package dev.jebena.engine.parallel;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Where other nodes call. Each call has a thread of its own and little time, so that one that says nothing holds nobody up; each node and
 * kind of connection is let in once. It goes on refusing those that come too late, so that they hear why.
 */
final class JoinDesk implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(JoinDesk.class.getName());
  private static final int MOST_CALLS = 32;
  private static final long PROBE_NANOS = 500_000_000;

  private final ServerSocketChannel listener;
  private final Handshake handshake;
  private final Handshake.Hello ours;
  private final Semaphore calls = new Semaphore(MOST_CALLS);
  private final Thread thread;
  private final BitSet[] taken = {new BitSet(), new BitSet()};
  private final SortedMap<Integer, Guest> controls = new TreeMap<>();
  private final SortedMap<Integer, SocketChannel> data = new TreeMap<>();
  private boolean closed;

  /** A node that was let in. */
  record Guest(Handshake.Hello hello, SocketChannel channel) {}

  /** Listens on an address of this machine; port 0 lets the system choose. */
  JoinDesk(InetSocketAddress address, Handshake handshake, Handshake.Hello ours) throws IOException {
    this.handshake = handshake;
    this.ours = ours;
    this.listener = open(address);
    this.thread = Thread.ofPlatform().daemon(true).name("jebena-rank-desk").start(this::accept);
  }

  @SuppressWarnings("MustBeClosed") // close() does
  private static ServerSocketChannel open(InetSocketAddress address) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      channel.bind(address);
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  int port() {
    return listener.socket().getLocalPort();
  }

  @SuppressWarnings("MustBeClosed") // hear() hands it on or closes it
  private void accept() {
    while (true) {
      try {
        SocketChannel channel = listener.accept();
        if (calls.tryAcquire()) {
          Thread.ofVirtual().start(() -> hear(channel));
        } else {
          channel.close();
        }
      } catch (IOException e) {
        if (!listener.isOpen()) {
          return;
        }
      }
    }
  }

  private void hear(SocketChannel channel) {
    Thread alarm = Thread.ofVirtual().start(() -> cutOff(channel));
    try {
      channel.socket().setSoTimeout(Handshake.TIMEOUT_MILLIS);
      channel.socket().setTcpNoDelay(true);
      DataInputStream in = new DataInputStream(channel.socket().getInputStream());
      DataOutputStream out = new DataOutputStream(channel.socket().getOutputStream());
      Handshake.Heard heard = handshake.hear(in, out);
      String reason = reasonAgainst(heard.hello());
      if (!reason.isEmpty()) {
        LOG.log(System.Logger.Level.WARNING, "node {0} from {1} is refused: {2}", heard.hello().node(), channel.getRemoteAddress(), reason);
        handshake.answer(out, heard, reason);
        channel.close();
        return;
      }
      try {
        handshake.answer(out, heard, "");
      } catch (IOException e) {
        forget(heard.hello());
        throw e;
      }
      letIn(heard.hello(), channel);
    } catch (IOException | RankException e) {
      LOG.log(System.Logger.Level.WARNING, "a call to the ranks'' port was turned away: {0}", e.getMessage());
      try {
        channel.close();
      } catch (IOException ignored) {
        // it is gone either way
      }
    } finally {
      alarm.interrupt();
      calls.release();
    }
  }

  /** Ends a call that takes too long as a whole, though every byte of it may come in time. */
  private static void cutOff(SocketChannel channel) {
    try {
      Thread.sleep(2L * Handshake.TIMEOUT_MILLIS);
      channel.close();
    } catch (InterruptedException | IOException e) {
      // it was heard in time, or is gone
    }
  }

  private synchronized String reasonAgainst(Handshake.Hello hello) {
    String reason = ours.whyNot(hello);
    if (reason.isEmpty() && hello.node() <= ours.node()) {
      reason = "node " + hello.node() + " should wait for calls of node " + ours.node();
    }
    if (reason.isEmpty()) {
      BitSet ofKind = taken[hello.kind().code()];
      if (ofKind.get(hello.node())) {
        return "node rank " + hello.node() + " has joined already: give every node its own --node-rank";
      }
      ofKind.set(hello.node());
    }
    return reason;
  }

  private synchronized void forget(Handshake.Hello hello) {
    taken[hello.kind().code()].clear(hello.node());
  }

  private synchronized void letIn(Handshake.Hello hello, SocketChannel channel) throws IOException {
    if (closed) {
      channel.close();
      return;
    }
    switch (hello.kind()) {
      case CONTROL -> controls.put(hello.node(), new Guest(hello, channel));
      case DATA -> data.put(hello.node(), channel);
    }
    notifyAll();
  }

  /**
   * Waits until every node above this one has a control connection. One that goes meanwhile makes room for another of its number.
   *
   * @throws RankException naming those that are missing when the time is up
   */
  synchronized SortedMap<Integer, Guest> awaitControls(Cluster cluster, long deadlineNanos) throws InterruptedException {
    while (!isComplete(controls)) {
      await(cluster, controls, deadlineNanos);
      gone().forEach(node -> {
        LOG.log(System.Logger.Level.WARNING, "node {0} went before all had joined", node);
        Guest guest = controls.remove(node);
        if (guest != null) {
          forget(guest.hello());
          closeQuietly(guest.channel());
        }
      });
    }
    return new TreeMap<>(controls);
  }

  /**
   * Waits until every node above this one has a data connection.
   *
   * @throws RankException naming one that goes meanwhile, or those that are missing when the time is up
   */
  synchronized SortedMap<Integer, SocketChannel> awaitData(Cluster cluster, long deadlineNanos) throws InterruptedException {
    while (!isComplete(data)) {
      await(cluster, data, deadlineNanos);
      for (int node : gone()) {
        throw new RankException(Cluster.ranksOf(node, ours.ranks() / ours.nodes()) + " (node " + node + ") is gone: its process ended while joining");
      }
    }
    return new TreeMap<>(data);
  }

  private boolean isComplete(SortedMap<Integer, ?> joined) {
    return joined.size() == ours.nodes() - 1 - ours.node();
  }

  /** Waits until somebody joins, or a moment. */
  private void await(Cluster cluster, SortedMap<Integer, ?> joined, long deadlineNanos) throws InterruptedException {
    long left = deadlineNanos - System.nanoTime();
    if (left <= 0) {
      StringBuilder missing = new StringBuilder();
      for (int node = ours.node() + 1; node < ours.nodes(); node++) {
        if (!joined.containsKey(node)) {
          missing.append(missing.isEmpty() ? "" : ", ").append(Cluster.ranksOf(node, ours.ranks() / ours.nodes()));
        }
      }
      throw cluster.late(missing + " did not join");
    }
    TimeUnit.NANOSECONDS.timedWait(this, Math.clamp(left, 1_000_000, PROBE_NANOS));
  }

  /** The nodes whose control connections break when they are written to: they wait, and would ignore a sign of life. */
  private List<Integer> gone() {
    List<Integer> gone = new ArrayList<>();
    controls.forEach((node, guest) -> {
      try {
        guest.channel().socket().getOutputStream().write(ControlChannel.pingFrame());
      } catch (IOException e) {
        gone.add(node);
      }
    });
    return gone;
  }

  /** Closes the port; connections that were let in stay with those who took them. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    try {
      listener.close();
      thread.join(TimeUnit.SECONDS.toMillis(2));
    } catch (IOException e) {
      // it is gone either way
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Closes the port and everything that was let in. */
  synchronized void closeAll() {
    close();
    for (Guest guest : controls.values()) {
      closeQuietly(guest.channel);
    }
    data.values().forEach(JoinDesk::closeQuietly);
  }

  static void closeQuietly(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // it is gone either way
    }
  }
}
