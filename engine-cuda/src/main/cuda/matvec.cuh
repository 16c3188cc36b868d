// Products of a weight with a few rows: bound by reading the weight, so each piece of it is read once, 16 bytes a lane, and meets all rows.
//
// A block of threads has 16 rows of the weight, and takes the columns in chunks of 1024, which it brings into shared memory for its rows of the input. A warp has
// four rows of the weight and a quarter of the chunk's 32 units of 32 columns, a lane one row and one unit: the four lanes with the same unit read the same
// inputs, which costs shared memory one read. A unit takes 36 floats there, so that the reads of 16 bytes fall into different banks. A quantised product
// is taken over the codes, and scaled once: sum(x (q s + o)) = s sum(x q) + o sum(x). The sums of the quarters meet in shared memory at the end. Everything that is
// added up for one result depends on the number of columns alone.
#pragma once
#include "decode.cuh"

#define CHUNK 1024
#define CHUNK_UNITS (CHUNK / 32)
#define UNIT_STRIDE 36
#define MATVEC_THREADS 512
#define MATVEC_WARPS (MATVEC_THREADS / WARP)
#define WEIGHT_ROWS 16   // of a block of threads
#define QUARTERS 4       // of a chunk, each with its warps
#define UNIT_LANES 8     // lanes of a warp that share a row of the weight

// Blocks of threads that a multiprocessor is to hold: with one row, two of them keep enough of the weight under way.
template <WeightType TYPE, int ROWS>
struct Resident {
  static const int BLOCKS = ROWS == 1 && !Wide<TYPE>::VALUE ? 2 : 1;
};

// A chunk of ROWS rows of float32, and the sums of each half of each unit.
template <int ROWS>
struct FloatChunk {
  float values[ROWS][CHUNK_UNITS * UNIT_STRIDE];
  float halves[ROWS][CHUNK_UNITS][2];

  // Four neighbours at column `within`; the warp has 128 neighbouring columns of the row.
  __device__ __forceinline__ void put(int row, int within, const float (&four)[4]) {
    float half = (four[0] + four[1]) + (four[2] + four[3]);
    half += __shfl_xor_sync(ALL_LANES, half, 1);
    half += __shfl_xor_sync(ALL_LANES, half, 2);
    int unit = within / 32;
    *reinterpret_cast<float4*>(&values[row][unit * UNIT_STRIDE + within % 32]) = make_float4(four[0], four[1], four[2], four[3]);
    if (within % 16 == 0) {
      halves[row][unit][within % 32 / 16] = half;
    }
  }
};

// The RMS normalisation that a product may begin with; absent: `active` is 0.
struct InputNorm {
  const float* weight;
  float epsilon;
  float offset;
  int active;
};

// The rows of the input that a block of threads has: the first and those behind it. Another choice of rows (moe_matvec.cu) is another type with such an `index`. It gives a
// number and not an address: with addresses the compiler orders registers so that matvec_gate_f16_r1 spills on sm_90.
struct NeighbourRows {
  __device__ __forceinline__ int index(int row) const { return row; }
};

// Brings columns [from, from + CHUNK) of the block's rows into shared memory, zeros behind the end. A thread has four columns; 512 threads have two rows, and
// squares[k] takes the squares of rows 2k (first half of the threads) and 2k + 1.
template <int ROWS, class Chunk, class Rows>
__device__ __forceinline__ void loadChunk(
    Chunk& chunk, const float* x, int xStride, const Rows& chosen, int columns, int rows, int from, const InputNorm& norm,
    float (&squares)[(ROWS + 1) / 2]) {
#pragma unroll
  for (int k = 0; k < (ROWS + 1) / 2; k++) {
    int row = 2 * k + threadIdx.x / (CHUNK / 4);
    if (row < ROWS) {
      int within = threadIdx.x % (CHUNK / 4) * 4;
      const float* source = x + static_cast<size_t>(chosen.index(row)) * xStride + from + within;
      float values[4];
#pragma unroll
      for (int i = 0; i < 4; i++) {
        bool inside = row < rows && from + within + i < columns;
        values[i] = inside ? source[i] : 0.0f;
        if (norm.active) {
          squares[k] = fmaf(values[i], values[i], squares[k]);
          values[i] *= inside && norm.weight != nullptr ? norm.weight[from + within + i] + norm.offset : 1.0f;
        }
      }
      chunk.put(row, within, values);
    }
  }
}

__device__ __forceinline__ float multiply4(const float* values, float4 x, float sum) {
  sum = fmaf(values[0], x.x, sum);
  sum = fmaf(values[1], x.y, sum);
  sum = fmaf(values[2], x.z, sum);
  return fmaf(values[3], x.w, sum);
}

// The weight row of the block that a lane works for, and the first of its pieces in a chunk.
struct Lane {
  int weightRow;
  int quarter;
  int within;

  __device__ __forceinline__ Lane() {
    int warp = threadIdx.x / WARP;
    weightRow = warp % (WEIGHT_ROWS / 4) * 4 + threadIdx.x % WARP / UNIT_LANES;
    quarter = warp / (WEIGHT_ROWS / 4);
    within = threadIdx.x % UNIT_LANES;
  }

