// Linear for few rows, in exact float32.
#include "matvec.cuh"

#define MATVEC_ROWS(name, TYPE, ROWS)                                                                                                         \
  extern "C" __global__ void __launch_bounds__(MATVEC_THREADS, (Resident<TYPE, ROWS>::BLOCKS)) matvec_##name##_r##ROWS(                                                       \
      const LinearPart* parts, int partCount, const float* x, int xStride, int columns, int rows, const float* normWeight, float epsilon, \
      float normOffset, int norm) {                                                                                                           \
    matvec<TYPE, ROWS, FloatChunk<ROWS>>(parts, partCount, x, xStride, columns, rows, {normWeight, epsilon, normOffset, norm});                                 \
  }
#define MATVEC(name, TYPE)    \
  MATVEC_ROWS(name, TYPE, 1) \
  MATVEC_ROWS(name, TYPE, 4) \
  MATVEC_ROWS(name, TYPE, 8)
FOR_ALL_TYPES(MATVEC)
