#include <math.h>

#include "CKernels.h"
#include "kernel.h"

// Elements that are worked on at a time. Operands that are not contiguous are copied together first, so that one loop
// per function is vector code, whatever the strides.
enum { BLOCK = 256 };

PC_INLINE float combine(pc_ternary_function function, float a, float b, float c) {
  switch (function) {
  case pc_select: return a != 0.0f ? b : c;
  case pc_maximum_slope: return b > c ? a : b == c ? 0.5f * a : 0.0f;
  case pc_minimum_slope: return b < c ? a : b == c ? 0.5f * a : 0.0f;
  case pc_power_base_slope: return c == 0.0f ? 0.0f : a * c * powf(b, c - 1.0f);
  case pc_power_exponent_slope: return b == 0.0f ? 0.0f : a * powf(b, c) * logf(b);
  case pc_rectified_slope: return b > 0.0f ? a : c * a;
  case pc_rectified_parameter_slope: return b > 0.0f ? 0.0f : a * b;
  default: return b == 0.0f ? 0.0f : a / b;
  }
}

PC_INLINE void combine_block(
    pc_ternary_function function, float *to, ptrdiff_t stride, const float *a, const float *b, const float *c,
    ptrdiff_t count, bool accumulate) {
  if (stride == 1 && !accumulate) {
    float *restrict result = to;
    for (ptrdiff_t i = 0; i < count; i++) result[i] = combine(function, a[i], b[i], c[i]);
    return;
  }
  float room[BLOCK];
  for (ptrdiff_t i = 0; i < count; i++) room[i] = combine(function, a[i], b[i], c[i]);
  for (ptrdiff_t i = 0; i < count; i++) to[i * stride] = accumulate ? to[i * stride] + room[i] : room[i];
}

PC_INLINE const float *contiguous(float *room, const float *operand, ptrdiff_t stride, ptrdiff_t count) {
  if (stride == 1) return operand;
  for (ptrdiff_t i = 0; i < count; i++) room[i] = operand[i * stride];
  return room;
}

PC_INLINE void combine_row(
    pc_ternary_function function, float *destination, const float *const *operands, const ptrdiff_t *strides,
    ptrdiff_t length, bool accumulate) {
  float rooms[3][BLOCK];
  for (ptrdiff_t first = 0; first < length; first += BLOCK) {
    ptrdiff_t count = length - first < BLOCK ? length - first : BLOCK;
    const float *blocks[3];
    for (int i = 0; i < 3; i++) {
      blocks[i] = contiguous(rooms[i], operands[i] + first * strides[i + 1], strides[i + 1], count);
    }
    float *to = destination + first * strides[0];
#define PC_CASE(function)                                                                            \
  case function:                                                                                     \
    combine_block(function, to, strides[0], blocks[0], blocks[1], blocks[2], count, accumulate);     \
    break
    switch (function) {
      PC_CASE(pc_select);
      PC_CASE(pc_maximum_slope);
      PC_CASE(pc_minimum_slope);
      PC_CASE(pc_power_base_slope);
      PC_CASE(pc_power_exponent_slope);
      PC_CASE(pc_rectified_slope);
      PC_CASE(pc_rectified_parameter_slope);
      PC_CASE(pc_guarded_quotient);
    }
#undef PC_CASE
  }
}

PC_CLONES void pc_ternary(
    pc_ternary_function function, float *destination, const float *first, const float *second, const float *third,
    const ptrdiff_t *strides, const ptrdiff_t *extents, int rank, bool accumulate) {
  const float *operands[] = {first, second, third};
  ptrdiff_t row_strides[] = {1, 1, 1, 1};
  int last = rank - 1;
  if (rank > 0) {
    for (int i = 0; i < 4; i++) row_strides[i] = strides[i * rank + last];
  }
  ptrdiff_t index[PC_MAX_RANK] = {0};
  for (;;) {
    combine_row(function, destination, operands, row_strides, rank > 0 ? extents[last] : 1, accumulate);
    int axis = last - 1;
    for (; axis >= 0; axis--) {
      ptrdiff_t steps = ++index[axis] < extents[axis] ? 1 : 1 - extents[axis];
      destination += strides[axis] * steps;
      for (int i = 0; i < 3; i++) operands[i] += strides[(i + 1) * rank + axis] * steps;
      if (steps == 1) break;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}
