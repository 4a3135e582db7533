#include <math.h>

#include "CKernels.h"
#include "kernel.h"
#include "sums.h"

// Channels that are summed at a time where they are contiguous.
enum { LANES = 128 };

// products[c] = Σ left × right over a sample's places; without `right` the sums of `left`.
PC_INLINE void channel_sums(
    double *products, const float *left, const float *right, ptrdiff_t channels, ptrdiff_t space, bool channels_last) {
  if (!channels_last) {
    for (ptrdiff_t c = 0; c < channels; c++) {
      const float *row = left + c * space;
      products[c] = right ? dot_of_rows(row, right + c * space, space) : sum_of_row(row, space);
    }
    return;
  }
  for (ptrdiff_t first = 0; first < channels; first += LANES) {
    int width = channels - first < LANES ? (int)(channels - first) : LANES;
    double sums[LANES] = {0};
    for (ptrdiff_t place = 0; place < space; place++) {
      const float *restrict a = left + place * channels + first;
      if (right) {
        const float *restrict b = right + place * channels + first;
        for (int lane = 0; lane < width; lane++) sums[lane] += (double)a[lane] * (double)b[lane];
      } else {
        for (int lane = 0; lane < width; lane++) sums[lane] += (double)a[lane];
      }
    }
    for (int lane = 0; lane < width; lane++) products[first + lane] = sums[lane];
  }
}

// Mean (in two parts, as float32 alone would lose what a large mean leaves of the deviations) and 1 ÷ deviation.
PC_INLINE double group_statistics(
    const double *sums, const double *squares, ptrdiff_t channels, double count, double epsilon, double *mean) {
  double sum = 0, square = 0;
  for (ptrdiff_t c = 0; c < channels; c++) {
    sum += sums[c];
    square += squares[c];
  }
  *mean = sum / count;
  double variance = square / count - *mean * *mean;
  return 1 / sqrt((variance < 0 ? 0 : variance) + epsilon);
}

PC_CLONES void pc_group_normalization_forward(
    const pc_group_geometry *g, float *destination, const float *source, const float *scale, const float *bias,
    double *work) {
  ptrdiff_t channels = g->channels, space = g->space, width = channels / g->groups;
  double *sums = work, *squares = work + channels;
  float *restrict high = (float *)(work + 2 * channels);
  float *restrict low = high + channels;
  float *restrict factor = low + channels;
  for (ptrdiff_t sample = 0; sample < g->samples; sample++) {
    const float *x = source + sample * channels * space;
    float *y = destination + sample * channels * space;
    channel_sums(sums, x, NULL, channels, space, g->channels_last);
    channel_sums(squares, x, x, channels, space, g->channels_last);
    for (ptrdiff_t first = 0; first < channels; first += width) {
      double mean;
      double inverse =
          group_statistics(sums + first, squares + first, width, (double)(width * space), g->epsilon, &mean);
      for (ptrdiff_t c = first; c < first + width; c++) {
        high[c] = (float)mean;
        low[c] = (float)(mean - (double)high[c]);
        factor[c] = (float)(inverse * (double)scale[c]);
      }
    }
    if (g->channels_last) {
      for (ptrdiff_t place = 0; place < space; place++) {
        const float *restrict from = x + place * channels;
        float *restrict to = y + place * channels;
        for (ptrdiff_t c = 0; c < channels; c++) to[c] = ((from[c] - high[c]) - low[c]) * factor[c] + bias[c];
      }
      continue;
    }
    for (ptrdiff_t c = 0; c < channels; c++) {
      const float *restrict from = x + c * space;
      float *restrict to = y + c * space;
      float h = high[c], l = low[c], f = factor[c], b = bias[c];
      for (ptrdiff_t i = 0; i < space; i++) to[i] = ((from[i] - h) - l) * f + b;
    }
  }
}

PC_INLINE float gradient_at(float g, float x, float high, float low, float factor, float slope, float offset) {
  return g * factor - ((x - high) - low) * slope - offset;
}

// With n = (x − mean) × r and h = g × scale: ∂L/∂x = r h − r mean h − (x − mean) × r² mean (h n), means over the group.
PC_CLONES void pc_group_normalization_backward(
    const pc_group_geometry *g, float *destination, const float *gradient, const float *source, const float *scale,
    double *work, bool accumulate) {
  ptrdiff_t channels = g->channels, space = g->space, width = channels / g->groups;
  double *sums = work, *squares = work + channels, *gradients = work + 2 * channels, *products = work + 3 * channels;
  float *restrict high = (float *)(work + 4 * channels);
  float *restrict low = high + channels;
  float *restrict factor = low + channels;
  float *restrict slope = factor + channels;
  float *restrict offset = slope + channels;
  double count = (double)(width * space);
  for (ptrdiff_t sample = 0; sample < g->samples; sample++) {
    const float *x = source + sample * channels * space;
    const float *d = gradient + sample * channels * space;
    float *result = destination + sample * channels * space;
    channel_sums(sums, x, NULL, channels, space, g->channels_last);
    channel_sums(squares, x, x, channels, space, g->channels_last);
    channel_sums(gradients, d, NULL, channels, space, g->channels_last);
    channel_sums(products, d, x, channels, space, g->channels_last);
    for (ptrdiff_t first = 0; first < channels; first += width) {
      double mean;
      double inverse = group_statistics(sums + first, squares + first, width, count, g->epsilon, &mean);
      double sum = 0, product = 0;
      for (ptrdiff_t c = first; c < first + width; c++) {
        sum += (double)scale[c] * gradients[c];
        product += (double)scale[c] * (products[c] - mean * gradients[c]) * inverse;
      }
      for (ptrdiff_t c = first; c < first + width; c++) {
        high[c] = (float)mean;
        low[c] = (float)(mean - (double)high[c]);
        factor[c] = (float)(inverse * (double)scale[c]);
        slope[c] = (float)(inverse * inverse * product / count);
        offset[c] = (float)(inverse * sum / count);
      }
    }
    if (g->channels_last) {
      for (ptrdiff_t place = 0; place < space; place++) {
        const float *restrict from = x + place * channels;
        const float *restrict known = d + place * channels;
        float *restrict to = result + place * channels;
        if (accumulate) {
          for (ptrdiff_t c = 0; c < channels; c++) {
            to[c] += gradient_at(known[c], from[c], high[c], low[c], factor[c], slope[c], offset[c]);
          }
        } else {
          for (ptrdiff_t c = 0; c < channels; c++) {
            to[c] = gradient_at(known[c], from[c], high[c], low[c], factor[c], slope[c], offset[c]);
          }
        }
      }
      continue;
    }
    for (ptrdiff_t c = 0; c < channels; c++) {
      const float *restrict from = x + c * space;
      const float *restrict known = d + c * space;
      float *restrict to = result + c * space;
      float h = high[c], l = low[c], f = factor[c], s = slope[c], o = offset[c];
      if (accumulate) {
        for (ptrdiff_t i = 0; i < space; i++) to[i] += gradient_at(known[i], from[i], h, l, f, s, o);
      } else {
        for (ptrdiff_t i = 0; i < space; i++) to[i] = gradient_at(known[i], from[i], h, l, f, s, o);
      }
    }
  }
}
