// Attention of single tokens over the paged cache, split over the context (flash-decoding; Dao et al., 2023). Exact float32.
//
// A block of threads takes one row, up to HEADS query heads of one KV head (they share each load of the cache), and one split of the context. It
// goes through the split in tiles of 32 positions: keys and values become float32 in shared memory, a lane has a position while scores are taken,
// a thread has a column while values are added. Tiles begin at multiples of 32 positions and splits at multiples of the split, so the bits of a row do
// not depend on the other rows, nor on how its sequence was cut into steps.
#include "kv.cuh"

#define THREADS 128
#define WARPS (THREADS / WARP)
#define TILE 32

template <KvType TYPE, int HEADS>
__device__ __forceinline__ void attentionDecode(
    float* out, int outStride, const float* q, int qStride, int heads, float scale, int window, float softCap, const float* sinks,
    const KvLayer<TYPE>& layer,
    const int* blockTable, int tableStride, const int* rowSequence, const int* rowPosition, int splitTokens, float* partial,
    float2* partialState) {
  const int CHUNK = KvRow<TYPE>::CHUNK;
  const int PARTS = HEADS == 1 ? WARPS : 1;  // warps that share the columns of a head
  const int OWN = (HEADS + WARPS - 1) / WARPS;
  extern __shared__ __align__(16) float shared[];
  __shared__ const byte* keyRows[TILE];
  __shared__ const byte* valueRows[TILE];
  __shared__ float scores[HEADS][PARTS][TILE];
  __shared__ float4 weights[HEADS][TILE / 4];
  __shared__ float corrections[HEADS];
  __shared__ float totals[HEADS];

  int columns = (max(layer.keyDim, layer.valueDim) + 31) / 32 * 32;
  int stride = columns + 4;  // the lanes' 16-byte reads fall into different banks
  float* queries = shared;
  float* keys = queries + HEADS * columns;
  float* values = keys + TILE * stride;

  int warp = threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  int group = heads / layer.kvHeads;
  int groupBlocks = (group + HEADS - 1) / HEADS;
  int kvHead = blockIdx.x / groupBlocks;
  int firstHead = kvHead * group + blockIdx.x % groupBlocks * HEADS;
  int headCount = min(HEADS, (kvHead + 1) * group - firstHead);
  size_t row = blockIdx.y;
  int position = rowPosition[row];
  int seen = firstSeen(position, window);
  int splitStart = blockIdx.z * splitTokens;
  int from = max(seen, splitStart);
  int to = min(position + 1, gridDim.z == 1 ? position + 1 : splitStart + splitTokens);
  if (from >= to) {
    if (threadIdx.x < headCount) {
      partialState[(row * heads + firstHead + threadIdx.x) * gridDim.z + blockIdx.z] = make_float2(MINUS_INFINITY, 0.0f);
    }
    return;
  }
  const int* table = blockTable + static_cast<size_t>(rowSequence[row]) * tableStride;

  for (int i = threadIdx.x; i < HEADS * columns; i += THREADS) {
    int head = i / columns;
    int column = i % columns;
    bool inside = head < headCount && column < layer.keyDim;
    queries[i] = inside ? q[row * qStride + (firstHead + head) * layer.keyDim + column] : 0.0f;
  }
  float maximum[OWN];
  float total[OWN];
  float sums[2][HEADS];
#pragma unroll
  for (int i = 0; i < OWN; i++) {
    maximum[i] = MINUS_INFINITY;
    total[i] = 0;
  }
#pragma unroll
  for (int head = 0; head < HEADS; head++) {
    sums[0][head] = 0;
    sums[1][head] = 0;
  }

#pragma unroll 1
  for (int tile = from / TILE * TILE; tile < to; tile += TILE) {
    if (threadIdx.x < TILE) {
      int at = tile + threadIdx.x;
      bool inside = at >= from && at < to;
      int block = inside ? table[at / layer.blockTokens] : 0;
      keyRows[threadIdx.x] = inside ? layer.key(block, kvHead, at % layer.blockTokens) : nullptr;
      valueRows[threadIdx.x] = inside ? layer.value(block, kvHead, at % layer.blockTokens) : nullptr;
    }
    __syncthreads();
    int chunks = columns / CHUNK;
#pragma unroll 2
    for (int i = threadIdx.x; i < TILE * chunks; i += THREADS) {
      int token = i / chunks;
      int chunk = i % chunks;
      float loaded[CHUNK];
      const byte* keyRow = keyRows[token];
#pragma unroll
      for (int side = 0; side < 2; side++) {
        int dim = side == 0 ? layer.keyDim : layer.valueDim;
        const byte* from = side == 0 ? keyRow : valueRows[token];
        float* to = (side == 0 ? keys : values) + token * stride + chunk * CHUNK;
        if (from != nullptr && chunk * CHUNK < dim) {
          KvRow<TYPE>::load(from, dim, chunk, loaded);
        } else {
#pragma unroll
          for (int j = 0; j < CHUNK; j++) {
            loaded[j] = 0;
          }
        }
#pragma unroll
        for (int j = 0; j < CHUNK; j += 4) {
          *reinterpret_cast<float4*>(to + j) = make_float4(loaded[j], loaded[j + 1], loaded[j + 2], loaded[j + 3]);
        }
      }
    }
    __syncthreads();

    // scores: the lane's position
#pragma unroll
    for (int i = 0; i < OWN; i++) {
      int head = PARTS > 1 ? 0 : warp + i * WARPS;
      int part = PARTS > 1 ? warp : 0;
      int width = columns / PARTS;
      const float* query = queries + head * columns + part * width;
      const float* key = keys + lane * stride + part * width;
      float score = 0;
#pragma unroll 4
      for (int column = 0; column < width; column += 4) {
        float4 a = *reinterpret_cast<const float4*>(query + column);
        float4 b = *reinterpret_cast<const float4*>(key + column);
        score = fmaf(a.x, b.x, fmaf(a.y, b.y, fmaf(a.z, b.z, fmaf(a.w, b.w, score))));
      }
      scores[head][part][lane] = score;
    }
    __syncthreads();

    // weights: each warp for its heads; with one head all warps would do the same, so the first does
#pragma unroll
    for (int i = 0; i < OWN; i++) {
      int head = warp + i * WARPS;
      if (head < HEADS) {
        float score = scores[head][0][lane];
#pragma unroll
        for (int part = 1; part < PARTS; part++) {
          score += scores[head][part][lane];
        }
        score = softCapped(score * scale, softCap);
        bool inside = tile + lane >= from && tile + lane < to;
        float largest = fmaxf(maximum[i], warpMax(inside ? score : MINUS_INFINITY));
        float weight = inside ? expf(score - largest) : 0.0f;
        float correction = expf(maximum[i] - largest);
        total[i] = total[i] * correction + warpSum(weight);
        maximum[i] = largest;
        reinterpret_cast<float*>(weights[head])[lane] = weight;
        if (lane == 0) {
          corrections[head] = correction;
        }
      }
    }
    __syncthreads();

    // values: the thread's columns
#pragma unroll
    for (int side = 0; side < 2; side++) {
      int column = threadIdx.x + side * THREADS;
      if (column < layer.valueDim) {
#pragma unroll
        for (int head = 0; head < HEADS; head++) {
          sums[side][head] *= corrections[head];
        }
#pragma unroll 2
        for (int token = 0; token < TILE; token += 4) {
          float v0 = values[token * stride + column];
          float v1 = values[(token + 1) * stride + column];
          float v2 = values[(token + 2) * stride + column];
          float v3 = values[(token + 3) * stride + column];
#pragma unroll
          for (int head = 0; head < HEADS; head++) {
            float4 weight = weights[head][token / 4];
            sums[side][head] =
                fmaf(weight.x, v0, fmaf(weight.y, v1, fmaf(weight.z, v2, fmaf(weight.w, v3, sums[side][head]))));
          }
        }
      }
    }
    __syncthreads();
  }

#pragma unroll
  for (int i = 0; i < OWN; i++) {
    int head = warp + i * WARPS;
    if (lane == 0 && head < HEADS) {
      // a sink is a weight without a value; where there are splits, it comes in when they are put together
      bool hasSink = sinks != nullptr && gridDim.z == 1 && head < headCount;
      totals[head] = total[i] + (hasSink ? expf(sinks[firstHead + head] - maximum[i]) : 0.0f);
      if (gridDim.z > 1 && head < headCount) {
        partialState[(row * heads + firstHead + head) * gridDim.z + blockIdx.z] = make_float2(maximum[i], total[i]);
      }
    }
  }
  __syncthreads();
#pragma unroll
  for (int side = 0; side < 2; side++) {
    int column = threadIdx.x + side * THREADS;
    if (column < layer.valueDim) {
#pragma unroll
      for (int head = 0; head < HEADS; head++) {
        if (head < headCount) {
          if (gridDim.z == 1) {
            out[row * outStride + (firstHead + head) * layer.valueDim + column] = sums[side][head] / totals[head];
          } else {
            partial[((row * heads + firstHead + head) * gridDim.z + blockIdx.z) * layer.valueDim + column] = sums[side][head];
          }
        }
      }
    }
  }
}

