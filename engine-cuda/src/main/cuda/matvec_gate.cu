// The first half of a gated network for few rows: activation(x Wg^T + bg) * (x Wu^T + bu) in one launch, exact float32.
#include "matvec.cuh"

#define GATE_ROWS(name, TYPE, ROWS)                                                                                                            \
  extern "C" __global__ void __launch_bounds__(MATVEC_THREADS, (Resident<TYPE, ROWS>::BLOCKS)) matvec_gate_##name##_r##ROWS(                                                  \
      const LinearPart* gateAndUp, int activation, const float* x, int xStride, int columns, int rows, const float* normWeight, float epsilon, \
      float normOffset, int norm) {                                                                                                            \
    matvecGate<TYPE, ROWS, FloatChunk<ROWS>>(gateAndUp, activation, x, xStride, columns, rows, {normWeight, epsilon, normOffset, norm});                         \
  }
#define GATE(name, TYPE)    \
  GATE_ROWS(name, TYPE, 1) \
  GATE_ROWS(name, TYPE, 4) \
  GATE_ROWS(name, TYPE, 8)
FOR_ALL_TYPES(GATE)
