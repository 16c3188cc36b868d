// Sampling as dev.jebena.engine.sampling specifies it, without sorting the vocabulary: only ids and log-probabilities leave the device.
//
// A block of threads takes a row. Top-k, min-p and top-p each keep the best so many tokens, "better" being a larger logit and of equals the lower id; so what
// they keep lies over a threshold, which is found by radix selection: a histogram of the logits' upper bits, weighted by one (top-k) or by the softmax
// weight (top-p), then of the next bits within the bin where the sum is reached. Sums of weights are taken in integers of 2^-44: they do not depend on the
// order in which threads add. The exponential function is float32's, so a draw within 1e-7 of the border between two tokens may fall to the other.
#include "common.cuh"

#define THREADS 1024
#define WARPS (THREADS / WARP)
#define BINS 2048
#define MAX_TOP 1024
#define SEEN 0x40000000
#define SAMPLES (-1)
#define NO_LOGPROBS (-1)

enum RowStatus { OK, NON_FINITE, NO_ALLOWED_TOKEN };

typedef unsigned long long Sum;

struct SlotSampling {
  float temperature;
  int topK;
  float topP;
  float minP;
  float repetition;
  float presence;
  float frequency;
  int minTokens;
  long long seed;
  int promptTokens;
  int topLogprobs;
  int topPromptLogprobs;
  int biasCount;
  int endCount;
  int unused;
  const int* biasTokens;
  const float* biasValues;
  const int* endTokens;
  int* counts;
};

struct RowResult {
  int status;
  int token;
  float logprob;
  int rank;
  int topCount;
  int unused;
};

// The block's scratch memory.
struct Scratch {
  unsigned low[BINS];   // histogram: lower and upper halves of its sums
  unsigned high[BINS];
  Sum keys[MAX_TOP];
  Sum warpSums[WARPS];
  Sum reached;
  unsigned digit;
  int token;
  int count;
};

// Unsigned integers in the order of the floats; both zeros become one.
__device__ __forceinline__ unsigned ordered(float value) {
  unsigned bits = __float_as_uint(__fadd_rn(value, 0.0f));
  return bits ^ (static_cast<int>(bits) < 0 ? 0xffffffffu : 0x80000000u);
}

__device__ __forceinline__ float fromOrdered(unsigned bits) {
  return __uint_as_float(bits ^ (static_cast<int>(bits) < 0 ? 0x80000000u : 0xffffffffu));
}

// A larger key is a better token.
__device__ __forceinline__ Sum keyOf(float logit, int token) { return static_cast<Sum>(ordered(logit)) << 32 | static_cast<unsigned>(~token); }

__device__ __forceinline__ int tokenOf(Sum key) { return ~static_cast<int>(key); }

__device__ __forceinline__ float logitOf(Sum key) { return fromOrdered(static_cast<unsigned>(key >> 32)); }

__device__ __forceinline__ Sum warpTotal(Sum value) {
#pragma unroll
  for (int distance = WARP / 2; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(ALL_LANES, value, distance);
  }
  return value;
}

// The sum over the block, or the maximum; every thread gets it.
template <bool MAXIMUM>
__device__ __forceinline__ Sum blockReduce(Sum value, Scratch& scratch) {
#pragma unroll 1
  for (int stage = 0; stage < 2; stage++) {
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
      Sum other = __shfl_xor_sync(ALL_LANES, value, distance);
      value = MAXIMUM ? max(value, other) : value + other;
    }
    if (stage == 0) {
      __syncthreads();
      if (threadIdx.x % WARP == 0) {
        scratch.warpSums[threadIdx.x / WARP] = value;
      }
      __syncthreads();
      value = scratch.warpSums[threadIdx.x % WARP];
    }
  }
  return value;
}

// The sum of the block's earlier threads.
__device__ __forceinline__ Sum sumBefore(Sum value, Scratch& scratch) {
  int lane = threadIdx.x % WARP;
  int warp = threadIdx.x / WARP;
  Sum inclusive = value;
#pragma unroll
  for (int distance = 1; distance < WARP; distance *= 2) {
    Sum other = __shfl_up_sync(ALL_LANES, inclusive, distance);
    inclusive += lane >= distance ? other : 0;
  }
  __syncthreads();
  if (lane == WARP - 1) {
    scratch.warpSums[warp] = inclusive;
  }
  __syncthreads();
  Sum earlier = warpTotal(lane < warp ? scratch.warpSums[lane] : 0);
  return earlier + inclusive - value;
}

