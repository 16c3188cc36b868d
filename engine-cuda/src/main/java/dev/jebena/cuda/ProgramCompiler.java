package dev.jebena.cuda;

import dev.jebena.engine.backend.Communicator;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.RowDomain;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Makes a list of launches of a Program. First everything gets its place in one stretch of memory, which needs no device; then the launches
 * are made for that memory, once it is there.
 */
final class ProgramCompiler {

  /**
   * Launches over tokens, those over a window of output rows, and where the window's logits are.
   *
   * @param collectives how the ranks meet
   */
  record Stages(List<Stage> body, List<Stage> tail, Place logits, Collectives collectives) {}

  /** How the ranks of a Program meet. */
  enum Collectives {
    /** There is one rank. */
    NONE,
    /** On the devices, which reach each other's memory. */
    DEVICE,
    /** Through the host: steps wait for it. */
    HOST
  }

  private final Program program;
  private final Limits limits;
  private final KvLayout layout;
  private final List<Node> nodes;
  private final Arithmetic arithmetic;
  private final ScratchPlan scratch;
  private final MemoryPlan plan = new MemoryPlan();
  private final StepArrays arrays;
  private final AttentionStages attention;
  private final DeviceSampler sampler;
  private final MoeStages moe;
  private final Optional<DenseProducts.Room> denseRoom;
  private final Peers.Room peerRoom;
  private final long constantsAt;
  private final long constantsBytes;
  private final long scratchAt;

  ProgramCompiler(Program program, Limits limits, KvFormat kvFormat, Arithmetic arithmetic) {
    this(program, Fusion.fused(program), limits, kvFormat, arithmetic);
  }

  /** Compiles nodes that were made of the Program in another way. */
  ProgramCompiler(Program program, List<Node> nodes, Limits limits, KvFormat kvFormat, Arithmetic arithmetic) {
    this.arithmetic = arithmetic;
    this.program = program;
    this.limits = limits;
    this.layout = new KvLayout(program, kvFormat);
    this.nodes = new ArrayList<>();
    for (RowDomain domain : RowDomain.values()) {
      nodes.stream().filter(node -> node.domain() == domain).forEach(this.nodes::add);
    }
    this.scratch = new ScratchPlan(program.values(), this.nodes, limits);
    this.arrays = new StepArrays(plan, limits, program.kvGroups().size(), kvFormat.blockTokens());
    this.attention = new AttentionStages(plan, program, limits);
    this.sampler = new DeviceSampler(plan, limits, program.vocabularySize());
    this.moe = new MoeStages(plan, program, limits);
    this.denseRoom = DenseProducts.Room.plan(plan, program, limits, arithmetic);
    this.peerRoom = new Peers.Room(plan, program, limits);
    this.constantsBytes = Constants.bytes(this.nodes);
    this.constantsAt = plan.take(constantsBytes);
    this.scratchAt = plan.take(scratch.bytes());
  }

  /** Whether the Program has products for cuBLAS. */
  boolean wantsCublas() {
    return denseRoom.isPresent();
  }

  /** Device memory that all but weights and cache takes. */
  long bytes() {
    return plan.bytes();
  }

  KvLayout layout() {
    return layout;
  }

  StepArrays arrays() {
    return arrays;
  }

  DeviceSampler sampler() {
    return sampler;
  }

  /** Nodes over tokens of one decoder layer; for tests and reports. */
  List<Node> nodes() {
    return List.copyOf(nodes);
  }

  /** Pinned bytes for what goes between host and device in a step. */
  PinnedSizes pinned() {
    return new PinnedSizes(
        Planes.aligned(arrays.pinnedBytes()), Planes.aligned(sampler.pinnedBytes()),
        Planes.aligned(4L * program.vocabularySize() * ScratchPlan.rows(RowDomain.OUTPUTS, limits)),
        Planes.aligned(CollectiveStages.pinnedBytes(program, limits)));
  }

  /** Parts of the pinned memory. */
  record PinnedSizes(long arrays, long sampler, long logits, long collectives) {

    long total() {
      return arrays + sampler + logits + collectives;
    }
  }

