#include <string.h>

#include "CKernels.h"
#include "kernel.h"

// One pass over memory for what would otherwise be several: a tile is brought into the first-level cache, and every
// stage runs over it there.

// Values of a tile; channels of a tile; rows whose float32 products are added before a sum goes on in float64.
enum { TILE = 2048, WIDTH = 512, RUN = 64 };

// The value where a condition holds, else 0. By bits: of a choice between a value and 0 the compiler makes a store under a
// mask, which the loads behind it have to wait for.
PC_INLINE float where(bool condition, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  bits &= condition ? 0xffffffffu : 0u;
  memcpy(&value, &bits, sizeof bits);
  return value;
}

// Where a tile lies: its sample, its first row and channel in the pass, and its extent.
typedef struct {
  ptrdiff_t sample, row, channel;
  ptrdiff_t rows, channels;
} place;

PC_INLINE const float *address(pc_rows rows, const place *p) { return rows.values + p->row * rows.stride + p->channel; }

// A stage over the tile's elements `t` and a strided array's `x`: one loop where the array has no gaps.
#define PC_STAGE(rows_of_x, statement)                                                        \
  do {                                                                                        \
    const float *start = address(rows_of_x, p);                                               \
    if ((rows_of_x).stride == p->channels) {                                                  \
      const float *restrict x = start;                                                        \
      float *restrict t = tile;                                                               \
      for (ptrdiff_t i = 0; i < p->rows * p->channels; i++) statement;                        \
    } else {                                                                                  \
      for (ptrdiff_t row = 0; row < p->rows; row++) {                                         \
        const float *restrict x = start + row * (rows_of_x).stride;                           \
        float *restrict t = tile + row * p->channels;                                         \
        for (ptrdiff_t i = 0; i < p->channels; i++) statement;                                \
      }                                                                                       \
    }                                                                                         \
  } while (0)

// A stage over the tile's elements `t` and a value per channel `v`.
#define PC_CHANNEL_STAGE(values, statement)                  \
  do {                                                       \
    const float *restrict v = values;                        \
    for (ptrdiff_t row = 0; row < p->rows; row++) {          \
      float *restrict t = tile + row * p->channels;          \
      for (ptrdiff_t i = 0; i < p->channels; i++) statement; \
    }                                                        \
  } while (0)

PC_INLINE void load(float *tile, pc_rows rows, const place *p) { PC_STAGE(rows, t[i] = x[i]); }

PC_INLINE void store(float *destination, ptrdiff_t stride, const float *tile, const place *p, bool accumulate) {
  float *first = destination + p->row * stride + p->channel;
  for (ptrdiff_t row = 0; row < p->rows; row++) {
    float *restrict to = first + row * stride;
    const float *restrict from = tile + row * p->channels;
    if (accumulate) {
      for (ptrdiff_t i = 0; i < p->channels; i++) to[i] += from[i];
    } else {
      memcpy(to, from, (size_t)p->channels * sizeof(float));
    }
  }
}

// Per-channel arrays of a sample, or of all samples where `channels` is 0.
PC_INLINE const float *channel_values(const float *values, const place *p, ptrdiff_t channels) {
  return values + p->sample * channels + p->channel;
}

PC_INLINE void apply_affine(float *tile, const float *scale, const float *shift, const place *p) {
  if (scale) PC_CHANNEL_STAGE(channel_values(scale, p, 0), t[i] *= v[i]);
  if (shift) PC_CHANNEL_STAGE(channel_values(shift, p, 0), t[i] += v[i]);
}

// f(values) in `spare`, which `values` may not overlap.
PC_INLINE float *apply_function(float *spare, const float *values, pc_function f, const place *p) {
  ptrdiff_t count = p->rows * p->channels;
  if (f.function == pc_relu) {
    // To the other array: the compiler makes vector code only of arrays that do not overlap. Written so that what is not
    // a number stays so.
    float *restrict to = spare;
    const float *restrict from = values;
    for (ptrdiff_t i = 0; i < count; i++) to[i] = from[i] <= 0.0f ? 0.0f : from[i];
    return spare;
  }
  pc_unary_forward(f, spare, values, count);
  return spare;
}

// The values of a strided array without gaps: themselves, or a copy in `tile`.
PC_INLINE const float *contiguous(float *tile, pc_rows rows, const place *p) {
  if (rows.stride == p->channels) return address(rows, p);
  load(tile, rows, p);
  return tile;
}

PC_CLONES void pc_forward_pass(const pc_forward *pass) {
  _Alignas(64) float first[TILE];
  _Alignas(64) float second[TILE];
  for (ptrdiff_t sample = 0; sample < pass->samples; sample++) {
    for (ptrdiff_t channel = 0; channel < pass->channels; channel += WIDTH) {
      ptrdiff_t channels = pass->channels - channel < WIDTH ? pass->channels - channel : WIDTH;
      ptrdiff_t most = TILE / channels;
      for (ptrdiff_t row = 0; row < pass->rows; row += most) {
        ptrdiff_t rows = pass->rows - row < most ? pass->rows - row : most;
        place here = {sample, sample * pass->rows + row, channel, rows, channels};
        const place *p = &here;
        float *tile = first;
        load(tile, pass->source, p);
        apply_affine(tile, pass->scale, pass->shift, p);
        if (pass->addend.values) PC_STAGE(pass->addend, t[i] += x[i]);
        if (pass->has_function) tile = apply_function(second, tile, pass->function, p);
        if (pass->factors) PC_CHANNEL_STAGE(channel_values(pass->factors, p, pass->channels), t[i] *= v[i]);
        store(pass->destination, pass->destination_stride, tile, p, false);
      }
    }
  }
}

