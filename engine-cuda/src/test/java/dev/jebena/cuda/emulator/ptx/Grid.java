package dev.jebena.cuda.emulator.ptx;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * One launch of a kernel: runs its blocks on the calling thread and on helpers that have time.
 *
 * <p>A worker keeps many blocks under way and turns from one that spins to the next, so that blocks may wait for each other as they may on a
 * GPU where they are all resident. The calling thread always takes part: launches that wait for each other (ranks in a collective) make
 * progress whatever the helpers do.
 */
public final class Grid {

  /** The sizes of a launch. */
  public record Shape(int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int dynamicSharedBytes) {
    int threads() {
      return blockX * blockY * blockZ;
    }

    long blocks() {
      return (long) gridX * gridY * gridZ;
    }
  }

  /**
   * Where a kernel runs.
   *
   * @param device ordinal of the device
   * @param peers whether the device may reach another one's memory
   * @param symbols addresses of the module's variables
   * @param helpers runs blocks besides the caller
   * @param cancelled asked now and then; true ends the launch
   * @param log receives what was counted
   */
  public record Environment(AddressSpace space, int device, IntPredicate peers, Map<String, Long> symbols, Set<Check> checks, Executor helpers,
      int helperCount, BooleanSupplier cancelled, long timeoutNanos, LaunchLog log) {}

  /** Blocks that a worker keeps under way at most. */
  private static final int RESIDENT = 256;

  final Kernel kernel;
  final Shape shape;
  final AddressSpace space;
  final int device;
  final IntPredicate peers;
  final Set<Check> checks;
  final MemorySegment parameters;
  private final Environment environment;
  private final AtomicLong nextBlock = new AtomicLong();
  private final Statistics total;
  private final long deadline;
  private volatile @Nullable KernelFault fault;
  private int helpersAtWork;
  private boolean closed;

  private Grid(Kernel kernel, Shape shape, MemorySegment parameters, Environment environment) {
    this.kernel = kernel;
    this.shape = shape;
    this.space = environment.space();
    this.device = environment.device();
    this.peers = environment.peers();
    this.checks = environment.checks();
    this.parameters = parameters;
    this.environment = environment;
    this.total = new Statistics(kernel.steps.length);
    this.deadline = System.nanoTime() + environment.timeoutNanos();
  }

  /**
   * Runs a kernel to its end.
   *
   * @param parameters the kernel's parameter block
   * @throws KernelFault of the first mistake that was found
   */
  public static void run(Kernel kernel, Shape shape, byte[] parameters, Environment environment) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment block = arena.allocate(Math.max(16, parameters.length), 16);
      MemorySegment.copy(parameters, 0, block, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, parameters.length);
      Grid grid = new Grid(kernel, shape, block, environment);
      grid.run();
      environment.log().add(kernel, shape, grid.total);
    }
  }

  long symbolAddress(String symbol) {
    Long address = environment.symbols().get(symbol);
    if (address == null) {
      throw new KernelFault(KernelFault.Kind.INTERNAL, "the variable " + symbol + " has no address");
    }
    return address;
  }

  private void run() {
    long helpers = Math.min(shape.blocks() - 1, environment.helperCount());
    for (int i = 0; i < helpers; i++) {
      environment.helpers().execute(this::help);
    }
    work();
    synchronized (this) {
      closed = true;
      boolean interrupted = false;
      while (helpersAtWork > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true; // the helpers use this launch's memory: stay, and tell the caller later
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    KernelFault found = fault;
    if (found != null) {
      throw found;
    }
  }

  private void help() {
    synchronized (this) {
      if (closed) {
        return;
      }
      helpersAtWork++;
    }
    try {
      work();
    } finally {
      synchronized (this) {
        helpersAtWork--;
        notifyAll();
      }
    }
  }

  private void work() {
    ArrayDeque<Block> spinning = new ArrayDeque<>();
    ArrayDeque<Block> free = new ArrayDeque<>();
    try {
      while (fault == null) {
        long number = spinning.size() < RESIDENT && nextBlock.get() < shape.blocks() ? nextBlock.getAndIncrement() : Long.MAX_VALUE;
        Block block;
        if (number < shape.blocks()) {
          block = free.isEmpty() ? kernel.block(this) : free.pop();
          block.start(number);
        } else if (!spinning.isEmpty()) {
          block = spinning.removeFirst();
        } else {
          break;
        }
        if (block.run()) {
          free.push(block);
        } else {
          spinning.addLast(block);
          checkTime(block);
          if (nextBlock.get() >= shape.blocks()) {
            Thread.yield();
          }
        }
      }
    } catch (KernelFault e) {
      synchronized (this) {
        if (fault == null) {
          fault = e;
        }
      }
    }
    for (Block block : free) {
      total.add(block.statistics);
      kernel.giveBack(block);
    }
  }

  private void checkTime(Block block) {
    if (environment.cancelled().getAsBoolean()) {
      throw new KernelFault(KernelFault.Kind.CANCELLED, "the launch of " + kernel.name + " was cancelled");
    }
    if (System.nanoTime() - deadline > 0) {
      StringBuilder text = new StringBuilder("the launch of ").append(kernel.name).append(" runs too long, at ").append(block);
      block.describe(text);
      throw new KernelFault(KernelFault.Kind.TIMEOUT, text.toString());
    }
  }
}
