#include <string.h>

#include "CKernels.h"
#include "kernel.h"

// Sums beside one another that are carried at a time.
enum { LANES = 128 };
// Rows shorter than this are moved by a loop.
enum { SHORT = 16 };

void pc_gather_runs(
    float *destination, const float *source, ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, const ptrdiff_t *runs,
    ptrdiff_t run_count) {
  float *to = destination;
  for (ptrdiff_t block = 0; block < outer; block++) {
    const float *from = source + block * extent * inner;
    for (ptrdiff_t run = 0; run < run_count; run++) {
      const float *row = from + runs[2 * run] * inner;
      ptrdiff_t count = runs[2 * run + 1] * inner;
      if (count < SHORT) {
        for (ptrdiff_t i = 0; i < count; i++) to[i] = row[i];
      } else {
        memcpy(to, row, (size_t)count * sizeof(float));
      }
      to += count;
    }
  }
}

PC_CLONES void pc_gather_runs_adjoint(
    float *destination, const float *source, ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, const ptrdiff_t *runs,
    ptrdiff_t run_count) {
  const float *restrict from = source;
  for (ptrdiff_t block = 0; block < outer; block++) {
    float *to = destination + block * extent * inner;
    for (ptrdiff_t run = 0; run < run_count; run++) {
      float *restrict row = to + runs[2 * run] * inner;
      ptrdiff_t count = runs[2 * run + 1] * inner;
      for (ptrdiff_t i = 0; i < count; i++) row[i] += from[i];
      from += count;
    }
  }
}

PC_CLONES void pc_cumulative_sum(
    float *destination, const float *source, ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, bool exclusive,
    bool reversed, bool accumulate) {
  for (ptrdiff_t block = 0; block < outer; block++) {
    for (ptrdiff_t first = 0; first < inner; first += LANES) {
      int width = inner - first < LANES ? (int)(inner - first) : LANES;
      double sums[LANES] = {0};
      for (ptrdiff_t step = 0; step < extent; step++) {
        ptrdiff_t place = (block * extent + (reversed ? extent - 1 - step : step)) * inner + first;
        const float *restrict from = source + place;
        float *restrict to = destination + place;
        for (int lane = 0; lane < width; lane++) {
          double before = sums[lane];
          sums[lane] = before + (double)from[lane];
          float sum = (float)(exclusive ? before : sums[lane]);
          to[lane] = accumulate ? to[lane] + sum : sum;
        }
      }
    }
  }
}
