// Rotary positions (Su et al., RoFormer, 2021), norms per head in front, and the KV write behind. A warp for a head of a row.
#include "kv.cuh"

#define HEADS_PER_BLOCK 4

struct Rotation {
  int pairs;
  int pairing;  // 0: columns i and i + pairs, 1: columns 2i and 2i + 1
  const float* inverse;
  float magnitude;
};

// Turns the pairs of a head in shared memory. The angle in half turns is reduced in double, so that long contexts lose nothing.
__device__ __forceinline__ void rotate(float* head, const Rotation& rotation, int position) {
  for (int pair = threadIdx.x % WARP; pair < rotation.pairs; pair += WARP) {
    double halfTurns = static_cast<double>(position) * static_cast<double>(rotation.inverse[pair]) * 0.31830988618379067154;
    float reduced = static_cast<float>(halfTurns - 2.0 * rint(halfTurns * 0.5));
    float sine;
    float cosine;
    sincospif(reduced, &sine, &cosine);
    sine *= rotation.magnitude;
    cosine *= rotation.magnitude;
    int first = rotation.pairing == 0 ? pair : 2 * pair;
    int second = rotation.pairing == 0 ? pair + rotation.pairs : 2 * pair + 1;
    float x = head[first];
    float y = head[second];
    head[first] = x * cosine - y * sine;
    head[second] = x * sine + y * cosine;
  }
}

// Brings a head into shared memory, RMS-normalised where there is a weight.
__device__ __forceinline__ void loadHead(float* head, const float* from, int dim, const float* norm, float epsilon, float normOffset) {
  int lane = threadIdx.x % WARP;
  float squares = 0;
  for (int column = lane; column < dim; column += WARP) {
    float value = from[column];
    head[column] = value;
    squares += value * value;
  }
  if (norm != nullptr) {
    float factor = 1.0f / sqrtf(warpSum(squares) / dim + epsilon);
    for (int column = lane; column < dim; column += WARP) {
      head[column] = head[column] * factor * (norm[column] + normOffset);
    }
  }
  __syncwarp();
}

__device__ __forceinline__ void storeHead(float* to, const float* head, int dim) {
  __syncwarp();
  for (int column = threadIdx.x % WARP; column < dim; column += WARP) {
    to[column] = head[column];
  }
}

extern "C" __global__ void __launch_bounds__(128, 1)
    rope(float* out, int outStride, const float* in, int inStride, int heads, int headDim, int pairs, int pairing, const float* inverse,
         float magnitude, const int* rowPosition, int rows) {
  __shared__ float staged[HEADS_PER_BLOCK][MAX_HEAD_DIM];
  int head = blockIdx.x * HEADS_PER_BLOCK + threadIdx.x / WARP;
  size_t row = blockIdx.y;
  if (head < heads) {
    float* values = staged[threadIdx.x / WARP];
    loadHead(values, in + row * inStride + head * headDim, headDim, nullptr, 0, 0);
    rotate(values, {pairs, pairing, inverse, magnitude}, rowPosition[row]);
    storeHead(out + row * outStride + head * headDim, values, headDim);
  }
}

template <KvType TYPE>
__device__ __forceinline__ void ropeKv(
    float* qOut, int qOutStride, const float* q, int qStride, int heads, const float* k, int kStride, const float* v, int vStride,
    const Rotation& rotation, const float* qNorm, const float* kNorm, float epsilon, float normOffset, const KvLayer<TYPE>& layer,
    const int* blockTable, int tableStride, const int* rowSequence, const int* rowPosition) {
  __shared__ float staged[HEADS_PER_BLOCK][MAX_HEAD_DIM];
  float* values = staged[threadIdx.x / WARP];
  int item = blockIdx.x * HEADS_PER_BLOCK + threadIdx.x / WARP;
  size_t row = blockIdx.y;
  int position = rowPosition[row];
  if (item < heads) {
    loadHead(values, q + row * qStride + item * layer.keyDim, layer.keyDim, qNorm, epsilon, normOffset);
    rotate(values, rotation, position);
    storeHead(qOut + row * qOutStride + item * layer.keyDim, values, layer.keyDim);
    return;
  }
  int block = blockTable[static_cast<size_t>(rowSequence[row]) * tableStride + position / layer.blockTokens];
  int within = position % layer.blockTokens;
  int head = item - heads;
  if (head < layer.kvHeads) {
    loadHead(values, k + row * kStride + head * layer.keyDim, layer.keyDim, kNorm, epsilon, normOffset);
    rotate(values, rotation, position);
    __syncwarp();
    KvRow<TYPE>::store(layer.key(block, head, within), layer.keyDim, values);
  } else if (head < 2 * layer.kvHeads) {
    head -= layer.kvHeads;
    loadHead(values, v + row * vStride + head * layer.valueDim, layer.valueDim, nullptr, 0, 0);
    KvRow<TYPE>::store(layer.value(block, head, within), layer.valueDim, values);
  }
}

#define ROPE_KV(name, TYPE)                                                                                                                   \
  extern "C" __global__ void __launch_bounds__(128, 1) rope_kv_##name(                                                                       \
      float* qOut, int qOutStride, const float* q, int qStride, int heads, const float* k, int kStride, const float* v, int vStride,         \
      int kvHeads, int keyDim, int valueDim, int pairs, int pairing, const float* inverse, float magnitude, const float* qNorm,              \
      const float* kNorm, float epsilon, float normOffset, byte* cache, long long blockBytes, long long layerOffset, int blockTokens,        \
      const int* blockTable, int tableStride, const int* rowSequence, const int* rowPosition, int rows) {                                     \
    ropeKv<TYPE>(                                                                                                                             \
        qOut, qOutStride, q, qStride, heads, k, kStride, v, vStride, {pairs, pairing, inverse, magnitude}, qNorm, kNorm, epsilon, normOffset, \
        {cache + layerOffset, blockBytes, blockTokens, kvHeads, keyDim, valueDim}, blockTable, tableStride, rowSequence, rowPosition);        \
  }
FOR_KV_TYPES(ROPE_KV)
