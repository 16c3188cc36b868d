// The first half of a gated network for few rows: activation(x Wg^T + bg) * (x Wu^T + bu) in one launch, exact float32.
#include "matvec.cuh"

template <WeightType TYPE, int ROWS>
__device__ __forceinline__ void matvecGate(
    const LinearPart* gateAndUp, int activation, const float* x, int xStride, int columns, int rows, const InputNorm& norm) {
  __shared__ Chunk<ROWS> chunk;
  LinearPart gate = gateAndUp[0];
  LinearPart up = gateAndUp[1];
  int firstRow = blockIdx.y * ROWS;
  const int COLUMNS = MATVEC_WARPS / 2;
  int warp = threadIdx.x / WARP;
  int column = blockIdx.x * COLUMNS + warp % COLUMNS;
  int weightRow = min(column, gate.columns - 1);
  int units = (columns + 31) / 32;
  // the first eight warps multiply with rows of the gate, the others with the same rows of up
  WeightRow weight = warp < COLUMNS ? Weight<TYPE>::row(gate.body, gate.head, weightRow, units)
                                    : Weight<TYPE>::row(up.body, up.head, weightRow, units);
  int blockRows = min(ROWS, rows - firstRow);
  float value =
      multiplyRow<TYPE, ROWS>(weight, x + static_cast<size_t>(firstRow) * xStride, xStride, columns, blockRows, norm, chunk);
  __shared__ float ups[COLUMNS][ROWS];
  int row = threadIdx.x % WARP;
  bool inside = row < blockRows && column < gate.columns;
  if (inside && warp >= COLUMNS) {
    ups[warp % COLUMNS][row] = value + (up.bias != nullptr ? up.bias[column] : 0.0f);
  }
  __syncthreads();
  if (inside && warp < COLUMNS) {
    value += gate.bias != nullptr ? gate.bias[column] : 0.0f;
    gate.out[static_cast<size_t>(firstRow + row) * gate.outStride + column] = activate(activation, value) * ups[warp][row];
  }
}

#define GATE_ROWS(name, TYPE, ROWS)                                                                                                            \
  extern "C" __global__ void __launch_bounds__(MATVEC_THREADS, (Resident<TYPE, ROWS>::BLOCKS)) matvec_gate_##name##_r##ROWS(                                                  \
      const LinearPart* gateAndUp, int activation, const float* x, int xStride, int columns, int rows, const float* normWeight, float epsilon, \
      float normOffset, int norm) {                                                                                                            \
    matvecGate<TYPE, ROWS>(gateAndUp, activation, x, xStride, columns, rows, {normWeight, epsilon, normOffset, norm});                         \
  }
#define GATE(name, TYPE)    \
  GATE_ROWS(name, TYPE, 1) \
  GATE_ROWS(name, TYPE, 4) \
  GATE_ROWS(name, TYPE, 8)
FOR_ALL_TYPES(GATE)
