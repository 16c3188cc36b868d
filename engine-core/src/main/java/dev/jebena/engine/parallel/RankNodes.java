package dev.jebena.engine.parallel;

import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.model.Model;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** How the processes that share a model find each other. */
public final class RankNodes {

  private static final System.Logger LOG = System.getLogger(RankNodes.class.getName());
  private static final long RETRY_MILLIS = 100;
  /** When all nodes are there, they connect with each other in no time. */
  private static final long MESH_NANOS = 20_000_000_000L;

  private RankNodes() {}

  /**
   * Opens a backend as node 0, when all other nodes have joined.
   *
   * @param ranks of all nodes
   * @throws RankException naming the nodes that are missing, or what does not fit
   */
  public static ShardedBackend lead(
      Cluster cluster, int ranks, Model model, BackendProvider provider, BackendSettings settings, MemoryBudget budget) {
    if (cluster.node() != 0) {
      throw new RankException("node rank " + cluster.node() + " follows node 0: only that one takes requests");
    }
    int local = ranks / cluster.nodes();
    int threads = threads(cluster, provider, settings);
    Handshake.Hello hello = hello(Handshake.Kind.CONTROL, cluster, ranks, model, provider, 0);
    JoinDesk desk = null;
    try {
      desk = new JoinDesk(new InetSocketAddress(InetAddress.getByName(cluster.masterAddress()), cluster.masterPort()),
          new Handshake(cluster.secret()), hello);
      LOG.log(System.Logger.Level.INFO, "waiting for {0} nodes on {1}:{2}", cluster.nodes() - 1, cluster.masterAddress(),
          String.valueOf(desk.port()));
      LeadingNode node = gather(cluster, local, desk, Math.max(local, threads) * nodesHere(cluster));
      node.start();
      return ShardedBackend.open(provider, local, withThreads(settings, threads), budget, node);
    } catch (IOException e) {
      closeAll(desk);
      throw new RankException(
          "node 0 cannot listen on " + cluster.masterAddress() + ":" + cluster.masterPort() + " (" + e.getMessage()
              + "): another one may be there, choose another --master-port", e);
    } catch (InterruptedException e) {
      closeAll(desk);
      Thread.currentThread().interrupt();
      throw new RankException("interrupted while waiting for other nodes", e);
    } catch (RuntimeException | Error e) {
      closeAll(desk);
      throw e;
    }
  }

  /** Nodes that meet on a loopback address share a machine, and its processors. */
  private static int nodesHere(Cluster cluster) {
    InetAddress address = new InetSocketAddress(cluster.masterAddress(), cluster.masterPort()).getAddress();
    return address != null && address.isLoopbackAddress() ? cluster.nodes() : 1;
  }

  private static int threads(Cluster cluster, BackendProvider provider, BackendSettings settings) {
    return settings.threads().orElseGet(() -> ShardedBackend.threads(provider, nodesHere(cluster)));
  }

  private static BackendSettings withThreads(BackendSettings settings, int threads) {
    return new BackendSettings(OptionalInt.of(threads), settings.computeType());
  }

  private static void closeAll(@Nullable JoinDesk desk) {
    if (desk != null) {
      desk.closeAll();
    }
  }

