package dev.jebena.cuda;

import dev.jebena.engine.backend.Communicator;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Value;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Collectives that go through the host: the values come down into pinned memory, the communicator adds or gathers them as it does for every
 * backend, and the result goes up again. They wait for the device, so a Program that has them is not captured into graphs.
 */
final class CollectiveStages {

  private final Communicator communicator;
  private final StageFactory factory;
  private final MemorySegment pinned;
  private float[] in = new float[0];
  private float[] out = new float[0];

  CollectiveStages(Communicator communicator, StageFactory factory, MemorySegment pinned) {
    this.communicator = communicator;
    this.factory = factory;
    this.pinned = pinned;
  }

  /** Whether a Program has collectives. */
  static boolean isNeeded(Program program) {
    return program.operations().stream().anyMatch(op -> op instanceof Op.AllReduce || op instanceof Op.AllGather);
  }

  /** Pinned bytes for the largest value that is sent or received, with all columns of the value that it is part of. */
  static long pinnedBytes(Program program, Limits limits) {
    long bytes = 0;
    for (Op op : program.operations()) {
      if (op instanceof Op.AllReduce || op instanceof Op.AllGather) {
        for (Value value : List.of(op.inputs().getFirst(), op.outputs().getFirst())) {
          int stride = program.values().get(value.root()).columns();
          bytes = Math.max(bytes, 4L * ScratchPlan.rows(value.domain(), limits) * stride);
        }
      }
    }
    return bytes;
  }

  /** Copies a value between device and array; what a copy moves is whole rows of the value's root. */
  private record Transfer(Place place) {

    long bytes(int rows) {
      return 4L * ((long) (rows - 1) * place.stride() + place.columns());
    }
  }

  Stage allReduce(Op.AllReduce op) {
    return stage(op.in(), op.out(), (from, to, rows) -> communicator.allReduce(from, to, rows));
  }

  Stage allGather(Op.AllGather op) {
    return stage(op.in(), op.out(), (from, to, rows) -> communicator.allGather(from, to, op.columnOffsets(), rows));
  }

  /** What the ranks do with their rows. */
  @FunctionalInterface
  private interface Exchange {
    void run(Communicator.Rows from, Communicator.Rows to, int rows);
  }

  private Stage stage(Value inValue, Value outValue, Exchange exchange) {
    Transfer down = new Transfer(factory.place(inValue));
    Transfer up = new Transfer(factory.place(outValue));
    RowDomain domain = outValue.domain();
    return (step, launcher) -> {
      int rows = step.rows(domain);
      if (rows == 0) {
        return;
      }
      DeviceStream stream = launcher.stream();
      stream.download(pinned.address(), down.place.address(), down.bytes(rows));
      stream.await();
      in = grown(in, down, rows);
      out = grown(out, up, rows);
      MemorySegment.copy(pinned, ValueLayout.JAVA_FLOAT, 0, in, 0, (int) (down.bytes(rows) / 4));
      // the columns of the root beside this value are sent back as they are
      boolean slice = up.place.stride() != up.place.columns();
      if (slice) {
        stream.download(pinned.address(), up.place.address(), up.bytes(rows));
        stream.await();
        MemorySegment.copy(pinned, ValueLayout.JAVA_FLOAT, 0, out, 0, (int) (up.bytes(rows) / 4));
      }
      exchange.run(rows(in, down), rows(out, up), rows);
      MemorySegment.copy(out, 0, pinned, ValueLayout.JAVA_FLOAT, 0, (int) (up.bytes(rows) / 4));
      stream.upload(up.place.address(), pinned.address(), up.bytes(rows));
      // the next collective writes the same pinned memory
      stream.await();
    };
  }

  private static Communicator.Rows rows(float[] values, Transfer transfer) {
    return new Communicator.Rows(values, 0, transfer.place.stride(), transfer.place.columns());
  }

  private static float[] grown(float[] array, Transfer transfer, int rows) {
    int needed = Math.toIntExact(transfer.bytes(rows) / 4);
    return array.length >= needed ? array : new float[needed];
  }
}
