// Mixtures of experts around their products: which experts a row goes to, which rows an expert has, and the sum of what a row's experts gave.
#include "common.cuh"

#define MAX_EXPERTS 512
#define ROUTE_ROWS 4
#define GROUP_THREADS 512

// A warp for a row: scores of all experts, then the best one topK times, of equal ones the first. See dev.jebena.engine.program.Op.MoeRoute.
extern "C" __global__ void __launch_bounds__(ROUTE_ROWS * WARP) moe_route(
    float* out, int outStride, const float* logits, int logitsStride, int experts, int topK, int sigmoid, int renormalise, float scale,
    const float* bias, int rows) {
  __shared__ float scores[ROUTE_ROWS][MAX_EXPERTS];
  __shared__ float selection[ROUTE_ROWS][MAX_EXPERTS];
  int lane = threadIdx.x % WARP;
  int warp = threadIdx.x / WARP;
  size_t row = blockIdx.x * ROUTE_ROWS + warp;
  if (row >= rows) {
    return;
  }
  float largest = MINUS_INFINITY;
  for (int expert = lane; expert < experts; expert += WARP) {
    float logit = logits[row * logitsStride + expert];
    scores[warp][expert] = logit;
    largest = fmaxf(largest, logit);
  }
  largest = warpMax(largest);
  float sum = 0;
  for (int expert = lane; expert < experts; expert += WARP) {
    float logit = scores[warp][expert];
    float score = sigmoid ? 1.0f / (1.0f + expf(-logit)) : expf(logit - largest);
    scores[warp][expert] = score;
    sum += score;
  }
  sum = sigmoid ? 1.0f : warpSum(sum);
  for (int expert = lane; expert < experts; expert += WARP) {
    float score = scores[warp][expert] / sum;
    scores[warp][expert] = score;
    selection[warp][expert] = score + (bias != nullptr ? bias[expert] : 0.0f);
  }
  __syncwarp();
  float chosenSum = 0;
  for (int k = 0; k < topK; k++) {
    float best = MINUS_INFINITY;
    int chosen = experts;
    for (int expert = lane; expert < experts; expert += WARP) {
      if (selection[warp][expert] > best) {
        best = selection[warp][expert];
        chosen = expert;
      }
    }
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
      float otherBest = __shfl_xor_sync(ALL_LANES, best, distance);
      int other = __shfl_xor_sync(ALL_LANES, chosen, distance);
      if (otherBest > best || (otherBest == best && other < chosen)) {
        best = otherBest;
        chosen = other;
      }
    }
    // with nothing to compare (not-a-number), any expert does: the weights say what happened
    chosen = chosen == experts ? 0 : chosen;
    float score = scores[warp][chosen];
    chosenSum += score;
    __syncwarp();  // all lanes have read the selection
    if (lane == 0) {
      selection[warp][chosen] = MINUS_INFINITY;
      out[row * outStride + k] = static_cast<float>(chosen);
      out[row * outStride + topK + k] = score;
    }
    __syncwarp();
  }
  __syncwarp();
  for (int k = lane; k < topK; k += WARP) {
    float weight = out[row * outStride + topK + k];
    out[row * outStride + topK + k] = (renormalise ? weight / chosenSum : weight) * scale;
  }
}

// Sorts pairs (row * topK + k) by their expert, and cuts each expert's into tiles of up to tileRows: {expert, first in order, pairs, 0}; the tiles behind the last
// have no pairs. One block of threads. The order within an expert is left open: nothing depends on it.
extern "C" __global__ void __launch_bounds__(GROUP_THREADS) moe_group(
    int* order, int4* tiles, int maxTiles, const float* route, int routeStride, int topK, int firstExpert, int experts, int tileRows, int rows) {
  __shared__ int counts[MAX_EXPERTS];
  __shared__ int next[MAX_EXPERTS];
  for (int expert = threadIdx.x; expert < experts; expert += GROUP_THREADS) {
    counts[expert] = 0;
  }
  __syncthreads();
  int pairs = rows * topK;
  for (int pair = threadIdx.x; pair < pairs; pair += GROUP_THREADS) {
    int expert = static_cast<int>(route[static_cast<size_t>(pair / topK) * routeStride + pair % topK]) - firstExpert;
    if (expert >= 0 && expert < experts) {
      atomicAdd(&counts[expert], 1);
    }
  }
  __syncthreads();
  for (int expert = threadIdx.x; expert < experts; expert += GROUP_THREADS) {
    int first = 0;
    int tile = 0;
    for (int before = 0; before < expert; before++) {
      first += counts[before];
      tile += (counts[before] + tileRows - 1) / tileRows;
    }
    next[expert] = first;
    int count = counts[expert];
    for (int at = 0; at < count; at += tileRows) {
      tiles[tile++] = make_int4(expert, first + at, min(tileRows, count - at), 0);
    }
    if (expert == experts - 1) {
      for (; tile < maxTiles; tile++) {
        tiles[tile] = make_int4(0, 0, 0, 0);
      }
    }
  }
  __syncthreads();
  for (int pair = threadIdx.x; pair < pairs; pair += GROUP_THREADS) {
    int expert = static_cast<int>(route[static_cast<size_t>(pair / topK) * routeStride + pair % topK]) - firstExpert;
    if (expert >= 0 && expert < experts) {
      order[atomicAdd(&next[expert], 1)] = pair;
    }
  }
}

// out = the sum of what the row's experts gave, times their weights, in the order of their choice; results [pairs][columns].
extern "C" __global__ void __launch_bounds__(256) moe_combine(
    float* out, int outStride, const float* results, const float* route, int routeStride, int topK, int firstExpert, int experts, int columns) {
  int column = blockIdx.x * 256 + threadIdx.x;
  size_t row = blockIdx.y;
  if (column < columns) {
    float sum = 0;
    for (int k = 0; k < topK; k++) {
      int expert = static_cast<int>(route[row * routeStride + k]) - firstExpert;
      if (expert >= 0 && expert < experts) {
        sum = fmaf(route[row * routeStride + topK + k], results[(row * topK + k) * columns + column], sum);
      }
    }
    out[row * outStride + column] = sum;
  }
}
