// What all kernels share: reductions in a fixed order, and thin names for the PTX instructions that C++ has no word for.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <stdint.h>

#define WARP 32
#define ALL_LANES 0xffffffffu
#define MINUS_INFINITY __int_as_float(0xff800000)

typedef unsigned char byte;

// The sum over a warp, the same bits in every lane.
__device__ __forceinline__ float warpSum(float value) {
#pragma unroll
  for (int distance = WARP / 2; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(ALL_LANES, value, distance);
  }
  return value;
}

__device__ __forceinline__ float warpMax(float value) {
#pragma unroll
  for (int distance = WARP / 2; distance > 0; distance /= 2) {
    value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, distance));
  }
  return value;
}

// The sum over a block of threads, a multiple of 32 and at most 1024; scratch: float[32]. Every thread gets it.
__device__ __forceinline__ float blockSum(float value, float* scratch) {
  int lane = threadIdx.x % WARP;
  value = warpSum(value);
  __syncthreads();  // scratch may still be read by an earlier sum
  if (lane == 0) {
    scratch[threadIdx.x / WARP] = value;
  }
  __syncthreads();
  return warpSum(lane < blockDim.x / WARP ? scratch[lane] : 0.0f);
}

__device__ __forceinline__ unsigned sharedAddress(const void* pointer) {
  return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

// Copies to shared memory without passing registers; complete after waitForCopies and a barrier.
__device__ __forceinline__ void copyAsync16(void* shared, const void* global) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(sharedAddress(shared)), "l"(global) : "memory");
}

__device__ __forceinline__ void copyAsync4(void* shared, const void* global) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(sharedAddress(shared)), "l"(global) : "memory");
}

__device__ __forceinline__ void commitCopies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until at most PENDING groups of this thread's copies are under way.
template <int PENDING>
__device__ __forceinline__ void waitForCopies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory");
}

// Four 8 x 8 matrices of 16-bit elements. Lane l gives the address of row l % 8 of matrix l / 8; register i of lane (g = l / 4, t = l % 4) receives
// elements (g, 2t) and (g, 2t + 1) of matrix i. Source: PTX ISA, ldmatrix.
__device__ __forceinline__ void loadMatrices(unsigned (&registers)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
               : "r"(sharedAddress(row))
               : "memory");
}

// The same, each matrix transposed: elements (2t, g) and (2t + 1, g).
__device__ __forceinline__ void loadMatricesTransposed(unsigned (&registers)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
               : "r"(sharedAddress(row))
               : "memory");
}

// c [16 x 8] += a [16 x 16] b [16 x 8], bf16 factors, float32 sums. With g = lane / 4 and t = lane % 4 the registers hold
//   a: (g, 2t..) (g + 8, 2t..) (g, 2t + 8..) (g + 8, 2t + 8..)    b: (k 2t.., n g) (k 2t + 8.., n g)    c: (g, 2t) (g, 2t + 1) (g + 8, 2t) (g + 8, 2t + 1)
// Source: PTX ISA, matrix fragments for mma.m16n8k16.
__device__ __forceinline__ void multiplyAdd(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Two floats as two bf16, the first in the lower half.
__device__ __forceinline__ unsigned packBf16(float first, float second) {
  __nv_bfloat162 pair = __floats2bfloat162_rn(first, second);
  return *reinterpret_cast<unsigned*>(&pair);
}

__device__ __forceinline__ float lowerBf16(unsigned pair) { return __uint_as_float(pair << 16); }

__device__ __forceinline__ float upperBf16(unsigned pair) { return __uint_as_float(pair & 0xffff0000u); }

// What two packed bf16 leave of two floats: with it, 16 bits of each are kept.
__device__ __forceinline__ unsigned packRest(float first, float second, unsigned packed) {
  return packBf16(first - lowerBf16(packed), second - upperBf16(packed));
}

// Writes eight floats as 16 bytes of bf16, and where PIECES is 2 what that leaves of them as 16 bytes more.
template <int PIECES>
__device__ __forceinline__ void storePieces(const float* values, byte* high, byte* low) {
  uint4 packed;
  packed.x = packBf16(values[0], values[1]);
  packed.y = packBf16(values[2], values[3]);
  packed.z = packBf16(values[4], values[5]);
  packed.w = packBf16(values[6], values[7]);
  *reinterpret_cast<uint4*>(high) = packed;
  if (PIECES == 2) {
    uint4 rest;
    rest.x = packRest(values[0], values[1], packed.x);
    rest.y = packRest(values[2], values[3], packed.y);
    rest.z = packRest(values[4], values[5], packed.z);
    rest.w = packRest(values[6], values[7], packed.w);
    *reinterpret_cast<uint4*>(low) = rest;
  }
}

__device__ __forceinline__ float halfBits(unsigned short bits) { return __half2float(__ushort_as_half(bits)); }

// Activation functions by the ordinal of dev.jebena.engine.program.Activation.
__device__ __forceinline__ float activate(int activation, float x) {
  if (activation == 0) {
    return x / (1.0f + expf(-x));
  }
  if (activation == 1) {
    return 0.5f * x * (1.0f + erff(x * 0.70710678118654752f));
  }
  if (activation == 2) {
    return 0.5f * x * (1.0f + tanhf(0.79788456080286536f * (x + 0.044715f * x * x * x)));
  }
  return fmaxf(x, 0.0f);
}
