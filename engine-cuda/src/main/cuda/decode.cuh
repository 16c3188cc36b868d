// The weight formats: the only place that knows how a block is laid out.
//
// A weight is two planes, see README.md. Kernels read a row in pieces of ELEMENTS successive elements, a piece for a thread. A piece is loaded raw
// (so that the load of the next can be under way), and decoded where it is used. A quantised piece is 32 codes of a byte each, in the order of the
// elements, and for each of GROUPS equal runs of them a scale and an offset: element = code * scale + offset. Source: the GGUF file format; the
// specification is dev.jebena.engine.weight.BlockType, whose ordinals the numbers here are.
#pragma once
#include "common.cuh"

enum WeightType { F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K };

// Where a row of a weight begins.
struct WeightRow {
  const byte* body;
  const byte* head;
};

__device__ __forceinline__ uint4 loadBody(const byte* address) { return __ldg(reinterpret_cast<const uint4*>(address)); }

__device__ __forceinline__ unsigned loadHalf(const byte* address) { return __ldg(reinterpret_cast<const unsigned short*>(address)); }

// The two packed nibbles of four bytes.
__device__ __forceinline__ int lowNibbles(unsigned word) { return word & 0x0f0f0f0f; }

__device__ __forceinline__ int highNibbles(unsigned word) { return word >> 4 & 0x0f0f0f0f; }

// Bit i of the lowest four becomes bit 4 of byte i.
__device__ __forceinline__ int fifthBits(unsigned bits) { return ((bits & 15) * 0x00204081 & 0x01010101) << 4; }

// Floating-point types: ELEMENTS values in 16 bytes, no scales.
template <WeightType TYPE>
struct Weight {
  static const bool QUANTISED = false;
  static const bool EXACT_IN_BF16 = TYPE == BF16;
  static const int ELEMENTS = TYPE == F32 ? 4 : 8;
  static const int GROUPS = 1;

  struct Raw {
    uint4 bits;
  };

  static __device__ __forceinline__ WeightRow row(const byte* body, const byte* head, int row, int units) {
    return {body + static_cast<size_t>(row) * units * (TYPE == F32 ? 128 : 64), head};
  }

  static __device__ __forceinline__ Raw zero() { return {make_uint4(0, 0, 0, 0)}; }

  static __device__ __forceinline__ Raw load(WeightRow row, int piece) { return {loadBody(row.body + static_cast<size_t>(piece) * 16)}; }

  static __device__ __forceinline__ void decode(const Raw& raw, float (&values)[ELEMENTS]) {
    unsigned words[4] = {raw.bits.x, raw.bits.y, raw.bits.z, raw.bits.w};
#pragma unroll
    for (int i = 0; i < ELEMENTS; i++) {
      unsigned word = words[i * 4 / ELEMENTS];
      if (TYPE == F32) {
        values[i] = __uint_as_float(word);
      } else if (TYPE == F16) {
        values[i] = halfBits(i % 2 == 0 ? word & 0xffff : word >> 16);
      } else {
        values[i] = i % 2 == 0 ? lowerBf16(word) : upperBf16(word);
      }
    }
  }
};

// What the quantised types have in common: a piece is a unit of 32 elements.
struct Quantised {
  static const bool QUANTISED = true;
  static const bool EXACT_IN_BF16 = false;
  static const int ELEMENTS = 32;
};

// Types of 16 bytes of nibbles for 32 elements and a head of HEAD bytes: d or d, m; then the fifth bits.
template <int HEAD, bool MINIMUM, bool FIFTH_BIT>
struct Nibbles : Quantised {
  static const int GROUPS = 1;

  struct Raw {
    uint4 codes;
    unsigned scale;  // d, and m in the upper half
    unsigned high;
  };

  static __device__ __forceinline__ WeightRow row(const byte* body, const byte* head, int row, int units) {
    size_t first = static_cast<size_t>(row) * units;
    return {body + first * 16, head + first * HEAD};
  }

  static __device__ __forceinline__ Raw zero() { return {make_uint4(0, 0, 0, 0), 0, 0}; }