#define DECODE_HEADS(name, TYPE, HEADS)                                                                                                       \
  extern "C" __global__ void __launch_bounds__(THREADS, 1) attention_decode_##name##_h##HEADS(                                                \
      float* out, int outStride, const float* q, int qStride, int heads, int kvHeads, int keyDim, int valueDim, float scale, int window,       \
      float softCap, const float* sinks, byte* cache, long long blockBytes, long long layerOffset, int blockTokens, const int* blockTable, int tableStride,        \
      const int* rowSequence, const int* rowPosition, int splitTokens, float* partial, float2* partialState) {                                \
    attentionDecode<TYPE, HEADS>(                                                                                                             \
        out, outStride, q, qStride, heads, scale, window, softCap, sinks,                                                                            \
        {cache + layerOffset, blockBytes, blockTokens, kvHeads, keyDim, valueDim}, blockTable, tableStride, rowSequence, rowPosition,          \
        splitTokens, partial, partialState);                                                                                                  \
  }
#define DECODE(name, TYPE)    \
  DECODE_HEADS(name, TYPE, 1) \
  DECODE_HEADS(name, TYPE, 4) \
  DECODE_HEADS(name, TYPE, 8)
FOR_KV_TYPES(DECODE)

// Adds up the splits of a head, in their order.
extern "C" __global__ void __launch_bounds__(128, 1) attention_combine(
    float* out, int outStride, int heads, int valueDim, const float* sinks, const float* partial, const float2* partialState, int splits,
    int rows) {
  int head = blockIdx.x;
  size_t row = blockIdx.y;
  size_t first = (row * heads + head) * splits;
  float largest = MINUS_INFINITY;
  for (int split = 0; split < splits; split++) {
    largest = fmaxf(largest, partialState[first + split].x);
  }
  for (int column = threadIdx.x; column < valueDim; column += blockDim.x) {
    float sum = 0;
    float total = 0;
    for (int split = 0; split < splits; split++) {
      float2 state = partialState[first + split];
      if (state.y > 0) {  // a split without positions wrote no values
        float weight = expf(state.x - largest);
        sum = fmaf(weight, partial[(first + split) * valueDim + column], sum);
        total = fmaf(weight, state.y, total);
      }
    }
    total += sinks != nullptr ? expf(sinks[head] - largest) : 0.0f;
    out[row * outStride + head * valueDim + column] = sum / total;
  }
}
