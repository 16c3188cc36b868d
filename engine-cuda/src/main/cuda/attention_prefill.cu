// Attention of many tokens of one sequence over the paged cache, on tensor cores (FlashAttention-2; Dao, 2023).
//
// A block of threads takes up to 64 rows of a run and one head; each of its four warps has 16 rows. Keys and values come in tiles of KEYS positions,
// which begin at multiples of KEYS, and lie in shared memory as bf16. With two pieces each float (of q, k, v and of the softmax weights) is split into two
// bf16 and three of the four products are taken, as in gemm.cu; with one it is rounded to bf16. Scores never leave the registers: the fragments that
// they come in are those that their product with the values needs.
#include "kv.cuh"

#define THREADS 128
#define QUERIES 64

// Where 16-byte column `chunk` of a row of DIM bf16 lies: swizzled, so that ldmatrix meets no bank twice.
template <int DIM>
__device__ __forceinline__ int place(int row, int chunk) {
  return row * DIM * 2 + (chunk ^ row % 8) * 16;
}

// Writes CHUNK values of a row of the cache, or zeros.
template <KvType TYPE, int DIM, int PIECES>
__device__ __forceinline__ void stageRow(byte* tile, int tileBytes, int row, int chunk, const byte* from, int dim) {
  const int CHUNK = KvRow<TYPE>::CHUNK;
  float values[CHUNK];
  if (from != nullptr && chunk * CHUNK < dim) {
    KvRow<TYPE>::load(from, dim, chunk, values);
  } else {
#pragma unroll
    for (int i = 0; i < CHUNK; i++) {
      values[i] = 0;
    }
  }
  if constexpr (CHUNK == 4) {
    int at = place<DIM>(row, chunk / 2) + chunk % 2 * 8;
    uint2 packed = make_uint2(packBf16(values[0], values[1]), packBf16(values[2], values[3]));
    *reinterpret_cast<uint2*>(tile + at) = packed;
    if (PIECES == 2) {
      *reinterpret_cast<uint2*>(tile + tileBytes + at) =
          make_uint2(packRest(values[0], values[1], packed.x), packRest(values[2], values[3], packed.y));
    }
  } else {
#pragma unroll
    for (int i = 0; i < CHUNK / 8; i++) {
      int at = place<DIM>(row, chunk * (CHUNK / 8) + i);
      storePieces<PIECES>(values + i * 8, tile + at, tile + tileBytes + at);
    }
  }
}

