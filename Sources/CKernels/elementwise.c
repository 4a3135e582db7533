#include <math.h>
#include <string.h>

#include "CKernels.h"
#include "kernel.h"

// eˣ within 2 units in the last place, in code that becomes vector code (the C library's does not): x = k ln 2 + r with
// |r| ≤ ln 2 ÷ 2, the Taylor series of eʳ to r⁷ (remainder below 6e-9), and k as exponent bits. The operand is held where
// float32 has a normal result: below −87 it gives e⁻⁸⁷ ≈ 1.6e-38, above 88 it gives e⁸⁸ ≈ 1.7e38.
PC_INLINE float exponential(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  // Adding 1.5 × 2²³ rounds to an integer, which then stands in the lowest bits.
  const float rounder = 12582912.0f;
  float rounded = x * 1.44269504f + rounder;
  float k = rounded - rounder;
  // ln 2 in two parts: the first has so few bits that its product with k is exact.
  float r = (x - k * 0.693359375f) - k * -2.12194440e-4f;
  float series = 1.0f / 5040.0f;
  series = series * r + 1.0f / 720.0f;
  series = series * r + 1.0f / 120.0f;
  series = series * r + 1.0f / 24.0f;
  series = series * r + 1.0f / 6.0f;
  series = series * r + 0.5f;
  series = series * r + 1.0f;
  series = series * r + 1.0f;
  uint32_t bits;
  memcpy(&bits, &rounded, sizeof bits);
  bits = (bits + 127u) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return series * power;
}

PC_INLINE float value(pc_unary_function function, float first, float second, float x) {
  switch (function) {
  // Written so that what is not a number stays so.
  case pc_relu: return x <= 0.0f ? 0.0f : x;
  case pc_leaky_relu: return x > 0.0f ? x : first * x;
  case pc_clip: {
    float raised = x < first ? first : x;
    return raised > second ? second : raised;
  }
  case pc_sigmoid: return 1.0f / (1.0f + exponential(-x));
  case pc_hard_sigmoid: {
    float y = first * x + second;
    y = y < 0.0f ? 0.0f : y;
    return y > 1.0f ? 1.0f : y;
  }
  case pc_hard_swish: {
    float gate = x * (1.0f / 6.0f) + 0.5f;
    gate = gate < 0.0f ? 0.0f : gate;
    gate = gate > 1.0f ? 1.0f : gate;
    return x * gate;
  }
  case pc_swish: return x / (1.0f + exponential(-x));
  default: return tanhf(x);
  }
}

// `known` is the result for sigmoid and tanh, the operand otherwise.
PC_INLINE float slope(pc_unary_function function, float first, float second, float known) {
  switch (function) {
  case pc_relu: return known > 0.0f ? 1.0f : 0.0f;
  case pc_leaky_relu: return known > 0.0f ? 1.0f : first;
  case pc_clip: return known > first && known < second ? 1.0f : 0.0f;
  case pc_sigmoid: return known * (1.0f - known);
  case pc_hard_sigmoid: {
    float y = first * known + second;
    return y > 0.0f && y < 1.0f ? first : 0.0f;
  }
  case pc_hard_swish: {
    float inside = known * (1.0f / 3.0f) + 0.5f;
    float above = known >= 3.0f ? 1.0f : inside;
    return known <= -3.0f ? 0.0f : above;
  }
  case pc_swish: {
    float gate = 1.0f / (1.0f + exponential(-known));
    return gate * (1.0f + known * (1.0f - gate));
  }
  default: return 1.0f - known * known;
  }
}

bool pc_unary_needs_result(pc_unary_function function) { return function == pc_sigmoid || function == pc_tanh; }

PC_CLONES void pc_unary_forward(
    pc_unary_function function, float first, float second, float *destination, const float *source, ptrdiff_t count) {
  float *restrict to = destination;
  const float *restrict from = source;
// A constant function lets each loop become vector code of its own.
#define PC_CASE(function)                                                                       \
  case function:                                                                                \
    for (ptrdiff_t i = 0; i < count; i++) to[i] = value(function, first, second, from[i]);      \
    break
  switch (function) {
    PC_CASE(pc_relu);
    PC_CASE(pc_leaky_relu);
    PC_CASE(pc_clip);
    PC_CASE(pc_sigmoid);
    PC_CASE(pc_hard_sigmoid);
    PC_CASE(pc_hard_swish);
    PC_CASE(pc_tanh);
    PC_CASE(pc_swish);
  }
#undef PC_CASE
}

PC_CLONES void pc_unary_backward(
    pc_unary_function function, float first, float second, float *destination, const float *gradient,
    const float *known, ptrdiff_t count, bool accumulate) {
  float *restrict to = destination;
  const float *restrict g = gradient;
  const float *restrict k = known;
#define PC_CASE(function)                                                                            \
  case function:                                                                                     \
    if (accumulate) {                                                                                \
      for (ptrdiff_t i = 0; i < count; i++) to[i] += g[i] * slope(function, first, second, k[i]);    \
    } else {                                                                                         \
      for (ptrdiff_t i = 0; i < count; i++) to[i] = g[i] * slope(function, first, second, k[i]);     \
    }                                                                                                \
    break
  switch (function) {
    PC_CASE(pc_relu);
    PC_CASE(pc_leaky_relu);
    PC_CASE(pc_clip);
    PC_CASE(pc_sigmoid);
    PC_CASE(pc_hard_sigmoid);
    PC_CASE(pc_hard_swish);
    PC_CASE(pc_tanh);
    PC_CASE(pc_swish);
  }
#undef PC_CASE
}
