#ifndef PRUNE_CLUSTER_APPROXIMATION_H
#define PRUNE_CLUSTER_APPROXIMATION_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "kernel.h"

// Elementary functions in code that becomes vector code, which the C library's does not. What is not a number stays so.

PC_INLINE float from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

PC_INLINE uint32_t to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// √x without the C library's error number, which would keep loops from becoming vector code.
PC_INLINE float square_root(float x) {
#if __has_builtin(__builtin_elementwise_sqrt)
  return __builtin_elementwise_sqrt(x);
#else
  return sqrtf(x);
#endif
}

// x = k ln 2 + r with |r| ≤ ln 2 ÷ 2 and whole k: returns r, and puts k where it stands in the lowest bits of a number.
PC_INLINE float reduce_exponent(float x, float *rounded) {
  // Adding 1.5 × 2²³ rounds to an integer.
  const float rounder = 12582912.0f;
  *rounded = x * 1.44269504f + rounder;
  float k = *rounded - rounder;
  // ln 2 in two parts: the first has so few bits that its product with k is exact.
  return (x - k * 0.693359375f) - k * -2.12194440e-4f;
}

// (eʳ − 1) ÷ r for |r| ≤ ln 2 ÷ 2: the Taylor series; its remainder is below 6e-9 of eʳ.
PC_INLINE float growth(float r) {
  float series = 1.0f / 5040.0f;
  series = series * r + 1.0f / 720.0f;
  series = series * r + 1.0f / 120.0f;
  series = series * r + 1.0f / 24.0f;
  series = series * r + 1.0f / 6.0f;
  series = series * r + 0.5f;
  return series * r + 1.0f;
}

// eˣ within 2 units in the last place, down to 0 and up to infinity.
PC_INLINE float exponential(float x) {
  x = x < -104.0f ? -104.0f : x;
  x = x > 89.0f ? 89.0f : x;
  float rounded;
  float r = reduce_exponent(x, &rounded);
  // 2ᵏ in two factors: beyond float32's normal numbers it is none.
  int32_t k = (int32_t)(to_bits(rounded) - 0x4B400000u);
  int32_t half = k >> 1;
  float first = from_bits((uint32_t)(half + 127) << 23);
  float second = from_bits((uint32_t)(k - half + 127) << 23);
  return (growth(r) * r + 1.0f) * first * second;
}

// eˣ − 1 for x ≤ 64, as exact relatively near 0.
PC_INLINE float exponential_minus_one(float x) {
  x = x < -64.0f ? -64.0f : x;
  x = x > 64.0f ? 64.0f : x;
  float rounded;
  float r = reduce_exponent(x, &rounded);
  float power = from_bits((to_bits(rounded) + 127u) << 23);
  return growth(r) * r * power + (power - 1.0f);
}

// ln x within 2 units in the last place: x = 2ᵏ m with m in √½ … √2, and with f = m − 1, s = f ÷ (2 + f):
// ln m = 2 artanh s = f − s (f − s² (2/3 + 2/5 s² + …)); the remainder of the series is below 1e-9.
PC_INLINE float logarithm(float x) {
  // Numbers below the normal ones are scaled up first.
  bool small = x < 1.17549435e-38f;
  uint32_t bits = to_bits(small ? x * 8388608.0f : x);
  // The exponent rises by one where the fraction passes √2.
  uint32_t moved = bits - 0x3F3504F3u;
  float k = (float)((int32_t)moved >> 23) - (small ? 23.0f : 0.0f);
  float f = from_bits((moved & 0x007FFFFFu) + 0x3F3504F3u) - 1.0f;
  float s = f / (2.0f + f);
  float z = s * s;
  float series = 2.0f / 9.0f;
  series = series * z + 2.0f / 7.0f;
  series = series * z + 2.0f / 5.0f;
  series = series * z + 2.0f / 3.0f;
  float result = (f - s * (f - z * series)) + k * -2.12194440e-4f + k * 0.693359375f;
  result = x == 0.0f ? -INFINITY : result;
  result = x == INFINITY ? x : result;
  return x >= 0.0f ? result : NAN;
}

// ln (1 + eˣ) = max (x, 0) + ln (1 + e⁻|ˣ|), the logarithm as 2 artanh (e ÷ (2 + e)).
PC_INLINE float soft_plus(float x) {
  float e = exponential(-fabsf(x));
  float s = e / (2.0f + e);
  float z = s * s;
  float series = 2.0f / 17.0f;
  series = series * z + 2.0f / 15.0f;
  series = series * z + 2.0f / 13.0f;
  series = series * z + 2.0f / 11.0f;
  series = series * z + 2.0f / 9.0f;
  series = series * z + 2.0f / 7.0f;
  series = series * z + 2.0f / 5.0f;
  series = series * z + 2.0f / 3.0f;
  series = series * z + 2.0f;
  // Written so that what is not a number stays so.
  return (x < 0.0f ? 0.0f : x) + s * series;
}

PC_INLINE float logistic(float x) { return 1.0f / (1.0f + exponential(-x)); }

// tanh |x| = (e^2|x| − 1) ÷ (e^2|x| + 1) from the first difference, so that small results are exact relatively.
PC_INLINE float hyperbolic_tangent(float x) {
  float growth = exponential_minus_one(2.0f * fabsf(x));
  return copysignf(growth / (growth + 2.0f), x);
}

// e^(t² ÷ 2) Φ(−t) for t ≥ 0, Φ the normal distribution: a polynomial in 1 ÷ (1 + 0.35 t), fitted for the least largest
// relative error, which is 3.2e-8 up to t = 15; beyond, e^(−t² ÷ 2) is 0.
PC_INLINE float scaled_tail(float t) {
  float w = 1.0f / (1.0f + 0.35f * t);
  float p = -0.02916383184492588f;
  p = p * w + 0.14406035840511322f;
  p = p * w - 0.2559009790420532f;
  p = p * w + 0.15939192473888397f;
  p = p * w - 0.02326318435370922f;
  p = p * w + 0.10557454079389572f;
  p = p * w + 0.11981555819511414f;
  p = p * w + 0.13986432552337646f;
  p = p * w + 0.13962125778198242f;
  return p * w;
}

// Φ(x), and the factor e^(−x² ÷ 2) of its slope.
PC_INLINE float normal_distribution(float x, float *bell) {
  *bell = exponential(-0.5f * x * x);
  float tail = *bell * scaled_tail(fabsf(x));
  return x > 0.0f ? 1.0f - tail : tail;
}

// The error function: below 1 an odd polynomial fitted like the tail (1.2e-9), above it 1 − 2 Φ(−x √2).
PC_INLINE float error_function(float x) {
  float z = x * x;
  float series = 7.853860734030604e-05f;
  series = series * z - 0.0008010193705558777f;
  series = series * z + 0.005188327748328447f;
  series = series * z - 0.026853812858462334f;
  series = series * z + 0.1128358542919159f;
  series = series * z - 0.3761262595653534f;
  series = series * z + 1.1283791065216064f;
  float magnitude = fabsf(x);
  float outside = 1.0f - 2.0f * exponential(-z) * scaled_tail(1.41421356f * magnitude);
  return magnitude < 1.0f ? x * series : copysignf(outside, x);
}

#endif