template <KvType TYPE, int DIM, int PIECES>
__device__ __forceinline__ void attentionPrefill(
    float* out, int outStride, const float* q, int qStride, int heads, float scale, int window, float softCap, const float* sinks,
    const KvLayer<TYPE>& layer,
    const int* blockTable, int tableStride, const int4* tiles) {
  const int KEYS = DIM == 256 ? 16 : 32;
  const int CHUNKS = DIM / KvRow<TYPE>::CHUNK;
  const int QUERY_BYTES = QUERIES * DIM * 2;
  const int TILE_BYTES = KEYS * DIM * 2;
  extern __shared__ __align__(16) byte shared[];
  byte* queries = shared;
  byte* keys = queries + PIECES * QUERY_BYTES;
  byte* values = keys + PIECES * TILE_BYTES;

  int4 tile = tiles[blockIdx.x];
  int firstRow = tile.x;
  int rows = tile.y;
  int firstPosition = tile.w;
  if (rows == 0) {
    return;
  }
  int head = blockIdx.y;
  int kvHead = head / (heads / layer.kvHeads);
  const int* table = blockTable + static_cast<size_t>(tile.z) * tableStride;
  int warp = threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;

  for (int i = threadIdx.x; i < QUERIES * DIM / 8; i += THREADS) {
    int row = i / (DIM / 8);
    int column = i % (DIM / 8) * 8;
    float loaded[8];
#pragma unroll
    for (int j = 0; j < 8; j++) {
      bool inside = row < rows && column + j < layer.keyDim;
      loaded[j] = inside ? q[static_cast<size_t>(firstRow + row) * qStride + head * layer.keyDim + column + j] : 0.0f;
    }
    int at = place<DIM>(row, column / 8);
    storePieces<PIECES>(loaded, queries + at, queries + QUERY_BYTES + at);
  }

  // lane (g = lane / 4, t = lane % 4) has rows g and g + 8 of the warp's 16, and columns 2t and 2t + 1 of each eight
  float sums[DIM / 8][4];
  float maximum[2] = {MINUS_INFINITY, MINUS_INFINITY};
  float total[2] = {0, 0};
#pragma unroll
  for (int i = 0; i < DIM / 2; i++) {
    sums[i / 4][i % 4] = 0;
  }
  int rowInTile = warp * 16 + lane / 4;
  int end = firstPosition + rows;
#pragma unroll 1
  for (int base = firstSeen(firstPosition, window) / KEYS * KEYS; base < end; base += KEYS) {
    __syncthreads();
#pragma unroll 1
    for (int i = threadIdx.x; i < KEYS * CHUNKS; i += THREADS) {
      int row = i / CHUNKS;
      int at = base + row;
      // positions before the first that a row of the tile sees may lie in blocks that were given back
      bool inside = at < end && at >= firstSeen(firstPosition, window);
      int block = inside ? table[at / layer.blockTokens] : 0;
      const byte* key = inside ? layer.key(block, kvHead, at % layer.blockTokens) : nullptr;
      const byte* value = inside ? layer.value(block, kvHead, at % layer.blockTokens) : nullptr;
      stageRow<TYPE, DIM, PIECES>(keys, TILE_BYTES, row, i % CHUNKS, key, layer.keyDim);
      stageRow<TYPE, DIM, PIECES>(values, TILE_BYTES, row, i % CHUNKS, value, layer.valueDim);
    }
    __syncthreads();

    float scores[KEYS / 8][4];
#pragma unroll
    for (int i = 0; i < KEYS / 2; i++) {
      scores[i / 4][i % 4] = 0;
    }
#pragma unroll 2
    for (int chunk = 0; chunk < DIM / 8; chunk += 2) {
      unsigned query[4];
      unsigned queryRest[4];
      int at = place<DIM>(warp * 16 + lane % 16, chunk + lane / 16);
      loadMatrices(query, queries + at);
      if (PIECES == 2) {
        loadMatrices(queryRest, queries + QUERY_BYTES + at);
      }
#pragma unroll
      for (int pair = 0; pair < KEYS / 16; pair++) {
        unsigned key[4];
        int keyAt = place<DIM>(pair * 16 + lane % 8 + lane / 16 * 8, chunk + lane / 8 % 2);
        loadMatrices(key, keys + keyAt);
        if (PIECES == 2) {
          multiplyAdd(scores[2 * pair], queryRest, key[0], key[1]);
          multiplyAdd(scores[2 * pair + 1], queryRest, key[2], key[3]);
          if (!KvRow<TYPE>::EXACT_IN_BF16) {
            unsigned keyRest[4];
            loadMatrices(keyRest, keys + TILE_BYTES + keyAt);
            multiplyAdd(scores[2 * pair], query, keyRest[0], keyRest[1]);
            multiplyAdd(scores[2 * pair + 1], query, keyRest[2], keyRest[3]);
          }
        }
        multiplyAdd(scores[2 * pair], query, key[0], key[1]);
        multiplyAdd(scores[2 * pair + 1], query, key[2], key[3]);
      }
    }

    float largest[2] = {maximum[0], maximum[1]};
#pragma unroll
    for (int i = 0; i < KEYS / 2; i++) {
      int row = i % 4 / 2;
      int position = firstPosition + rowInTile + row * 8;
      int at = base + i / 4 * 8 + lane % 4 * 2 + i % 2;
      bool inside = rowInTile + row * 8 < rows && at <= position && at >= firstSeen(position, window);
      float score = inside ? softCapped(scores[i / 4][i % 4] * scale, softCap) : MINUS_INFINITY;
      scores[i / 4][i % 4] = score;
      largest[row] = fmaxf(largest[row], score);
    }
    float correction[2];
#pragma unroll
    for (int row = 0; row < 2; row++) {
      largest[row] = fmaxf(largest[row], __shfl_xor_sync(ALL_LANES, largest[row], 1));
      largest[row] = fmaxf(largest[row], __shfl_xor_sync(ALL_LANES, largest[row], 2));
      // a row that saw nothing yet keeps zeros: nothing may become infinity minus infinity
      float subtracted = largest[row] == MINUS_INFINITY ? 0.0f : largest[row];
      correction[row] = expf(maximum[row] - subtracted);
      maximum[row] = largest[row];
      largest[row] = subtracted;
      total[row] *= correction[row];
    }
#pragma unroll
    for (int i = 0; i < KEYS / 2; i++) {
      float weight = expf(scores[i / 4][i % 4] - largest[i % 4 / 2]);
      scores[i / 4][i % 4] = weight;
      total[i % 4 / 2] += weight;
    }
#pragma unroll
    for (int i = 0; i < DIM / 2; i++) {
      sums[i / 4][i % 4] *= correction[i % 4 / 2];
    }

#pragma unroll
    for (int step = 0; step < KEYS / 16; step++) {
      unsigned weight[4];
      unsigned weightRest[4];
#pragma unroll
      for (int i = 0; i < 4; i++) {
        float first = scores[2 * step + i / 2][i % 2 * 2];
        float second = scores[2 * step + i / 2][i % 2 * 2 + 1];
        weight[i] = packBf16(first, second);
        weightRest[i] = packRest(first, second, weight[i]);
      }
#pragma unroll
      for (int pair = 0; pair < DIM / 16; pair++) {
        unsigned value[4];
        int at = place<DIM>(step * 16 + lane % 8 + lane / 8 % 2 * 8, pair * 2 + lane / 16);
        loadMatricesTransposed(value, values + at);
        if (PIECES == 2) {
          multiplyAdd(sums[2 * pair], weightRest, value[0], value[1]);
          multiplyAdd(sums[2 * pair + 1], weightRest, value[2], value[3]);
          if (!KvRow<TYPE>::EXACT_IN_BF16) {
            unsigned valueRest[4];
            loadMatricesTransposed(valueRest, values + TILE_BYTES + at);
            multiplyAdd(sums[2 * pair], weight, valueRest[0], valueRest[1]);
            multiplyAdd(sums[2 * pair + 1], weight, valueRest[2], valueRest[3]);
          }
        }
        multiplyAdd(sums[2 * pair], weight, value[0], value[1]);
        multiplyAdd(sums[2 * pair + 1], weight, value[2], value[3]);
      }
    }
  }

#pragma unroll
  for (int row = 0; row < 2; row++) {
    total[row] += __shfl_xor_sync(ALL_LANES, total[row], 1);
    total[row] += __shfl_xor_sync(ALL_LANES, total[row], 2);
    // a sink is a weight without a value
    total[row] += sinks != nullptr && maximum[row] != MINUS_INFINITY ? expf(sinks[head] - maximum[row]) : 0.0f;
  }
#pragma unroll
  for (int i = 0; i < DIM / 2; i++) {
    int row = i % 4 / 2;
    int column = i / 4 * 8 + lane % 4 * 2 + i % 2;
    if (rowInTile + row * 8 < rows && column < layer.valueDim) {
      out[static_cast<size_t>(firstRow + rowInTile + row * 8) * outStride + head * layer.valueDim + column] = sums[i / 4][i % 4] / total[row];
    }
  }
}

