package dev.jebena.cuda.kernel;

import dev.jebena.engine.backend.KvType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.Random;

/**
 * The bytes of a KV cache of one group, with several layers of which one is used, written and read in plain Java as the kernels' README says.
 */
final class CacheImage {

  static final int LAYER_GAP_BYTES = 48;

  final KvType type;
  final int kvHeads;
  final int keyDim;
  final int valueDim;
  final int blockTokens;
  final int blocks;
  final ByteBuffer bytes;

  CacheImage(KvType type, int kvHeads, int keyDim, int valueDim, int blockTokens, int blocks) {
    this.type = type;
    this.kvHeads = kvHeads;
    this.keyDim = keyDim;
    this.valueDim = valueDim;
    this.blockTokens = blockTokens;
    this.blocks = blocks;
    this.bytes = ByteBuffer.allocate(Math.toIntExact(blocks * blockBytes())).order(ByteOrder.LITTLE_ENDIAN);
  }

  String kernelName() {
    return type.name().toLowerCase(Locale.ROOT);
  }

  /** The layer lies behind some bytes of another one, and before some. */
  long layerOffset() {
    return LAYER_GAP_BYTES;
  }

  long blockBytes() {
    return 2L * LAYER_GAP_BYTES + (long) kvHeads * blockTokens * (rowBytes(keyDim) + rowBytes(valueDim));
  }

  int rowBytes(int dim) {
    int runs = Math.ceilDiv(dim, 32);
    int unpadded =
        switch (type) {
          case F32 -> 4 * dim;
          case F16, BF16 -> 2 * dim;
          case Q8_0 -> 34 * runs;
          case FP8 -> dim;
        };
    return Math.ceilDiv(unpadded, 16) * 16;
  }

  int keyAt(int block, int head, int within) {
    return Math.toIntExact(block * blockBytes() + layerOffset() + (long) (head * blockTokens + within) * rowBytes(keyDim));
  }

  int valueAt(int block, int head, int within) {
    return Math.toIntExact(block * blockBytes() + layerOffset() + (long) kvHeads * blockTokens * rowBytes(keyDim)
        + (long) (head * blockTokens + within) * rowBytes(valueDim));
  }

  /** Stores the columns of a head; what lies behind them stays zero. */
  void store(int at, float[] from, int offset, int dim) {
    for (int i = 0; i < dim; i++) {
      float value = from[offset + i];
      switch (type) {
        case F32 -> bytes.putFloat(at + 4 * i, value);
        case F16 -> bytes.putShort(at + 2 * i, Float.floatToFloat16(value));
        case BF16 -> {
          int bits = Float.floatToRawIntBits(value);
          bytes.putShort(at + 2 * i, (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16));
        }
        case FP8 -> bytes.put(at + i, Fp8.code(value));
        case Q8_0 -> {
          int run = i / 32;
          float largest = 0;
          for (int j = run * 32; j < Math.min(dim, run * 32 + 32); j++) {
            largest = Math.max(largest, Math.abs(from[offset + j]));
          }
          float scale = largest / 127;
          bytes.put(at + i, (byte) (scale == 0 ? 0 : (int) Math.rint(value / scale)));
          bytes.putShort(at + Math.ceilDiv(dim, 32) * 32 + 2 * run, Float.floatToFloat16(scale));
        }
      }
    }
  }

  float read(int at, int column, int dim) {
    return switch (type) {
      case F32 -> bytes.getFloat(at + 4 * column);
      case F16 -> Float.float16ToFloat(bytes.getShort(at + 2 * column));
      case BF16 -> Float.intBitsToFloat(bytes.getShort(at + 2 * column) << 16);
      case FP8 -> Fp8.value(bytes.get(at + column));
      case Q8_0 -> bytes.get(at + column) * Float.float16ToFloat(bytes.getShort(at + Math.ceilDiv(dim, 32) * 32 + column / 32 * 2));
    };
  }

  /** Fills blocks with random keys and values. */
  void fill(Random random) {
    for (int block = 0; block < blocks; block++) {
      for (int head = 0; head < kvHeads; head++) {
        for (int within = 0; within < blockTokens; within++) {
          store(keyAt(block, head, within), Floats.random(random, keyDim), 0, keyDim);
          store(valueAt(block, head, within), Floats.random(random, valueDim), 0, valueDim);
        }
      }
    }
  }
}
