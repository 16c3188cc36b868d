package dev.jebena.cuda;

import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSpec;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/** Weights on a device. The memory goes when the owner and every Executable have let go. */
final class CudaWeightSet implements WeightSet {

  private final Device device;
  private final WeightLayout layout;
  private final DeviceMemory memory;
  private final MemoryBudget.Reservation reservation;
  private final AtomicInteger holders = new AtomicInteger(1);
  private final Runnable released;
  private boolean closed;

  CudaWeightSet(Device device, WeightLayout layout, DeviceMemory memory, MemoryBudget.Reservation reservation, Runnable released) {
    this.device = device;
    this.layout = layout;
    this.memory = memory;
    this.reservation = reservation;
    this.released = released;
  }

  /** Refuses a Program whose weights are not all here, as it names them. */
  void requireAll(Program program) {
    List<WeightSpec> missing = layout.missing(program);
    if (!missing.isEmpty()) {
      throw new BackendException(
          "the WeightSet does not have " + missing.getFirst() + " of program " + program.name() + ": load the weights for this Program");
    }
  }

  DeviceWeight matrix(WeightSpec spec) {
    Planes planes = Planes.of(spec);
    long body = Objects.requireNonNull(layout.bodies().get(spec.name()), spec.name());
    long head = Objects.requireNonNull(layout.heads().get(spec.name()), spec.name());
    return new DeviceWeight(
        planes.type(), spec.rows(), spec.columns(), memory.address() + body, planes.headBytes() == 0 ? 0 : memory.address() + head);
  }

  /** Address of a norm's or a bias's float32 values. */
  long vector(WeightSpec spec) {
    return memory.address() + Objects.requireNonNull(layout.vectors().get(spec.name()), spec.name());
  }

  void hold() {
    holders.incrementAndGet();
  }

  void release() {
    if (holders.decrementAndGet() == 0) {
      try {
        device.bind();
        memory.close();
      } catch (CudaDriverException e) {
        if (!device.isLost()) {
          throw e;
        }
      } finally {
        reservation.close();
        released.run();
      }
    }
  }

  @Override
  public long bytes() {
    return reservation.bytes();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      release();
    }
  }
}
