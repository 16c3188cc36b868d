// Linear for few rows, in exact float32.
#include "matvec.cuh"

template <WeightType TYPE, int ROWS>
__device__ __forceinline__ void matvec(
    const LinearPart* parts, int partCount, const float* x, int xStride, int columns, int rows, const InputNorm& norm) {
  __shared__ Chunk<ROWS> chunk;
  LinearPart part = partOf(parts, partCount, blockIdx.x);
  int firstRow = blockIdx.y * ROWS;
  int column = (blockIdx.x - part.firstBlock) * MATVEC_WARPS + threadIdx.x / WARP;
  // behind the last row the last is multiplied once more: all threads meet at the barriers
  WeightRow weight = Weight<TYPE>::row(part.body, part.head, min(column, part.columns - 1), (columns + 31) / 32);
  int blockRows = min(ROWS, rows - firstRow);
  float value =
      multiplyRow<TYPE, ROWS>(weight, x + static_cast<size_t>(firstRow) * xStride, xStride, columns, blockRows, norm, chunk);
  int row = threadIdx.x % WARP;
  if (row < blockRows && column < part.columns) {
    store(part, firstRow + row, column, value);
  }
}

#define MATVEC_ROWS(name, TYPE, ROWS)                                                                                                         \
  extern "C" __global__ void __launch_bounds__(MATVEC_THREADS, (Resident<TYPE, ROWS>::BLOCKS)) matvec_##name##_r##ROWS(                                                       \
      const LinearPart* parts, int partCount, const float* x, int xStride, int columns, int rows, const float* normWeight, float epsilon, \
      float normOffset, int norm) {                                                                                                           \
    matvec<TYPE, ROWS>(parts, partCount, x, xStride, columns, rows, {normWeight, epsilon, normOffset, norm});                                 \
  }
#define MATVEC(name, TYPE)    \
  MATVEC_ROWS(name, TYPE, 1) \
  MATVEC_ROWS(name, TYPE, 4) \
  MATVEC_ROWS(name, TYPE, 8)
FOR_ALL_TYPES(MATVEC)
