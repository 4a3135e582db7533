#include <math.h>

#include "CKernels.h"
#include "kernel.h"

// Channels that an average sums at a time, each in its own float64.
enum { LANES = 128 };

// The window elements along one axis that lie inside the input: first … end − 1, in window counting.
typedef struct {
  ptrdiff_t start, first, end;
} window_range;

PC_INLINE window_range range_along(
    ptrdiff_t output, ptrdiff_t stride, ptrdiff_t pad, ptrdiff_t kernel, ptrdiff_t dilation, ptrdiff_t extent) {
  window_range range = {output * stride - pad, 0, kernel};
  if (range.start < 0) range.first = (-range.start + dilation - 1) / dilation;
  if (range.start + (kernel - 1) * dilation >= extent) {
    range.end = range.start >= extent ? 0 : (extent - range.start + dilation - 1) / dilation;
  }
  if (range.end < range.first) range.end = range.first;
  return range;
}

PC_INLINE window_range rows_of(const pc_pool_geometry *g, ptrdiff_t y) {
  return range_along(y, g->stride_height, g->pad_top, g->kernel_height, g->dilation_height, g->input_height);
}

PC_INLINE window_range columns_of(const pc_pool_geometry *g, ptrdiff_t x) {
  return range_along(x, g->stride_width, g->pad_left, g->kernel_width, g->dilation_width, g->input_width);
}

PC_INLINE ptrdiff_t place_of(
    const pc_pool_geometry *g, ptrdiff_t sample, window_range rows, ptrdiff_t row, window_range columns,
    ptrdiff_t column) {
  ptrdiff_t y = rows.start + row * g->dilation_height;
  ptrdiff_t x = columns.start + column * g->dilation_width;
  return ((sample * g->input_height + y) * g->input_width + x) * g->channels;
}

PC_INLINE void largest_of_window(
    const pc_pool_geometry *g, ptrdiff_t sample, window_range rows, window_range columns, float *restrict best,
    int32_t *restrict winner, const float *source) {
  ptrdiff_t channels = g->channels;
  int32_t first = (int32_t)(rows.first * g->kernel_width + columns.first);
  for (ptrdiff_t c = 0; c < channels; c++) best[c] = -INFINITY;
  if (winner) {
    for (ptrdiff_t c = 0; c < channels; c++) winner[c] = first;
  }
  for (ptrdiff_t row = rows.first; row < rows.end; row++) {
    for (ptrdiff_t column = columns.first; column < columns.end; column++) {
      const float *restrict x = source + place_of(g, sample, rows, row, columns, column);
      int32_t position = (int32_t)(row * g->kernel_width + column);
      // Strictly larger: the first of equals stays. What is not a number goes through, so that it is seen.
      if (winner) {
        for (ptrdiff_t c = 0; c < channels; c++) {
          bool wins = x[c] > best[c] || x[c] != x[c];
          best[c] = wins ? x[c] : best[c];
          winner[c] = wins ? position : winner[c];
        }
      } else {
        for (ptrdiff_t c = 0; c < channels; c++) best[c] = (x[c] > best[c] || x[c] != x[c]) ? x[c] : best[c];
      }
    }
  }
}

PC_CLONES void pc_max_pool_forward(
    const pc_pool_geometry *g, float *destination, int32_t *winners, const float *source) {
  ptrdiff_t pixel = 0;
  for (ptrdiff_t sample = 0; sample < g->samples; sample++) {
    for (ptrdiff_t y = 0; y < g->output_height; y++) {
      window_range rows = rows_of(g, y);
      for (ptrdiff_t x = 0; x < g->output_width; x++, pixel++) {
        int32_t *winner = winners ? winners + pixel * g->channels : NULL;
        largest_of_window(g, sample, rows, columns_of(g, x), destination + pixel * g->channels, winner, source);
      }
    }
  }
}

