// RMSNorm (Zhang and Sennrich, 2019) and LayerNorm (Ba et al., 2016), with the sum of the residual stream in front.
#include "common.cuh"

// One block of threads for a group of columns of a row. A value is read once from memory; later passes find it in the cache of the multiprocessor,
// or take it from `sum`.
extern "C" __global__ void __launch_bounds__(512)
    norm_rows(float* out, int outStride, const float* in, int inStride, const float* residual, int residualStride, float* sum, int sumStride,
         const float* weight, int weightColumns, const float* bias, int biasColumns, int columns, int groupColumns, float epsilon,
         float weightOffset, int kind) {
  const int CACHED = 16;  // values that a thread keeps: 8192 columns with 512 threads
  __shared__ float scratch[WARP];
  size_t row = blockIdx.x;
  int from = blockIdx.y * groupColumns;
  in += row * inStride + from;
  out += row * outStride + from;
  if (residual != nullptr) {
    residual += row * residualStride + from;
  }
  if (sum != nullptr) {
    sum += row * sumStride + from;
  }

  float kept[CACHED];
  float total = 0;
#pragma unroll
  for (int i = 0; i < CACHED; i++) {
    int column = threadIdx.x + i * blockDim.x;
    kept[i] = 0;
    if (column < groupColumns) {
      float x = in[column];
      if (residual != nullptr) {
        x += residual[column];
      }
      if (sum != nullptr) {
        sum[column] = x;
      }
      kept[i] = x;
      total += kind == 1 ? x : x * x;
    }
  }
  for (int column = threadIdx.x + CACHED * blockDim.x; column < groupColumns; column += blockDim.x) {
    float x = in[column];
    if (residual != nullptr) {
      x += residual[column];
    }
    if (sum != nullptr) {
      sum[column] = x;
    }
    total += kind == 1 ? x : x * x;
  }
  // behind the kept columns a later pass reads `sum`, if that is where x is: in or residual may have been overwritten by it
  const float* first = sum != nullptr ? sum : in;
  const float* second = sum != nullptr ? nullptr : residual;

  float mean = 0;
  total = blockSum(total, scratch);
  if (kind == 1) {
    mean = total / groupColumns;
    total = 0;
#pragma unroll
    for (int i = 0; i < CACHED; i++) {
      if (threadIdx.x + i * blockDim.x < groupColumns) {
        float centred = kept[i] - mean;
        total += centred * centred;
      }
    }
    for (int column = threadIdx.x + CACHED * blockDim.x; column < groupColumns; column += blockDim.x) {
      float centred = first[column] + (second != nullptr ? second[column] : 0.0f) - mean;
      total += centred * centred;
    }
    total = blockSum(total, scratch);
  }
  float factor = 1.0f / sqrtf(total / groupColumns + epsilon);

  int weightFrom = weightColumns == groupColumns ? 0 : from;
  int biasFrom = biasColumns == groupColumns ? 0 : from;
#pragma unroll
  for (int i = 0; i < CACHED; i++) {
    int column = threadIdx.x + i * blockDim.x;
    if (column < groupColumns) {
      float y = (kept[i] - mean) * factor;
      y = weight != nullptr ? y * (weight[weightFrom + column] + weightOffset) : y;
      out[column] = bias != nullptr ? y + bias[biasFrom + column] : y;
    }
  }
  for (int column = threadIdx.x + CACHED * blockDim.x; column < groupColumns; column += blockDim.x) {
    float y = (first[column] + (second != nullptr ? second[column] : 0.0f) - mean) * factor;
    y = weight != nullptr ? y * (weight[weightFrom + column] + weightOffset) : y;
    out[column] = bias != nullptr ? y + bias[biasFrom + column] : y;
  }
}
