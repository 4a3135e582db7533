#include <math.h>

#include "CKernels.h"
#include "kernel.h"

void pc_softmax_forward(
    float *destination, const float *source, ptrdiff_t outer, ptrdiff_t channels, ptrdiff_t inner, bool logarithm) {
  for (ptrdiff_t block = 0; block < outer; block++) {
    for (ptrdiff_t i = 0; i < inner; i++) {
      const float *from = source + block * channels * inner + i;
      float *to = destination + block * channels * inner + i;
      // Starting at the first value, not at −infinity, lets what is not a number through.
      float largest = from[0];
      for (ptrdiff_t c = 1; c < channels; c++) largest = from[c * inner] > largest ? from[c * inner] : largest;
      double sum = 0;
      for (ptrdiff_t c = 0; c < channels; c++) sum += exp((double)from[c * inner] - (double)largest);
      if (logarithm) {
        double offset = (double)largest + log(sum);
        for (ptrdiff_t c = 0; c < channels; c++) to[c * inner] = (float)((double)from[c * inner] - offset);
      } else {
        for (ptrdiff_t c = 0; c < channels; c++) {
          to[c * inner] = (float)(exp((double)from[c * inner] - (double)largest) / sum);
        }
      }
    }
  }
}

void pc_softmax_backward(
    float *destination, const float *gradient, const float *result, ptrdiff_t outer, ptrdiff_t channels,
    ptrdiff_t inner, bool logarithm, bool accumulate) {
  for (ptrdiff_t block = 0; block < outer; block++) {
    for (ptrdiff_t i = 0; i < inner; i++) {
      ptrdiff_t start = block * channels * inner + i;
      const float *g = gradient + start;
      const float *y = result + start;
      float *to = destination + start;
      double sum = 0;
      for (ptrdiff_t c = 0; c < channels; c++) {
        sum += logarithm ? (double)g[c * inner] : (double)g[c * inner] * (double)y[c * inner];
      }
      for (ptrdiff_t c = 0; c < channels; c++) {
        double own = (double)g[c * inner];
        double value = logarithm ? own - exp((double)y[c * inner]) * sum : (double)y[c * inner] * (own - sum);
        to[c * inner] = accumulate ? to[c * inner] + (float)value : (float)value;
      }
    }
  }
}

// base^−beta; the exponent of nearly every network costs two roots.
PC_INLINE double inverse_power(double base, double beta) {
  return beta == 0.75 ? 1 / (sqrt(base) * sqrt(sqrt(base))) : pow(base, -beta);
}

// base[c] = bias + alpha per element × Σ x² over the window around c.
PC_INLINE void window_bases(
    const pc_lrn_window *window, double *base, double *squares, const float *source, ptrdiff_t channels,
    ptrdiff_t inner) {
  for (ptrdiff_t c = 0; c < channels; c++) squares[c] = (double)source[c * inner] * (double)source[c * inner];
  for (ptrdiff_t c = 0; c < channels; c++) {
    ptrdiff_t first = c < window->before ? 0 : c - window->before;
    ptrdiff_t end = channels - c <= window->behind ? channels : c + window->behind + 1;
    double sum = 0;
    for (ptrdiff_t other = first; other < end; other++) sum += squares[other];
    base[c] = window->bias + window->alpha_per_element * sum;
  }
}

void pc_lrn_forward(
    const pc_lrn_window *window, float *destination, const float *source, double *work, ptrdiff_t outer,
    ptrdiff_t channels, ptrdiff_t inner) {
  double *base = work;
  for (ptrdiff_t block = 0; block < outer; block++) {
    for (ptrdiff_t i = 0; i < inner; i++) {
      ptrdiff_t start = block * channels * inner + i;
      window_bases(window, base, work + channels, source + start, channels, inner);
      for (ptrdiff_t c = 0; c < channels; c++) {
        ptrdiff_t place = start + c * inner;
        destination[place] = (float)((double)source[place] * inverse_power(base[c], window->beta));
      }
    }
  }
}

// With y[j] = x[j] b[j]^−β and b[j] = bias + a Σ x[i]² over i in window(j):
// ∂L/∂x[i] = g[i] b[i]^−β − 2aβ x[i] Σ g[j] x[j] b[j]^(−β−1), the sum over the j whose window holds i.
void pc_lrn_backward(
    const pc_lrn_window *window, float *destination, const float *gradient, const float *source, double *work,
    ptrdiff_t outer, ptrdiff_t channels, ptrdiff_t inner, bool accumulate) {
  double *base = work;
  double *power = work + channels;
  double *spread = work + 2 * channels;
  double factor = 2 * window->alpha_per_element * window->beta;
  for (ptrdiff_t block = 0; block < outer; block++) {
    for (ptrdiff_t i = 0; i < inner; i++) {
      ptrdiff_t start = block * channels * inner + i;
      const float *x = source + start;
      const float *g = gradient + start;
      window_bases(window, base, power, x, channels, inner);
      for (ptrdiff_t c = 0; c < channels; c++) {
        power[c] = inverse_power(base[c], window->beta);
        spread[c] = (double)g[c * inner] * (double)x[c * inner] * power[c] / base[c];
      }
      for (ptrdiff_t c = 0; c < channels; c++) {
        ptrdiff_t first = c < window->behind ? 0 : c - window->behind;
        ptrdiff_t end = channels - c <= window->before ? channels : c + window->before + 1;
        double sum = 0;
        for (ptrdiff_t other = first; other < end; other++) sum += spread[other];
        double result = (double)g[c * inner] * power[c] - factor * (double)x[c * inner] * sum;
        float *to = destination + start + c * inner;
        *to = accumulate ? *to + (float)result : (float)result;
      }
    }
  }
}
