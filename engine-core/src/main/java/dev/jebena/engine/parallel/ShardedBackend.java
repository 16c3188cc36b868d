package dev.jebena.engine.parallel;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendReport;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.Footprint;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Probe;
import dev.jebena.engine.backend.Unsupported;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.Site;
import dev.jebena.engine.shard.Shard;
import dev.jebena.engine.shard.ShardException;
import dev.jebena.engine.weight.WeightSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A backend of several ranks, each with a backend of its own: seen from above it is one. Programs are rewritten for each rank, every rank
 * runs every step, and all draw the same tokens.
 */
public final class ShardedBackend implements Backend {

  private final List<Backend> backends;
  private final MemoryBudget budget;
  private final RankGroup group;
  private final RankTeam team;
  private final RankLeader leader;
  private final int nodes;
  private final Runnable onClose;
  private @Nullable Program lastProgram;
  private List<Shard> lastShards = List.of();
  private boolean closed;

  private ShardedBackend(List<Backend> backends, MemoryBudget budget, RankGroup group, RankTeam team, RankNode node) {
    this.backends = List.copyOf(backends);
    this.budget = budget;
    this.group = group;
    this.team = team;
    this.leader = node.leader();
    this.nodes = node.nodes();
    this.onClose = node::close;
  }

  /**
   * Opens a backend for each of {@code ranks} ranks in this process; they share the threads that are asked for.
   *
   * @throws BackendException if the backend is unavailable or a setting does not fit
   */
  public static ShardedBackend open(BackendProvider provider, int ranks, BackendSettings settings, MemoryBudget budget) {
    return open(provider, ranks, settings, budget, RankNode.ALONE);
  }

  /** Opens the ranks of this process, which are some of those that {@code node} connects. */
  static ShardedBackend open(BackendProvider provider, int ranks, BackendSettings settings, MemoryBudget budget, RankNode node) {
    int all = settings.threads().orElseGet(() -> threads(provider, 1));
    List<Backend> backends = new ArrayList<>();
    try {
      for (int rank = 0; rank < ranks; rank++) {
        int threads = Math.max(1, all / ranks + (rank < all % ranks ? 1 : 0));
        backends.add(provider.open(new BackendSettings(OptionalInt.of(threads), settings.computeType(), rank), budget));
      }
      int busy = Math.max(ranks, all);
      RankGroup group = new RankGroup(node.node() * ranks, ranks, node.nodes() * ranks, node, busy);
      node.onFailure(group::fail);
      return new ShardedBackend(backends, budget, group, new RankTeam(group, ranks, busy), node);
    } catch (RuntimeException | Error e) {
      backends.forEach(Backend::close);
      node.close();
      throw e;
    }
  }

  /** Threads that a backend would take by itself on this machine, divided among so many processes. */
  static int threads(BackendProvider provider, int processes) {
    int processors = Runtime.getRuntime().availableProcessors();
    int found = provider.probe() instanceof Probe.Available(var facts) && facts.containsKey("threads")
        ? Integer.parseInt(facts.get("threads")) : processors;
    return Math.max(1, found / processes);
  }

  @Override
  public String name() {
    return backends.getFirst().name();
  }

  /** What collectives have cost the first rank of this process until now. */
  public CollectiveCounters collectives() {
    return group.counters();
  }

  @Override
  public BackendReport report() {
    BackendReport first = backends.getFirst().report();
    Map<String, String> facts = new LinkedHashMap<>(first.facts());
    int threads = backends.stream().mapToInt(backend -> Integer.parseInt(backend.report().facts().getOrDefault("threads", "1"))).sum();
    facts.put("threads", String.valueOf(threads));
    facts.put("ranks", group.worldSize() + (nodes == 1 ? "" : " in " + nodes + " processes, " + backends.size() + " in this one"));
    return new BackendReport(facts, first.kernels(), first.warnings());
  }

  @Override
  public List<Unsupported> unsupported(Program program, KvFormat kvFormat) {
    try {
      return backends.getFirst().unsupported(shards(program).getFirst().program(), kvFormat);
    } catch (ShardException e) {
      return List.of(new Unsupported(Site.of("tensor parallelism"), String.valueOf(e.getMessage())));
    }
  }