  static __device__ __forceinline__ Raw load(WeightRow row, int unit) {
    const byte* head = row.head + static_cast<size_t>(unit) * HEAD;
    Raw raw;
    raw.codes = loadBody(row.body + static_cast<size_t>(unit) * 16);
    raw.high = 0;
    if (HEAD == 4 || HEAD == 8) {
      raw.scale = __ldg(reinterpret_cast<const unsigned*>(head));
    } else {
      raw.scale = loadHalf(head);
    }
    if (HEAD == 6) {
      raw.high = loadHalf(head + 2) | loadHalf(head + 4) << 16;
    }
    if (HEAD == 8) {
      raw.high = __ldg(reinterpret_cast<const unsigned*>(head + 4));
    }
    return raw;
  }

  static __device__ __forceinline__ void codes(const Raw& raw, int (&codes)[8]) {
    unsigned words[4] = {raw.codes.x, raw.codes.y, raw.codes.z, raw.codes.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
      codes[i] = lowNibbles(words[i]);
      codes[i + 4] = highNibbles(words[i]);
      if (FIFTH_BIT) {
        codes[i] |= fifthBits(raw.high >> 4 * i);
        codes[i + 4] |= fifthBits(raw.high >> 4 * i + 16);
      }
    }
  }

  static __device__ __forceinline__ void scales(const Raw& raw, int unit, float2 (&scales)[1]) {
    float scale = halfBits(raw.scale & 0xffff);
    scales[0] = make_float2(scale, MINIMUM ? halfBits(raw.scale >> 16) : (FIFTH_BIT ? -16 : -8) * scale);
  }
};

template <>
struct Weight<Q4_0> : Nibbles<2, false, false> {};

template <>
struct Weight<Q4_1> : Nibbles<4, true, false> {};

template <>
struct Weight<Q5_0> : Nibbles<6, false, true> {};

template <>
struct Weight<Q5_1> : Nibbles<8, true, true> {};

template <>
struct Weight<Q8_0> : Quantised {
  static const int GROUPS = 1;

  struct Raw {
    uint4 first;
    uint4 second;
    unsigned scale;
  };

  static __device__ __forceinline__ WeightRow row(const byte* body, const byte* head, int row, int units) {
    size_t first = static_cast<size_t>(row) * units;
    return {body + first * 32, head + first * 2};
  }

  static __device__ __forceinline__ Raw zero() { return {make_uint4(0, 0, 0, 0), make_uint4(0, 0, 0, 0), 0}; }

  static __device__ __forceinline__ Raw load(WeightRow row, int unit) {
    const byte* body = row.body + static_cast<size_t>(unit) * 32;
    return {loadBody(body), loadBody(body + 16), loadHalf(row.head + static_cast<size_t>(unit) * 2)};
  }

  static __device__ __forceinline__ void codes(const Raw& raw, int (&codes)[8]) {
    codes[0] = raw.first.x;
    codes[1] = raw.first.y;
    codes[2] = raw.first.z;
    codes[3] = raw.first.w;
    codes[4] = raw.second.x;
    codes[5] = raw.second.y;
    codes[6] = raw.second.z;
    codes[7] = raw.second.w;
  }

  static __device__ __forceinline__ void scales(const Raw& raw, int unit, float2 (&scales)[1]) {
    scales[0] = make_float2(halfBits(raw.scale), 0.0f);
  }
};

// Q4_K and Q5_K: 256 elements with the head d, dmin and eight 6-bit scales and minima; unit s of the block is a sub-block.
template <bool FIFTH_BIT>
struct SuperNibbles : Quantised {
  static const int GROUPS = 1;
  static const int BODY = FIFTH_BIT ? 160 : 128;

  struct Raw {
    uint4 first;
    uint4 second;
    uint4 highFirst;
    uint4 highSecond;
    uint4 head;
    int sub;
  };

  static __device__ __forceinline__ WeightRow row(const byte* body, const byte* head, int row, int units) {
    size_t first = static_cast<size_t>(row) * (units / 8);
    return {body + first * BODY, head + first * 16};
  }

