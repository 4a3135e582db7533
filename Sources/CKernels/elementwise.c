#include "CKernels.h"
#include "kernel.h"

PC_INLINE float value(pc_unary_function function, pc_function f, float x) {
  switch (function) {
  // Written so that what is not a number stays so.
  case pc_relu: return x <= 0.0f ? 0.0f : x;
  case pc_leaky_relu: return x > 0.0f ? x : f.first * x;
  case pc_clip: {
    float raised = x < f.first ? f.first : x;
    return raised > f.second ? f.second : raised;
  }
  case pc_hard_sigmoid: {
    float y = f.first * x + f.second;
    y = y < 0.0f ? 0.0f : y;
    return y > 1.0f ? 1.0f : y;
  }
  default: {
    float gate = x * (1.0f / 6.0f) + 0.5f;
    gate = gate < 0.0f ? 0.0f : gate;
    gate = gate > 1.0f ? 1.0f : gate;
    return x * gate;
  }
  }
}

// `known` is the operand.
PC_INLINE float slope(pc_unary_function function, pc_function f, float known) {
  switch (function) {
  case pc_relu: return known > 0.0f ? 1.0f : 0.0f;
  case pc_leaky_relu: return known > 0.0f ? 1.0f : f.first;
  case pc_clip: return known > f.first && known < f.second ? 1.0f : 0.0f;
  case pc_hard_sigmoid: {
    float y = f.first * known + f.second;
    return y > 0.0f && y < 1.0f ? f.first : 0.0f;
  }
  default: {
    float inside = known * (1.0f / 3.0f) + 0.5f;
    float above = known >= 3.0f ? 1.0f : inside;
    return known <= -3.0f ? 0.0f : above;
  }
  }
}

bool pc_unary_needs_result(pc_unary_function function) { return pc_curve_needs_result(function); }

PC_CLONES void pc_unary_forward(pc_function f, float *destination, const float *source, ptrdiff_t count) {
  float *restrict to = destination;
  const float *restrict from = source;
// A constant function lets each loop become vector code of its own.
#define PC_CASE(function)                                                      \
  case function:                                                               \
    for (ptrdiff_t i = 0; i < count; i++) to[i] = value(function, f, from[i]); \
    break
  switch (f.function) {
    PC_CASE(pc_relu);
    PC_CASE(pc_leaky_relu);
    PC_CASE(pc_clip);
    PC_CASE(pc_hard_sigmoid);
    PC_CASE(pc_hard_swish);
  default: pc_curve_forward(f, destination, source, count);
  }
#undef PC_CASE
}

PC_CLONES void pc_unary_backward(
    pc_function f, float *destination, const float *gradient, const float *known, ptrdiff_t count) {
  float *restrict to = destination;
  const float *restrict g = gradient;
  const float *restrict k = known;
#define PC_CASE(function)                                                          \
  case function:                                                                   \
    for (ptrdiff_t i = 0; i < count; i++) to[i] = g[i] * slope(function, f, k[i]); \
    break
  switch (f.function) {
    PC_CASE(pc_relu);
    PC_CASE(pc_leaky_relu);
    PC_CASE(pc_clip);
    PC_CASE(pc_hard_sigmoid);
    PC_CASE(pc_hard_swish);
  default: pc_curve_backward(f, destination, gradient, known, count);
  }
#undef PC_CASE
}