  /** Makes the launches. */
  Stages compile(
      Device device, DeviceStream stream, long base, MemorySegment pinned, CudaWeightSet weights, Kernels kernels, KernelCatalog catalog,
      Optional<Cublas> cublas, Communicator communicator) {
    PinnedSizes sizes = pinned();
    arrays.bind(base, pinned.asSlice(0, sizes.arrays), stream);
    sampler.bind(base, pinned.asSlice(sizes.arrays, sizes.sampler));
    try (Constants constants = new Constants(base + constantsAt, constantsBytes)) {
      StageFactory factory = new StageFactory(kernels, scratch, base + scratchAt, weights, arrays, layout, constants);
      ProductStages products = new ProductStages(
          factory, kernels, catalog, weights, constants, arithmetic,
          cublas.flatMap(each -> denseRoom.map(room -> new DenseProducts(each, kernels, arithmetic, room, base, limits))));
      CollectiveStages host = new CollectiveStages(
          communicator, factory, pinned.asSlice(sizes.arrays + sizes.sampler + sizes.logits, sizes.collectives));
      Optional<Peers> peers = Peers.find(device, communicator, catalog, kernels, constants, factory, collectives(), peerRoom, base);
      List<Stage> body = new ArrayList<>();
      List<Stage> tail = new ArrayList<>();
      for (Node node : nodes) {
        List<Stage> target = switch (node.domain()) {
          case TOKENS -> body;
          case OUTPUTS -> tail;
        };
        target.add(switch (node) {
          case Node.Single(Op op) -> single(op, factory, kernels, catalog, weights, host, peers, base);
          case Node.AddNorm each -> factory.addNorm(each);
          case Node.Product each -> products.product(each);
          case Node.GatedProduct each -> products.gated(each);
          case Node.CacheWrite each -> factory.cacheWrite(each);
        });
      }
      constants.upload(device, stream);
      return new Stages(body, tail, factory.place(program.logits()), how(peers));
    }
  }

  private Collectives how(Optional<Peers> peers) {
    if (!CollectiveStages.isNeeded(program)) {
      return Collectives.NONE;
    }
    return peers.isPresent() ? Collectives.DEVICE : Collectives.HOST;
  }

  /** The collectives in the order of the nodes. */
  private List<Op> collectives() {
    List<Op> ops = new ArrayList<>();
    for (Node node : nodes) {
      if (node instanceof Node.Single(Op op) && (op instanceof Op.AllReduce || op instanceof Op.AllGather)) {
        ops.add(op);
      }
    }
    return ops;
  }

  private Stage single(
      Op op, StageFactory factory, Kernels kernels, KernelCatalog catalog, CudaWeightSet weights, CollectiveStages host, Optional<Peers> peers,
      long base) {
    return switch (op) {
      case Op.Embed embed -> factory.embed(embed);
      case Op.Norm norm -> factory.norm(norm);
      case Op.Rope rope -> factory.rope(rope);
      case Op.Attention each -> attention.stage(each, factory, kernels, catalog, layout, arrays, base, arithmetic);
      case Op.MoeRoute route -> moe.route(route, factory, kernels);
      case Op.MoeExperts experts -> moe.experts(experts, factory, kernels, weights, base);
      case Op.Map map -> factory.map(map);
      case Op.Combine combine -> factory.combine(combine);
      case Op.Gate gate -> factory.gate(gate.gate(), gate.up(), gate.out(), gate.activation());
      case Op.SelectRows select -> factory.select(select);
      case Op.Zero zero -> factory.zero(zero);
      case Op.AllReduce reduce -> peers.map(each -> each.allReduce(reduce)).orElseGet(() -> host.allReduce(reduce));
      case Op.AllGather gather -> peers.map(each -> each.allGather(gather)).orElseGet(() -> host.allGather(gather));
      case Op.Linear linear -> throw new IllegalStateException(linear.site() + " is a product");
      case Op.KvWrite write -> throw new IllegalStateException(write.site() + " writes the cache");
    };
  }

  /** Whether runs of several tokens go to attention in tiles: all attentions of the Program have a kernel for it. */
  boolean attendsInTiles(KernelCatalog catalog) {
    return arithmetic.usesTensorCores()
        && program.operations().stream()
            .allMatch(op -> !(op instanceof Op.Attention each) || AttentionStages.prefillName(catalog, layout, each, arithmetic).isPresent());
  }
}
