package dev.jebena.engine.tck;

import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.engine.weight.WeightView;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Weights for every name that is asked for: valid blocks whose contents depend on the seed and the name alone. Values of a matrix
 * have a spread of about {@code 1 / sqrt(columns)}, so that products keep the size of their input; those of a weight whose name
 * ends in {@code norm} lie around 1, and those of a weight whose name begins with {@code unit} have a spread of 1.
 */
public final class RandomWeights implements WeightSource {

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final long seed;
  private final Map<WeightSpec, WeightView> views = new ConcurrentHashMap<>();

  public RandomWeights(long seed) {
    this.seed = seed;
  }

  @Override
  public WeightView weight(WeightSpec spec) {
    return views.computeIfAbsent(spec, this::make);
  }

  private WeightView make(WeightSpec spec) {
    MemorySegment data = Arena.ofAuto().allocate(spec.bytes(), 64);
    Random random = new Random(seed * 31 + spec.name().hashCode());
    BlockType type =
        switch (spec.format()) {
          case WeightFormat.Blocked(BlockType blockType) -> blockType;
        };
    float spread = spec.name().startsWith("unit") ? 1 : spec.rows() == 1 ? 0.1f : (float) (1 / Math.sqrt(spec.columns()));
    float center = spec.name().endsWith("norm") ? 1 : 0;
    for (long offset = 0; offset < data.byteSize(); offset += type.bytes()) {
      fill(type, random, data.asSlice(offset, type.bytes()), center, spread * (0.5f + random.nextFloat()));
    }
    return WeightView.contiguous(spec, data.asReadOnly());
  }

  /** Writes one valid block of {@code type} with values of about {@code spread}. */
  static void fill(BlockType type, Random random, MemorySegment block, float center, float spread) {
    byte[] bytes = new byte[type.bytes()];
    random.nextBytes(bytes);
    MemorySegment.copy(bytes, 0, block, ValueLayout.JAVA_BYTE, 0, bytes.length);
    float value = center + (float) random.nextGaussian() * spread;
    switch (type) {
      case F32 -> block.set(FLOAT, 0, value);
      case F16 -> half(block, 0, value);
      case BF16 -> block.set(SHORT, 0, (short) (Float.floatToRawIntBits(value) >>> 16));
      case Q4_0 -> half(block, 0, spread / 5);
      case Q4_1 -> {
        half(block, 0, spread / 5);
        half(block, 2, -spread * 1.4f);
      }
      case Q5_0 -> half(block, 0, -spread / 10);
      case Q5_1 -> {
        half(block, 0, spread / 10);
        half(block, 2, -spread * 1.4f);
      }
      case Q8_0 -> half(block, 0, spread / 70);
      case Q4_K -> {
        half(block, 0, spread / 200);
        half(block, 2, spread / 30);
      }
      case Q5_K -> {
        half(block, 0, spread / 400);
        half(block, 2, spread / 30);
      }
      case Q6_K -> half(block, 208, spread / 1400);
    }
  }

  private static void half(MemorySegment block, long offset, float value) {
    block.set(SHORT, offset, Float.floatToFloat16(value));
  }
}
