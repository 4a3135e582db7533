#include <math.h>
#include <string.h>

#include "CKernels.h"
#include "kernel.h"

// Steps an index over the outer axes and moves two offsets along. False after the last index.
PC_INLINE bool advance(
    ptrdiff_t *index, const ptrdiff_t *extents, int rank, ptrdiff_t *first, const ptrdiff_t *first_strides,
    ptrdiff_t *second, const ptrdiff_t *second_strides) {
  for (int axis = rank - 1; axis >= 0; axis--) {
    *first += first_strides[axis];
    *second += second_strides[axis];
    if (++index[axis] < extents[axis]) return true;
    *first -= first_strides[axis] * extents[axis];
    *second -= second_strides[axis] * extents[axis];
    index[axis] = 0;
  }
  return false;
}

PC_INLINE void scale_row(
    float *restrict to, ptrdiff_t to_stride, const float *restrict from, ptrdiff_t from_stride, ptrdiff_t count,
    float factor, bool accumulate) {
  if (to_stride == 1 && from_stride == 1) {
    if (accumulate) {
      for (ptrdiff_t i = 0; i < count; i++) to[i] += factor * from[i];
    } else if (factor == 1.0f) {
      memcpy(to, from, (size_t)count * sizeof(float));
    } else {
      for (ptrdiff_t i = 0; i < count; i++) to[i] = factor * from[i];
    }
  } else if (to_stride == 1 && from_stride == 0) {
    float value = factor * from[0];
    if (accumulate) {
      for (ptrdiff_t i = 0; i < count; i++) to[i] += value;
    } else {
      for (ptrdiff_t i = 0; i < count; i++) to[i] = value;
    }
  } else if (accumulate) {
    for (ptrdiff_t i = 0; i < count; i++) to[i * to_stride] += factor * from[i * from_stride];
  } else {
    for (ptrdiff_t i = 0; i < count; i++) to[i * to_stride] = factor * from[i * from_stride];
  }
}

PC_CLONES void pc_scale(
    float *destination, const ptrdiff_t *destination_strides, const float *source, const ptrdiff_t *source_strides,
    const ptrdiff_t *extents, int rank, float factor, bool accumulate) {
  if (rank == 0) {
    scale_row(destination, 1, source, 1, 1, factor, accumulate);
    return;
  }
  int last = rank - 1;
  ptrdiff_t index[PC_MAX_RANK] = {0};
  ptrdiff_t to = 0, from = 0;
  do {
    scale_row(
        destination + to, destination_strides[last], source + from, source_strides[last], extents[last], factor,
        accumulate);
  } while (advance(index, extents, last, &to, destination_strides, &from, source_strides));
}

PC_INLINE float apply(pc_binary_function function, float left, float right) {
  switch (function) {
  case pc_add: return left + right;
  case pc_subtract: return left - right;
  case pc_multiply: return left * right;
  case pc_divide: return left / right;
  case pc_power: return powf(left, right);
  // Written so that what is not a number stays so.
  case pc_maximum: return left > right || left != left ? left : right;
  case pc_minimum: return left < right || left != left ? left : right;
  case pc_rectified: return left > 0.0f ? left : right * left;
  case pc_equal: return left == right ? 1.0f : 0.0f;
  case pc_less: return left < right ? 1.0f : 0.0f;
  case pc_less_or_equal: return left <= right ? 1.0f : 0.0f;
  case pc_and: return left != 0.0f && right != 0.0f ? 1.0f : 0.0f;
  case pc_or: return left != 0.0f || right != 0.0f ? 1.0f : 0.0f;
  default: return (left != 0.0f) != (right != 0.0f) ? 1.0f : 0.0f;
  }
}

PC_INLINE void binary_row(
    pc_binary_function function, float *restrict to, ptrdiff_t to_stride, const float *restrict left,
    ptrdiff_t left_stride, const float *restrict right, ptrdiff_t right_stride, ptrdiff_t count, bool accumulate) {
  if (to_stride == 1 && left_stride == 1 && right_stride == 1) {
    if (accumulate) {
      for (ptrdiff_t i = 0; i < count; i++) to[i] += apply(function, left[i], right[i]);
    } else {
      for (ptrdiff_t i = 0; i < count; i++) to[i] = apply(function, left[i], right[i]);
    }
  } else if (to_stride == 1 && left_stride == 1 && right_stride == 0 && !accumulate) {
    float value = right[0];
    for (ptrdiff_t i = 0; i < count; i++) to[i] = apply(function, left[i], value);
  } else if (to_stride == 1 && left_stride == 0 && right_stride == 1 && !accumulate) {
    float value = left[0];
    for (ptrdiff_t i = 0; i < count; i++) to[i] = apply(function, value, right[i]);
  } else {
    for (ptrdiff_t i = 0; i < count; i++) {
      float value = apply(function, left[i * left_stride], right[i * right_stride]);
      to[i * to_stride] = accumulate ? to[i * to_stride] + value : value;
    }
  }
}

