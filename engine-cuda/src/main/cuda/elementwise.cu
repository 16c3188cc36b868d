// Operations on each element by itself: a thread for an element, blockIdx.y is the row.
#include "common.cuh"

__device__ __forceinline__ int columnOf() { return blockIdx.x * blockDim.x + threadIdx.x; }

template <typename T>
__device__ __forceinline__ T* rowOf(T* matrix, int stride, size_t row) {
  return matrix + row * stride;
}

extern "C" __global__ void __launch_bounds__(256)
    map(float* out, int outStride, const float* in, int inStride, int columns, int function, float parameter) {
  int column = columnOf();
  if (column < columns) {
    float x = rowOf(in, inStride, blockIdx.y)[column];
    float y;
    if (function == 4) {
      y = x * parameter;
    } else if (function == 5) {
      y = parameter * tanhf(x / parameter);
    } else {
      y = activate(function, x);
    }
    rowOf(out, outStride, blockIdx.y)[column] = y;
  }
}

extern "C" __global__ void __launch_bounds__(256)
    combine(float* out, int outStride, const float* a, int aStride, const float* b, int bStride, int columns, int kind) {
  int column = columnOf();
  if (column < columns) {
    float x = rowOf(a, aStride, blockIdx.y)[column];
    float y = rowOf(b, bStride, blockIdx.y)[column];
    rowOf(out, outStride, blockIdx.y)[column] = kind == 0 ? x + y : x * y;
  }
}

extern "C" __global__ void __launch_bounds__(256)
    gate(float* out, int outStride, const float* gate, int gateStride, const float* up, int upStride, int columns, int activation) {
  int column = columnOf();
  if (column < columns) {
    float activated = activate(activation, rowOf(gate, gateStride, blockIdx.y)[column]);
    rowOf(out, outStride, blockIdx.y)[column] = activated * rowOf(up, upStride, blockIdx.y)[column];
  }
}

extern "C" __global__ void __launch_bounds__(256) add_bias(float* out, int outStride, const float* bias, int columns) {
  int column = columnOf();
  if (column < columns) {
    rowOf(out, outStride, blockIdx.y)[column] += bias[column];
  }
}

extern "C" __global__ void __launch_bounds__(256)
    select_rows(float* out, int outStride, const float* in, int inStride, int columns, const int* rowIndex) {
  int column = columnOf();
  if (column < columns) {
    rowOf(out, outStride, blockIdx.y)[column] = rowOf(in, inStride, rowIndex[blockIdx.y])[column];
  }
}

extern "C" __global__ void __launch_bounds__(256) zero(float* out, int outStride, int columns) {
  int column = columnOf();
  if (column < columns) {
    rowOf(out, outStride, blockIdx.y)[column] = 0.0f;
  }
}
