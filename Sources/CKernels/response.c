#include "CKernels.h"
#include "approximation.h"

// base^−beta; the exponent of nearly every network costs two roots.
PC_INLINE float inverse_power(float base, float beta, bool is_usual) {
  return is_usual ? 1.0f / (square_root(base) * square_root(square_root(base))) : exponential(-beta * logarithm(base));
}

// sums[c] = Σ values[c + offset] over offsets −before … behind inside the row.
PC_INLINE void window_sums(
    float *restrict sums, const float *restrict values, ptrdiff_t channels, ptrdiff_t before, ptrdiff_t behind) {
  before = before < channels ? before : channels - 1;
  behind = behind < channels ? behind : channels - 1;
  for (ptrdiff_t c = 0; c < channels; c++) sums[c] = values[c];
  for (ptrdiff_t offset = 1; offset <= before; offset++) {
    for (ptrdiff_t c = offset; c < channels; c++) sums[c] += values[c - offset];
  }
  for (ptrdiff_t offset = 1; offset <= behind; offset++) {
    for (ptrdiff_t c = 0; c < channels - offset; c++) sums[c] += values[c + offset];
  }
}

PC_INLINE void powers_of_bases(
    const pc_lrn_window *window, float *restrict base, float *restrict power, const float *restrict x,
    ptrdiff_t channels, bool is_usual) {
  float alpha = (float)window->alpha_per_element, beta = (float)window->beta, bias = (float)window->bias;
  for (ptrdiff_t c = 0; c < channels; c++) power[c] = x[c] * x[c];
  window_sums(base, power, channels, window->before, window->behind);
  for (ptrdiff_t c = 0; c < channels; c++) {
    base[c] = bias + alpha * base[c];
    power[c] = inverse_power(base[c], beta, is_usual);
  }
}

PC_INLINE const float *contiguous(float *room, const float *source, ptrdiff_t channels, ptrdiff_t inner) {
  if (inner == 1) return source;
  for (ptrdiff_t c = 0; c < channels; c++) room[c] = source[c * inner];
  return room;
}

PC_INLINE void forward(
    const pc_lrn_window *window, float *destination, const float *source, float *work, ptrdiff_t outer,
    ptrdiff_t channels, ptrdiff_t inner, bool is_usual) {
  float *restrict base = work;
  float *restrict power = work + channels;
  for (ptrdiff_t block = 0; block < outer; block++) {
    for (ptrdiff_t i = 0; i < inner; i++) {
      ptrdiff_t start = block * channels * inner + i;
      const float *restrict x = contiguous(work + 2 * channels, source + start, channels, inner);
      float *restrict to = destination + start;
      powers_of_bases(window, base, power, x, channels, is_usual);
      if (inner == 1) {
        for (ptrdiff_t c = 0; c < channels; c++) to[c] = x[c] * power[c];
      } else {
        for (ptrdiff_t c = 0; c < channels; c++) to[c * inner] = x[c] * power[c];
      }
    }
  }
}

PC_CLONES void pc_lrn_forward(
    const pc_lrn_window *window, float *destination, const float *source, float *work, ptrdiff_t outer,
    ptrdiff_t channels, ptrdiff_t inner) {
  if (window->beta == 0.75) {
    forward(window, destination, source, work, outer, channels, inner, true);
  } else {
    forward(window, destination, source, work, outer, channels, inner, false);
  }
}

// With y[j] = x[j] b[j]^−β and b[j] = bias + a Σ x[i]² over i in window(j):
// ∂L/∂x[i] = g[i] b[i]^−β − 2aβ x[i] Σ g[j] x[j] b[j]^(−β−1), the sum over the j whose window holds i.
PC_INLINE void backward(
    const pc_lrn_window *window, float *destination, const float *gradient, const float *source, float *work,
    ptrdiff_t outer, ptrdiff_t channels, ptrdiff_t inner, bool accumulate, bool is_usual) {
  float *restrict base = work;
  float *restrict power = work + channels;
  float *restrict spread = work + 2 * channels;
  float factor = (float)(2 * window->alpha_per_element * window->beta);
  for (ptrdiff_t block = 0; block < outer; block++) {
    for (ptrdiff_t i = 0; i < inner; i++) {
      ptrdiff_t start = block * channels * inner + i;
      const float *restrict x = contiguous(work + 3 * channels, source + start, channels, inner);
      const float *restrict g = contiguous(work + 4 * channels, gradient + start, channels, inner);
      float *restrict to = destination + start;
      powers_of_bases(window, base, power, x, channels, is_usual);
      for (ptrdiff_t c = 0; c < channels; c++) spread[c] = g[c] * x[c] * power[c] / base[c];
      window_sums(base, spread, channels, window->behind, window->before);
      for (ptrdiff_t c = 0; c < channels; c++) spread[c] = g[c] * power[c] - factor * x[c] * base[c];
      for (ptrdiff_t c = 0; c < channels; c++) {
        to[c * inner] = accumulate ? to[c * inner] + spread[c] : spread[c];
      }
    }
  }
}

PC_CLONES void pc_lrn_backward(
    const pc_lrn_window *window, float *destination, const float *gradient, const float *source, float *work,
    ptrdiff_t outer, ptrdiff_t channels, ptrdiff_t inner, bool accumulate) {
  if (window->beta == 0.75) {
    backward(window, destination, gradient, source, work, outer, channels, inner, accumulate, true);
  } else {
    backward(window, destination, gradient, source, work, outer, channels, inner, accumulate, false);
  }
}