// What is kept of a row, and what each kept token weighs.
struct Row {
  const float* logits;
  int vocabulary;
  float largest;
  float temperature;
  float minP;
  // the worst token that is kept: its logit, and the highest id with that logit
  unsigned leastBits;
  int lastToken;

  __device__ __forceinline__ bool overThreshold(unsigned bits, int token) const {
    return bits > leastBits || bits == leastBits && token <= lastToken;
  }

  // The weight of a token in 2^-44, 0 if it is not kept.
  __device__ __forceinline__ Sum weight(int token) const {
    float logit = logits[token];
    if (!overThreshold(ordered(logit), token)) {
      return 0;
    }
    float share = expf((logit - largest) / temperature);
    return share >= minP ? static_cast<Sum>(share * 17592186044416.0f) : 0;
  }
};

// What radix selection and the search by id add up.
enum Measure { COUNT, WEIGHT, TIES };

template <Measure MEASURE>
__device__ __forceinline__ Sum measure(const Row& row, int token) {
  if (MEASURE == COUNT) {
    return 1;
  }
  if (MEASURE == TIES) {
    return ordered(row.logits[token]) == row.leastBits ? 1 : 0;
  }
  return row.weight(token);
}

// The first token, going by id, at which the sum exceeds `bound`, which is less than the sum of all. Each warp has a stretch of the ids.
template <Measure MEASURE>
__device__ __forceinline__ int findById(const Row& row, Sum bound, Scratch& scratch) {
  int lane = threadIdx.x % WARP;
  int warp = threadIdx.x / WARP;
  int stretch = (row.vocabulary + THREADS - 1) / THREADS * WARP;
  int from = warp * stretch;
  int to = min(from + stretch, row.vocabulary);
  Sum own = 0;
  for (int token = from + lane; token < to; token += WARP) {
    own += measure<MEASURE>(row, token);
  }
  own = warpTotal(own);
  Sum before = sumBefore(lane == 0 ? own : 0, scratch);
  before = __shfl_sync(ALL_LANES, before, 0);
  if (before <= bound && bound < before + own) {
    for (int first = from; first < to; first += WARP) {
      int token = first + lane;
      Sum inclusive = token < to ? measure<MEASURE>(row, token) : 0;
#pragma unroll
      for (int distance = 1; distance < WARP; distance *= 2) {
        Sum other = __shfl_up_sync(ALL_LANES, inclusive, distance);
        inclusive += lane >= distance ? other : 0;
      }
      unsigned over = __ballot_sync(ALL_LANES, before + inclusive > bound);
      if (over != 0) {
        if (lane == 0) {
          scratch.token = first + __ffs(over) - 1;
        }
        break;
      }
      before += __shfl_sync(ALL_LANES, inclusive, WARP - 1);
    }
  }
  __syncthreads();
  int token = scratch.token;
  __syncthreads();
  return token;
}

