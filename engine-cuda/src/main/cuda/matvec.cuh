// Products of a weight with a few rows: bound by reading the weight, so each piece of it is read once, 16 bytes a lane, and meets all rows.
//
// The columns are taken in chunks of 1024, a unit of 32 for each lane of a warp. A block of threads brings a chunk of its rows into shared memory, where
// a unit takes 36 floats, so that the lanes' 16-byte reads fall into different banks; each of its 16 warps multiplies it with one row of the
// weight. A quantised product is taken over the codes, and scaled once: sum(x (q s + o)) = s sum(x q) + o sum(x). Everything that is added up for one
// result depends on the number of columns alone.
#pragma once
#include "decode.cuh"

#define CHUNK 1024
#define CHUNK_UNITS (CHUNK / 32)
#define UNIT_STRIDE 36
#define MATVEC_THREADS 512
#define MATVEC_WARPS (MATVEC_THREADS / WARP)

// A chunk of ROWS rows, and the sums of each half of each unit.
template <int ROWS>
struct Chunk {
  float values[ROWS][CHUNK_UNITS * UNIT_STRIDE];
  float halves[ROWS][CHUNK_UNITS][2];
};

// The RMS normalisation that a product may begin with; absent: `active` is 0.
struct InputNorm {
  const float* weight;
  float epsilon;
  float offset;
  int active;
};

// Brings columns [from, from + CHUNK) of the block's rows into shared memory, zeros behind the end. To `squares` of lane r
// go the squares of the warp's part of row r.
template <int ROWS>
__device__ __forceinline__ void loadChunk(
    Chunk<ROWS>& chunk, const float* x, int xStride, int columns, int rows, int from, const InputNorm& norm, float& squares) {
  int lane = threadIdx.x % WARP;
#pragma unroll 1
  for (int unit = threadIdx.x / WARP; unit < CHUNK_UNITS; unit += MATVEC_WARPS) {
    int column = from + unit * 32 + lane;
    float factor = 1;
    if (norm.active && norm.weight != nullptr && column < columns) {
      factor = norm.weight[column] + norm.offset;
    }
#pragma unroll
    for (int row = 0; row < ROWS; row++) {
      float value = row < rows && column < columns ? x[static_cast<size_t>(row) * xStride + column] : 0.0f;
      if (norm.active) {
        float square = warpSum(value * value);
        squares += lane == row ? square : 0.0f;
        value *= factor;
      }
      chunk.values[row][unit * UNIT_STRIDE + lane] = value;
      float half = value;
#pragma unroll
      for (int distance = 8; distance > 0; distance /= 2) {
        half += __shfl_xor_sync(ALL_LANES, half, distance);
      }
      if (lane % 16 == 0) {
        chunk.halves[row][unit][lane / 16] = half;
      }
    }
  }
}

__device__ __forceinline__ float multiply4(const float* values, float4 x, float sum) {
  sum = fmaf(values[0], x.x, sum);
  sum = fmaf(values[1], x.y, sum);
  sum = fmaf(values[2], x.z, sum);
  return fmaf(values[3], x.w, sum);
}

// Adds to sums[row] what one lane's part of a weight row gives with the chunk. Its pieces are step * 32 + lane, counted from the chunk's first.
template <WeightType TYPE, int ROWS>
__device__ __forceinline__ void multiplyPiece(
    const Chunk<ROWS>& chunk, const typename Weight<TYPE>::Raw& raw, int step, int piece, float (&sums)[ROWS]) {
  const int ELEMENTS = Weight<TYPE>::ELEMENTS;
  int lane = threadIdx.x % WARP;
  if constexpr (Weight<TYPE>::QUANTISED) {
    const int GROUPS = Weight<TYPE>::GROUPS;
    int codes[8];
    float2 scales[GROUPS];
    Weight<TYPE>::codes(raw, codes);
    Weight<TYPE>::scales(raw, piece, scales);
    // by halves of the unit, so that 16 decoded values are alive and not 32
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float2 scale = scales[half * GROUPS / 2];
      float values[16];
#pragma unroll
      for (int i = 0; i < 16; i++) {
        values[i] = codeAt(codes, half * 16 + i);
      }
#pragma unroll
      for (int row = 0; row < ROWS; row++) {
        const float* x = &chunk.values[row][lane * UNIT_STRIDE + half * 16];
        float sum = 0;
#pragma unroll
        for (int i = 0; i < 16; i += 4) {
          sum = multiply4(values + i, *reinterpret_cast<const float4*>(x + i), sum);
        }
        sums[row] = fmaf(scale.x, sum, fmaf(scale.y, chunk.halves[row][lane][half], sums[row]));
      }
    }
  } else {
    float values[ELEMENTS];
    Weight<TYPE>::decode(raw, values);
    int element = (step * WARP + lane) * ELEMENTS;
#pragma unroll
    for (int row = 0; row < ROWS; row++) {
      const float* x = &chunk.values[row][element / 32 * UNIT_STRIDE + element % 32];
#pragma unroll
      for (int i = 0; i < ELEMENTS; i += 4) {
        sums[row] = multiply4(values + i, *reinterpret_cast<const float4*>(x + i), sums[row]);
      }
    }
  }
}

