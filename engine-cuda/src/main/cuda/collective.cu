// Sums and gatherings over the ranks of one process, through memory that all of them can read (NVLink or PCIe peer access).
//
// Block b of every rank meets block b of the others: it writes its epoch into the others' signals (release) and waits for theirs in its own (acquire), both at
// system scope. Epochs count up in device memory, so a launch in a replayed graph is a new one. A rank adds the inputs in the order of the ranks, so all
// ranks get the same bits, whichever of the two kernels sums.
#include "common.cuh"

#define MAX_BLOCKS 64
#define MAX_RANKS 64

struct Signal {
  int epoch[MAX_BLOCKS];
  int arrived[MAX_BLOCKS][2][MAX_RANKS];
};

__device__ __forceinline__ void storeRelease(int* address, int value) {
  asm volatile("st.release.sys.global.s32 [%0], %1;" ::"l"(address), "r"(value) : "memory");
}

__device__ __forceinline__ int loadAcquire(const int* address) {
  int value;
  asm volatile("ld.acquire.sys.global.s32 %0, [%1];" : "=r"(value) : "l"(address) : "memory");
  return value;
}

// Block b of all ranks waits for block b of all ranks.
__device__ __forceinline__ void meet(Signal* const* signals, int rank, int world, int phase, int epoch) {
  __syncthreads();
  if (threadIdx.x < world) {
    __threadfence_system();  // what the other threads of the block wrote is older than the signal
    storeRelease(&signals[threadIdx.x]->arrived[blockIdx.x][phase][rank], epoch);
    const int* own = &signals[rank]->arrived[blockIdx.x][phase][threadIdx.x];
    // epochs wrap around: only their difference counts
    while (static_cast<int>(static_cast<unsigned>(loadAcquire(own)) - static_cast<unsigned>(epoch)) < 0) {
      __nanosleep(20);
    }
  }
  __syncthreads();
}

// The epoch of this launch; the block's threads agree on it before `endEpoch` changes it.
__device__ __forceinline__ int beginEpoch(Signal* const* signals, int rank) { return signals[rank]->epoch[blockIdx.x] + 1; }

__device__ __forceinline__ void endEpoch(Signal* const* signals, int rank, int epoch) {
  if (threadIdx.x == 0) {
    signals[rank]->epoch[blockIdx.x] = epoch;
  }
}

__device__ __forceinline__ float sumOverRanks(const float* const* inputs, int world, size_t element) {
  float sum = inputs[0][element];
  for (int rank = 1; rank < world; rank++) {
    sum += inputs[rank][element];
  }
  return sum;
}

__device__ __forceinline__ float* elementOf(float* out, int outStride, int columns, size_t element) {
  return out + element / columns * outStride + element % columns;
}

// Each rank reads everything: one meeting before, one behind (then the inputs may be written again).
extern "C" __global__ void __launch_bounds__(256) all_reduce(
    float* out, int outStride, const float* const* inputs, Signal* const* signals, int rank, int world, int columns, int rows) {
  int epoch = beginEpoch(signals, rank);
  size_t count = static_cast<size_t>(columns) * rows;
  meet(signals, rank, world, 0, epoch);
  for (size_t i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
    *elementOf(out, outStride, columns, i) = sumOverRanks(inputs, world, i);
  }
  meet(signals, rank, world, 1, epoch);
  endEpoch(signals, rank, epoch);
}

// Each rank sums the elements of its own part into `slices`, then reads the parts of the others. Block b reads only what blocks b wrote. The slices are written
// again only behind the next launch's first meeting, when all ranks have read them.
extern "C" __global__ void __launch_bounds__(256) all_reduce_twoshot(
    float* out, int outStride, const float* const* inputs, float* const* slices, Signal* const* signals, int rank, int world, int columns,
    int rows) {
  int epoch = beginEpoch(signals, rank);
  size_t count = static_cast<size_t>(columns) * rows;
  size_t part = (count + world - 1) / world;
  meet(signals, rank, world, 0, epoch);
  for (size_t i = blockIdx.x * blockDim.x + threadIdx.x; i < part; i += gridDim.x * blockDim.x) {
    size_t element = rank * part + i;
    if (element < count) {
      slices[rank][element] = sumOverRanks(inputs, world, element);
    }
  }
  meet(signals, rank, world, 1, epoch);
  for (int source = 0; source < world; source++) {
    for (size_t i = blockIdx.x * blockDim.x + threadIdx.x; i < part; i += gridDim.x * blockDim.x) {
      size_t element = source * part + i;
      if (element < count) {
        *elementOf(out, outStride, columns, element) = slices[source][element];
      }
    }
  }
  endEpoch(signals, rank, epoch);
}

extern "C" __global__ void __launch_bounds__(256) all_gather(
    float* out, int outStride, const float* const* inputs, Signal* const* signals, const int* columnOffsets, int rank, int world, int rows) {
  int epoch = beginEpoch(signals, rank);
  meet(signals, rank, world, 0, epoch);
  for (int source = 0; source < world; source++) {
    int columns = columnOffsets[source + 1] - columnOffsets[source];
    size_t count = static_cast<size_t>(columns) * rows;
    for (size_t i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
      *elementOf(out + columnOffsets[source], outStride, columns, i) = inputs[source][i];
    }
  }
  meet(signals, rank, world, 1, epoch);
  endEpoch(signals, rank, epoch);
}
