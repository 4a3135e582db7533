#include <string.h>

#include "kernel.h"
#include "winograd.h"

// Toom and Cook's interpolation at 0, ±11/16, ±3/2 and infinity. Points whose powers stay near 1 magnify rounding errors
// least: these give a quarter of the squared error of the usual 0, ±1, ±2, and make all constants of the input's
// transform exact.
#define NEAR 0.6875f
#define FAR 1.5f
#define NEAR2 (NEAR * NEAR)
#define FAR2 (FAR * FAR)

enum { tile = PC_WINOGRAD_TILE, side = tile + 2, elements = PC_WINOGRAD_ELEMENTS };

// Vector code comes only of loops over channels that hold no other loops. What 16 lanes leave over goes to 4.
#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#define BY_16 _Pragma("clang loop vectorize(assume_safety) vectorize_width(16) interleave_count(1)")
#define BY_4 _Pragma("clang loop vectorize(assume_safety) vectorize_width(4) interleave_count(1)")
#else
#define UNROLLED
#define BY_16
#define BY_4
#endif

PC_INLINE void input_column(const float x[side], float y[side]) {
  y[0] = (x[4] - (NEAR2 + FAR2) * x[2]) + (NEAR2 * FAR2) * x[0];
  float even = x[4] - FAR2 * x[2];
  float odd = x[3] - FAR2 * x[1];
  y[1] = even + NEAR * odd;
  y[2] = even - NEAR * odd;
  even = x[4] - NEAR2 * x[2];
  odd = x[3] - NEAR2 * x[1];
  y[3] = even + FAR * odd;
  y[4] = even - FAR * odd;
  y[5] = (x[5] - (NEAR2 + FAR2) * x[3]) + (NEAR2 * FAR2) * x[1];
}

PC_INLINE void output_column(const float x[side], float y[tile]) {
  float near_sum = x[1] + x[2];
  float near_difference = x[1] - x[2];
  float far_sum = x[3] + x[4];
  float far_difference = x[3] - x[4];
  y[0] = (near_sum + far_sum) + x[0];
  y[1] = NEAR * near_difference + FAR * far_difference;
  y[2] = NEAR2 * near_sum + FAR2 * far_sum;
  y[3] = ((NEAR * NEAR2) * near_difference + x[5]) + (FAR * FAR2) * far_difference;
}

PC_INLINE void input_channel(const float *const from[elements], float *restrict target, ptrdiff_t stride, ptrdiff_t c) {
  float half[side][side];
  UNROLLED
  for (int column = 0; column < side; column++) {
    float x[side], y[side];
    UNROLLED
    for (int row = 0; row < side; row++) x[row] = from[row * side + column][c];
    input_column(x, y);
    UNROLLED
    for (int row = 0; row < side; row++) half[row][column] = y[row];
  }
  UNROLLED
  for (int row = 0; row < side; row++) {
    float y[side];
    input_column(half[row], y);
    UNROLLED
    for (int column = 0; column < side; column++) target[(row * side + column) * stride + c] = y[column];
  }
}

// One tile: `source` holds where each element's channels lie, `stride` is the distance between transformed elements.
PC_CLONES static void transform_input_tile(
    const float *const *source, float *restrict target, ptrdiff_t stride, ptrdiff_t channels) {
  const float *from[elements];
  UNROLLED
  for (int i = 0; i < elements; i++) from[i] = source[i];
  ptrdiff_t by_16 = channels & ~(ptrdiff_t)15, by_4 = channels & ~(ptrdiff_t)3;
  BY_16
  for (ptrdiff_t c = 0; c < by_16; c++) input_channel(from, target, stride, c);
  BY_4
  for (ptrdiff_t c = by_16; c < by_4; c++) input_channel(from, target, stride, c);
  for (ptrdiff_t c = by_4; c < channels; c++) input_channel(from, target, stride, c);
}

PC_INLINE void output_channel(
    const float *restrict source, ptrdiff_t stride, float *const to[tile * tile], const float *bias, bool accumulates,
    float lower, float upper, ptrdiff_t c) {
  float half[tile][side];
  UNROLLED
  for (int column = 0; column < side; column++) {
    float x[side], y[tile];
    UNROLLED
    for (int row = 0; row < side; row++) x[row] = source[(row * side + column) * stride + c];
    output_column(x, y);
    UNROLLED
    for (int row = 0; row < tile; row++) half[row][column] = y[row];
  }
  UNROLLED
  for (int row = 0; row < tile; row++) {
    float y[tile];
    output_column(half[row], y);
    UNROLLED
    for (int column = 0; column < tile; column++) {
      float result = y[column] + bias[c];
      if (accumulates) result += to[row * tile + column][c];
      // Written so that what is not a number stays so.
      result = result <= lower ? lower : result;
      to[row * tile + column][c] = result >= upper ? upper : result;
    }
  }
}

