// Copies of KV blocks, and filling of step metadata.
#include "common.cuh"

extern "C" __global__ void __launch_bounds__(256) copy_blocks(byte* cache, long long blockBytes, const int2* pairs) {
  int2 pair = pairs[blockIdx.x];
  const uint4* from = reinterpret_cast<const uint4*>(cache + pair.x * blockBytes);
  uint4* to = reinterpret_cast<uint4*>(cache + pair.y * blockBytes);
  long long count = blockBytes / 16;
  for (long long i = static_cast<long long>(blockIdx.y) * blockDim.x + threadIdx.x; i < count; i += static_cast<long long>(gridDim.y) * blockDim.x) {
    to[i] = from[i];
  }
}

extern "C" __global__ void __launch_bounds__(256) fill_ints(int* out, int value, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) {
    out[i] = value;
  }
}