#define PREFILL_PIECES(name, TYPE, DIM, suffix, PIECES)                                                                                       \
  extern "C" __global__ void __launch_bounds__(THREADS, 1) attention_prefill_##name##_d##DIM##_##suffix(                                      \
      float* out, int outStride, const float* q, int qStride, int heads, int kvHeads, int keyDim, int valueDim, float scale, int window,       \
      float softCap, const float* sinks, byte* cache, long long blockBytes, long long layerOffset, int blockTokens, const int* blockTable, int tableStride,        \
      const int4* tiles) {                                                                                                                    \
    attentionPrefill<TYPE, DIM, PIECES>(                                                                                                      \
        out, outStride, q, qStride, heads, scale, window, softCap, sinks,                                                                            \
        {cache + layerOffset, blockBytes, blockTokens, kvHeads, keyDim, valueDim}, blockTable, tableStride, tiles);                            \
  }
#define PREFILL_DIM(name, TYPE, DIM)         \
  PREFILL_PIECES(name, TYPE, DIM, x3, 2) \
  PREFILL_PIECES(name, TYPE, DIM, x1, 1)
#define PREFILL(name, TYPE)    \
  PREFILL_DIM(name, TYPE, 64)  \
  PREFILL_DIM(name, TYPE, 128) \
  PREFILL_DIM(name, TYPE, 256)
FOR_KV_TYPES(PREFILL)