PC_INLINE void output_tile(
    const float *restrict source, ptrdiff_t stride, float *const *target, const float *bias, bool accumulates,
    float lower, float upper, ptrdiff_t channels) {
  float *to[tile * tile];
  UNROLLED
  for (int i = 0; i < tile * tile; i++) to[i] = target[i];
  ptrdiff_t by_16 = channels & ~(ptrdiff_t)15, by_4 = channels & ~(ptrdiff_t)3;
  BY_16
  for (ptrdiff_t c = 0; c < by_16; c++) output_channel(source, stride, to, bias, accumulates, lower, upper, c);
  BY_4
  for (ptrdiff_t c = by_16; c < by_4; c++) output_channel(source, stride, to, bias, accumulates, lower, upper, c);
  for (ptrdiff_t c = by_4; c < channels; c++) output_channel(source, stride, to, bias, accumulates, lower, upper, c);
}

// One tile: `target` holds where each result's channels lie.
PC_CLONES static void transform_output_tile(
    const float *source, ptrdiff_t stride, float *const *target, const float *bias, bool accumulates, float lower,
    float upper, ptrdiff_t channels) {
  if (accumulates) output_tile(source, stride, target, bias, true, lower, upper, channels);
  else output_tile(source, stride, target, bias, false, lower, upper, channels);
}

static const float zeros[PC_WINOGRAD_PART];

// Where a tile of outputs starts.
typedef struct {
  ptrdiff_t sample, top, left;
} place;

static ptrdiff_t quotient_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }

static ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

static place place_of(const pc_winograd *w, ptrdiff_t index) {
  ptrdiff_t rows = quotient_up(w->output_height, tile);
  ptrdiff_t columns = quotient_up(w->output_width, tile);
  return (place){index / (rows * columns), index / columns % rows * tile, index % columns * tile};
}

ptrdiff_t pc_winograd_tiles(const pc_winograd *w) {
  return w->samples * quotient_up(w->output_height, tile) * quotient_up(w->output_width, tile);
}

// Asks for what the next tile of the row takes and this one does not.
static void prefetch_next(const pc_winograd *w, place at, const float *const *source) {
  if (at.left + tile >= w->output_width) return;
  for (ptrdiff_t i = 0; i < elements; i++) {
    bool is_inside = at.left - w->pad_left + i % side + tile < w->input_width;
    if (source[i] == zeros || i % side < side - tile || !is_inside) continue;
    const float *next = source[i] + tile * w->input_channels;
    for (ptrdiff_t c = 0; c < w->input_channels; c += 16) __builtin_prefetch(next + c);
  }
}

void pc_winograd_transform_input(
    const pc_winograd *w, ptrdiff_t first, ptrdiff_t count, const float *input, float *transformed) {
  ptrdiff_t stride = w->block * w->input_part;
  ptrdiff_t parts = quotient_up(w->input_channels, w->input_part);
  for (ptrdiff_t index = 0; index < count; index++) {
    place at = place_of(w, first + index);
    const float *source[elements];
    for (ptrdiff_t i = 0; i < elements; i++) {
      ptrdiff_t y = at.top - w->pad_top + i / side;
      ptrdiff_t x = at.left - w->pad_left + i % side;
      bool is_inside = y >= 0 && y < w->input_height && x >= 0 && x < w->input_width;
      ptrdiff_t pixel = (at.sample * w->input_height + y) * w->input_width + x;
      source[i] = is_inside ? input + pixel * w->input_channels : zeros;
    }
    prefetch_next(w, at, source);
    for (ptrdiff_t part = 0; part < parts; part++) {
      ptrdiff_t channels = smaller(w->input_channels - part * w->input_part, w->input_part);
      float *target = transformed + part * elements * stride + index * w->input_part;
      transform_input_tile(source, target, stride, channels);
      for (ptrdiff_t i = 0; i < elements; i++) {
        for (ptrdiff_t c = channels; c < w->input_part; c++) target[i * stride + c] = 0.0f;
        if (source[i] != zeros) source[i] += w->input_part;
      }
    }
  }
  // Tiles that are not there: what the memory held before could be slow to multiply.
  size_t absent = (size_t)((w->block - count) * w->input_part) * sizeof(float);
  for (ptrdiff_t i = 0; absent > 0 && i < parts * elements; i++) {
    memset(transformed + i * stride + count * w->input_part, 0, absent);
  }
}

