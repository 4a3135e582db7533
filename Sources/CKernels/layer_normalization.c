#include <math.h>

#include "CKernels.h"
#include "kernel.h"
#include "sums.h"

// A row's statistics. The mean is in two parts: float32 alone would lose what a large mean leaves of the deviations.
typedef struct {
  float high, low;
  double inverse_deviation;
} statistics;

PC_INLINE statistics statistics_of_row(const float *row, ptrdiff_t count, double epsilon) {
  double mean = sum_of_row(row, count) / (double)count;
  double variance = dot_of_rows(row, row, count) / (double)count - mean * mean;
  if (variance < 0) variance = 0;
  statistics s;
  s.high = (float)mean;
  s.low = (float)(mean - (double)s.high);
  s.inverse_deviation = 1 / sqrt(variance + epsilon);
  return s;
}

PC_CLONES void pc_layer_normalization_forward(
    float *destination, const float *source, const float *scale, const float *bias, ptrdiff_t rows, ptrdiff_t length,
    double epsilon) {
  for (ptrdiff_t row = 0; row < rows; row++) {
    const float *restrict x = source + row * length;
    float *restrict y = destination + row * length;
    statistics s = statistics_of_row(x, length, epsilon);
    float factor = (float)s.inverse_deviation;
    if (bias) {
      for (ptrdiff_t i = 0; i < length; i++) y[i] = ((x[i] - s.high) - s.low) * factor * scale[i] + bias[i];
    } else {
      for (ptrdiff_t i = 0; i < length; i++) y[i] = ((x[i] - s.high) - s.low) * factor * scale[i];
    }
  }
}

// With n = (x − mean) × r and h = g × scale: ∂L/∂x = r (h − mean h − n × mean (h n)).
PC_CLONES void pc_layer_normalization_backward(
    float *destination, const float *gradient, const float *source, const float *scale, ptrdiff_t rows,
    ptrdiff_t length, double epsilon, bool accumulate) {
  for (ptrdiff_t row = 0; row < rows; row++) {
    const float *restrict x = source + row * length;
    const float *restrict g = gradient + row * length;
    float *restrict to = destination + row * length;
    statistics s = statistics_of_row(x, length, epsilon);
    float factor = (float)s.inverse_deviation;
    double sums[16] = {0}, products[16] = {0};
    ptrdiff_t i = 0;
    for (; i + 16 <= length; i += 16) {
      for (int lane = 0; lane < 16; lane++) {
        float h = g[i + lane] * scale[i + lane];
        sums[lane] += (double)h;
        products[lane] += (double)(h * (((x[i + lane] - s.high) - s.low) * factor));
      }
    }
    double sum = sum_of_lanes(sums), product = sum_of_lanes(products);
    for (; i < length; i++) {
      float h = g[i] * scale[i];
      sum += (double)h;
      product += (double)(h * (((x[i] - s.high) - s.low) * factor));
    }
    float mean = (float)(sum / (double)length), slope = (float)(product / (double)length);
    if (accumulate) {
      for (i = 0; i < length; i++) {
        to[i] += factor * (g[i] * scale[i] - mean - ((x[i] - s.high) - s.low) * factor * slope);
      }
    } else {
      for (i = 0; i < length; i++) {
        to[i] = factor * (g[i] * scale[i] - mean - ((x[i] - s.high) - s.low) * factor * slope);
      }
    }
  }
}
