// Linear and the first half of a gated network for few rows with activations rounded to 8 bits: integer dot products of codes (dp4a). Chosen by name
// only, --compute-type int8.
#include "matvec.cuh"

#define CODE_STRIDE 12  // words of a unit's 32 codes, placed so that the lanes' 16-byte reads fall into different banks

// A chunk of ROWS rows as codes in [-127, 127]: a unit of 32 values has the scale max / 127. Beside the scale, the sums of the codes of both halves.
template <int ROWS>
struct CodeChunk {
  int codes[ROWS][CHUNK_UNITS * CODE_STRIDE];
  float4 scales[ROWS][CHUNK_UNITS];

  __device__ __forceinline__ void put(int row, int within, const float (&four)[4]) {
    // sizes are compared as integers, in which infinity and not-a-number are the largest: neither may disappear
    unsigned largest = 0;
#pragma unroll
    for (int i = 0; i < 4; i++) {
      largest = max(largest, __float_as_uint(four[i]) & 0x7fffffffu);
    }
#pragma unroll
    for (int distance = 1; distance < 8; distance *= 2) {
      largest = max(largest, __shfl_xor_sync(ALL_LANES, largest, distance));
    }
    float size = __uint_as_float(largest);
    float inverse = largest > 0x03000000u ? 127.0f / size : 0.0f;  // 2^-121: the inverse of less is no float32
    int word = 0;
    int sum = 0;
#pragma unroll
    for (int i = 0; i < 4; i++) {
      int code = __float2int_rn(four[i] * inverse);
      sum += code;
      word |= (code & 0xff) << 8 * i;
    }
    sum += __shfl_xor_sync(ALL_LANES, sum, 1);
    sum += __shfl_xor_sync(ALL_LANES, sum, 2);
    int unit = within / 32;
    codes[row][unit * CODE_STRIDE + within % 32 / 4] = word;
    float* scale = reinterpret_cast<float*>(&scales[row][unit]);
    if (within % 16 == 0) {
      scale[1 + within % 32 / 16] = static_cast<float>(sum);
    }
    if (within % 32 == 0) {
      scale[0] = size / 127.0f;
      scale[3] = 0;  // is read with the others
    }
  }
};

// The integer product of 16 codes with 16 others.
__device__ __forceinline__ int dot(const int* a, uint4 b) {
  return __dp4a(a[3], static_cast<int>(b.w),
                __dp4a(a[2], static_cast<int>(b.z), __dp4a(a[1], static_cast<int>(b.y), __dp4a(a[0], static_cast<int>(b.x), 0))));
}

template <WeightType TYPE, int ROWS>
__device__ __forceinline__ void multiplyPiece(
    const CodeChunk<ROWS>& chunk, const typename Weight<TYPE>::Raw& raw, int piece, float (&sums)[ROWS]) {
  const int GROUPS = Weight<TYPE>::GROUPS;
  int codes[8];
  float2 weightScales[GROUPS];
  Weight<TYPE>::codes(raw, codes);
  Weight<TYPE>::scales(raw, piece, weightScales);
#pragma unroll
  for (int row = 0; row < ROWS; row++) {
    const uint4* other = reinterpret_cast<const uint4*>(&chunk.codes[row][piece * CODE_STRIDE]);
    float4 scale = chunk.scales[row][piece];
    int lower = dot(codes, other[0]);
    int upper = dot(codes + 4, other[1]);
    float product;
    if (GROUPS == 1) {
      product = fmaf(weightScales[0].x, static_cast<float>(lower + upper), weightScales[0].y * (scale.y + scale.z));
    } else {
      product = fmaf(weightScales[0].x, static_cast<float>(lower), weightScales[0].y * scale.y) +
                fmaf(weightScales[GROUPS - 1].x, static_cast<float>(upper), weightScales[GROUPS - 1].y * scale.z);
    }
    sums[row] = fmaf(scale.x, product, sums[row]);
  }
}

#define INT8_ROWS(name, TYPE, ROWS)                                                                                                               \
  extern "C" __global__ void __launch_bounds__(MATVEC_THREADS, 1) matvec_int8_##name##_r##ROWS(                                                     \
      const LinearPart* parts, int partCount, const float* x, int xStride, int columns, int rows, const float* normWeight, float epsilon,          \
      float normOffset, int norm) {                                                                                                                \
    matvec<TYPE, ROWS, CodeChunk<ROWS>>(parts, partCount, x, xStride, columns, rows, {normWeight, epsilon, normOffset, norm});                     \
  }                                                                                                                                                \
  extern "C" __global__ void __launch_bounds__(MATVEC_THREADS, 1) matvec_gate_int8_##name##_r##ROWS(                                                \
      const LinearPart* gateAndUp, int activation, const float* x, int xStride, int columns, int rows, const float* normWeight, float epsilon,     \
      float normOffset, int norm) {                                                                                                                \
    matvecGate<TYPE, ROWS, CodeChunk<ROWS>>(gateAndUp, activation, x, xStride, columns, rows, {normWeight, epsilon, normOffset, norm});            \
  }
#define INT8(name, TYPE)    \
  INT8_ROWS(name, TYPE, 1) \
  INT8_ROWS(name, TYPE, 4) \
  INT8_ROWS(name, TYPE, 8)
FOR_QUANTISED_TYPES(INT8)
