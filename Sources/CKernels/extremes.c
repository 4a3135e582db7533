#include "CKernels.h"
#include "kernel.h"

// Channels that are compared at a time.
enum { LANES = 128 };

// Moves `count` offsets on by one index. False after the last index.
PC_INLINE bool next_index(
    ptrdiff_t *index, const ptrdiff_t *extents, int rank, ptrdiff_t *const *offsets, const ptrdiff_t *const *strides,
    int count) {
  for (int axis = rank - 1; axis >= 0; axis--) {
    bool is_inside = ++index[axis] < extents[axis];
    for (int i = 0; i < count; i++) *offsets[i] += is_inside ? strides[i][axis] : strides[i][axis] * (1 - extents[axis]);
    if (is_inside) return true;
    index[axis] = 0;
  }
  return false;
}

// What is not a number wins and stays.
PC_INLINE float better(float best, float x, bool largest) {
  return (largest ? x > best : x < best) || x != x ? x : best;
}

PC_INLINE float best_of_row(const float *row, ptrdiff_t stride, ptrdiff_t count, bool largest) {
  float best = row[0];
  ptrdiff_t i = 1;
  if (stride == 1 && count >= 16) {
    float lanes[16];
    for (int lane = 0; lane < 16; lane++) lanes[lane] = row[lane];
    for (i = 16; i + 16 <= count; i += 16) {
      for (int lane = 0; lane < 16; lane++) lanes[lane] = better(lanes[lane], row[i + lane], largest);
    }
    for (int lane = 0; lane < 16; lane++) best = better(best, lanes[lane], largest);
  }
  for (; i < count; i++) best = better(best, row[i * stride], largest);
  return best;
}

PC_INLINE void reduce(
    float *destination, const ptrdiff_t *destination_strides, const float *source, const ptrdiff_t *kept_strides,
    const ptrdiff_t *kept_extents, int kept_rank, const ptrdiff_t *reduced_strides, const ptrdiff_t *reduced_extents,
    int reduced_rank, bool largest) {
  bool has_lanes = kept_rank > 0 && reduced_rank > 0 && kept_strides[kept_rank - 1] == 1;
  int last = has_lanes ? kept_rank - 1 : kept_rank;
  ptrdiff_t kept[PC_MAX_RANK] = {0};
  ptrdiff_t from = 0, to = 0;
  ptrdiff_t *const outer_offsets[] = {&from, &to};
  const ptrdiff_t *const outer_strides[] = {kept_strides, destination_strides};
  do {
    ptrdiff_t index[PC_MAX_RANK] = {0};
    ptrdiff_t offset = from;
    ptrdiff_t *const offsets[] = {&offset};
    const ptrdiff_t *const strides[] = {reduced_strides};
    if (!has_lanes) {
      float best = source[from];
      if (reduced_rank > 0) {
        int inner = reduced_rank - 1;
        do {
          float row = best_of_row(source + offset, reduced_strides[inner], reduced_extents[inner], largest);
          best = better(best, row, largest);
        } while (next_index(index, reduced_extents, inner, offsets, strides, 1));
      }
      destination[to] = best;
      continue;
    }
    for (ptrdiff_t first = 0; first < kept_extents[last]; first += LANES) {
      int width = kept_extents[last] - first < LANES ? (int)(kept_extents[last] - first) : LANES;
      float best[LANES];
      for (int lane = 0; lane < width; lane++) best[lane] = source[from + first + lane];
      offset = from + first;
      do {
        const float *restrict row = source + offset;
        for (int lane = 0; lane < width; lane++) best[lane] = better(best[lane], row[lane], largest);
      } while (next_index(index, reduced_extents, reduced_rank, offsets, strides, 1));
      for (int lane = 0; lane < width; lane++) {
        destination[to + (first + lane) * destination_strides[last]] = best[lane];
      }
    }
  } while (next_index(kept, kept_extents, last, outer_offsets, outer_strides, 2));
}

PC_CLONES void pc_reduce_extreme(
    float *destination, const ptrdiff_t *destination_strides, const float *source, const ptrdiff_t *kept_strides,
    const ptrdiff_t *kept_extents, int kept_rank, const ptrdiff_t *reduced_strides, const ptrdiff_t *reduced_extents,
    int reduced_rank, bool largest) {
  if (largest) {
    reduce(
        destination, destination_strides, source, kept_strides, kept_extents, kept_rank, reduced_strides,
        reduced_extents, reduced_rank, true);
  } else {
    reduce(
        destination, destination_strides, source, kept_strides, kept_extents, kept_rank, reduced_strides,
        reduced_extents, reduced_rank, false);
  }
}

void pc_reduce_extreme_backward(
    float *destination, const ptrdiff_t *destination_kept, const ptrdiff_t *destination_reduced, const float *source,
    const ptrdiff_t *source_kept, const ptrdiff_t *source_reduced, const float *result,
    const ptrdiff_t *result_strides, const float *gradient, const ptrdiff_t *gradient_strides,
    const ptrdiff_t *kept_extents, int kept_rank, const ptrdiff_t *reduced_extents, int reduced_rank) {
  ptrdiff_t kept[PC_MAX_RANK] = {0};
  ptrdiff_t to = 0, from = 0, best = 0, given = 0;
  ptrdiff_t *const outer_offsets[] = {&to, &from, &best, &given};
  const ptrdiff_t *const outer_strides[] = {destination_kept, source_kept, result_strides, gradient_strides};
  do {
    ptrdiff_t index[PC_MAX_RANK] = {0};
    ptrdiff_t winner = to, place = from;
    ptrdiff_t *const offsets[] = {&winner, &place};
    const ptrdiff_t *const strides[] = {destination_reduced, source_reduced};
    do {
      if (source[place] == result[best]) {
        destination[winner] += gradient[given];
        break;
      }
    } while (next_index(index, reduced_extents, reduced_rank, offsets, strides, 2));
  } while (next_index(kept, kept_extents, kept_rank, outer_offsets, outer_strides, 4));
}
