package dev.jebena.engine.parallel;

import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.RowStatus;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.BitSet;
import java.util.List;
import java.util.SortedMap;
import java.util.concurrent.TimeUnit;

/** Node 0: schedules, and tells the others what it does. */
final class LeadingNode extends ConnectedNode implements RankLeader {

  private final JoinDesk desk;
  private final BitSet loaded = new BitSet();
  private int tokenCheck;

  LeadingNode(
      Cluster cluster, int localRanks, JoinDesk desk, List<ControlChannel> controls, SortedMap<Integer, SocketChannel> data, int busyThreads)
      throws IOException {
    super(cluster, localRanks, controls, data, busyThreads);
    this.desk = desk;
  }

  @Override
  public RankLeader leader() {
    return this;
  }

  @Override
  public void received(ControlChannel from, ControlChannel.Frame frame) {
    switch (frame.type()) {
      case LOADED -> {
        synchronized (loaded) {
          loaded.set(from.node());
          loaded.notifyAll();
        }
      }
      case FAILED -> fail(new RankException(frame.text()));
      case PING -> {}
      case ROSTER, LOAD, COMPILE, CACHE, STEP, CLOSE -> fail(
          new RankException(ranksOf(from.node()) + " sent an order (" + frame.type() + "), which only rank 0 may"));
    }
  }

  @Override
  void ended() {
    synchronized (loaded) {
      loaded.notifyAll();
    }
  }

  private void tellAll(ControlChannel.Type type, ControlChannel.Body body) {
    requireAlive();
    for (ControlChannel control : controls()) {
      try {
        control.send(type, body);
      } catch (IOException e) {
        lost(control, "the connection broke: " + e.getMessage());
        requireAlive();
      }
    }
  }

  @Override
  public void load() {
    tellAll(ControlChannel.Type.LOAD, out -> {});
  }

  @Override
  public void awaitLoaded() {
    synchronized (loaded) {
      while (loaded.cardinality() < nodes() - 1) {
        requireAlive();
        try {
          TimeUnit.MILLISECONDS.timedWait(loaded, 100);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new RankException("interrupted while other ranks load their weights", e);
        }
      }
    }
  }

  @Override
  public void compile(Limits limits, KvFormat kvFormat) {
    tellAll(ControlChannel.Type.COMPILE, out -> {
      out.writeInt(limits.maxTokens());
      out.writeInt(limits.maxSequences());
      out.writeInt(limits.maxOutputRows());
      out.writeInt(limits.maxContext());
      out.writeUTF(kvFormat.type().name());
      out.writeInt(kvFormat.blockTokens());
    });
  }

  @Override
  public void allocateCache(int blocks) {
    tellAll(ControlChannel.Type.CACHE, out -> out.writeInt(blocks));
  }

  @Override
  public void step(StepPlan plan) {
    tellAll(ControlChannel.Type.STEP, out -> {
      out.writeInt(tokenCheck);
      StepPlanCodec.write(plan, out);
    });
  }

  @Override
  public void stepped(StepResult result) {
    tokenCheck = checkOf(result);
  }

  /** A number that differs if ranks drew different tokens. */
  static int checkOf(StepResult result) {
    int check = result.rows();
    for (int row = 0; row < result.rows(); row++) {
      check = 31 * check + (result.status(row) == RowStatus.OK ? result.token(row) : -1);
    }
    return check;
  }

  @Override
  public void close() {
    if (closeOnce()) {
      if (failure() == null) {
        controls().forEach(control -> control.offer(ControlChannel.Type.CLOSE, "", 1_000));
      }
      desk.close();
      disconnect();
    }
  }
}
