// The products of experts, exact float32: the pairs of a row and one of its experts that moe_group put together share one read of the expert's weight.
#include "matvec.cuh"

// The rows of a tile's pairs: pair p reads row p / pairsOfRow.
struct PairRows {
  const int* order;
  int pairs;
  int pairsOfRow;

  // behind the last pair the last: what is read there is not used
  __device__ __forceinline__ int index(int row) const { return order[min(row, pairs - 1)] / pairsOfRow; }
};

// results[pair] = activation(x Wg^T) * (x Wu^T), weights [experts * columns].
template <WeightType TYPE, int ROWS>
__device__ __forceinline__ void moeGate(
    float* results, const byte* gateBody, const byte* gateHead, const byte* upBody, const byte* upHead, int activation, const float* x, int xStride,
    int columns, int pairsOfRow, int resultColumns, const int* order, const int4* tiles) {
  const int COLUMNS = WEIGHT_ROWS / 2;
  __shared__ Matvec<ROWS> shared;
  int4 tile = tiles[blockIdx.y];
  if (tile.z == 0) {
    return;
  }
  int firstColumn = blockIdx.x * COLUMNS;
  int units = (columns + 31) / 32;
  // the first eight rows of the weight are the gate's, the others the same rows of up
  Lane lane;
  int weightRow = tile.x * resultColumns + min(firstColumn + lane.weightRow % COLUMNS, resultColumns - 1);
  WeightRow weight = lane.weightRow < COLUMNS ? Weight<TYPE>::row(gateBody, gateHead, weightRow, units) : Weight<TYPE>::row(upBody, upHead, weightRow, units);
  InputNorm none = {nullptr, 0, 0, 0};
  multiply<TYPE>(shared, weight, lane, x, xStride, PairRows{order + tile.y, tile.z, pairsOfRow}, columns, tile.z, none);
  int within = threadIdx.x % COLUMNS;
  int index = threadIdx.x / COLUMNS;
  int column = firstColumn + within;
  if (index < tile.z && column < resultColumns) {
    float value = activate(activation, shared.product(within, index, columns, none)) * shared.product(within + COLUMNS, index, columns, none);
    results[static_cast<size_t>(order[tile.y + index]) * resultColumns + column] = value;
  }
}

// results[pair] = x W^T.
template <WeightType TYPE, int ROWS>
__device__ __forceinline__ void moeMatvec(
    float* results, const byte* body, const byte* head, const float* x, int xStride, int columns, int pairsOfRow, int resultColumns, const int* order,
    const int4* tiles) {
  __shared__ Matvec<ROWS> shared;
  int4 tile = tiles[blockIdx.y];
  if (tile.z == 0) {
    return;
  }
  int firstColumn = blockIdx.x * WEIGHT_ROWS;
  Lane lane;
  int weightRow = tile.x * resultColumns + min(firstColumn + lane.weightRow, resultColumns - 1);
  WeightRow weight = Weight<TYPE>::row(body, head, weightRow, (columns + 31) / 32);
  InputNorm none = {nullptr, 0, 0, 0};
  multiply<TYPE>(shared, weight, lane, x, xStride, PairRows{order + tile.y, tile.z, pairsOfRow}, columns, tile.z, none);
  int column = firstColumn + threadIdx.x % WEIGHT_ROWS;
  int index = threadIdx.x / WEIGHT_ROWS;
  if (index < tile.z && column < resultColumns) {
    results[static_cast<size_t>(order[tile.y + index]) * resultColumns + column] = shared.product(threadIdx.x % WEIGHT_ROWS, index, columns, none);
  }
}

#define MOE_ROWS(name, TYPE, ROWS)                                                                                                                  \
  extern "C" __global__ void __launch_bounds__(MATVEC_THREADS, (Resident<TYPE, ROWS>::BLOCKS)) moe_gate_##name##_r##ROWS(                            \
      float* results, const byte* gateBody, const byte* gateHead, const byte* upBody, const byte* upHead, int activation, const float* x,           \
      int xStride, int columns, int pairsOfRow, int resultColumns, const int* order, const int4* tiles) {                                           \
    moeGate<TYPE, ROWS>(                                                                                                                            \
        results, gateBody, gateHead, upBody, upHead, activation, x, xStride, columns, pairsOfRow, resultColumns, order, tiles);                     \
  }                                                                                                                                                 \
  extern "C" __global__ void __launch_bounds__(MATVEC_THREADS, (Resident<TYPE, ROWS>::BLOCKS)) moe_matvec_##name##_r##ROWS(                          \
      float* results, const byte* body, const byte* head, const float* x, int xStride, int columns, int pairsOfRow, int resultColumns,              \
      const int* order, const int4* tiles) {                                                                                                        \
    moeMatvec<TYPE, ROWS>(results, body, head, x, xStride, columns, pairsOfRow, resultColumns, order, tiles);                                       \
  }
#define MOE(name, TYPE)    \
  MOE_ROWS(name, TYPE, 1) \
  MOE_ROWS(name, TYPE, 8)
FOR_ALL_TYPES(MOE)
