#include "CKernels.h"
#include "kernel.h"
#include "sums.h"

// Channels that are summed at a time, each in its own float64.
enum { LANES = 128 };
// float32 products that are added before a sum goes on in float64.
enum { RUN = 64 };

PC_INLINE bool step(ptrdiff_t *index, const ptrdiff_t *extents, int rank, ptrdiff_t *offset, const ptrdiff_t *strides) {
  for (int axis = rank - 1; axis >= 0; axis--) {
    *offset += strides[axis];
    if (++index[axis] < extents[axis]) return true;
    *offset -= strides[axis] * extents[axis];
    index[axis] = 0;
  }
  return false;
}

PC_INLINE double sum_row(const float *values, ptrdiff_t stride, ptrdiff_t count) {
  if (stride == 1) return sum_of_row(values, count);
  double sum = 0;
  for (ptrdiff_t i = 0; i < count; i++) sum += (double)values[i * stride];
  return sum;
}

PC_INLINE void write_sum(float *to, double sum, double factor, bool accumulate) {
  float value = (float)(sum * factor);
  *to = accumulate ? *to + value : value;
}

// The last reduced axis is contiguous or nothing is: one index of the kept axes at a time.
PC_INLINE void reduce_rows(
    float *destination, const ptrdiff_t *destination_strides, const float *source, const ptrdiff_t *kept_strides,
    const ptrdiff_t *kept_extents, int kept_rank, const ptrdiff_t *reduced_strides, const ptrdiff_t *reduced_extents,
    int reduced_rank, double factor, bool accumulate) {
  ptrdiff_t kept[PC_MAX_RANK] = {0};
  ptrdiff_t from = 0, to = 0;
  bool more = true;
  while (more) {
    double sum = 0;
    if (reduced_rank == 0) {
      sum = (double)source[from];
    } else {
      int last = reduced_rank - 1;
      ptrdiff_t reduced[PC_MAX_RANK] = {0};
      ptrdiff_t offset = from;
      do {
        sum += sum_row(source + offset, reduced_strides[last], reduced_extents[last]);
      } while (step(reduced, reduced_extents, last, &offset, reduced_strides));
    }
    write_sum(destination + to, sum, factor, accumulate);
    more = false;
    for (int axis = kept_rank - 1; axis >= 0; axis--) {
      from += kept_strides[axis];
      to += destination_strides[axis];
      if (++kept[axis] < kept_extents[axis]) {
        more = true;
        break;
      }
      from -= kept_strides[axis] * kept_extents[axis];
      to -= destination_strides[axis] * kept_extents[axis];
      kept[axis] = 0;
    }
  }
}

// The last kept axis is contiguous: many sums side by side.
PC_INLINE void reduce_lanes(
    float *destination, ptrdiff_t destination_stride, const float *source, ptrdiff_t count,
    const ptrdiff_t *reduced_strides, const ptrdiff_t *reduced_extents, int reduced_rank, double factor,
    bool accumulate) {
  for (ptrdiff_t first = 0; first < count; first += LANES) {
    int width = count - first < LANES ? (int)(count - first) : LANES;
    double sums[LANES] = {0};
    ptrdiff_t reduced[PC_MAX_RANK] = {0};
    ptrdiff_t offset = first;
    do {
      const float *restrict row = source + offset;
      for (int lane = 0; lane < width; lane++) sums[lane] += (double)row[lane];
    } while (step(reduced, reduced_extents, reduced_rank, &offset, reduced_strides));
    for (int lane = 0; lane < width; lane++) {
      write_sum(destination + (first + lane) * destination_stride, sums[lane], factor, accumulate);
    }
  }
}

PC_CLONES void pc_reduce(
    float *destination, const ptrdiff_t *destination_strides, const float *source,
    const ptrdiff_t *kept_strides, const ptrdiff_t *kept_extents, int kept_rank, const ptrdiff_t *reduced_strides,
    const ptrdiff_t *reduced_extents, int reduced_rank, double factor, bool accumulate) {
  if (kept_rank == 0 || reduced_rank == 0 || kept_strides[kept_rank - 1] != 1) {
    reduce_rows(
        destination, destination_strides, source, kept_strides, kept_extents, kept_rank, reduced_strides,
        reduced_extents, reduced_rank, factor, accumulate);
    return;
  }
  int last = kept_rank - 1;
  ptrdiff_t kept[PC_MAX_RANK] = {0};
  ptrdiff_t from = 0, to = 0;
  for (;;) {
    reduce_lanes(
        destination + to, destination_strides[last], source + from, kept_extents[last], reduced_strides,
        reduced_extents, reduced_rank, factor, accumulate);
    int axis = last - 1;
    for (; axis >= 0; axis--) {
      from += kept_strides[axis];
      to += destination_strides[axis];
      if (++kept[axis] < kept_extents[axis]) break;
      from -= kept_strides[axis] * kept_extents[axis];
      to -= destination_strides[axis] * kept_extents[axis];
      kept[axis] = 0;
    }
    if (axis < 0) return;
  }
}

PC_INLINE double dot_row(const float *restrict left, const float *restrict right, ptrdiff_t count) {
  double sum = 0;
  ptrdiff_t i = 0;
  for (; i + RUN <= count; i += RUN) {
    float lanes[16] = {0};
    for (int block = 0; block < RUN; block += 16) {
      for (int lane = 0; lane < 16; lane++) lanes[lane] += left[i + block + lane] * right[i + block + lane];
    }
    for (int lane = 0; lane < 16; lane++) sum += (double)lanes[lane];
  }
  float rest = 0;
  for (; i < count; i++) rest += left[i] * right[i];
  return sum + (double)rest;
}

PC_INLINE void dot_lanes(
    double *sums, const float *left, const float *right, ptrdiff_t rows, ptrdiff_t channels, int width) {
  double total[LANES] = {0};
  for (ptrdiff_t first = 0; first < rows; first += RUN) {
    ptrdiff_t end = rows - first < RUN ? rows : first + RUN;
    float part[LANES] = {0};
    for (ptrdiff_t row = first; row < end; row++) {
      const float *restrict a = left + row * channels;
      const float *restrict b = right + row * channels;
      for (int lane = 0; lane < width; lane++) part[lane] += a[lane] * b[lane];
    }
    for (int lane = 0; lane < width; lane++) total[lane] += (double)part[lane];
  }
  for (int lane = 0; lane < width; lane++) sums[lane] = total[lane];
}

PC_CLONES void pc_product_sums(
    double *sums, const float *left, const float *right, ptrdiff_t samples, ptrdiff_t outer, ptrdiff_t channels,
    ptrdiff_t inner) {
  ptrdiff_t size = outer * channels * inner;
  for (ptrdiff_t sample = 0; sample < samples; sample++) {
    const float *a = left + sample * size;
    const float *b = right + sample * size;
    double *row = sums + sample * channels;
    if (inner == 1) {
      for (ptrdiff_t first = 0; first < channels; first += LANES) {
        int width = channels - first < LANES ? (int)(channels - first) : LANES;
        dot_lanes(row + first, a + first, b + first, outer, channels, width);
      }
      continue;
    }
    for (ptrdiff_t channel = 0; channel < channels; channel++) {
      double sum = 0;
      for (ptrdiff_t block = 0; block < outer; block++) {
        ptrdiff_t offset = (block * channels + channel) * inner;
        sum += dot_row(a + offset, b + offset, inner);
      }
      row[channel] = sum;
    }
  }
}