  /**
   * The memory of the ranks of this process; of a block, that of the process whose ranks need the most, since all have the same number
   * of blocks.
   */
  @Override
  public Footprint footprint(Program program, Limits limits, KvFormat kvFormat) {
    long weights = 0;
    long scratch = GroupMemory.bytes(shards(program).getFirst().program(), limits, backends.size(), group.worldSize());
    long block = 0;
    for (int node = 0; node < nodes; node++) {
      long nodeBlock = 0;
      for (int local = 0; local < backends.size(); local++) {
        int rank = node * backends.size() + local;
        boolean isOurs = rank >= group.firstRank() && rank < group.firstRank() + backends.size();
        Program part = isOurs ? shards(program).get(local).program() : Shard.of(program, rank, group.worldSize()).program();
        Footprint footprint = backends.get(local).footprint(part, limits, kvFormat);
        nodeBlock += footprint.kvBlockBytes();
        weights += isOurs ? footprint.weightBytes() : 0;
        scratch += isOurs ? footprint.scratchBytes() : 0;
      }
      block = Math.max(block, nodeBlock);
    }
    return new Footprint(weights, scratch, block);
  }

  /** The parts of the ranks of this process. */
  @SuppressWarnings("ReferenceEquality") // comparing two Programs takes longer than sharding one
  private List<Shard> shards(Program program) {
    if (program != lastProgram) {
      lastShards = IntStream.range(0, backends.size())
          .mapToObj(local -> Shard.of(program, group.firstRank() + local, group.worldSize()))
          .toList();
      lastProgram = program;
    }
    return lastShards;
  }

  @Override
  public WeightSet load(Program program, WeightSource source, LoadProgress progress) {
    leader.load();
    List<Shard> shards = shards(program);
    @Nullable WeightSet[] sets = new WeightSet[backends.size()];
    long total = shards.stream().mapToLong(shard -> shard.program().weightBytes()).sum();
    AtomicLongArray done = new AtomicLongArray(backends.size());
    LoadProgress[] progresses = new LoadProgress[backends.size()];
    for (int local = 0; local < progresses.length; local++) {
      int rank = local;
      progresses[local] = (bytes, all) -> {
        done.accumulateAndGet(rank, bytes, Math::max);
        long sum = 0;
        for (int i = 0; i < done.length(); i++) {
          sum += done.get(i);
        }
        progress.loaded(sum, total);
      };
    }
    try {
      team.run(local -> sets[local] =
          backends.get(local).load(shards.get(local).program(), shards.get(local).weights(source), progresses[local]));
      leader.awaitLoaded();
      return new Weights(allOf(sets));
    } catch (RuntimeException | Error e) {
      closeAll(sets);
      throw e;
    }
  }

  @Override
  public Executable compile(Program program, WeightSet weights, Limits limits, KvFormat kvFormat) {
    if (!(weights instanceof Weights(var sets))) {
      throw new BackendException("these weights were not loaded for " + group.worldSize() + " ranks: load them with this backend");
    }
    leader.compile(limits, kvFormat);
    List<Shard> shards = shards(program);
    MemoryBudget.Reservation buffers = budget.reserve(
        GroupMemory.bytes(shards.getFirst().program(), limits, backends.size(), group.worldSize()), "the buffers between ranks");
    @Nullable Executable[] executables = new Executable[backends.size()];
    try {
      team.run(local -> executables[local] = backends.get(local)
          .compile(shards.get(local).program(), sets.get(local), limits, kvFormat, group.communicator(local)));
      return new ShardedExecutable(group, team, leader, allOf(executables), buffers);
    } catch (RuntimeException | Error e) {
      buffers.close();
      closeAll(executables);
      throw e;
    }
  }

  /** Takes an array that a task has filled. */
  static <T> List<T> allOf(@Nullable T[] filled) {
    List<T> list = new ArrayList<>();
    for (T each : filled) {
      if (each != null) {
        list.add(each);
      }
    }
    return list;
  }

  /** Closes what there is, the last first; what one of them throws does not keep the others open. */
  static void closeAll(@Nullable AutoCloseable[] filled) {
    closeAll(allOf(filled));
  }

  static void closeAll(List<? extends AutoCloseable> list) {
    Deque<AutoCloseable> reversed = new ArrayDeque<>();
    list.forEach(reversed::push);
    RuntimeException thrown = null;
    for (AutoCloseable each : reversed) {
      try {
        each.close();
      } catch (RuntimeException e) {
        thrown = e;
      } catch (Exception e) {
        thrown = new IllegalStateException(e);
      }
    }
    if (thrown != null) {
      throw thrown;
    }
  }

  /** The weights of the ranks of this process. */
  private record Weights(List<WeightSet> sets) implements WeightSet {

    @Override
    public long bytes() {
      return sets.stream().mapToLong(WeightSet::bytes).sum();
    }

    @Override
    public void close() {
      closeAll(sets);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      closeAll(backends);
    } catch (IllegalStateException open) {
      // weights are open: this may be asked again once they are not
      closed = false;
      throw open;
    } finally {
      if (closed) {
        team.close();
        onClose.run();
      }
    }
  }
}
