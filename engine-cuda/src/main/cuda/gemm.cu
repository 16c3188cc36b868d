// Linear for many rows on tensor cores: out [rows, N] = x [rows, K] W [N, K]^T, the weight in any format.
//
// A block of 128 threads computes 64 rows by 64 columns of the result. For each 64 columns of K the raw floats of x come by cp.async and the weight's
// blocks by registers, both while the tile before is multiplied; then they are written to shared memory as bf16, and four warps multiply them, 32 x 32 results each.
// With two pieces a float is split into two bf16, which keep 16 bits of it, and three of the four products are taken (that of the two rests is below the
// rounding): 2^-17 of relative error for each product, against 2^-9 with one piece. The tiles are swizzled: 16-byte column c of row r lies at c ^ (r % 8),
// so that ldmatrix and the writes are free of bank conflicts.
#include "decode.cuh"

#define TILE 64
#define THREADS 128
#define ROW_BYTES (TILE * 2)
#define PIECE_BYTES (TILE * ROW_BYTES)
#define STAGE_BYTES (TILE * TILE * 4)

// Where 16-byte column `chunk` of a row lies in a tile.
__device__ __forceinline__ int place(int row, int chunk) { return row * ROW_BYTES + (chunk ^ row % 8) * 16; }

// Starts the copy of x[firstRow.., from..] to a stage; what lies outside becomes zero.
__device__ __forceinline__ void copyInput(float* stage, const float* x, int xStride, int columns, int rows, int firstRow, int from) {
  bool wide = columns % 4 == 0 && xStride % 4 == 0 && reinterpret_cast<size_t>(x) % 16 == 0;
  if (wide) {
#pragma unroll 2
    for (int i = threadIdx.x; i < TILE * TILE / 4; i += THREADS) {
      int row = firstRow + i / (TILE / 4);
      int column = from + i % (TILE / 4) * 4;
      if (row < rows && column < columns) {
        copyAsync16(stage + i * 4, x + static_cast<size_t>(row) * xStride + column);
      } else {
        *reinterpret_cast<float4*>(stage + i * 4) = make_float4(0, 0, 0, 0);
      }
    }
  } else {
#pragma unroll 1
    for (int i = threadIdx.x; i < TILE * TILE; i += THREADS) {
      int row = firstRow + i / TILE;
      int column = from + i % TILE;
      if (row < rows && column < columns) {
        copyAsync4(stage + i, x + static_cast<size_t>(row) * xStride + column);
      } else {
        stage[i] = 0;
      }
    }
  }
}

template <int PIECES>
__device__ __forceinline__ void convertInput(const float* stage, byte* tile) {
#pragma unroll 1
  for (int i = threadIdx.x; i < TILE * TILE / 8; i += THREADS) {
    float values[8];
    *reinterpret_cast<float4*>(values) = *reinterpret_cast<const float4*>(stage + i * 8);
    *reinterpret_cast<float4*>(values + 4) = *reinterpret_cast<const float4*>(stage + i * 8 + 4);
    int at = place(i / 8, i % 8);
    storePieces<PIECES>(values, tile + at, tile + PIECE_BYTES + at);
  }
}

// The raw weight of a tile that one thread brings: 32 elements.
template <WeightType TYPE>
struct RawTile {
  static const int COUNT = 32 / Weight<TYPE>::ELEMENTS;
  static const int PER_ROW = TILE / Weight<TYPE>::ELEMENTS;
  typename Weight<TYPE>::Raw raw[COUNT];

  // The k-th piece of a thread is piece i % PER_ROW of row i / PER_ROW.
  static __device__ __forceinline__ int index(int k) { return threadIdx.x + k * THREADS; }

  __device__ __forceinline__ void load(const LinearPart& part, int firstColumn, int units, int from) {
#pragma unroll
    for (int k = 0; k < COUNT; k++) {
      int column = firstColumn + index(k) / PER_ROW;
      int piece = from / Weight<TYPE>::ELEMENTS + index(k) % PER_ROW;
      bool inside = column < part.columns && piece < units * (32 / Weight<TYPE>::ELEMENTS);
      raw[k] = inside ? Weight<TYPE>::load(Weight<TYPE>::row(part.body, part.head, column, units), piece) : Weight<TYPE>::zero();
    }
  }

  template <int PIECES>
  __device__ __forceinline__ void decode(byte* tile, int from) const {
    const int ELEMENTS = Weight<TYPE>::ELEMENTS;
#pragma unroll
    for (int k = 0; k < COUNT; k++) {
      float values[ELEMENTS];
      int row = index(k) / PER_ROW;
      int within = index(k) % PER_ROW;
      decodePiece<TYPE>(raw[k], from / ELEMENTS + within, values);
      if constexpr (ELEMENTS == 4) {
        int at = place(row, within / 2) + within % 2 * 8;
        uint2 packed = make_uint2(packBf16(values[0], values[1]), packBf16(values[2], values[3]));
        *reinterpret_cast<uint2*>(tile + at) = packed;
        if (PIECES == 2) {
          *reinterpret_cast<uint2*>(tile + PIECE_BYTES + at) =
              make_uint2(packRest(values[0], values[1], packed.x), packRest(values[2], values[3], packed.y));
        }
      } else {
#pragma unroll
        for (int i = 0; i < ELEMENTS / 8; i++) {
          int at = place(row, within * (ELEMENTS / 8) + i);
          storePieces<PIECES>(values + i * 8, tile + at, tile + PIECE_BYTES + at);
        }
      }
    }
  }
};

