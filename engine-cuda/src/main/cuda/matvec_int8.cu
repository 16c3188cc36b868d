// Linear for few rows with activations rounded to 8 bits: integer dot products of codes (dp4a). Chosen by name only, --compute-type int8.
#include "decode.cuh"

#define THREADS 512
#define WARPS (THREADS / WARP)
#define CHUNK_UNITS 32
#define UNIT_BYTES 48  // 32 codes, placed so that the lanes' 16-byte reads fall into different banks

// A unit of 32 values becomes codes in [-127, 127] of the scale max / 127. A warp for a unit.
extern "C" __global__ void __launch_bounds__(128)
    quantize_rows(signed char* codes, float2* scales, const float* x, int xStride, int columns, int rows) {
  int units = (columns + 31) / 32;
  int unit = blockIdx.x * 4 + threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  size_t row = blockIdx.y;
  if (unit >= units) {
    return;
  }
  int column = unit * 32 + lane;
  float value = column < columns ? x[row * xStride + column] : 0.0f;
  float scale = warpMax(fabsf(value)) / 127.0f;
  int code = scale == 0.0f ? 0 : __float2int_rn(value / scale);
  codes[(row * units + unit) * 32 + lane] = static_cast<signed char>(code);
  float total = warpSum(static_cast<float>(code));
  if (lane == 0) {
    scales[row * units + unit] = make_float2(scale, scale * total);
  }
}

template <int ROWS>
struct CodeChunk {
  uint4 codes[ROWS][CHUNK_UNITS * UNIT_BYTES / 16];
  float2 scales[ROWS][CHUNK_UNITS];
};

template <int ROWS>
__device__ __forceinline__ void loadCodes(
    CodeChunk<ROWS>& chunk, const signed char* codes, const float2* scales, int units, int rows, int firstUnit) {
#pragma unroll 1
  for (int row = 0; row < ROWS; row++) {
#pragma unroll 1
    for (int i = threadIdx.x; i < CHUNK_UNITS * 2; i += THREADS) {
      int unit = firstUnit + i / 2;
      bool inside = row < rows && unit < units;
      size_t at = static_cast<size_t>(row) * units + unit;
      chunk.codes[row][i / 2 * (UNIT_BYTES / 16) + i % 2] =
          inside ? reinterpret_cast<const uint4*>(codes)[at * 2 + i % 2] : make_uint4(0, 0, 0, 0);
      if (i % 2 == 0) {
        chunk.scales[row][i / 2] = inside ? scales[at] : make_float2(0.0f, 0.0f);
      }
    }
  }
}

// The integer products of codes [from, from + 4 COUNT) of a unit.
template <int COUNT>
__device__ __forceinline__ int dot(const int* a, const int* b) {
  int sum = 0;
#pragma unroll
  for (int i = 0; i < COUNT; i++) {
    sum = __dp4a(a[i], b[i], sum);
  }
  return sum;
}

template <WeightType TYPE, int ROWS>
__device__ __forceinline__ void matvecInt8(
    const LinearPart* parts, int partCount, const signed char* x, const float2* scales, int columns, int rows) {
  const int GROUPS = Weight<TYPE>::GROUPS;
  __shared__ CodeChunk<ROWS> chunk;
  LinearPart part = partOf(parts, partCount, blockIdx.x);
  int lane = threadIdx.x % WARP;
  int firstRow = blockIdx.y * ROWS;
  int blockRows = min(ROWS, rows - firstRow);
  int column = (blockIdx.x - part.firstBlock) * WARPS + threadIdx.x / WARP;
  int units = columns / 32;
  x += static_cast<size_t>(firstRow) * units * 32;
  scales += static_cast<size_t>(firstRow) * units;
  WeightRow weight = Weight<TYPE>::row(part.body, part.head, min(column, part.columns - 1), units);
  float sums[ROWS];
#pragma unroll
  for (int row = 0; row < ROWS; row++) {
    sums[row] = 0;
  }
  typename Weight<TYPE>::Raw next = lane < units ? Weight<TYPE>::load(weight, lane) : Weight<TYPE>::zero();
#pragma unroll 1
  for (int firstUnit = 0; firstUnit < units; firstUnit += CHUNK_UNITS) {
    int unit = firstUnit + lane;
    typename Weight<TYPE>::Raw raw = next;
    __syncthreads();
    loadCodes<ROWS>(chunk, x, scales, units, blockRows, firstUnit);
    __syncthreads();
    // the next piece comes while this one is multiplied
    next = unit + CHUNK_UNITS < units ? Weight<TYPE>::load(weight, unit + CHUNK_UNITS) : Weight<TYPE>::zero();
    int codes[8];
    float2 weightScales[GROUPS];
    Weight<TYPE>::codes(raw, codes);
    Weight<TYPE>::scales(raw, unit, weightScales);
#pragma unroll
    for (int row = 0; row < ROWS; row++) {
      uint4 first = chunk.codes[row][lane * (UNIT_BYTES / 16)];
      uint4 second = chunk.codes[row][lane * (UNIT_BYTES / 16) + 1];
      int other[8] = {static_cast<int>(first.x),  static_cast<int>(first.y),  static_cast<int>(first.z),  static_cast<int>(first.w),
                      static_cast<int>(second.x), static_cast<int>(second.y), static_cast<int>(second.z), static_cast<int>(second.w)};
      float2 scale = chunk.scales[row][lane];
      if (GROUPS == 1) {
        float product = static_cast<float>(dot<8>(codes, other)) * scale.x;
        sums[row] = fmaf(weightScales[0].x, product, fmaf(weightScales[0].y, scale.y, sums[row]));
      } else {
        // the offset is -32 scales: it goes into the integers, whose sums are exact
        int ones[4] = {0x01010101, 0x01010101, 0x01010101, 0x01010101};
        int lower = dot<4>(codes, other) - 32 * dot<4>(ones, other);
        int upper = dot<4>(codes + 4, other + 4) - 32 * dot<4>(ones, other + 4);
        float product = fmaf(weightScales[0].x, static_cast<float>(lower), weightScales[GROUPS - 1].x * static_cast<float>(upper));
        sums[row] = fmaf(scale.x, product, sums[row]);
      }
    }
  }
  float value = 0;
#pragma unroll
  for (int row = 0; row < ROWS; row++) {
    float sum = warpSum(sums[row]);
    value = lane == row ? sum : value;
  }
  if (lane < blockRows && column < part.columns) {
    size_t row = firstRow + lane;
    value += part.bias != nullptr ? part.bias[column] : 0.0f;
    value += part.residual != nullptr ? part.residual[row * part.residualStride + column] : 0.0f;
    part.out[row * part.outStride + column] = value;
  }
}

#define INT8_ROWS(name, TYPE, ROWS)                                                                                        \
  extern "C" __global__ void __launch_bounds__(THREADS, 1) matvec_int8_##name##_r##ROWS(                                     \
      const LinearPart* parts, int partCount, const signed char* codes, const float2* scales, int columns, int rows) {     \
    matvecInt8<TYPE, ROWS>(parts, partCount, codes, scales, columns, rows);                                                \
  }
#define INT8(name, TYPE)    \
  INT8_ROWS(name, TYPE, 1) \
  INT8_ROWS(name, TYPE, 4) \
  INT8_ROWS(name, TYPE, 8)
FOR_QUANTISED_TYPES(INT8)