  static __device__ __forceinline__ Raw zero() {
    uint4 none = make_uint4(0, 0, 0, 0);
    return {none, none, none, none, none, 0};
  }

  static __device__ __forceinline__ Raw load(WeightRow row, int unit) {
    const byte* body = row.body + static_cast<size_t>(unit / 8) * BODY;
    int sub = unit % 8;
    const byte* nibbles = body + (FIFTH_BIT ? 32 : 0) + sub / 2 * 32;
    Raw raw = zero();
    raw.first = loadBody(nibbles);
    raw.second = loadBody(nibbles + 16);
    if (FIFTH_BIT) {
      raw.highFirst = loadBody(body);
      raw.highSecond = loadBody(body + 16);
    }
    raw.head = loadBody(row.head + static_cast<size_t>(unit / 8) * 16);
    raw.sub = sub;
    return raw;
  }

  static __device__ __forceinline__ void codes(const Raw& raw, int (&codes)[8]) {
    unsigned words[8] = {raw.first.x, raw.first.y, raw.first.z, raw.first.w, raw.second.x, raw.second.y, raw.second.z, raw.second.w};
    unsigned high[8] = {raw.highFirst.x,  raw.highFirst.y,  raw.highFirst.z,  raw.highFirst.w,
                        raw.highSecond.x, raw.highSecond.y, raw.highSecond.z, raw.highSecond.w};
    int shift = raw.sub % 2 * 4;
#pragma unroll
    for (int i = 0; i < 8; i++) {
      codes[i] = lowNibbles(words[i] >> shift);
      if (FIFTH_BIT) {
        codes[i] |= (high[i] >> raw.sub & 0x01010101) << 4;
      }
    }
  }

  // Bytes 0 to 3 hold the scales of sub-blocks 0 to 3, bytes 4 to 7 their minima, the upper two bits of both belong to sub-blocks 4 to 7; bytes 8
  // to 11 hold the lower four bits of the scale and of the minimum of those.
  static __device__ __forceinline__ void scales(const Raw& raw, int unit, float2 (&scales)[1]) {
    int shift = raw.sub % 4 * 8;
    unsigned a = raw.head.y >> shift;
    unsigned b = raw.head.z >> shift;
    unsigned c = raw.head.w >> shift;
    bool early = raw.sub < 4;
    unsigned scale = early ? a & 63 : (c & 15) | (a >> 6 & 3) << 4;
    unsigned minimum = early ? b & 63 : (c >> 4 & 15) | (b >> 6 & 3) << 4;
    scales[0] = make_float2(halfBits(raw.head.x & 0xffff) * static_cast<float>(scale), -halfBits(raw.head.x >> 16) * static_cast<float>(minimum));
  }
};

template <>
struct Weight<Q4_K> : SuperNibbles<false> {};

template <>
struct Weight<Q5_K> : SuperNibbles<true> {};

// 256 elements: 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales of 16 elements; head: d.
template <>
struct Weight<Q6_K> : Quantised {
  static const int GROUPS = 2;

  struct Raw {
    uint4 first;
    uint4 second;
    uint4 highFirst;
    uint4 highSecond;
    unsigned subScales;
    unsigned scale;
    int within;
  };

  static __device__ __forceinline__ WeightRow row(const byte* body, const byte* head, int row, int units) {
    size_t first = static_cast<size_t>(row) * (units / 8);
    return {body + first * 208, head + first * 2};
  }

  static __device__ __forceinline__ Raw zero() {
    uint4 none = make_uint4(0, 0, 0, 0);
    return {none, none, none, none, 0, 0, 0};
  }

  static __device__ __forceinline__ Raw load(WeightRow row, int unit) {
    const byte* body = row.body + static_cast<size_t>(unit / 8) * 208;
    int part = unit % 8 / 4;
    int within = unit % 4;
    const byte* low = body + part * 64 + within % 2 * 32;
    const byte* high = body + 128 + part * 32;
    Raw raw;
    raw.first = loadBody(low);
    raw.second = loadBody(low + 16);
    raw.highFirst = loadBody(high);
    raw.highSecond = loadBody(high + 16);
    raw.subScales = loadHalf(body + 192 + part * 8 + within * 2);
    raw.scale = loadHalf(row.head + static_cast<size_t>(unit / 8) * 2);
    raw.within = within;
    return raw;
  }

