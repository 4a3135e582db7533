#include <string.h>

#include "CKernels.h"
#include "kernel.h"

PC_INLINE void sum_taps(
    float *restrict to, const float *restrict from, ptrdiff_t outputs, ptrdiff_t taps,
    const ptrdiff_t *restrict sources, const float *restrict weights) {
  for (ptrdiff_t o = 0; o < outputs; o++) {
    float sum = 0;
    for (ptrdiff_t tap = 0; tap < taps; tap++) sum += weights[o * taps + tap] * from[sources[o * taps + tap]];
    to[o] = sum;
  }
}

PC_CLONES void pc_resample_forward(
    const pc_resampling *r, float *destination, const float *source, const ptrdiff_t *sources, const float *weights) {
  for (ptrdiff_t block = 0; block < r->outer; block++) {
    const float *from = source + block * r->inputs * r->inner;
    float *result = destination + block * r->outputs * r->inner;
    if (r->inner == 1) {
      switch (r->taps) {
      case 1: sum_taps(result, from, r->outputs, 1, sources, weights); break;
      case 2: sum_taps(result, from, r->outputs, 2, sources, weights); break;
      case 4: sum_taps(result, from, r->outputs, 4, sources, weights); break;
      default: sum_taps(result, from, r->outputs, r->taps, sources, weights); break;
      }
      continue;
    }
    for (ptrdiff_t o = 0; o < r->outputs; o++) {
      float *restrict to = result + o * r->inner;
      const ptrdiff_t *places = sources + o * r->taps;
      const float *factors = weights + o * r->taps;
      const float *restrict first = from + places[0] * r->inner;
      float factor = factors[0];
      if (r->taps == 1 && factor == 1.0f) {
        memcpy(to, first, (size_t)r->inner * sizeof(float));
      } else if (r->taps == 2) {
        const float *restrict second = from + places[1] * r->inner;
        float other = factors[1];
        for (ptrdiff_t i = 0; i < r->inner; i++) to[i] = factor * first[i] + other * second[i];
      } else {
        for (ptrdiff_t i = 0; i < r->inner; i++) to[i] = factor * first[i];
        for (ptrdiff_t tap = 1; tap < r->taps; tap++) {
          const float *restrict next = from + places[tap] * r->inner;
          float weight = factors[tap];
          for (ptrdiff_t i = 0; i < r->inner; i++) to[i] += weight * next[i];
        }
      }
    }
  }
}

PC_CLONES void pc_resample_backward(
    const pc_resampling *r, float *destination, const float *gradient, const ptrdiff_t *sources,
    const float *weights) {
  for (ptrdiff_t block = 0; block < r->outer; block++) {
    float *result = destination + block * r->inputs * r->inner;
    const float *given = gradient + block * r->outputs * r->inner;
    for (ptrdiff_t o = 0; o < r->outputs; o++) {
      const float *restrict g = given + o * r->inner;
      for (ptrdiff_t tap = 0; tap < r->taps; tap++) {
        float *restrict to = result + sources[o * r->taps + tap] * r->inner;
        float weight = weights[o * r->taps + tap];
        for (ptrdiff_t i = 0; i < r->inner; i++) to[i] += weight * g[i];
      }
    }
  }
}
