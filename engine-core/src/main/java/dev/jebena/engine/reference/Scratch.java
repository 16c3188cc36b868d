package dev.jebena.engine.reference;

import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.WeightSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Memory for the values of a step. A value's memory is used again when the last operation that reads it is done: without that, a
 * model of many layers would need many times what it uses at once.
 *
 * <p>Output rows are computed in tiles of at most {@link #TILE_ROWS}, so that the logits of all rows never exist together.
 */
final class Scratch {

  static final int TILE_ROWS = 32;

  private final @Nullable Matrix[] matrices;
  /** One decoded row of a weight. */
  final float[] weightRow;
  /** One decoded key or value head. */
  final float[] head;
  /** The scores of one query over its context. */
  final float[] scores;

  private Scratch(@Nullable Matrix[] matrices, Program program, Limits limits) {
    this.matrices = matrices;
    this.weightRow = new float[widestWeight(program)];
    this.head = new float[widestHead(program)];
    this.scores = new float[limits.maxContext()];
  }

  /** Bytes that {@link #allocate} takes. */
  static long bytes(Program program, Limits limits) {
    long working = (long) widestWeight(program) + widestHead(program) + limits.maxContext();
    long sampler = (long) program.logits().columns() * (Long.BYTES + 2 * Float.BYTES);
    return (new Plan(program, limits).elements() + working) * Float.BYTES + sampler;
  }

  static Scratch allocate(Program program, Limits limits) {
    Plan plan = new Plan(program, limits);
    List<float[]> memory = plan.buffers.stream().map(buffer -> new float[(int) buffer.elements()]).toList();
    @Nullable Matrix[] matrices = new Matrix[program.values().size()];
    for (Value value : program.values()) {
      Buffer buffer = plan.ofRoot[value.root()];
      Value root = program.values().get(value.root());
      if (buffer != null) {
        matrices[value.id()] =
            new Matrix(memory.get(plan.buffers.indexOf(buffer)), root.columns(), value.columnOffset(), value.columns());
      }
    }
    return new Scratch(matrices, program, limits);
  }

  /** The memory of a value that an operation reads or writes. */
  Matrix of(Value value) {
    return Objects.requireNonNull(matrices[value.id()]);
  }

  private static int widestWeight(Program program) {
    return program.weights().values().stream().mapToInt(WeightSpec::columns).max().orElse(0);
  }

  private static int widestHead(Program program) {
    return program.kvGroups().stream()
        .flatMap(group -> group.layers().stream())
        .mapToInt(layer -> Math.max(layer.keyDim(), layer.valueDim()))
        .max()
        .orElse(0);
  }

  static int rows(RowDomain domain, Limits limits) {
    return switch (domain) {
      case TOKENS -> limits.maxTokens();
      case OUTPUTS -> Math.min(limits.maxOutputRows(), TILE_ROWS);
    };
  }

  /** One stretch of memory that values take in turn. */
  private static final class Buffer {

    final RowDomain domain;
    final int rows;
    int columns;
    boolean taken;

    Buffer(RowDomain domain, int rows) {
      this.domain = domain;
      this.rows = rows;
    }

    long elements() {
      return (long) rows * columns;
    }
  }

  /** Which buffer each root value lives in. */
  private static final class Plan {

    final List<Buffer> buffers = new ArrayList<>();
    final @Nullable Buffer[] ofRoot;

    Plan(Program program, Limits limits) {
      ofRoot = new Buffer[program.values().size()];
      int[] lastUse = lastUses(program);
      for (int i = 0; i < program.operations().size(); i++) {
        Op operation = program.operations().get(i);
        for (Value output : operation.outputs()) {
          if (ofRoot[output.root()] == null) {
            ofRoot[output.root()] = take(program.values().get(output.root()), limits);
          }
        }
        for (int root = 0; root < lastUse.length; root++) {
          Buffer buffer = ofRoot[root];
          if (lastUse[root] == i && buffer != null) {
            buffer.taken = false;
          }
        }
      }
      for (Buffer buffer : buffers) {
        if (buffer.elements() > Integer.MAX_VALUE - 8) {
          throw new BackendException(
              "a value of " + buffer.rows + " rows and " + buffer.columns
                  + " columns does not fit an array: ask for fewer tokens a step");
        }
      }
    }

    private static int[] lastUses(Program program) {
      int[] lastUse = new int[program.values().size()];
      for (int i = 0; i < program.operations().size(); i++) {
        for (Value output : program.operations().get(i).outputs()) {
          lastUse[output.root()] = i;
        }
        for (Value input : program.operations().get(i).inputs()) {
          lastUse[input.root()] = i;
        }
      }
      // read by the sampler, and by every tile of output rows
      lastUse[program.logits().root()] = Integer.MAX_VALUE;
      for (Op operation : program.operations()) {
        if (operation instanceof Op.SelectRows select) {
          lastUse[select.in().root()] = Integer.MAX_VALUE;
        }
      }
      return lastUse;
    }

    private Buffer take(Value root, Limits limits) {
      Buffer best = null;
      for (Buffer buffer : buffers) {
        if (!buffer.taken && buffer.domain == root.domain() && (best == null || better(buffer, best, root.columns()))) {
          best = buffer;
        }
      }
      if (best == null) {
        best = new Buffer(root.domain(), rows(root.domain(), limits));
        buffers.add(best);
      }
      best.columns = Math.max(best.columns, root.columns());
      best.taken = true;
      return best;
    }

    /** Prefers the smallest buffer that is large enough, else the largest, which then grows. */
    private static boolean better(Buffer buffer, Buffer best, int columns) {
      if (buffer.columns >= columns) {
        return best.columns < columns || buffer.columns < best.columns;
      }
      return best.columns < columns && buffer.columns > best.columns;
    }

    long elements() {
      return buffers.stream().mapToLong(Buffer::elements).sum();
    }
  }
}
