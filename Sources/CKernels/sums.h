#ifndef PRUNE_CLUSTER_SUMS_H
#define PRUNE_CLUSTER_SUMS_H

#include <stddef.h>

#include "kernel.h"

// Sums of contiguous rows in float64, always in the order of 16 lanes.

PC_INLINE double sum_of_lanes(const double *lanes) {
  double sum = 0;
  for (int lane = 0; lane < 16; lane++) sum += lanes[lane];
  return sum;
}

PC_INLINE double sum_of_row(const float *row, ptrdiff_t count) {
  double lanes[16] = {0};
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int lane = 0; lane < 16; lane++) lanes[lane] += (double)row[i + lane];
  }
  double rest = 0;
  for (; i < count; i++) rest += (double)row[i];
  return rest + sum_of_lanes(lanes);
}

// Products are exact in float64.
PC_INLINE double dot_of_rows(const float *left, const float *right, ptrdiff_t count) {
  double lanes[16] = {0};
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int lane = 0; lane < 16; lane++) lanes[lane] += (double)left[i + lane] * (double)right[i + lane];
  }
  double rest = 0;
  for (; i < count; i++) rest += (double)left[i] * (double)right[i];
  return rest + sum_of_lanes(lanes);
}

#endif
