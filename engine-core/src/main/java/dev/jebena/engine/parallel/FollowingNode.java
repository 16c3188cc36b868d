package dev.jebena.engine.parallel;

import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.model.Model;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** Any node but 0: does what node 0 tells it to, until that closes or one of them fails. */
final class FollowingNode extends ConnectedNode {

  private static final int SPINS = 5_000;

  private final LinkedBlockingQueue<ControlChannel.Frame> orders = new LinkedBlockingQueue<>();
  private final int spins;

  FollowingNode(
      Cluster cluster, int localRanks, ControlChannel control, SortedMap<Integer, SocketChannel> data, int busyThreads) throws IOException {
    super(cluster, localRanks, List.of(control), data, busyThreads);
    this.spins = busyThreads < Runtime.getRuntime().availableProcessors() ? SPINS : 0;
  }

  @Override
  public void received(ControlChannel from, ControlChannel.Frame frame) {
    if (frame.type() == ControlChannel.Type.FAILED) {
      fail(new RankException(frame.text()));
    } else {
      if (frame.type() == ControlChannel.Type.CLOSE) {
        expectEnd();
      }
      orders.add(frame);
    }
  }

  @Override
  void ended() {
    orders.add(new ControlChannel.Frame(ControlChannel.Type.FAILED, new byte[0]));
  }

  /** What was made of the model so far. */
  private static final class Made implements AutoCloseable {

    private final List<AutoCloseable> open = new ArrayList<>();
    private @Nullable WeightSet weights;
    private @Nullable Executable executable;
    private @Nullable KvCache cache;
    private int check;

    <T extends AutoCloseable> T keep(T made) {
      open.add(made);
      return made;
    }

    @Override
    public void close() {
      ShardedBackend.closeAll(open);
    }
  }

  /**
   * Obeys until node 0 closes.
   *
   * @throws RankException naming the rank that failed
   */
  void obey(Model model, ShardedBackend backend) {
    StepPlan plan = new StepPlan();
    try (Made made = new Made()) {
      while (true) {
        ControlChannel.Frame order = next();
        requireAlive();
        switch (order.type()) {
          case LOAD -> {
            made.weights = made.keep(backend.load(model.program(), model.weights(), LoadProgress.SILENT));
            controls().getFirst().send(ControlChannel.Type.LOADED, out -> {});
          }
          case COMPILE -> made.executable = made.keep(compile(order.in(), model, backend, require(made.weights, order)));
          case CACHE -> made.cache = made.keep(require(made.executable, order).allocateCache(order.in().readInt()));
          case STEP -> step(order, plan, made);
          case CLOSE -> {
            return;
          }
          case FAILED, PING, ROSTER, LOADED -> throw new RankException("rank 0 sent " + order.type() + ", which is no order");
        }
      }
    } catch (RankException e) {
      fail(e);
      throw e;
    } catch (IOException | RuntimeException | Error e) {
      RankException cause = new RankException(ranksOf(node()) + " (node " + node() + ") failed: " + e.getMessage(), e);
      fail(cause);
      throw cause;
    }
  }

  private static <T> T require(@Nullable T made, ControlChannel.Frame order) {
    if (made == null) {
      throw new RankException("rank 0 sent " + order.type() + " too early");
    }
    return made;
  }

  private static Executable compile(DataInputStream in, Model model, ShardedBackend backend, WeightSet weights) throws IOException {
    Limits limits = new Limits(in.readInt(), in.readInt(), in.readInt(), in.readInt());
    KvFormat format = new KvFormat(KvType.valueOf(in.readUTF()), in.readInt());
    return backend.compile(model.program(), weights, limits, format);
  }

  private void step(ControlChannel.Frame order, StepPlan plan, Made made) throws IOException {
    DataInputStream in = order.in();
    int check = in.readInt();
    if (check != made.check) {
      throw new RankException(
          ranksOf(node()) + " (node " + node() + ") drew other tokens than rank 0: its Java or its processor rounds otherwise, use the same");
    }
    StepPlanCodec.read(in, order.body().length, plan);
    StepResult result = require(made.executable, order).submit(plan, require(made.cache, order)).await();
    made.check = LeadingNode.checkOf(result);
  }

  private ControlChannel.Frame next() {
    for (int i = 0; i < spins; i++) {
      ControlChannel.Frame frame = orders.poll();
      if (frame != null) {
        return frame;
      }
      Thread.onSpinWait();
    }
    try {
      return orders.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RankException("interrupted while waiting for rank 0", e);
    }
  }

  @Override
  public void close() {
    if (closeOnce()) {
      disconnect();
    }
  }
}