// The fragments of a warp's 32 rows of x, or of its 32 rows of the weight, for 16 columns of K.
__device__ __forceinline__ void loadInputFragments(unsigned (&fragments)[2][4], const byte* tile, int firstRow, int chunk) {
  int lane = threadIdx.x % WARP;
#pragma unroll
  for (int i = 0; i < 2; i++) {
    loadMatrices(fragments[i], tile + place(firstRow + i * 16 + lane % 16, chunk + lane / 16));
  }
}

// Registers 0 and 1 are the fragment of the first eight rows of the weight, 2 and 3 that of the next.
__device__ __forceinline__ void loadWeightFragments(unsigned (&fragments)[2][4], const byte* tile, int firstRow, int chunk) {
  int lane = threadIdx.x % WARP;
#pragma unroll
  for (int i = 0; i < 2; i++) {
    loadMatrices(fragments[i], tile + place(firstRow + i * 16 + lane % 8 + lane / 16 * 8, chunk + lane / 8 % 2));
  }
}

__device__ __forceinline__ void multiplyFragments(float (&sums)[2][4][4], const unsigned (&a)[2][4], const unsigned (&b)[2][4]) {
#pragma unroll
  for (int i = 0; i < 2; i++) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
      multiplyAdd(sums[i][j], a[i], b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
    }
  }
}

template <WeightType TYPE, int PIECES>
__device__ __forceinline__ void gemm(const LinearPart* parts, int partCount, const float* x, int xStride, int columns, int rows) {
  extern __shared__ __align__(16) byte shared[];
  float* stage = reinterpret_cast<float*>(shared);
  byte* inputTile = shared + STAGE_BYTES;
  byte* weightTile = inputTile + PIECES * PIECE_BYTES;
  LinearPart part = partOf(parts, partCount, blockIdx.x);
  int firstColumn = (blockIdx.x - part.firstBlock) * TILE;
  int firstRow = blockIdx.y * TILE;
  int units = (columns + 31) / 32;
  int warp = threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  int warpRow = warp / 2 * 32;
  int warpColumn = warp % 2 * 32;

  float sums[2][4][4];
#pragma unroll
  for (int i = 0; i < 32; i++) {
    sums[i / 16][i / 4 % 4][i % 4] = 0;
  }
  RawTile<TYPE> next;
  copyInput(stage, x, xStride, columns, rows, firstRow, 0);
  commitCopies();
  next.load(part, firstColumn, units, 0);
#pragma unroll 1
  for (int from = 0; from < columns; from += TILE) {
    waitForCopies<0>();
    __syncthreads();
    convertInput<PIECES>(stage, inputTile);
    next.template decode<PIECES>(weightTile, from);
    __syncthreads();
    // the stage and the registers are free again: the next tile comes while this one is multiplied
    if (from + TILE < columns) {
      copyInput(stage, x, xStride, columns, rows, firstRow, from + TILE);
      commitCopies();
      next.load(part, firstColumn, units, from + TILE);
    }
#pragma unroll
    for (int chunk = 0; chunk < TILE / 8; chunk += 2) {
      unsigned a[2][4];
      unsigned b[2][4];
      loadInputFragments(a, inputTile, warpRow, chunk);
      loadWeightFragments(b, weightTile, warpColumn, chunk);
      if (PIECES == 2) {
        unsigned rest[2][4];
        loadInputFragments(rest, inputTile + PIECE_BYTES, warpRow, chunk);
        multiplyFragments(sums, rest, b);
        if (!Weight<TYPE>::EXACT_IN_BF16) {
          loadWeightFragments(rest, weightTile + PIECE_BYTES, warpColumn, chunk);
          multiplyFragments(sums, a, rest);
        }
      }
      multiplyFragments(sums, a, b);
    }
  }
#pragma unroll
  for (int i = 0; i < 32; i++) {
    int row = firstRow + warpRow + i / 16 * 16 + lane / 4 + i % 4 / 2 * 8;
    int column = firstColumn + warpColumn + i / 4 % 4 * 8 + lane % 4 * 2 + i % 2;
    if (row < rows && column < part.columns) {
      float value = sums[i / 16][i / 4 % 4][i % 4];
      value += part.bias != nullptr ? part.bias[column] : 0.0f;
      value += part.residual != nullptr ? part.residual[static_cast<size_t>(row) * part.residualStride + column] : 0.0f;
      part.out[static_cast<size_t>(row) * part.outStride + column] = value;
    }
  }
}

#define GEMM_PIECES(name, TYPE, suffix, PIECES)                                                                    \
  extern "C" __global__ void __launch_bounds__(THREADS, 1) gemm_##name##_##suffix(                                   \
      const LinearPart* parts, int partCount, const float* x, int xStride, int columns, int rows) {               \
    gemm<TYPE, PIECES>(parts, partCount, x, xStride, columns, rows);                                               \
  }
#define GEMM(name, TYPE)          \
  GEMM_PIECES(name, TYPE, x3, 2) \
  GEMM_PIECES(name, TYPE, x1, 1)
FOR_ALL_TYPES(GEMM)
