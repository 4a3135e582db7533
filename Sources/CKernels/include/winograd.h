#ifndef PRUNE_CLUSTER_WINOGRAD_H
#define PRUNE_CLUSTER_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>

// The transforms of Winograd's convolution F(4×4, 3×3) with stride 1 (Lavin and Gray, arXiv:1509.09308): a tile of 4×4
// outputs takes 36 products per pair of channels instead of 144. Activations are float32 and channels-last (samples,
// height, width, channels). What stands between the transforms is, for each of the 36 elements of a transformed tile, one
// matrix product [tiles × input channels] × [input channels × output channels].

enum {
  /// The side of a tile of outputs.
  PC_WINOGRAD_TILE = 4,
  /// Elements of a transformed tile.
  PC_WINOGRAD_ELEMENTS = 36,
  /// The most channels that a part has.
  PC_WINOGRAD_PART = 64
};

/// A convolution cut into tiles, and its channels into parts of equal width; the last part is filled up with zeros.
typedef struct pc_winograd {
  ptrdiff_t samples;
  ptrdiff_t input_height, input_width;
  ptrdiff_t output_height, output_width;
  ptrdiff_t pad_top, pad_left;
  ptrdiff_t input_channels, output_channels;
  /// Channels of one part.
  ptrdiff_t input_part, output_part;
  /// Tiles that one call takes at most.
  ptrdiff_t block;
} pc_winograd;

/// What becomes of a result: (+ bias) (+ what the output holds), then held within [lower, upper].
typedef struct pc_winograd_finish {
  /// One per output channel, or null.
  const float *bias;
  bool accumulates;
  /// ±infinity where nothing is to be held.
  float lower, upper;
} pc_winograd_finish;

/// Tiles of all samples.
ptrdiff_t pc_winograd_tiles(const pc_winograd *winograd);

/// Transforms the weights [output channels, input channels, 3, 3] between two parts to
/// [elements, input part, output part]. Computes in float64 and rounds once.
void pc_winograd_transform_weights(
    const pc_winograd *winograd, ptrdiff_t input_part, ptrdiff_t output_part, const float *weights, float *transformed);

/// Transforms tiles `first` ..< `first + count` to [input parts, elements, block, input part].
void pc_winograd_transform_input(
    const pc_winograd *winograd, ptrdiff_t first, ptrdiff_t count, const float *input, float *transformed);

/// Transforms the products [elements, block, output part] of tiles `first` ..< `first + count` to that part of the
/// output's channels.
void pc_winograd_transform_output(
    const pc_winograd *winograd, ptrdiff_t first, ptrdiff_t count, ptrdiff_t part, const float *products,
    const pc_winograd_finish *finish, float *output);

#endif
