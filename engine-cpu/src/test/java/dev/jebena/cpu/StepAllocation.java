package dev.jebena.cpu;

import com.sun.management.ThreadMXBean;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.RandomWeights;
import dev.jebena.engine.tck.TinyPrograms;
import dev.jebena.engine.tck.TinyShape;
import dev.jebena.engine.weight.BlockType;
import java.lang.management.ManagementFactory;
import java.util.OptionalInt;

/** Counts the bytes that decoding steps of a whole model allocate once the JIT has compiled them: arguments of {@link #main}. */
final class StepAllocation {

  private static final int PROMPT = 8;
  private static final int CONTEXT = 512;
  private static final int MEASURED_STEPS = 16;
  private static final int BLOCK_TOKENS = 16;
  /** The JIT compiles in the background, and on a busy machine late. */
  private static final long PATIENCE_NANOS = 120_000_000_000L;

  private StepAllocation() {}

  /** Prints the bytes of {@value #MEASURED_STEPS} steps: weight type, cache type, threads, sequences. */
  public static void main(String[] arguments) {
    TinyShape shape = new TinyShape(96, 64, 2, 4, 2, 32, 96, BlockType.valueOf(arguments[0]), new AttentionMask.Causal());
    System.out.println(bytesOnceCompiled(shape, KvType.valueOf(arguments[1]), Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3])));
  }

  private static long bytesOnceCompiled(TinyShape shape, KvType type, int threads, int sequences) {
    Program program = TinyPrograms.llama(shape);
    int blocks = CONTEXT / BLOCK_TOKENS;
    KvFormat format = new KvFormat(type, BLOCK_TOKENS);
    MemoryBudget budget = new MemoryBudget(1L << 30);
    Limits limits = new Limits(sequences * PROMPT, sequences, sequences, CONTEXT);
    try (CpuBackend backend = new CpuBackend(new BackendSettings(OptionalInt.of(threads), ComputeType.AUTO), budget);
        WeightSet weights = backend.load(program, new RandomWeights(7), LoadProgress.SILENT);
        Executable executable = backend.compile(program, weights, limits, format);
        KvCache cache = executable.allocateCache(1 + sequences * blocks)) {
      Steps steps = new Steps(executable, cache, sequences, blocks);
      long end = System.nanoTime() + PATIENCE_NANOS;
      long least = Long.MAX_VALUE;
      while (least != 0 && System.nanoTime() < end) {
        steps.open();
        for (int position = PROMPT; position + MEASURED_STEPS <= CONTEXT; position += MEASURED_STEPS) {
          long bytes = steps.bytesOf(position);
          // less than nothing says that the question cost more before than after: no answer
          least = bytes < 0 ? least : Math.min(least, bytes);
        }
        steps.close();
      }
      return least;
    }
  }

  /** The steps of some sequences that decode side by side. */
  private static final class Steps {

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final long[] ids = teamAndCaller();
    private final Executable executable;
    private final KvCache cache;
    private final int sequences;
    private final int blocks;
    private final StepPlan plan = new StepPlan();
    private long number;

    Steps(Executable executable, KvCache cache, int sequences, int blocks) {
      this.executable = executable;
      this.cache = cache;
      this.sequences = sequences;
      this.blocks = blocks;
    }

    private static long[] teamAndCaller() {
      return Thread.getAllStackTraces().keySet().stream()
          .filter(thread -> thread == Thread.currentThread() || thread.getName().startsWith("jebena-cpu"))
          .mapToLong(Thread::threadId).toArray();
    }

    void open() {
      SlotSettings settings = new SlotSettings(PROMPT, SamplingParameters.GREEDY, 0, new int[0], -1, -1);
      plan.reset(number++);
      for (int sequence = 0; sequence < sequences; sequence++) {
        plan.open(sequence, new int[PROMPT], settings);
        for (int block = 0; block < blocks; block++) {
          plan.appendBlock(sequence, 0, 1 + sequence * blocks + block);
        }
        plan.run(sequence, 0, PROMPT, 1);
      }
      executable.submit(plan, cache).await();
    }

    long bytesOf(int position) {
      // asking allocates itself: the second of two questions in a row tells how much
      long first = allocated();
      long before = allocated();
      for (int i = 0; i < MEASURED_STEPS; i++) {
        plan.reset(number++);
        for (int sequence = 0; sequence < sequences; sequence++) {
          plan.run(sequence, position + i, 1, 1);
        }
        executable.submit(plan, cache).await();
      }
      return allocated() - before - (before - first);
    }

    private long allocated() {
      long bytes = 0;
      for (long id : ids) {
        bytes += threads.getThreadAllocatedBytes(id);
      }
      return bytes;
    }

    void close() {
      plan.reset(number++);
      for (int sequence = 0; sequence < sequences; sequence++) {
        plan.close(sequence);
      }
      executable.submit(plan, cache).await();
    }
  }
}
