package dev.jebena.cuda.kernel;

import dev.jebena.cuda.emulator.ptx.AddressSpace;
import dev.jebena.cuda.emulator.ptx.Allocation;
import dev.jebena.cuda.emulator.ptx.Check;
import dev.jebena.cuda.emulator.ptx.Grid;
import dev.jebena.cuda.emulator.ptx.Kernel;
import dev.jebena.cuda.emulator.ptx.LaunchLog;
import dev.jebena.cuda.emulator.ptx.PtxModule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Device memory and launches without a driver: what a test of a kernel needs. Memory has exactly the size that is asked for, so that a kernel
 * that leaves it is found, and counts as never written until it is.
 */
final class KernelBench implements AutoCloseable {

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final long TIMEOUT_NANOS = 60_000_000_000L;
  private static final Map<String, PtxModule> MODULES = new ConcurrentHashMap<>();

  private final AddressSpace space = new AddressSpace();
  private final LaunchLog log = new LaunchLog();

  /** The sizes of a launch; the block has one dimension. */
  record Launch(int gridX, int gridY, int gridZ, int block, int sharedBytes) {

    static Launch of(int gridX, int gridY, int block) {
      return new Launch(gridX, gridY, 1, block, 0);
    }

    Launch withShared(int bytes) {
      return new Launch(gridX, gridY, gridZ, block, bytes);
    }
  }

  /** Memory with these bytes in it. */
  long bytes(byte[] content) {
    long address = empty(content.length);
    space.bytes(address, content.length).copyFrom(MemorySegment.ofArray(content));
    space.markWritten(address, content.length);
    return address;
  }

  long floats(float... content) {
    long address = empty(4L * content.length);
    space.bytes(address, 4L * content.length).copyFrom(MemorySegment.ofArray(content));
    space.markWritten(address, 4L * content.length);
    return address;
  }

  long ints(int... content) {
    long address = empty(4L * content.length);
    space.bytes(address, 4L * content.length).copyFrom(MemorySegment.ofArray(content));
    space.markWritten(address, 4L * content.length);
    return address;
  }

  long longs(long... content) {
    long address = empty(8L * content.length);
    space.bytes(address, 8L * content.length).copyFrom(MemorySegment.ofArray(content));
    space.markWritten(address, 8L * content.length);
    return address;
  }

  /** Memory that nobody has written yet. */
  long empty(long bytes) {
    Allocation allocation = space.allocate(bytes, 0, "memory of a test");
    return allocation.address();
  }

  float[] readFloats(long address, int count) {
    float[] values = new float[count];
    MemorySegment.copy(written(address, 4L * count), FLOAT, 0, values, 0, count);
    return values;
  }

  int[] readInts(long address, int count) {
    int[] values = new int[count];
    MemorySegment.copy(written(address, 4L * count), INT, 0, values, 0, count);
    return values;
  }

  byte[] readBytes(long address, int count) {
    return written(address, count).toArray(ValueLayout.JAVA_BYTE);
  }

  /** Bytes as they are, whether they were written or not. */
  MemorySegment raw(long address, long bytes) {
    return space.bytes(address, bytes);
  }

  boolean wasWritten(long address, long bytes) {
    return space.firstUnwritten(address, bytes) < 0;
  }

  private MemorySegment written(long address, long bytes) {
    long hole = space.firstUnwritten(address, bytes);
    if (hole >= 0) {
      throw new AssertionError("byte " + hole + " of " + bytes + " was not written");
    }
    return space.bytes(address, bytes);
  }

  /** What the launches counted. */
  LaunchLog log() {
    return log;
  }

  /**
   * Runs a kernel to its end.
   *
   * @param arguments Integer, Float and Long, each with its natural alignment
   */
  void launch(String module, String kernel, Launch launch, Object... arguments) {
    launch(EnumSet.allOf(Check.class), module, kernel, launch, arguments);
  }

  void launch(EnumSet<Check> checks, String module, String kernel, Launch launch, Object... arguments) {
    PtxModule parsed = module(module);
    Kernel entry = Objects.requireNonNull(parsed.kernel(kernel), () -> module + ".ptx has no kernel " + kernel);
    Map<String, Long> symbols = parsed.place(space, (name, bytes) -> empty(bytes));
    Grid.Environment environment =
        new Grid.Environment(space, 0, _ -> true, symbols, checks, Runnable::run, 0, () -> false, TIMEOUT_NANOS, log);
    Grid.Shape shape = new Grid.Shape(launch.gridX(), launch.gridY(), launch.gridZ(), launch.block(), 1, 1, launch.sharedBytes());
    Grid.run(entry, shape, pack(arguments), environment);
  }

  static PtxModule module(String name) {
    return MODULES.computeIfAbsent(name, key -> PtxModule.parse(text(key)));
  }

  /** The PTX that is shipped. */
  static String text(String module) {
    try (InputStream in = KernelBench.class.getResourceAsStream("/dev/jebena/cuda/ptx/" + module + ".ptx")) {
      return new String(Objects.requireNonNull(in, () -> module + ".ptx is not there").readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] pack(Object... arguments) {
    ByteBuffer buffer = ByteBuffer.allocate(8 * arguments.length + 8).order(ByteOrder.LITTLE_ENDIAN);
    for (Object argument : arguments) {
      switch (argument) {
        case Integer value -> buffer.putInt(value);
        case Float value -> buffer.putFloat(value);
        case Long value -> {
          buffer.position((buffer.position() + 7) / 8 * 8);
          buffer.putLong(value);
        }
        default -> throw new IllegalArgumentException("an argument of " + argument.getClass());
      }
    }
    byte[] packed = new byte[buffer.position()];
    buffer.get(0, packed);
    return packed;
  }

  @Override
  public void close() {
    space.close();
  }
}