// Raises the row's threshold so that the fewest best tokens stay whose sum reaches `target`, which is over 0 and at most the sum of all.
template <Measure MEASURE>
__device__ __forceinline__ void keepBest(Row& row, Sum target, Scratch& scratch) {
  unsigned prefix = 0;
  Sum reached = 0;  // by the tokens over the prefix's range
#pragma unroll 1
  for (int pass = 0; pass < 3; pass++) {
    int shift = pass == 0 ? 21 : pass == 1 ? 10 : 0;
    unsigned mask = pass == 2 ? 1023 : 2047;
    int aboveShift = pass == 1 ? 21 : 10;
    for (int bin = threadIdx.x; bin < BINS; bin += THREADS) {
      scratch.low[bin] = 0;
      scratch.high[bin] = 0;
    }
    __syncthreads();
    for (int token = threadIdx.x; token < row.vocabulary; token += THREADS) {
      unsigned bits = ordered(row.logits[token]);
      if (pass == 0 || bits >> aboveShift == prefix) {
        Sum weight = measure<MEASURE>(row, token);
        unsigned low = static_cast<unsigned>(weight);
        unsigned carry = static_cast<unsigned>(weight >> 32);
        unsigned bin = bits >> shift & mask;
        if (low != 0) {
          unsigned old = atomicAdd(&scratch.low[bin], low);
          carry += old + low < old ? 1 : 0;
        }
        if (carry != 0) {
          atomicAdd(&scratch.high[bin], carry);
        }
      }
    }
    __syncthreads();
    // two bins a thread, the highest first
    Sum sums[2];
#pragma unroll
    for (int i = 0; i < 2; i++) {
      int bin = BINS - 1 - 2 * threadIdx.x - i;
      sums[i] = static_cast<Sum>(scratch.high[bin]) << 32 | scratch.low[bin];
    }
    Sum before = reached + sumBefore(sums[0] + sums[1], scratch);
#pragma unroll
    for (int i = 0; i < 2; i++) {
      if (before < target && target <= before + sums[i]) {
        scratch.digit = BINS - 1 - 2 * threadIdx.x - i;
        scratch.reached = before;
      }
      before += sums[i];
    }
    __syncthreads();
    prefix = pass == 0 ? scratch.digit : prefix << (pass == 1 ? 11 : 10) | scratch.digit;
    reached = scratch.reached;
    __syncthreads();
  }
  // equal logits weigh the same: so many of them, the lowest ids first
  Sum each = 1;
  if (MEASURE == WEIGHT) {
    float share = expf((fromOrdered(prefix) - row.largest) / row.temperature);
    each = static_cast<Sum>(share * 17592186044416.0f);
  }
  Sum ties = (target - reached + each - 1) / each;
  // a tie that an earlier threshold excluded has a higher id than those that count here
  row.leastBits = prefix;
  row.lastToken = findById<TIES>(row, ties - 1, scratch);
}