  private static LeadingNode gather(Cluster cluster, int local, JoinDesk desk, int threads) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + cluster.joinTimeout().toNanos();
    SortedMap<Integer, JoinDesk.Guest> guests = desk.awaitControls(cluster, deadline);
    List<ControlChannel> controls = new ArrayList<>();
    for (var guest : guests.entrySet()) {
      controls.add(new ControlChannel(guest.getKey(), guest.getValue().channel()));
    }
    for (ControlChannel control : controls) {
      try {
        control.send(ControlChannel.Type.ROSTER, out -> {
          for (var guest : guests.entrySet()) {
            out.writeUTF(guest.getValue().channel().socket().getInetAddress().getHostAddress());
            out.writeInt(guest.getValue().hello().dataPort());
          }
        });
      } catch (IOException e) {
        throw new RankException(Cluster.ranksOf(control.node(), local) + " (node " + control.node() + ") is gone: " + e.getMessage(), e);
      }
    }
    return new LeadingNode(cluster, local, desk, controls, desk.awaitData(cluster, System.nanoTime() + MESH_NANOS), threads);
  }

  /**
   * Joins as one of the nodes above 0 and computes what node 0 asks for; returns when that closes.
   *
   * @param ranks of all nodes
   * @throws RankException if this node was refused, or naming the rank that failed
   */
  public static void follow(
      Cluster cluster, int ranks, Model model, BackendProvider provider, BackendSettings settings, MemoryBudget budget) {
    int local = ranks / cluster.nodes();
    int threads = threads(cluster, provider, settings);
    List<SocketChannel> opened = new ArrayList<>();
    FollowingNode node;
    try {
      node = join(cluster, local, ranks, model, provider, Math.max(local, threads) * nodesHere(cluster), opened);
    } catch (IOException e) {
      opened.forEach(JoinDesk::closeQuietly);
      throw new RankException("joining node 0 at " + cluster.masterAddress() + ":" + cluster.masterPort() + " failed: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      opened.forEach(JoinDesk::closeQuietly);
      Thread.currentThread().interrupt();
      throw new RankException("interrupted while joining", e);
    } catch (RuntimeException | Error e) {
      opened.forEach(JoinDesk::closeQuietly);
      throw e;
    }
    try (ShardedBackend backend = ShardedBackend.open(provider, local, withThreads(settings, threads), budget, node)) {
      node.start();
      node.obey(model, backend);
    }
  }

  private static FollowingNode join(
      Cluster cluster, int local, int ranks, Model model, BackendProvider provider, int threads, List<SocketChannel> opened)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + cluster.joinTimeout().toNanos();
    Handshake handshake = new Handshake(cluster.secret());
    InetSocketAddress master = new InetSocketAddress(InetAddress.getByName(cluster.masterAddress()), cluster.masterPort());
    Handshake.Hello unlisted = hello(Handshake.Kind.CONTROL, cluster, ranks, model, provider, 0);
    SocketChannel control = connect(cluster, master, deadline, opened);
    InetAddress here = control.socket().getLocalAddress();
    try (JoinDesk desk = new JoinDesk(new InetSocketAddress(here, 0), handshake, unlisted)) {
      Handshake.Hello hello = hello(Handshake.Kind.CONTROL, unlisted, desk.port());
      call(handshake, control, hello);
      control.socket().setSoTimeout((int) Math.min(Integer.MAX_VALUE, cluster.joinTimeout().toMillis()));
      SortedMap<Integer, InetSocketAddress> roster = roster(control, cluster);
      long meshed = System.nanoTime() + MESH_NANOS;
      SortedMap<Integer, SocketChannel> data = new TreeMap<>();
      roster.put(0, master);
      for (var other : roster.headMap(cluster.node()).entrySet()) {
        SocketChannel channel = connect(cluster, other.getValue(), meshed, opened);
        call(handshake, channel, hello(Handshake.Kind.DATA, unlisted, 0));
        data.put(other.getKey(), channel);
      }
      data.putAll(desk.awaitData(cluster, meshed));
      opened.addAll(data.values());
      return new FollowingNode(cluster, local, new ControlChannel(0, control), data, threads);
    }
  }

  private static void call(Handshake handshake, SocketChannel channel, Handshake.Hello hello) throws IOException {
    channel.socket().setSoTimeout(Handshake.TIMEOUT_MILLIS);
    handshake.call(new DataInputStream(channel.socket().getInputStream()), new DataOutputStream(channel.socket().getOutputStream()), hello);
  }

  /** Reads the first frame: where the nodes above 0 take data connections. */
  private static SortedMap<Integer, InetSocketAddress> roster(SocketChannel control, Cluster cluster) throws IOException {
    DataInputStream in = new DataInputStream(control.socket().getInputStream());
    int type;
    int length;
    try {
      do {
        type = in.readUnsignedByte();
        length = in.readInt();
      } while (type == ControlChannel.Type.PING.code() && length == 0);
    } catch (EOFException e) {
      throw new RankException("rank 0 ended while others were still missing", e);
    }
    if (type != ControlChannel.Type.ROSTER.code() || length < 0 || length > 1 << 16) {
      throw new RankException("node 0 did not say where the other nodes are");
    }
    DataInputStream body = new DataInputStream(new ByteArrayInputStream(in.readNBytes(length)));
    SortedMap<Integer, InetSocketAddress> roster = new TreeMap<>();
    for (int node = 1; node < cluster.nodes(); node++) {
      roster.put(node, new InetSocketAddress(InetAddress.getByName(body.readUTF()), body.readInt()));
    }
    return roster;
  }

  /** Calls until somebody answers: nodes start in any order. */
  @SuppressWarnings("MustBeClosed") // the list of those opened
  private static SocketChannel connect(Cluster cluster, InetSocketAddress address, long deadline, List<SocketChannel> opened)
      throws IOException, InterruptedException {
    while (true) {
      SocketChannel channel = SocketChannel.open();
      try {
        channel.socket().connect(address, Handshake.TIMEOUT_MILLIS);
        channel.socket().setTcpNoDelay(true);
        opened.add(channel);
        return channel;
      } catch (IOException e) {
        channel.close();
        if (System.nanoTime() > deadline) {
          throw cluster.late("nobody answered at " + address + " (" + e.getMessage() + ")");
        }
      }
      Thread.sleep(RETRY_MILLIS);
    }
  }

  private static Handshake.Hello hello(
      Handshake.Kind kind, Cluster cluster, int ranks, Model model, BackendProvider provider, int dataPort) {
    cluster.requireDivides(ranks);
    String version = RankNodes.class.getPackage().getImplementationVersion();
    return new Handshake.Hello(
        kind, cluster.node(), cluster.nodes(), ranks, version == null ? "development" : version,
        ModelFingerprint.of(model.program(), model.weights()), provider.name(), dataPort);
  }

  private static Handshake.Hello hello(Handshake.Kind kind, Handshake.Hello like, int dataPort) {
    return new Handshake.Hello(kind, like.node(), like.nodes(), like.ranks(), like.version(), like.modelHash(), like.backend(), dataPort);
  }
}
