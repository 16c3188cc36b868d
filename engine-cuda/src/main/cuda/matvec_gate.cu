// The first half of a gated network for few rows: activation(x Wg^T + bg) * (x Wu^T + bu) in one launch, exact float32.
#include "matvec.cuh"

template <WeightType TYPE, int ROWS>
__device__ __forceinline__ void matvecGate(
    const LinearPart* gateAndUp, int activation, const float* x, int xStride, int columns, int rows, const InputNorm& norm) {
  const int COLUMNS = WEIGHT_ROWS / 2;
  __shared__ Matvec<ROWS> shared;
  LinearPart gate = gateAndUp[0];
  LinearPart up = gateAndUp[1];
  int firstRow = blockIdx.y * ROWS;
  int firstColumn = blockIdx.x * COLUMNS;
  int units = (columns + 31) / 32;
  // the first eight rows of the weight are the gate's, the others the same rows of up
  Lane lane;
  int weightRow = min(firstColumn + lane.weightRow % COLUMNS, gate.columns - 1);
  WeightRow weight = lane.weightRow < COLUMNS ? Weight<TYPE>::row(gate.body, gate.head, weightRow, units)
                                              : Weight<TYPE>::row(up.body, up.head, weightRow, units);
  int blockRows = min(ROWS, rows - firstRow);
  multiply<TYPE, ROWS>(shared, weight, lane, x + static_cast<size_t>(firstRow) * xStride, xStride, columns, blockRows, norm);
  int within = threadIdx.x % COLUMNS;
  int row = threadIdx.x / COLUMNS;
  int column = firstColumn + within;
  if (row < blockRows && column < gate.columns) {
    float gateValue = shared.product(within, row, columns, norm) + (gate.bias != nullptr ? gate.bias[column] : 0.0f);
    float upValue = shared.product(within + COLUMNS, row, columns, norm) + (up.bias != nullptr ? up.bias[column] : 0.0f);
    gate.out[static_cast<size_t>(firstRow + row) * gate.outStride + column] = activate(activation, gateValue) * upValue;
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
