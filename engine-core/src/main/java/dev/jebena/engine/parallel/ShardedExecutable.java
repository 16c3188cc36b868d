package dev.jebena.engine.parallel;

import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.StepHandle;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One Executable over the ranks of this process. Every rank gets every plan and gathers the same logits, so each draws the same tokens and
 * none has to be told; the result is the first rank's.
 */
final class ShardedExecutable implements Executable {

  private static final System.Logger LOG = System.getLogger(ShardedExecutable.class.getName());

  private final RankGroup group;
  private final RankTeam team;
  private final RankLeader leader;
  private final List<Executable> executables;
  private final MemoryBudget.Reservation buffers;
  private final StepHandle handle = this::await;
  private final RankTeam.Task task = this::run;
  private @Nullable StepHandle first;
  private @Nullable StepPlan plan;
  private @Nullable Cache cache;
  private @Nullable StepResult result;
  private boolean closed;

  ShardedExecutable(
      RankGroup group, RankTeam team, RankLeader leader, List<Executable> executables, MemoryBudget.Reservation buffers) {
    this.group = group;
    this.team = team;
    this.leader = leader;
    this.executables = executables;
    this.buffers = buffers;
  }

  @Override
  public int pipelineDepth() {
    return 1;
  }

  @Override
  public KvCache allocateCache(int blocks) {
    leader.allocateCache(blocks);
    @Nullable KvCache[] caches = new KvCache[executables.size()];
    try {
      team.run(local -> caches[local] = executables.get(local).allocateCache(blocks));
      return new Cache(this, ShardedBackend.allOf(caches));
    } catch (RuntimeException | Error e) {
      ShardedBackend.closeAll(caches);
      throw e;
    }
  }

  @Override
  public StepHandle submit(StepPlan newPlan, KvCache newCache) {
    if (plan != null) {
      throw new IllegalStateException("a step is in flight: await it first");
    }
    if (closed) {
      throw new IllegalStateException("the Executable is closed");
    }
    if (!(newCache instanceof Cache ours)) {
      throw new BackendException("this cache was not allocated for " + group.worldSize() + " ranks");
    }
    group.requireAlive();
    first = executables.getFirst().submit(newPlan, ours.caches.getFirst());
    leader.step(newPlan);
    plan = newPlan;
    cache = ours;
    return handle;
  }

  private StepResult await() {
    if (plan == null) {
      throw new IllegalStateException("no step is in flight");
    }
    try {
      team.run(task);
    } finally {
      plan = null;
      cache = null;
      first = null;
    }
    StepResult ended = Objects.requireNonNull(result);
    leader.stepped(ended);
    return ended;
  }

  private void run(int local) {
    StepPlan current = Objects.requireNonNull(plan);
    Cache caches = Objects.requireNonNull(cache);
    if (local == 0) {
      result = Objects.requireNonNull(first).await();
    } else {
      executables.get(local).submit(current, caches.caches.get(local)).await();
    }
  }

  @Override
  public void requireAlive() {
    group.requireAlive();
  }

  /** Runs a step to its end that nobody awaited: the first rank has begun it and would wait for the others for ever. */
  private void endStep() {
    if (plan == null) {
      return;
    }
    try {
      await();
    } catch (RuntimeException unwanted) {
      // what it computed is of no use to anybody, and a rank that is gone has been reported to whoever asked it last
      LOG.log(System.Logger.Level.DEBUG, "a step that nobody awaited failed", unwanted);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      endStep();
      closed = true;
      buffers.close();
      ShardedBackend.closeAll(executables);
    }
  }

  /** The caches of the ranks of this process. */
  private record Cache(ShardedExecutable owner, List<KvCache> caches) implements KvCache {

    @Override
    public int blocks() {
      return caches.getFirst().blocks();
    }

    @Override
    public long bytes() {
      return caches.stream().mapToLong(KvCache::bytes).sum();
    }

    @Override
    public void close() {
      owner.endStep();
      ShardedBackend.closeAll(caches);
    }
  }
}