// tile = Σ contributions
PC_INLINE void gather_contributions(float *tile, const pc_gradient *pass, const place *p) {
  for (int index = 0; index < pass->contribution_count; index++) {
    const pc_contribution *c = pass->contributions + index;
    const float *factors = c->factors ? channel_values(c->factors, p, c->factor_stride) : NULL;
    bool first = index == 0;
    float factor = c->factor;
    if (!c->gradient.values) {
      if (first) PC_CHANNEL_STAGE(factors, t[i] = factor * v[i]);
      else PC_CHANNEL_STAGE(factors, t[i] += factor * v[i]);
    } else if (!factors) {
      if (first) load(tile, c->gradient, p);
      else PC_STAGE(c->gradient, t[i] += x[i]);
    } else {
      for (ptrdiff_t row = 0; row < p->rows; row++) {
        const float *restrict x = address(c->gradient, p) + row * c->gradient.stride;
        const float *restrict v = factors;
        float *restrict t = tile + row * p->channels;
        if (first) for (ptrdiff_t i = 0; i < p->channels; i++) t[i] = x[i] * v[i];
        else for (ptrdiff_t i = 0; i < p->channels; i++) t[i] += x[i] * v[i];
      }
    }
  }
}

// tile × f′; the result may lie in `result`.
PC_INLINE float *apply_slope(float *tile, float *spare, float *result, const pc_gradient *pass, const place *p) {
  pc_function f = pass->function;
  ptrdiff_t count = p->rows * p->channels;
  bool is_plain = !pass->scale && !pass->shift;
  if (is_plain && f.function == pc_relu) {
    PC_STAGE(pass->known, t[i] = where(x[i] > 0.0f, t[i]));
    return tile;
  }
  if (is_plain && f.function == pc_clip) {
    float lower = f.first, upper = f.second;
    PC_STAGE(pass->known, t[i] = where((x[i] > lower) & (x[i] < upper), t[i]));
    return tile;
  }
  const float *known = spare;
  if (is_plain) {
    known = contiguous(spare, pass->known, p);
  } else {
    load(spare, pass->known, p);
    apply_affine(spare, pass->scale, pass->shift, p);
  }
  if (f.function == pc_relu) {
    float *restrict t = tile;
    const float *restrict x = known;
    for (ptrdiff_t i = 0; i < count; i++) t[i] = where(x[i] > 0.0f, t[i]);
    return tile;
  }
  pc_unary_backward(f, result, tile, known, count);
  return result;
}

// totals += Σ over the tile's rows of (left − minus) × tile
PC_INLINE void add_products(
    double *totals, const pc_product *product, const float *tile, float *spare, float *result, const pc_gradient *pass,
    const place *p) {
  float part[WIDTH] = {0};
  const float *left = address(product->left, p);
  ptrdiff_t left_stride = product->left.stride;
  if (product->applies_function) {
    left = apply_function(result, contiguous(spare, product->left, p), pass->function, p);
    left_stride = p->channels;
  }
  const float *minus = product->minus.values ? address(product->minus, p) : NULL;
  for (ptrdiff_t row = 0; row < p->rows; row++) {
    const float *restrict a = left + row * left_stride;
    const float *restrict g = tile + row * p->channels;
    if (minus) {
      const float *restrict b = minus + row * product->minus.stride;
      for (ptrdiff_t i = 0; i < p->channels; i++) part[i] += (a[i] - b[i]) * g[i];
    } else {
      for (ptrdiff_t i = 0; i < p->channels; i++) part[i] += a[i] * g[i];
    }
  }
  for (ptrdiff_t i = 0; i < p->channels; i++) totals[i] += (double)part[i];
}

PC_CLONES void pc_gradient_pass(const pc_gradient *pass) {
  _Alignas(64) float buffers[4][TILE];
  _Alignas(64) double totals[PC_MAX_PRODUCTS][WIDTH];
  for (ptrdiff_t sample = 0; sample < pass->samples; sample++) {
    for (ptrdiff_t channel = 0; channel < pass->channels; channel += WIDTH) {
      ptrdiff_t channels = pass->channels - channel < WIDTH ? pass->channels - channel : WIDTH;
      ptrdiff_t most = TILE / channels < RUN ? TILE / channels : RUN;
      for (int index = 0; index < pass->product_count; index++) {
        memset(totals[index], 0, (size_t)channels * sizeof(double));
      }
      for (ptrdiff_t row = 0; row < pass->rows; row += most) {
        ptrdiff_t rows = pass->rows - row < most ? pass->rows - row : most;
        place here = {sample, sample * pass->rows + row, channel, rows, channels};
        const place *p = &here;
        float *tile = buffers[0];
        gather_contributions(tile, pass, p);
        if (pass->has_function) tile = apply_slope(tile, buffers[1], buffers[2], pass, p);
        for (int index = 0; index < pass->product_count; index++) {
          add_products(totals[index], pass->products + index, tile, buffers[1], buffers[3], pass, p);
        }
        if (!pass->destination) continue;
        if (pass->scale) PC_CHANNEL_STAGE(channel_values(pass->scale, p, 0), t[i] *= v[i]);
        store(pass->destination, pass->destination_stride, tile, p, pass->accumulate);
      }
      for (int index = 0; index < pass->product_count; index++) {
        const pc_product *product = pass->products + index;
        ptrdiff_t first = sample * pass->channels + channel;
        for (ptrdiff_t i = 0; i < channels; i++) {
          if (product->sums) product->sums[first + i] = totals[index][i];
          else product->floats[first + i] = (float)totals[index][i];
        }
      }
    }
  }
}
