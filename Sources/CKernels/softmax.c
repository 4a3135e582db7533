#include "CKernels.h"
#include "approximation.h"
#include "sums.h"

// Values beside one another that are worked on at a time where the channels are not contiguous.
enum { LANES = 128 };

PC_INLINE float largest_of_row(const float *row, ptrdiff_t count) {
  // Starting at the first value, not at −infinity, lets what is not a number through.
  float lanes[16];
  for (int lane = 0; lane < 16; lane++) lanes[lane] = row[0];
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int lane = 0; lane < 16; lane++) lanes[lane] = row[i + lane] > lanes[lane] ? row[i + lane] : lanes[lane];
  }
  float largest = lanes[0];
  for (; i < count; i++) largest = row[i] > largest ? row[i] : largest;
  for (int lane = 1; lane < 16; lane++) largest = lanes[lane] > largest ? lanes[lane] : largest;
  return largest;
}

PC_INLINE void forward_row(float *restrict to, const float *restrict from, ptrdiff_t count, bool logarithm) {
  float largest = largest_of_row(from, count);
  for (ptrdiff_t c = 0; c < count; c++) to[c] = exponential(from[c] - largest);
  double sum = sum_of_row(to, count);
  if (logarithm) {
    float offset = (float)log(sum);
    for (ptrdiff_t c = 0; c < count; c++) to[c] = (from[c] - largest) - offset;
  } else {
    float factor = (float)(1 / sum);
    for (ptrdiff_t c = 0; c < count; c++) to[c] *= factor;
  }
}

PC_INLINE void forward_lanes(
    float *to, const float *from, ptrdiff_t channels, ptrdiff_t inner, int width, bool logarithm) {
  float largest[LANES], last[LANES];
  double sums[LANES] = {0};
  for (int lane = 0; lane < width; lane++) largest[lane] = from[lane];
  for (ptrdiff_t c = 1; c < channels; c++) {
    const float *restrict row = from + c * inner;
    for (int lane = 0; lane < width; lane++) largest[lane] = row[lane] > largest[lane] ? row[lane] : largest[lane];
  }
  for (ptrdiff_t c = 0; c < channels; c++) {
    const float *restrict row = from + c * inner;
    float *restrict result = to + c * inner;
    for (int lane = 0; lane < width; lane++) result[lane] = exponential(row[lane] - largest[lane]);
    for (int lane = 0; lane < width; lane++) sums[lane] += (double)result[lane];
  }
  for (int lane = 0; lane < width; lane++) last[lane] = logarithm ? (float)log(sums[lane]) : (float)(1 / sums[lane]);
  for (ptrdiff_t c = 0; c < channels; c++) {
    const float *restrict row = from + c * inner;
    float *restrict result = to + c * inner;
    if (logarithm) {
      for (int lane = 0; lane < width; lane++) result[lane] = (row[lane] - largest[lane]) - last[lane];
    } else {
      for (int lane = 0; lane < width; lane++) result[lane] *= last[lane];
    }
  }
}

PC_CLONES void pc_softmax_forward(
    float *destination, const float *source, ptrdiff_t outer, ptrdiff_t channels, ptrdiff_t inner, bool logarithm) {
  for (ptrdiff_t block = 0; block < outer; block++) {
    float *to = destination + block * channels * inner;
    const float *from = source + block * channels * inner;
    if (inner == 1) {
      forward_row(to, from, channels, logarithm);
      continue;
    }
    for (ptrdiff_t first = 0; first < inner; first += LANES) {
      int width = inner - first < LANES ? (int)(inner - first) : LANES;
      forward_lanes(to + first, from + first, channels, inner, width, logarithm);
    }
  }
}

// y (g − Σ g y), or g − eʸ Σ g for the logarithm.
PC_INLINE float backward_value(float g, float y, float sum, bool logarithm) {
  return logarithm ? g - exponential(y) * sum : y * (g - sum);
}

PC_INLINE void backward_row(
    float *restrict to, const float *restrict g, const float *restrict y, ptrdiff_t count, bool logarithm,
    bool accumulate) {
  float sum = (float)(logarithm ? sum_of_row(g, count) : dot_of_rows(g, y, count));
  if (accumulate) {
    for (ptrdiff_t c = 0; c < count; c++) to[c] += backward_value(g[c], y[c], sum, logarithm);
  } else {
    for (ptrdiff_t c = 0; c < count; c++) to[c] = backward_value(g[c], y[c], sum, logarithm);
  }
}

PC_INLINE void backward_lanes(
    float *to, const float *gradient, const float *result, ptrdiff_t channels, ptrdiff_t inner, int width,
    bool logarithm, bool accumulate) {
  double sums[LANES] = {0};
  float sum[LANES];
  for (ptrdiff_t c = 0; c < channels; c++) {
    const float *restrict g = gradient + c * inner;
    const float *restrict y = result + c * inner;
    if (logarithm) {
      for (int lane = 0; lane < width; lane++) sums[lane] += (double)g[lane];
    } else {
      for (int lane = 0; lane < width; lane++) sums[lane] += (double)(g[lane] * y[lane]);
    }
  }
  for (int lane = 0; lane < width; lane++) sum[lane] = (float)sums[lane];
  for (ptrdiff_t c = 0; c < channels; c++) {
    const float *restrict g = gradient + c * inner;
    const float *restrict y = result + c * inner;
    float *restrict row = to + c * inner;
    if (accumulate) {
      for (int lane = 0; lane < width; lane++) row[lane] += backward_value(g[lane], y[lane], sum[lane], logarithm);
    } else {
      for (int lane = 0; lane < width; lane++) row[lane] = backward_value(g[lane], y[lane], sum[lane], logarithm);
    }
  }
}

PC_CLONES void pc_softmax_backward(
    float *destination, const float *gradient, const float *result, ptrdiff_t outer, ptrdiff_t channels,
    ptrdiff_t inner, bool logarithm, bool accumulate) {
  for (ptrdiff_t block = 0; block < outer; block++) {
    ptrdiff_t start = block * channels * inner;
    if (inner == 1) {
      if (logarithm) {
        backward_row(destination + start, gradient + start, result + start, channels, true, accumulate);
      } else {
        backward_row(destination + start, gradient + start, result + start, channels, false, accumulate);
      }
      continue;
    }
    for (ptrdiff_t first = 0; first < inner; first += LANES) {
      int width = inner - first < LANES ? (int)(inner - first) : LANES;
      ptrdiff_t place = start + first;
      backward_lanes(
          destination + place, gradient + place, result + place, channels, inner, width, logarithm, accumulate);
    }
  }
}
