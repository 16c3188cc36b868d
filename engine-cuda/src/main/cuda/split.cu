// Rows of float32 as one or two 16-bit pieces, for cuBLAS, and what is left to do behind its products.
#include "common.cuh"

#define THREADS 256

// The largest size in a block of threads; scratch: float[32].
__device__ __forceinline__ float blockMax(float value, float* scratch) {
  int lane = threadIdx.x % WARP;
  value = warpMax(value);
  if (lane == 0) {
    scratch[threadIdx.x / WARP] = value;
  }
  __syncthreads();
  return warpMax(lane < THREADS / WARP ? scratch[lane] : 0.0f);
}

__device__ __forceinline__ float toFloat(__half value) { return __half2float(value); }

__device__ __forceinline__ float toFloat(__nv_bfloat16 value) { return __bfloat162float(value); }

template <typename T>
struct PieceOf;

template <>
struct PieceOf<__half> {
  static const bool WIDE = false;
  static __device__ __forceinline__ __half of(float value) { return __float2half_rn(value); }
};

template <>
struct PieceOf<__nv_bfloat16> {
  static const bool WIDE = true;
  static __device__ __forceinline__ __nv_bfloat16 of(float value) { return __float2bfloat16_rn(value); }
};

// bf16 has float32's range. Half has not: a row is scaled by a power of two, so that its largest size lies in [2^14, 2^15).
template <typename T, int PIECES>
__device__ __forceinline__ void splitRow(T* high, T* low, float* scales, const float* x, int xStride, int columns, int stride) {
  __shared__ float scratch[32];
  size_t row = blockIdx.x;
  x += row * xStride;
  float inverse = 1;
  if constexpr (!PieceOf<T>::WIDE) {
    float largest = 0;
    for (int column = threadIdx.x; column < columns; column += THREADS) {
      largest = fmaxf(largest, fabsf(x[column]));
    }
    largest = blockMax(largest, scratch);
    int exponent = min(max(static_cast<int>(__float_as_uint(largest) >> 23) - 127 - 14, -126), 126);
    inverse = __int_as_float((127 - exponent) << 23);
    if (threadIdx.x == 0) {
      scales[row] = __int_as_float((127 + exponent) << 23);
    }
  }
  for (int column = threadIdx.x; column < columns; column += THREADS) {
    float value = x[column] * inverse;
    T piece = PieceOf<T>::of(value);
    high[row * stride + column] = piece;
    if (PIECES == 2) {
      low[row * stride + column] = PieceOf<T>::of(value - toFloat(piece));
    }
  }
}

#define SPLIT(name, T, PIECES)                                                                                               \
  extern "C" __global__ void __launch_bounds__(THREADS) split_##name##_x##PIECES(                                             \
      T* high, T* low, float* scales, const float* x, int xStride, int columns, int stride) {                                \
    splitRow<T, PIECES>(high, low, scales, x, xStride, columns, stride);                                                     \
  }
SPLIT(f16, __half, 1)
SPLIT(f16, __half, 2)
SPLIT(bf16, __nv_bfloat16, 1)
SPLIT(bf16, __nv_bfloat16, 2)

// out = out * scale of the row + bias + residual, each where it is there.
extern "C" __global__ void __launch_bounds__(THREADS) finish_rows(
    float* out, int outStride, int columns, const float* scales, const float* bias, const float* residual, int residualStride) {
  int column = blockIdx.x * THREADS + threadIdx.x;
  size_t row = blockIdx.y;
  if (column < columns) {
    float value = out[row * outStride + column] * (scales != nullptr ? scales[row] : 1.0f);
    value += bias != nullptr ? bias[column] : 0.0f;
    value += residual != nullptr ? residual[row * residualStride + column] : 0.0f;
    out[row * outStride + column] = value;
  }
}