  // The piece of a step, counted from the chunk's first; the pieces of a quarter are together.
  template <int STEPS>
  __device__ __forceinline__ int piece(int step) const {
    return (quarter * STEPS + step) * UNIT_LANES + within;
  }
};

// Adds to sums[row] what a lane's piece of the weight gives with the chunk.
template <WeightType TYPE, int ROWS>
__device__ __forceinline__ void multiplyPiece(
    const FloatChunk<ROWS>& chunk, const typename Weight<TYPE>::Raw& raw, int piece, float (&sums)[ROWS]) {
  const int ELEMENTS = Weight<TYPE>::ELEMENTS;
  if constexpr (Weight<TYPE>::QUANTISED) {
    const int GROUPS = Weight<TYPE>::GROUPS;
    int codes[8];
    float2 scales[GROUPS];
    Weight<TYPE>::codes(raw, codes);
    Weight<TYPE>::scales(raw, piece, scales);  // of a unit: the piece is one
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
        const float* x = &chunk.values[row][piece * UNIT_STRIDE + half * 16];
        float sum = 0;
#pragma unroll
        for (int i = 0; i < 16; i += 4) {
          sum = multiply4(values + i, *reinterpret_cast<const float4*>(x + i), sum);
        }
        sums[row] = fmaf(scale.x, sum, fmaf(scale.y, chunk.halves[row][piece][half], sums[row]));
      }
    }
  } else {
    float values[ELEMENTS];
    Weight<TYPE>::decode(raw, values);
    int element = piece * ELEMENTS;
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

// Loads the pieces of COUNT steps of the chunk that begins at piece `first`; zeros behind the row's end.
template <WeightType TYPE, int STEPS, int COUNT>
__device__ __forceinline__ void loadPieces(
    typename Weight<TYPE>::Raw (&raw)[COUNT], const WeightRow& weight, const Lane& lane, int first, int step, int pieces) {
#pragma unroll
  for (int i = 0; i < COUNT; i++) {
    int piece = first + lane.piece<STEPS>(step + i);
    raw[i] = piece < pieces ? Weight<TYPE>::load(weight, piece) : Weight<TYPE>::zero();
  }
}

// What a block of threads has in shared memory. CHUNK_TYPE: FloatChunk, or another form of the rows for which there is a multiplyPiece.
template <int ROWS, class CHUNK_TYPE = FloatChunk<ROWS>>
struct Matvec {
  CHUNK_TYPE chunk;
  float partial[QUARTERS][WEIGHT_ROWS][ROWS];
  float warpSquares[MATVEC_WARPS][(ROWS + 1) / 2];

  // The product of a row of the weight with a row of the input.
  __device__ __forceinline__ float product(int weightRow, int row, int columns, const InputNorm& norm) const {
    float sum = 0;
#pragma unroll
    for (int quarter = 0; quarter < QUARTERS; quarter++) {
      sum += partial[quarter][weightRow][row];
    }
    if (norm.active) {
      float squares = 0;
#pragma unroll
      for (int warp = 0; warp < MATVEC_WARPS / 2; warp++) {
        squares += warpSquares[row % 2 * (MATVEC_WARPS / 2) + warp][row / 2];
      }
      sum *= 1.0f / sqrtf(squares / columns + norm.epsilon);
    }
    return sum;
  }
};

// Multiplies the block's rows of the weight, of which the lane has `weight`, with its rows of the input; then all threads may ask for products.
template <WeightType TYPE, int ROWS, class CHUNK_TYPE, class Rows>
__device__ __forceinline__ void multiply(
    Matvec<ROWS, CHUNK_TYPE>& matvec, const WeightRow& weight, const Lane& lane, const float* x, int xStride, const Rows& chosen, int columns, int rows,
    const InputNorm& norm) {
  const int STEPS = 32 / Weight<TYPE>::ELEMENTS;
  const int BATCH = STEPS <= 4 ? STEPS : ROWS < 8 ? 4 : 2;  // pieces under way at a time
  const bool AHEAD = ROWS < 8 || !Wide<TYPE>::VALUE;         // whether there are registers for the next pieces while these are multiplied
  int pieces = (columns + 31) / 32 * STEPS;
  float squares[(ROWS + 1) / 2];
  float sums[ROWS];
#pragma unroll
  for (int k = 0; k < (ROWS + 1) / 2; k++) {
    squares[k] = 0;
  }
#pragma unroll
  for (int row = 0; row < ROWS; row++) {
    sums[row] = 0;
  }
  typename Weight<TYPE>::Raw raw[BATCH];
  if (AHEAD) {
    loadPieces<TYPE, STEPS, BATCH>(raw, weight, lane, 0, 0, pieces);
  }
#pragma unroll 1
  for (int from = 0; from < columns; from += CHUNK) {
    int firstPiece = from / 32 * STEPS;
    if (!AHEAD) {
      loadPieces<TYPE, STEPS, BATCH>(raw, weight, lane, firstPiece, 0, pieces);
    }
    __syncthreads();
    loadChunk<ROWS>(matvec.chunk, x, xStride, chosen, columns, rows, from, norm, squares);
    __syncthreads();
#pragma unroll(AHEAD ? STEPS : 1)
    for (int batch = 0; batch < STEPS; batch += BATCH) {
      typename Weight<TYPE>::Raw next[BATCH];
      if (batch + BATCH < STEPS) {
        loadPieces<TYPE, STEPS, BATCH>(next, weight, lane, firstPiece, batch + BATCH, pieces);
      } else if (AHEAD) {
        loadPieces<TYPE, STEPS, BATCH>(next, weight, lane, firstPiece + CHUNK_UNITS * STEPS, 0, pieces);
      }
#pragma unroll
      for (int i = 0; i < BATCH; i++) {
        multiplyPiece<TYPE, ROWS>(matvec.chunk, raw[i], lane.piece<STEPS>(batch + i), sums);
        asm volatile("" ::: "memory");  // or the compiler would load the inputs of all steps at once, and run out of registers
        if (AHEAD || batch + BATCH < STEPS) {
          raw[i] = next[i];
        }
      }
    }
  }
#pragma unroll
  for (int row = 0; row < ROWS; row++) {
    float sum = sums[row];
#pragma unroll
    for (int distance = UNIT_LANES / 2; distance > 0; distance /= 2) {
      sum += __shfl_xor_sync(ALL_LANES, sum, distance);
    }
    if (lane.within == 0) {
      matvec.partial[lane.quarter][lane.weightRow][row] = sum;
    }
  }
  if (norm.active) {
#pragma unroll
    for (int k = 0; k < (ROWS + 1) / 2; k++) {
      float sum = warpSum(squares[k]);
      if (threadIdx.x % WARP == 0) {
        matvec.warpSquares[threadIdx.x / WARP][k] = sum;
      }
    }
  }
  __syncthreads();
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

// Products of a weight with up to ROWS rows.
template <WeightType TYPE, int ROWS, class CHUNK_TYPE>
__device__ __forceinline__ void matvec(
    const LinearPart* parts, int partCount, const float* x, int xStride, int columns, int rows, const InputNorm& norm) {
  __shared__ Matvec<ROWS, CHUNK_TYPE> shared;
  LinearPart part = partOf(parts, partCount, blockIdx.x);
  int firstRow = blockIdx.y * ROWS;
  int firstColumn = (blockIdx.x - part.firstBlock) * WEIGHT_ROWS;
  Lane lane;
  // behind the last row the last is multiplied once more: all threads meet at the barriers
  WeightRow weight = Weight<TYPE>::row(part.body, part.head, min(firstColumn + lane.weightRow, part.columns - 1), (columns + 31) / 32);
  int blockRows = min(ROWS, rows - firstRow);
  multiply<TYPE>(shared, weight, lane, x + static_cast<size_t>(firstRow) * xStride, xStride, NeighbourRows{}, columns, blockRows, norm);
  int column = threadIdx.x % WEIGHT_ROWS;
  int row = threadIdx.x / WEIGHT_ROWS;
  if (row < blockRows && firstColumn + column < part.columns) {
    store(part, firstRow + row, firstColumn + column, shared.product(column, row, columns, norm));
  }
}

// The first half of a gated network: activation(x Wg^T + bg) * (x Wu^T + bu).
template <WeightType TYPE, int ROWS, class CHUNK_TYPE>
__device__ __forceinline__ void matvecGate(
    const LinearPart* gateAndUp, int activation, const float* x, int xStride, int columns, int rows, const InputNorm& norm) {
  const int COLUMNS = WEIGHT_ROWS / 2;
  __shared__ Matvec<ROWS, CHUNK_TYPE> shared;
  LinearPart gate = gateAndUp[0];
  LinearPart up = gateAndUp[1];
  int firstRow = blockIdx.y * ROWS;
  int firstColumn = blockIdx.x * COLUMNS;
  int units = (columns + 31) / 32;
  // the first eight rows of the weight are the gate's, the others the same rows of up
  Lane lane;
  int weightRow = min(firstColumn + lane.weightRow % COLUMNS, gate.columns - 1);
  WeightRow weight = lane.weightRow < COLUMNS ? Weight<TYPE>::row(gate.body, gate.head, weightRow, units)
                                              : Weight<TYPE>::row(up.body, up.head, weightRow, units);
  int blockRows = min(ROWS, rows - firstRow);
  multiply<TYPE>(shared, weight, lane, x + static_cast<size_t>(firstRow) * xStride, xStride, NeighbourRows{}, columns, blockRows, norm);
  int within = threadIdx.x % COLUMNS;
  int row = threadIdx.x / COLUMNS;
  int column = firstColumn + within;
  if (row < blockRows && column < gate.columns) {
    float gateValue = shared.product(within, row, columns, norm) + (gate.bias != nullptr ? gate.bias[column] : 0.0f);
    float upValue = shared.product(within + COLUMNS, row, columns, norm) + (up.bias != nullptr ? up.bias[column] : 0.0f);
    gate.out[static_cast<size_t>(firstRow + row) * gate.outStride + column] = activate(activation, gateValue) * upValue;
  }
}