// Loads every 32nd piece from `first`; zeros behind the row's end.
template <WeightType TYPE, int COUNT>
__device__ __forceinline__ void loadPieces(typename Weight<TYPE>::Raw (&raw)[COUNT], const WeightRow& weight, int first, int pieces) {
#pragma unroll
  for (int i = 0; i < COUNT; i++) {
    int piece = first + i * WARP;
    raw[i] = piece < pieces ? Weight<TYPE>::load(weight, piece) : Weight<TYPE>::zero();
  }
}

// The product of a weight row (each warp has its own) with the block's rows: lane r gets that of row r.
template <WeightType TYPE, int ROWS>
__device__ __forceinline__ float multiplyRow(
    const WeightRow& weight, const float* x, int xStride, int columns, int rows, const InputNorm& norm, Chunk<ROWS>& chunk) {
  const int STEPS = 32 / Weight<TYPE>::ELEMENTS;
  const int BATCH = STEPS > 4 ? 4 : STEPS;  // pieces under way at a time
  __shared__ float warpSquares[MATVEC_WARPS][ROWS];
  int lane = threadIdx.x % WARP;
  int pieces = (columns + 31) / 32 * STEPS;
  float squares = 0;
  float sums[ROWS];
#pragma unroll
  for (int row = 0; row < ROWS; row++) {
    sums[row] = 0;
  }
#pragma unroll 1
  for (int from = 0; from < columns; from += CHUNK) {
    int firstPiece = from / 32 * STEPS + lane;
    typename Weight<TYPE>::Raw raw[BATCH];
    loadPieces<TYPE, BATCH>(raw, weight, firstPiece, pieces);
    __syncthreads();
    loadChunk<ROWS>(chunk, x, xStride, columns, rows, from, norm, squares);
    __syncthreads();
#pragma unroll
    for (int batch = 0; batch < STEPS; batch += BATCH) {
      if (batch > 0) {
        loadPieces<TYPE, BATCH>(raw, weight, firstPiece + batch * WARP, pieces);
      }
#pragma unroll
      for (int i = 0; i < BATCH; i++) {
        multiplyPiece<TYPE, ROWS>(chunk, raw[i], batch + i, firstPiece + (batch + i) * WARP, sums);
        asm volatile("" ::: "memory");  // or the compiler would load the inputs of all steps at once, and run out of registers
      }
    }
  }
  float product = 0;
#pragma unroll
  for (int row = 0; row < ROWS; row++) {
    float sum = warpSum(sums[row]);
    product = lane == row ? sum : product;
  }
  if (norm.active) {
    if (lane < ROWS) {
      warpSquares[threadIdx.x / WARP][lane] = squares;
    }
    __syncthreads();
    if (lane < ROWS) {
      float total = 0;
#pragma unroll 1
      for (int warp = 0; warp < MATVEC_WARPS; warp++) {
        total += warpSquares[warp][lane];
      }
      product *= 1.0f / sqrtf(total / columns + norm.epsilon);
    }
  }
  return product;
}

// Writes a result with bias and residual.
__device__ __forceinline__ void store(const LinearPart& part, int row, int column, float value) {
  if (part.bias != nullptr) {
    value += part.bias[column];
  }
  if (part.residual != nullptr) {
    value += part.residual[static_cast<size_t>(row) * part.residualStride + column];
  }
  part.out[static_cast<size_t>(row) * part.outStride + column] = value;
}