void pc_winograd_transform_output(
    const pc_winograd *w, ptrdiff_t first, ptrdiff_t count, ptrdiff_t part, const float *products,
    const pc_winograd_finish *finish, float *output) {
  ptrdiff_t stride = w->block * w->output_part;
  ptrdiff_t channel = part * w->output_part;
  ptrdiff_t channels = smaller(w->output_channels - channel, w->output_part);
  const float *bias = finish->bias ? finish->bias + channel : zeros;
  // What falls outside the output.
  float sink[PC_WINOGRAD_PART] = {0};
  for (ptrdiff_t index = 0; index < count; index++) {
    place at = place_of(w, first + index);
    float *target[tile * tile];
    for (ptrdiff_t i = 0; i < tile * tile; i++) {
      ptrdiff_t y = at.top + i / tile;
      ptrdiff_t x = at.left + i % tile;
      ptrdiff_t pixel = (at.sample * w->output_height + y) * w->output_width + x;
      bool is_inside = y < w->output_height && x < w->output_width;
      target[i] = is_inside ? output + pixel * w->output_channels + channel : sink;
    }
    transform_output_tile(
        products + index * w->output_part, stride, target, bias, finish->accumulates, finish->lower, finish->upper,
        channels);
  }
}

// The weights' transform: for each point p its powers, divided by the product of its distances from the other points.
static void make_matrix(double matrix[side][3]) {
  const double points[side - 1] = {0, NEAR, -NEAR, FAR, -FAR};
  for (int i = 0; i < side - 1; i++) {
    double distances = 1;
    for (int j = 0; j < side - 1; j++) {
      if (j != i) distances *= points[i] - points[j];
    }
    matrix[i][0] = 1 / distances;
    matrix[i][1] = points[i] / distances;
    matrix[i][2] = points[i] * points[i] / distances;
  }
  matrix[side - 1][0] = matrix[side - 1][1] = 0;
  matrix[side - 1][2] = 1;
}

// One input channel: `kernels` and `half` hold their elements a part's channels apart.
PC_CLONES static void transform_kernels(
    double matrix[side][3], const double *restrict kernels, double *restrict half, float *restrict target,
    ptrdiff_t stride, ptrdiff_t channels) {
  enum { part = PC_WINOGRAD_PART };
  for (int i = 0; i < side; i++) {
    for (int x = 0; x < 3; x++) {
      const double *column = kernels + x * part;
      double *result = half + (i * 3 + x) * part;
      for (ptrdiff_t k = 0; k < channels; k++) {
        result[k] =
            matrix[i][0] * column[k] + matrix[i][1] * column[3 * part + k] + matrix[i][2] * column[6 * part + k];
      }
    }
  }
  for (int i = 0; i < elements; i++) {
    const double *row = half + i / side * 3 * part;
    const double *factors = matrix[i % side];
    for (ptrdiff_t k = 0; k < channels; k++) {
      target[i * stride + k] =
          (float)(factors[0] * row[k] + factors[1] * row[part + k] + factors[2] * row[2 * part + k]);
    }
  }
}

void pc_winograd_transform_weights(
    const pc_winograd *w, ptrdiff_t input_part, ptrdiff_t output_part, const float *weights, float *transformed) {
  double matrix[side][3];
  make_matrix(matrix);
  double kernels[9 * PC_WINOGRAD_PART], half[side * 3 * PC_WINOGRAD_PART];
  ptrdiff_t stride = w->input_part * w->output_part;
  ptrdiff_t input = input_part * w->input_part;
  ptrdiff_t output = output_part * w->output_part;
  ptrdiff_t inputs = smaller(w->input_channels - input, w->input_part);
  ptrdiff_t outputs = smaller(w->output_channels - output, w->output_part);
  memset(transformed, 0, (size_t)(elements * stride) * sizeof(float));
  for (ptrdiff_t c = 0; c < inputs; c++) {
    for (ptrdiff_t k = 0; k < outputs; k++) {
      const float *kernel = weights + ((output + k) * w->input_channels + input + c) * 9;
      for (int i = 0; i < 9; i++) kernels[i * PC_WINOGRAD_PART + k] = kernel[i];
    }
    transform_kernels(matrix, kernels, half, transformed + c * w->output_part, stride, outputs);
  }
}