// The first 64 bits of Philox4x32-10 of the key `seed` and the counter `counter`. Source: Salmon et al., 2011.
__device__ __forceinline__ Sum philox(long long seed, long long counter) {
  unsigned key0 = static_cast<unsigned>(seed);
  unsigned key1 = static_cast<unsigned>(seed >> 32);
  unsigned x0 = static_cast<unsigned>(counter);
  unsigned x1 = static_cast<unsigned>(counter >> 32);
  unsigned x2 = 0;
  unsigned x3 = 0;
#pragma unroll 1
  for (int round = 0; round < 10; round++) {
    unsigned high0 = __umulhi(0xD2511F53u, x0);
    unsigned low0 = 0xD2511F53u * x0;
    unsigned high1 = __umulhi(0xCD9E8D57u, x2);
    unsigned low1 = 0xCD9E8D57u * x2;
    x0 = high1 ^ x1 ^ key0;
    x1 = low1;
    x2 = high0 ^ x3 ^ key1;
    x3 = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return static_cast<Sum>(x0) << 32 | x1;
}

// The best token's key, 0 if a logit is infinite or not a number and `finite` asks for that.
__device__ __forceinline__ Sum bestKey(const float* logits, int vocabulary, int finite, Scratch& scratch) {
  Sum best = 0;
  int bad = 0;
  for (int token = threadIdx.x; token < vocabulary; token += THREADS) {
    float logit = logits[token];
    bad |= !(fabsf(logit) <= 3.402823466e38f);
    best = max(best, keyOf(logit, token));
  }
  bad = __syncthreads_or(bad && finite);
  best = blockReduce<true>(best, scratch);
  return bad ? 0 : best;
}

// Writes the `count` best tokens and their log-probabilities, the best first.
__device__ __forceinline__ void reportTop(
    const float* logits, int vocabulary, float largest, float logSum, int count, int* tokens, float* logprobs, Scratch& scratch) {
  Row row = {logits, vocabulary, largest, 1, 0, 0, vocabulary};
  keepBest<COUNT>(row, count, scratch);
  if (threadIdx.x == 0) {
    scratch.count = 0;
  }
  scratch.keys[threadIdx.x] = 0;
  __syncthreads();
  for (int token = threadIdx.x; token < vocabulary; token += THREADS) {
    if (row.overThreshold(ordered(logits[token]), token)) {
      scratch.keys[atomicAdd(&scratch.count, 1)] = keyOf(logits[token], token);
    }
  }
  __syncthreads();
  // bitonic sort, the largest first (Batcher, 1968), of no more keys than there may be: within a warp by shuffles, so that up to 32 need no barrier
  int room = WARP;
  while (room < count) {
    room *= 2;
  }
  bool sorts = static_cast<int>(threadIdx.x) < room;
  Sum key = scratch.keys[threadIdx.x];
#pragma unroll 1
  for (int size = 2; size <= room; size *= 2) {
#pragma unroll 1
    for (int distance = size / 2; distance > 0; distance /= 2) {
      Sum other = 0;
      if (distance >= WARP) {
        __syncthreads();
        scratch.keys[threadIdx.x] = key;
        __syncthreads();
        other = scratch.keys[threadIdx.x ^ distance];
      } else if (sorts) {
        other = __shfl_xor_sync(ALL_LANES, key, distance);
      }
      bool keepsLarger = ((threadIdx.x & size) == 0) == ((threadIdx.x & distance) == 0);
      key = keepsLarger ? max(key, other) : min(key, other);
    }
  }
  if (threadIdx.x < count) {
    tokens[threadIdx.x] = tokenOf(key);
    logprobs[threadIdx.x] = logitOf(key) - largest - logSum;
  }
  __syncthreads();
}

// Copies a row and changes it as bias, minimum length, penalties and mask ask, in this order.
__device__ __forceinline__ void adjust(
    float* work, const float* logits, int vocabulary, const SlotSampling& slot, int outputTokens, const unsigned* mask) {
  for (int token = threadIdx.x; token < vocabulary; token += THREADS) {
    work[token] = logits[token];
  }
  __syncthreads();
  for (int i = threadIdx.x; i < slot.biasCount; i += THREADS) {
    work[slot.biasTokens[i]] += slot.biasValues[i];
  }
  __syncthreads();
  if (outputTokens < slot.minTokens) {
    for (int i = threadIdx.x; i < slot.endCount; i += THREADS) {
      work[slot.endTokens[i]] = MINUS_INFINITY;
    }
    __syncthreads();
  }
  for (int token = threadIdx.x; token < vocabulary; token += THREADS) {
    int seen = slot.counts != nullptr ? slot.counts[token] : 0;
    bool allowed = mask == nullptr || (mask[token / 32] >> token % 32 & 1) != 0;
    if (seen != 0 || !allowed) {
      float logit = work[token];
      if (seen != 0) {
        logit = logit > 0 ? logit / slot.repetition : logit * slot.repetition;
        int count = seen & (SEEN - 1);
        if (count > 0) {
          logit = __fsub_rn(logit, __fadd_rn(__fmul_rn(slot.frequency, static_cast<float>(count)), slot.presence));
        }
      }
      work[token] = allowed ? logit : MINUS_INFINITY;
    }
  }
  __syncthreads();
}

// Draws from a row whose best token is `best`.
__device__ __forceinline__ int draw(const float* logits, int vocabulary, Sum best, const SlotSampling& slot, int position, Scratch& scratch) {
  Row row = {logits, vocabulary, logitOf(best), slot.temperature, slot.minP, 0, vocabulary};
  if (slot.topK > 0 && slot.topK < vocabulary) {
    keepBest<COUNT>(row, slot.topK, scratch);
  }
  // the second round adds up what top-p left
#pragma unroll 1
  for (int round = slot.topP < 1 ? 0 : 1; round < 2; round++) {
    Sum total = 0;
    for (int token = threadIdx.x; token < vocabulary; token += THREADS) {
      total += row.weight(token);
    }
    total = blockReduce<false>(total, scratch);
    if (round == 1) {
      // u = (bits >> 11) / 2^53; the product with the sum is taken without rounding
      Sum bits = philox(slot.seed, position);
      return findById<WEIGHT>(row, __umul64hi(bits >> 11 << 11, total), scratch);
    }
    Sum target = static_cast<Sum>(ceil(static_cast<double>(total) * static_cast<double>(slot.topP)));
    keepBest<WEIGHT>(row, max(min(target, total), static_cast<Sum>(1)), scratch);
  }
  return 0;
}

extern "C" __global__ void __launch_bounds__(THREADS, 1) sample(
    const float* logits, int logitsStride, float* work, int vocabulary, int firstOutput, const SlotSampling* slots, const int* outputSlot,
    const int* outputPosition, const int* outputNext, const int* maskRow, const unsigned* masks, int maskStride, int* slotToken,
    RowResult* results, int* topTokens, float* topLogprobs, int topStride) {
  __shared__ Scratch scratch;
  size_t output = firstOutput + blockIdx.x;
  int slotIndex = outputSlot[output];
  if (slotIndex < 0) {
    return;
  }
  const float* row = logits + static_cast<size_t>(blockIdx.x) * logitsStride;
  SlotSampling slot = slots[slotIndex];
  int position = outputPosition[output] + 1;
  int token = outputNext[output];
  bool samples = token == SAMPLES;
  int top = !samples && position < slot.promptTokens ? slot.topPromptLogprobs : slot.topLogprobs;
  RowResult result = {OK, token, __int_as_float(0x7fc00000), 0, 0, 0};

  Sum rawBest = 0;
  if (samples || top != NO_LOGPROBS) {
    rawBest = bestKey(row, vocabulary, 1, scratch);
    if (rawBest == 0) {
      result.status = NON_FINITE;
    }
  }
  float logSum = 0;
  if (result.status == OK && top != NO_LOGPROBS) {
    float largest = logitOf(rawBest);
    Sum sum = 0;
    for (int i = threadIdx.x; i < vocabulary; i += THREADS) {
      sum += static_cast<Sum>(expf(row[i] - largest) * 17592186044416.0f);
    }
    sum = blockReduce<false>(sum, scratch);
    logSum = logf(static_cast<float>(sum) * 5.6843418860808015e-14f);
    result.topCount = min(top, vocabulary);
    if (result.topCount > 0) {
      reportTop(
          row, vocabulary, largest, logSum, result.topCount, topTokens + output * topStride, topLogprobs + output * topStride, scratch);
    }
  }
  if (result.status == OK && samples) {
    const float* chosen = row;
    Sum best = rawBest;
    int outputTokens = position - slot.promptTokens;
    int maskIndex = maskRow != nullptr ? maskRow[output] : -1;
    if (slot.biasCount > 0 || slot.counts != nullptr || outputTokens < slot.minTokens && slot.endCount > 0 || maskIndex >= 0) {
      float* adjusted = work + static_cast<size_t>(blockIdx.x) * logitsStride;
      adjust(adjusted, row, vocabulary, slot, outputTokens, maskIndex >= 0 ? masks + static_cast<size_t>(maskIndex) * maskStride : nullptr);
      chosen = adjusted;
      best = bestKey(adjusted, vocabulary, 0, scratch);
    }
    float largest = logitOf(best);
    if (largest == MINUS_INFINITY) {
      result.status = NO_ALLOWED_TOKEN;
    } else if (largest == -MINUS_INFINITY) {
      result.status = NON_FINITE;
    } else {
      result.token = slot.temperature == 0 ? tokenOf(best) : draw(chosen, vocabulary, best, slot, position, scratch);
    }
  }
  if (result.status == OK && top != NO_LOGPROBS) {
    float logit = row[result.token];
    Sum better = 0;
    for (int i = threadIdx.x; i < vocabulary; i += THREADS) {
      better += row[i] > logit || row[i] == logit && i < result.token ? 1 : 0;
    }
    result.rank = static_cast<int>(blockReduce<false>(better, scratch)) + 1;
    result.logprob = logit - logitOf(rawBest) - logSum;
  }
  if (result.status != OK) {
    result.topCount = 0;
  }
  if (threadIdx.x == 0) {
    results[output] = result;
    if (samples && result.status == OK) {
      slotToken[slotIndex] = result.token;
      if (slot.counts != nullptr) {
        slot.counts[result.token] = (slot.counts[result.token] | SEEN) + 1;
      }
    }
  }
}

// The first `promptTokens` of a slot's known tokens were seen in the prompt, the others in the output.
extern "C" __global__ void __launch_bounds__(256) count_tokens(int* counts, const int* tokens, int promptTokens, int total) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < total) {
    atomicOr(&counts[tokens[i]], SEEN);
    if (i >= promptTokens) {
      atomicAdd(&counts[tokens[i]], 1);
    }
  }
}