  static __device__ __forceinline__ void codes(const Raw& raw, int (&codes)[8]) {
    unsigned words[8] = {raw.first.x, raw.first.y, raw.first.z, raw.first.w, raw.second.x, raw.second.y, raw.second.z, raw.second.w};
    unsigned high[8] = {raw.highFirst.x,  raw.highFirst.y,  raw.highFirst.z,  raw.highFirst.w,
                        raw.highSecond.x, raw.highSecond.y, raw.highSecond.z, raw.highSecond.w};
    int lowShift = raw.within / 2 * 4;
    int highShift = raw.within * 2;
#pragma unroll
    for (int i = 0; i < 8; i++) {
      codes[i] = lowNibbles(words[i] >> lowShift) | (high[i] >> highShift & 0x03030303) << 4;
    }
  }

  static __device__ __forceinline__ void scales(const Raw& raw, int unit, float2 (&scales)[2]) {
    float scale = halfBits(raw.scale);
    float first = scale * static_cast<float>(static_cast<signed char>(raw.subScales & 0xff));
    float second = scale * static_cast<float>(static_cast<signed char>(raw.subScales >> 8));
    scales[0] = make_float2(first, -32.0f * first);
    scales[1] = make_float2(second, -32.0f * second);
  }
};

// Whether the raw pieces that a lane has under way take many registers.
template <WeightType TYPE>
struct Wide {
  static const bool VALUE = TYPE == F32 || TYPE == Q5_K || TYPE == Q6_K;
};

// Code i of a unit as a float. Only Q8_0 has negative codes, and no code of another type has its highest bit set.
__device__ __forceinline__ float codeAt(const int (&codes)[8], int i) {
  return static_cast<float>(static_cast<signed char>(codes[i / 4] >> i % 4 * 8));
}

// The values of a piece, whatever the type.
template <WeightType TYPE>
__device__ __forceinline__ void decodePiece(const typename Weight<TYPE>::Raw& raw, int piece, float (&values)[Weight<TYPE>::ELEMENTS]) {
  if constexpr (Weight<TYPE>::QUANTISED) {
    int codes[8];
    float2 scales[Weight<TYPE>::GROUPS];
    Weight<TYPE>::codes(raw, codes);
    Weight<TYPE>::scales(raw, piece, scales);
#pragma unroll
    for (int i = 0; i < 32; i++) {
      float2 scale = scales[i * Weight<TYPE>::GROUPS / 32];
      values[i] = fmaf(codeAt(codes, i), scale.x, scale.y);
    }
  } else {
    Weight<TYPE>::decode(raw, values);
  }
}

// One product of a launch; see README.md. 64 bytes.
struct LinearPart {
  const byte* body;
  const byte* head;
  const float* bias;
  float* out;
  const float* residual;
  int columns;
  int outStride;
  int residualStride;
  int firstBlock;
  int unused[2];
};

// The part that a block of threads works for.
__device__ __forceinline__ LinearPart partOf(const LinearPart* parts, int partCount, int block) {
  int index = partCount - 1;
  while (index > 0 && parts[index].firstBlock > block) {
    index--;
  }
  return parts[index];
}

// Stamps a kernel for each type: MACRO(name, TYPE).
#define FOR_QUANTISED_TYPES(MACRO) \
  MACRO(q4_0, Q4_0)                \
  MACRO(q4_1, Q4_1)                \
  MACRO(q5_0, Q5_0)                \
  MACRO(q5_1, Q5_1)                \
  MACRO(q8_0, Q8_0)                \
  MACRO(q4_k, Q4_K)                \
  MACRO(q5_k, Q5_K)                \
  MACRO(q6_k, Q6_K)
#define FOR_ALL_TYPES(MACRO) \
  MACRO(f32, F32)            \
  MACRO(f16, F16)            \
  MACRO(bf16, BF16)          \
  FOR_QUANTISED_TYPES(MACRO)
