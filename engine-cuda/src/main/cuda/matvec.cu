// Linear for few rows, in exact float32.
#include "matvec.cuh"

template <WeightType TYPE, int ROWS>
__device__ __forceinline__ void matvec(
    const LinearPart* parts, int partCount, const float* x, int xStride, int columns, int rows, const InputNorm& norm) {
  __shared__ Matvec<ROWS> shared;
  LinearPart part = partOf(parts, partCount, blockIdx.x);
  int firstRow = blockIdx.y * ROWS;
  int firstColumn = (blockIdx.x - part.firstBlock) * WEIGHT_ROWS;
  Lane lane;
  // behind the last row the last is multiplied once more: all threads meet at the barriers
  WeightRow weight = Weight<TYPE>::row(part.body, part.head, min(firstColumn + lane.weightRow, part.columns - 1), (columns + 31) / 32);
  int blockRows = min(ROWS, rows - firstRow);
  multiply<TYPE, ROWS>(shared, weight, lane, x + static_cast<size_t>(firstRow) * xStride, xStride, columns, blockRows, norm);
  int column = threadIdx.x % WEIGHT_ROWS;
  int row = threadIdx.x / WEIGHT_ROWS;
  if (row < blockRows && firstColumn + column < part.columns) {
    store(part, firstRow + row, firstColumn + column, shared.product(column, row, columns, norm));
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
