// Embedding rows, and tokens that only the device has seen.
#include "decode.cuh"

template <WeightType TYPE>
__device__ __forceinline__ void embed(
    float* out, int outStride, const byte* body, const byte* head, int columns, int entries, int firstEntry, const int* index) {
  const int ELEMENTS = Weight<TYPE>::ELEMENTS;
  int row = blockIdx.x;
  int entry = index[row] - max(firstEntry, 0);
  bool held = entry >= 0 && entry < entries;
  WeightRow weight = Weight<TYPE>::row(body, head, held ? entry : 0, (columns + 31) / 32);
  float* target = out + static_cast<size_t>(row) * outStride;
  for (int piece = threadIdx.x; piece * ELEMENTS < columns; piece += blockDim.x) {
    float values[ELEMENTS];
    decodePiece<TYPE>(held ? Weight<TYPE>::load(weight, piece) : Weight<TYPE>::zero(), piece, values);
#pragma unroll
    for (int i = 0; i < ELEMENTS; i++) {
      if (piece * ELEMENTS + i < columns) {
        target[piece * ELEMENTS + i] = values[i];
      }
    }
  }
}

#define EMBED(name, TYPE)                                                                                                                  \
  extern "C" __global__ void __launch_bounds__(128) embed_##name(                                                                         \
      float* out, int outStride, const byte* body, const byte* head, int columns, int entries, int firstEntry, const int* index, int rows) { \
    embed<TYPE>(out, outStride, body, head, columns, entries, firstEntry, index);                                                        \
  }
FOR_ALL_TYPES(EMBED)

extern "C" __global__ void __launch_bounds__(128)
    step_tokens(int* rowToken, const int* planned, const int* rowSequence, const int* slotToken, int rows) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row < rows) {
    int token = planned[row];
    rowToken[row] = token >= 0 ? token : slotToken[rowSequence[row]];
  }
}
