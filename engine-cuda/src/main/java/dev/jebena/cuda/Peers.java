package dev.jebena.cuda;

import dev.jebena.engine.backend.Communicator;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Collectives between devices of one process that reach each other's memory. At compilation every rank tells the others where its values,
 * its signals and its room for partial sums lie; from then on kernels meet and read by themselves, and nothing waits on the host.
 */
final class Peers {

  /** Room that a rank keeps for collectives, within its memory for the values of a step. */
  static final class Room {

    private final long signalAt;
    private final long slicesAt;

    Room(MemoryPlan plan, Program program, Limits limits) {
      long slices = 0;
      for (Op op : program.operations()) {
        if (op instanceof Op.AllReduce reduce) {
          slices = Math.max(slices, 4L * reduce.out().columns() * ScratchPlan.rows(reduce.out().domain(), limits));
        }
      }
      boolean needed = CollectiveStages.isNeeded(program);
      signalAt = plan.take(needed ? SIGNAL_BYTES : 0);
      slicesAt = plan.take(slices);
    }
  }

  /** The largest world whose signals fit. */
  static final int MAX_WORLD = 64;

  private static final long SIGNAL_BYTES = 33024;
  private static final int BLOCK = 256;
  private static final int MAX_BLOCKS = 64;
  private static final int ELEMENTS_PER_THREAD = 4;
  /** Up to so many bytes, each rank reads everything; more are summed in parts first. The bits are the same. */
  private static final long ONE_SHOT_BYTES = 256 << 10;

  /** What a rank tells the others: its device, where its signals and partial sums are, and the input of every collective in order. */
  private record Offer(Device device, long signal, long slices, List<Long> inputs) {}

  private final Communicator communicator;
  private final Kernels kernels;
  private final Constants constants;
  private final StageFactory factory;
  private final List<Offer> offers;
  private final long signals;
  private final long slices;
  private int next;

  private Peers(Communicator communicator, Kernels kernels, Constants constants, StageFactory factory, List<Offer> offers) {
    this.communicator = communicator;
    this.kernels = kernels;
    this.constants = constants;
    this.factory = factory;
    this.offers = offers;
    this.signals = constants.pointers(offers.stream().map(Offer::signal).toList());
    this.slices = constants.pointers(offers.stream().map(Offer::slices).toList());
  }

  private static List<Value> inputs(List<Op> collectives) {
    return collectives.stream().map(op -> op.inputs().getFirst()).toList();
  }

  /**
   * Finds out whether all ranks' devices reach each other, and lets them. All ranks call it and get the same answer.
   *
   * @param collectives in the order in which stages will be made for them
   */
  static Optional<Peers> find(
      Device device, Communicator communicator, KernelCatalog catalog, Kernels kernels, Constants constants, StageFactory factory,
      List<Op> collectives, Room room, long base) {
    if (communicator.worldSize() == 1 || communicator.worldSize() > MAX_WORLD || collectives.isEmpty() || !catalog.has("all_reduce")) {
      return Optional.empty();
    }
    List<Place> places = inputs(collectives).stream().map(factory::place).toList();
    Offer mine = new Offer(device, base + room.signalAt, base + room.slicesAt, places.stream().map(Place::address).toList());
    Optional<List<Object>> shared = communicator.share(mine);
    if (shared.isEmpty()) {
      return Optional.empty();
    }
    List<Offer> offers = new ArrayList<>();
    for (Object each : shared.get()) {
      if (each instanceof Offer offer) {
        offers.add(offer);
      }
    }
    boolean reach = offers.size() == communicator.worldSize() && places.stream().allMatch(place -> place.stride() == place.columns())
        && offers.stream().allMatch(other -> other.device() == device || device.canAccess(other.device()));
    if (!communicator.share(reach).map(answers -> answers.stream().allMatch(Boolean.TRUE::equals)).orElse(false)) {
      return Optional.empty();
    }
    for (Offer other : offers) {
      if (other.device() != device) {
        device.enableAccess(other.device());
      }
    }
    // nobody launches before everybody can be reached
    communicator.share(true);
    return Optional.of(new Peers(communicator, kernels, constants, factory, offers));
  }

  private long nextInputs() {
    int at = next++;
    return constants.pointers(offers.stream().map(offer -> offer.inputs().get(at)).toList());
  }

  private static int blocks(long elements) {
    return Math.clamp(Math.ceilDiv(elements, (long) BLOCK * ELEMENTS_PER_THREAD), 1, MAX_BLOCKS);
  }

  Stage allReduce(Op.AllReduce op) {
    long inputs = nextInputs();
    Place out = factory.place(op.out());
    Kernel oneShot = kernels.get("all_reduce");
    Kernel twoShot = kernels.get("all_reduce_twoshot");
    RowDomain domain = op.out().domain();
    int world = communicator.worldSize();
    return (step, launcher) -> {
      int rows = step.rows(domain);
      if (rows == 0) {
        return;
      }
      long elements = (long) rows * out.columns();
      if (world == 2 || 4 * elements <= ONE_SHOT_BYTES) {
        launcher.launch(
            oneShot, blocks(elements), 1, BLOCK,
            launcher.arguments().matrix(out).pointer(inputs).pointer(signals).i32(communicator.rank()).i32(world).i32(out.columns())
                .i32(rows));
      } else {
        launcher.launch(
            twoShot, blocks(elements), 1, BLOCK,
            launcher.arguments().matrix(out).pointer(inputs).pointer(slices).pointer(signals).i32(communicator.rank()).i32(world)
                .i32(out.columns()).i32(rows));
      }
    };
  }

  Stage allGather(Op.AllGather op) {
    long inputs = nextInputs();
    long offsets = constants.ints(op.columnOffsets());
    Place out = factory.place(op.out());
    Kernel kernel = kernels.get("all_gather");
    RowDomain domain = op.out().domain();
    return (step, launcher) -> {
      int rows = step.rows(domain);
      if (rows > 0) {
        launcher.launch(
            kernel, blocks((long) rows * out.columns()), 1, BLOCK,
            launcher.arguments().matrix(out).pointer(inputs).pointer(signals).pointer(offsets).i32(communicator.rank())
                .i32(communicator.worldSize()).i32(rows));
      }
    };
  }
}
