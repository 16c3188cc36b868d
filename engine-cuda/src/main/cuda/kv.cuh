// The KV cache: where the heads of a token lie, and how their columns are stored. The specification of the types is the reference backend's.
#pragma once
#include "common.cuh"

enum KvType { KV_F32, KV_F16, KV_BF16, KV_Q8_0, KV_FP8 };

#define MAX_HEAD_DIM 256

// E4M3 (OCP FP8): sign, 4 bits of exponent with the bias 7, 3 of mantissa; no infinities, 0x7f is not-a-number. Bit tricks, since sm_80 has no instruction.
__device__ __forceinline__ float fp8Value(unsigned code) {
  unsigned size = code & 0x7f;
  // as the bits of a half of the bias 15 the value is 2^-8 of what is meant
  float value = halfBits(size << 7) * 256.0f;
  return __uint_as_float((size == 0x7f ? 0x7fc00000u : __float_as_uint(value)) | (code & 0x80) << 24);
}

// The nearest code, of two the even one; what is larger than 448 becomes 448.
__device__ __forceinline__ byte fp8Code(float value) {
  unsigned bits = __float_as_uint(value);
  unsigned size = bits & 0x7fffffffu;
  unsigned code;
  if (size > 0x7f800000u) {
    code = 0x7f;
  } else if (size >= 0x43e00000u) {
    code = 0x7e;
  } else if (size < 0x3c800000u) {
    code = __float2int_rn(__uint_as_float(size) * 512.0f);  // subnormal, or rounded up to 2^-6, whose code is 8
  } else {
    code = (size + 0x7ffffu + (size >> 20 & 1) >> 20) - 960;
  }
  return static_cast<byte>(code | bits >> 24 & 0x80);
}

// A row is the columns of one key or value head, in CHUNK columns for 16 bytes; README.md has the layout.
template <KvType TYPE>
struct KvRow {
  static const int CHUNK = TYPE == KV_F32 ? 4 : TYPE == KV_Q8_0 || TYPE == KV_FP8 ? 16 : 8;
  static const bool EXACT_IN_BF16 = TYPE == KV_BF16 || TYPE == KV_FP8;

  static __host__ __device__ __forceinline__ int bytes(int dim) {
    int runs = (dim + 31) / 32;
    int unpadded = TYPE == KV_F32 ? dim * 4 : TYPE == KV_Q8_0 ? runs * 34 : TYPE == KV_FP8 ? dim : dim * 2;
    return (unpadded + 15) / 16 * 16;
  }

  // Columns [chunk * CHUNK, chunk * CHUNK + CHUNK) of a row of `dim` columns.
  static __device__ __forceinline__ void load(const byte* row, int dim, int chunk, float (&values)[CHUNK]) {
    uint4 bits = *reinterpret_cast<const uint4*>(row + chunk * 16);
    unsigned words[4] = {bits.x, bits.y, bits.z, bits.w};
    float scale = 1;
    if (TYPE == KV_Q8_0) {
      scale = halfBits(*reinterpret_cast<const unsigned short*>(row + (dim + 31) / 32 * 32 + chunk / 2 * 2));
    }
#pragma unroll
    for (int i = 0; i < CHUNK; i++) {
      unsigned word = words[i * 4 / CHUNK];
      if (TYPE == KV_F32) {
        values[i] = __uint_as_float(word);
      } else if (TYPE == KV_F16) {
        values[i] = halfBits(i % 2 == 0 ? word & 0xffff : word >> 16);
      } else if (TYPE == KV_BF16) {
        values[i] = i % 2 == 0 ? lowerBf16(word) : upperBf16(word);
      } else if (TYPE == KV_FP8) {
        values[i] = fp8Value(word >> i % 4 * 8 & 0xff);
      } else {
        values[i] = static_cast<float>(static_cast<signed char>(word >> i % 4 * 8)) * scale;
      }
    }
  }

  // A warp stores `dim` values, which lie in shared memory, and zeros behind them.
  static __device__ __forceinline__ void store(byte* row, int dim, const float* values) {
    int lane = threadIdx.x % WARP;
    if (TYPE == KV_Q8_0) {
      int runs = (dim + 31) / 32;
      for (int run = 0; run < runs; run++) {
        int column = run * 32 + lane;
        float value = column < dim ? values[column] : 0.0f;
        float scale = warpMax(fabsf(value)) / 127.0f;
        int code = scale == 0.0f ? 0 : __float2int_rn(value / scale);
        row[column] = static_cast<byte>(code);
        if (lane == 0) {
          reinterpret_cast<__half*>(row + runs * 32)[run] = __float2half_rn(scale);
        }
      }
      for (int i = runs * 34 + lane; i < bytes(dim); i += WARP) {
        row[i] = 0;
      }
    } else {
      int padded = bytes(dim) / 16 * CHUNK;
      for (int column = lane; column < padded; column += WARP) {
        float value = column < dim ? values[column] : 0.0f;
        if (TYPE == KV_F32) {
          reinterpret_cast<float*>(row)[column] = value;
        } else if (TYPE == KV_FP8) {
          row[column] = fp8Code(value);
        } else if (TYPE == KV_F16) {
          reinterpret_cast<__half*>(row)[column] = __float2half_rn(value);
        } else {
          reinterpret_cast<__nv_bfloat16*>(row)[column] = __float2bfloat16_rn(value);
        }
      }
    }
  }
};

// One layer of the cache.
template <KvType TYPE>
struct KvLayer {
  byte* first;  // the layer's part of block 0
  long long blockBytes;
  int blockTokens;
  int kvHeads;
  int keyDim;
  int valueDim;

  __device__ __forceinline__ byte* key(int block, int head, int within) const {
    return first + block * blockBytes + static_cast<size_t>(head * blockTokens + within) * KvRow<TYPE>::bytes(keyDim);
  }

  __device__ __forceinline__ byte* value(int block, int head, int within) const {
    return first + block * blockBytes + static_cast<size_t>(kvHeads * blockTokens) * KvRow<TYPE>::bytes(keyDim) +
           static_cast<size_t>(head * blockTokens + within) * KvRow<TYPE>::bytes(valueDim);
  }
};

// The first position that a token at `position` sees.
__device__ __forceinline__ int firstSeen(int position, int window) { return window > 0 ? max(0, position - window + 1) : 0; }

__device__ __forceinline__ float softCapped(float score, float softCap) { return softCap > 0 ? softCap * tanhf(score / softCap) : score; }

// Stamps a kernel for each type of the cache: MACRO(name, TYPE).
#define FOR_KV_TYPES(MACRO) \
  MACRO(f32, KV_F32)        \
  MACRO(f16, KV_F16)        \
  MACRO(bf16, KV_BF16)      \
  MACRO(q8_0, KV_Q8_0)      \
  MACRO(fp8, KV_FP8)