PC_INLINE void binary_loops(
    pc_binary_function function, float *destination, const ptrdiff_t *destination_strides, const float *left,
    const ptrdiff_t *left_strides, const float *right, const ptrdiff_t *right_strides, const ptrdiff_t *extents,
    int rank, bool accumulate) {
  if (rank == 0) {
    binary_row(function, destination, 1, left, 1, right, 1, 1, accumulate);
    return;
  }
  int last = rank - 1;
  ptrdiff_t index[PC_MAX_RANK] = {0};
  ptrdiff_t to = 0, first = 0, second = 0;
  for (;;) {
    binary_row(
        function, destination + to, destination_strides[last], left + first, left_strides[last], right + second,
        right_strides[last], extents[last], accumulate);
    int axis = last - 1;
    for (; axis >= 0; axis--) {
      to += destination_strides[axis];
      first += left_strides[axis];
      second += right_strides[axis];
      if (++index[axis] < extents[axis]) break;
      to -= destination_strides[axis] * extents[axis];
      first -= left_strides[axis] * extents[axis];
      second -= right_strides[axis] * extents[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

PC_CLONES void pc_binary(
    pc_binary_function function, float *destination, const ptrdiff_t *destination_strides, const float *left,
    const ptrdiff_t *left_strides, const float *right, const ptrdiff_t *right_strides, const ptrdiff_t *extents,
    int rank, bool accumulate) {
// A constant function lets each loop become vector code of its own.
#define PC_CASE(function)                                                                                         \
  case function:                                                                                                  \
    binary_loops(                                                                                                 \
        function, destination, destination_strides, left, left_strides, right, right_strides, extents, rank,      \
        accumulate);                                                                                              \
    break
  switch (function) {
    PC_CASE(pc_add);
    PC_CASE(pc_subtract);
    PC_CASE(pc_multiply);
    PC_CASE(pc_divide);
    PC_CASE(pc_power);
    PC_CASE(pc_maximum);
    PC_CASE(pc_minimum);
    PC_CASE(pc_rectified);
    PC_CASE(pc_equal);
    PC_CASE(pc_less);
    PC_CASE(pc_less_or_equal);
    PC_CASE(pc_and);
    PC_CASE(pc_or);
    PC_CASE(pc_xor);
  }
#undef PC_CASE
}

void pc_fill(float *destination, float value, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) destination[i] = value;
}

// Calls `PC_ROW(row, base, table, count)` for every row of a table-driven array: base is the source offset of the outer
// axes, or negative when one of them has no source.
#define PC_TABLE_ROWS(PC_ROW)                                                            \
  const ptrdiff_t *axis_tables[PC_MAX_RANK];                                             \
  const ptrdiff_t *next = tables;                                                        \
  for (int axis = 0; axis < rank; axis++) {                                              \
    axis_tables[axis] = next;                                                            \
    next += extents[axis];                                                               \
  }                                                                                      \
  int last = rank - 1;                                                                   \
  ptrdiff_t index[PC_MAX_RANK] = {0};                                                    \
  ptrdiff_t row = 0;                                                                     \
  for (;;) {                                                                             \
    ptrdiff_t base = 0;                                                                  \
    for (int axis = 0; axis < last && base >= 0; axis++) {                               \
      ptrdiff_t offset = axis_tables[axis][index[axis]];                                 \
      base = offset < 0 ? -1 : base + offset;                                            \
    }                                                                                    \
    PC_ROW(row, base, axis_tables[last], extents[last]);                                 \
    row += extents[last];                                                                \
    int axis = last - 1;                                                                 \
    for (; axis >= 0; axis--) {                                                          \
      if (++index[axis] < extents[axis]) break;                                          \
      index[axis] = 0;                                                                   \
    }                                                                                    \
    if (axis < 0) return;                                                                \
  }

void pc_gather(
    float *destination, const float *source, const ptrdiff_t *tables, const ptrdiff_t *extents, int rank, float fill) {
#define PC_GATHER_ROW(row, base, table, count)                                             \
  for (ptrdiff_t i = 0; i < (count); i++) {                                                \
    destination[(row) + i] = (base) < 0 || (table)[i] < 0 ? fill : source[(base) + (table)[i]]; \
  }
  PC_TABLE_ROWS(PC_GATHER_ROW)
#undef PC_GATHER_ROW
}

void pc_gather_adjoint(
    float *destination, const float *source, const ptrdiff_t *tables, const ptrdiff_t *extents, int rank) {
#define PC_SCATTER_ROW(row, base, table, count)                                                      \
  for (ptrdiff_t i = 0; i < (count); i++) {                                                          \
    if ((base) >= 0 && (table)[i] >= 0) destination[(base) + (table)[i]] += source[(row) + i];       \
  }
  PC_TABLE_ROWS(PC_SCATTER_ROW)
#undef PC_SCATTER_ROW
}