PC_CLONES void pc_max_pool_backward(
    const pc_pool_geometry *g, float *destination, const float *gradient, const int32_t *winners) {
  ptrdiff_t channels = g->channels;
  ptrdiff_t pixel = 0;
  for (ptrdiff_t sample = 0; sample < g->samples; sample++) {
    for (ptrdiff_t y = 0; y < g->output_height; y++) {
      window_range rows = rows_of(g, y);
      for (ptrdiff_t x = 0; x < g->output_width; x++, pixel++) {
        window_range columns = columns_of(g, x);
        const float *restrict from = gradient + pixel * channels;
        const int32_t *restrict winner = winners + pixel * channels;
        for (ptrdiff_t row = rows.first; row < rows.end; row++) {
          for (ptrdiff_t column = columns.first; column < columns.end; column++) {
            float *restrict to = destination + place_of(g, sample, rows, row, columns, column);
            int32_t position = (int32_t)(row * g->kernel_width + column);
            for (ptrdiff_t c = 0; c < channels; c++) to[c] += winner[c] == position ? from[c] : 0.0f;
          }
        }
      }
    }
  }
}

// Window elements along one axis inside the padded input: behind the back pad there is nothing to count.
PC_INLINE ptrdiff_t padded_count(window_range range, ptrdiff_t kernel, ptrdiff_t dilation, ptrdiff_t padded_end) {
  ptrdiff_t count = (padded_end - range.start + dilation - 1) / dilation;
  return count < kernel ? count : kernel;
}

PC_INLINE float window_weight(const pc_pool_geometry *g, window_range rows, window_range columns) {
  ptrdiff_t height = rows.end - rows.first;
  ptrdiff_t width = columns.end - columns.first;
  if (g->counts_pads) {
    height = padded_count(rows, g->kernel_height, g->dilation_height, g->input_height + g->pad_bottom);
    width = padded_count(columns, g->kernel_width, g->dilation_width, g->input_width + g->pad_right);
  }
  // Dilation can step over the whole input: such a window holds nothing, and its mean is 0.
  ptrdiff_t count = height * width;
  return 1.0f / (float)(count > 0 ? count : 1);
}

PC_CLONES void pc_average_pool_forward(const pc_pool_geometry *g, float *destination, const float *source) {
  ptrdiff_t channels = g->channels;
  ptrdiff_t pixel = 0;
  for (ptrdiff_t sample = 0; sample < g->samples; sample++) {
    for (ptrdiff_t y = 0; y < g->output_height; y++) {
      window_range rows = rows_of(g, y);
      for (ptrdiff_t x = 0; x < g->output_width; x++, pixel++) {
        window_range columns = columns_of(g, x);
        double weight = (double)window_weight(g, rows, columns);
        for (ptrdiff_t start = 0; start < channels; start += LANES) {
          int lanes = channels - start < LANES ? (int)(channels - start) : LANES;
          double sums[LANES] = {0};
          for (ptrdiff_t row = rows.first; row < rows.end; row++) {
            for (ptrdiff_t column = columns.first; column < columns.end; column++) {
              const float *restrict from = source + place_of(g, sample, rows, row, columns, column) + start;
              for (int lane = 0; lane < lanes; lane++) sums[lane] += (double)from[lane];
            }
          }
          float *restrict to = destination + pixel * channels + start;
          for (int lane = 0; lane < lanes; lane++) to[lane] = (float)(sums[lane] * weight);
        }
      }
    }
  }
}

PC_CLONES void pc_average_pool_backward(const pc_pool_geometry *g, float *destination, const float *gradient) {
  ptrdiff_t channels = g->channels;
  ptrdiff_t pixel = 0;
  for (ptrdiff_t sample = 0; sample < g->samples; sample++) {
    for (ptrdiff_t y = 0; y < g->output_height; y++) {
      window_range rows = rows_of(g, y);
      for (ptrdiff_t x = 0; x < g->output_width; x++, pixel++) {
        window_range columns = columns_of(g, x);
        float weight = window_weight(g, rows, columns);
        const float *restrict from = gradient + pixel * channels;
        for (ptrdiff_t row = rows.first; row < rows.end; row++) {
          for (ptrdiff_t column = columns.first; column < columns.end; column++) {
            float *restrict to = destination + place_of(g, sample, rows, row, columns, column);
            for (ptrdiff_t c = 0; c < channels; c++) to[c] += weight * from[c];
          }
        }
      }
    }
  }
}
