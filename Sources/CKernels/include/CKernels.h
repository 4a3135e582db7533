#ifndef PRUNE_CLUSTER_CKERNELS_H
#define PRUNE_CLUSTER_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "winograd.h"

// float32 kernels that run on the calling thread. They do not check: bounds are the caller's. Where nothing
// else is said, no destination may overlap a source. Strides and extents count elements. With `accumulate`, results are added to the destination.
// Every sum has one fixed order, so the same operands give the same bits.

/// The most axes that a strided kernel takes.
enum { PC_MAX_RANK = 8 };

/// Gives memory that was freed back to the system, where the allocator has a call for that.
void pc_return_freed_memory(void);

// Strided copies and arithmetic.

/// destination = factor × source over `rank` axes.
void pc_scale(
    float *destination, const ptrdiff_t *destination_strides, const float *source, const ptrdiff_t *source_strides,
    const ptrdiff_t *extents, int rank, float factor, bool accumulate);

typedef enum pc_binary_function {
  pc_add,
  pc_subtract,
  pc_multiply,
  pc_divide,
  pc_power,
  pc_maximum,
  pc_minimum,
  /// left where it is above 0, else right × left.
  pc_rectified,
  pc_equal,
  pc_less,
  pc_less_or_equal,
  pc_and,
  pc_or,
  pc_xor
} pc_binary_function;

/// destination = left ∘ right over `rank` axes; a stride of 0 broadcasts.
void pc_binary(
    pc_binary_function function, float *destination, const ptrdiff_t *destination_strides, const float *left,
    const ptrdiff_t *left_strides, const float *right, const ptrdiff_t *right_strides, const ptrdiff_t *extents,
    int rank, bool accumulate);

typedef enum pc_ternary_function {
  /// second where first is not 0, else third.
  pc_select,
  /// first × the slope of the larger (the smaller) of second and third by second: ½ where they are equal.
  pc_maximum_slope,
  pc_minimum_slope,
  /// first × the slope of second to the power third, by the base or by the exponent; 0 where the other one is 0.
  pc_power_base_slope,
  pc_power_exponent_slope,
  /// first where second is above 0, else third × first.
  pc_rectified_slope,
  /// 0 where second is above 0, else first × second; third is not used.
  pc_rectified_parameter_slope,
  /// first ÷ second, or 0 where second is 0.
  pc_guarded_quotient
} pc_ternary_function;

/// destination = f(first, second, third) over `rank` axes; `strides`: `rank` of the destination, then as many
/// of each operand.
void pc_ternary(
    pc_ternary_function function, float *destination, const float *first, const float *second, const float *third,
    const ptrdiff_t *strides, const ptrdiff_t *extents, int rank, bool accumulate);

/// destination = factor × Σ source: one sum over the reduced axes for each index of the kept ones, in float64.
void pc_reduce(
    float *destination, const ptrdiff_t *destination_strides, const float *source,
    const ptrdiff_t *kept_strides, const ptrdiff_t *kept_extents, int kept_rank, const ptrdiff_t *reduced_strides,
    const ptrdiff_t *reduced_extents, int reduced_rank, double factor, bool accumulate);

/// The largest or the smallest element of the reduced axes for each index of the kept ones.
void pc_reduce_extreme(
    float *destination, const ptrdiff_t *destination_strides, const float *source, const ptrdiff_t *kept_strides,
    const ptrdiff_t *kept_extents, int kept_rank, const ptrdiff_t *reduced_strides, const ptrdiff_t *reduced_extents,
    int reduced_rank, bool largest);

/// Adds each gradient to the place of the first element that equals the result, in the order of the reduced axes.
void pc_reduce_extreme_backward(
    float *destination, const ptrdiff_t *destination_kept, const ptrdiff_t *destination_reduced, const float *source,
    const ptrdiff_t *source_kept, const ptrdiff_t *source_reduced, const float *result,
    const ptrdiff_t *result_strides, const float *gradient, const ptrdiff_t *gradient_strides,
    const ptrdiff_t *kept_extents, int kept_rank, const ptrdiff_t *reduced_extents, int reduced_rank);

/// count values.
void pc_fill(float *destination, float value, ptrdiff_t count);

/// destination[i, j, …] = source[tables[0][i] + tables[1][j] + …], or `fill` where a table entry is negative. Tables
/// follow one another, one entry per index of a destination axis; the destination is contiguous.
void pc_gather(
    float *destination, const float *source, const ptrdiff_t *tables, const ptrdiff_t *extents, int rank, float fill);

/// The adjoint of `pc_gather`: adds each element to where it came from.
void pc_gather_adjoint(
    float *destination, const float *source, const ptrdiff_t *tables, const ptrdiff_t *extents, int rank);

// One axis of contiguous arrays [outer, extent, inner].

/// Runs of the source's axis one behind another; `runs` holds pairs of first index and count.
void pc_gather_runs(
    float *destination, const float *source, ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, const ptrdiff_t *runs,
    ptrdiff_t run_count);

/// The adjoint of `pc_gather_runs`: adds each run to where it came from; `extent` is the destination's.
void pc_gather_runs_adjoint(
    float *destination, const float *source, ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, const ptrdiff_t *runs,
    ptrdiff_t run_count);

/// Sums up to each place, in float64; without the place's own element when exclusive, from the end when reversed.
void pc_cumulative_sum(
    float *destination, const float *source, ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, bool exclusive,
    bool reversed, bool accumulate);

/// Resizing of [outer, inputs, inner] to [outer, outputs, inner].
typedef struct pc_resampling {
  ptrdiff_t outer, inputs, outputs, inner;
  /// Entries of `sources` and `weights` per output.
  ptrdiff_t taps;
} pc_resampling;

/// destination[o] = Σ weights[o, tap] × source[sources[o, tap]].
void pc_resample_forward(
    const pc_resampling *resampling, float *destination, const float *source, const ptrdiff_t *sources,
    const float *weights);

/// The adjoint: adds to the destination, which is zero before the first contribution.
void pc_resample_backward(
    const pc_resampling *resampling, float *destination, const float *gradient, const ptrdiff_t *sources,
    const float *weights);

// Functions of one value.

typedef enum pc_unary_function {
  pc_relu,
  pc_leaky_relu,
  pc_clip,
  pc_sigmoid,
  pc_hard_sigmoid,
  pc_hard_swish,
  pc_tanh,
  pc_swish,
  pc_gelu,
  pc_gelu_approximate,
  pc_softplus,
  pc_mish,
  pc_softsign,
  /// second × x above 0, else first × (eˣ − 1).
  pc_elu,
  /// x above 0, else first × (e^(second × x) − 1).
  pc_celu,
  pc_exponential,
  pc_logarithm,
  pc_square_root,
  pc_reciprocal,
  pc_negate,
  pc_absolute,
  pc_error_function,
  pc_square,
  pc_cube,
  /// To the power `first`.
  pc_constant_power,
  pc_sine,
  pc_cosine,
  pc_floor,
  pc_ceiling,
  pc_round,
  pc_sign,
  pc_not,
  /// The nearest multiple of `first` from `second` to `third` times that, halves to the even one.
  pc_quantize
} pc_unary_function;

/// A function with its parameters: the slope, the bounds, alpha and beta, or what the function says.
typedef struct pc_function {
  pc_unary_function function;
  float first, second, third;
} pc_function;

/// Whether `pc_unary_backward` takes the function's results rather than its operands.
bool pc_unary_needs_result(pc_unary_function function);

void pc_unary_forward(pc_function f, float *destination, const float *source, ptrdiff_t count);

/// destination = gradient × f′; `known` holds operands or results, as `pc_unary_needs_result` says.
void pc_unary_backward(
    pc_function f, float *destination, const float *gradient, const float *known, ptrdiff_t count);

// The part of the above that is not piecewise linear: what `pc_unary_forward` and the others hand on.

bool pc_curve_needs_result(pc_unary_function function);

void pc_curve_forward(pc_function f, float *destination, const float *source, ptrdiff_t count);

void pc_curve_backward(
    pc_function f, float *destination, const float *gradient, const float *known, ptrdiff_t count);

// Passes over arrays [samples, rows, channels] whose channels are contiguous: several stages at once, each array read
// or written a single time. Destinations may be the same memory as a source, element for element.

/// A strided array: sample s, row r, channel c at values[(s × rows + r) × stride + c]; `values` null where absent.
typedef struct pc_rows {
  const float *values;
  ptrdiff_t stride;
} pc_rows;

/// destination = f(source × scale + shift + addend) × factors. What is null is left out.
typedef struct pc_forward {
  ptrdiff_t samples, rows, channels;
  pc_rows source, addend;
  /// One value per channel.
  const float *scale, *shift;
  bool has_function;
  pc_function function;
  /// [samples, channels]
  const float *factors;
  float *destination;
  ptrdiff_t destination_stride;
} pc_forward;

void pc_forward_pass(const pc_forward *pass);

/// A part of a gradient: gradient × factors, or factor × factors alone where `gradient` is absent.
typedef struct pc_contribution {
  pc_rows gradient;
  /// [samples, channels], samples `factor_stride` apart; may be null beside a gradient.
  const float *factors;
  ptrdiff_t factor_stride;
  float factor;
} pc_contribution;

/// Per sample and channel Σ (left − minus) × gradient over the rows, the gradient taken behind the slope; `minus` may be
/// absent. The result goes to `sums`, or rounded to `floats` where that is null.
typedef struct pc_product {
  pc_rows left, minus;
  /// Whether f(left) is multiplied, f being the pass's function.
  bool applies_function;
  double *sums;
  float *floats;
} pc_product;

/// The most products of one pass.
enum { PC_MAX_PRODUCTS = 4 };

/// destination = scale × f′ × Σ contributions, or added to it; f′ from `known` × scale + shift, as `pc_unary_backward`
/// wants it. Without a destination only the products are computed.
typedef struct pc_gradient {
  ptrdiff_t samples, rows, channels;
  const pc_contribution *contributions;
  int contribution_count;
  /// Whether the gradient is multiplied by f′; the function itself may serve products without that.
  bool has_function;
  pc_function function;
  pc_rows known;
  /// One value per channel, may be null.
  const float *scale, *shift;
  float *destination;
  ptrdiff_t destination_stride;
  bool accumulate;
  const pc_product *products;
  int product_count;
} pc_gradient;

void pc_gradient_pass(const pc_gradient *pass);

// Channels: arrays [outer, channels, inner], contiguous.

/// sums[sample, channel] = Σ left × right over arrays [samples, outer, channels, inner]; float32 products in runs of
/// at most 64, runs added in float64.
void pc_product_sums(
    double *sums, const float *left, const float *right, ptrdiff_t samples, ptrdiff_t outer, ptrdiff_t channels,
    ptrdiff_t inner);

/// Softmax over the channels, or its logarithm.
void pc_softmax_forward(
    float *destination, const float *source, ptrdiff_t outer, ptrdiff_t channels, ptrdiff_t inner, bool logarithm);

void pc_softmax_backward(
    float *destination, const float *gradient, const float *result, ptrdiff_t outer, ptrdiff_t channels,
    ptrdiff_t inner, bool logarithm, bool accumulate);

/// y = x ÷ (bias + alpha ÷ size × Σ x²)^beta, the sum over channels c − before … c + behind.
typedef struct pc_lrn_window {
  ptrdiff_t before, behind;
  double alpha_per_element, beta, bias;
} pc_lrn_window;

/// `work`: 5 × channels values.
void pc_lrn_forward(
    const pc_lrn_window *window, float *destination, const float *source, float *work, ptrdiff_t outer,
    ptrdiff_t channels, ptrdiff_t inner);

void pc_lrn_backward(
    const pc_lrn_window *window, float *destination, const float *gradient, const float *source, float *work,
    ptrdiff_t outer, ptrdiff_t channels, ptrdiff_t inner, bool accumulate);

/// Rows of `length` elements, each less its mean and divided by √(variance + epsilon), × scale + bias element by
/// element; `bias` may be null. Statistics are float64.
void pc_layer_normalization_forward(
    float *destination, const float *source, const float *scale, const float *bias, ptrdiff_t rows, ptrdiff_t length,
    double epsilon);

void pc_layer_normalization_backward(
    float *destination, const float *gradient, const float *source, const float *scale, ptrdiff_t rows,
    ptrdiff_t length, double epsilon, bool accumulate);

/// Arrays [samples, channels, space], or [samples, space, channels] when channels are last.
typedef struct pc_group_geometry {
  ptrdiff_t samples, groups, channels, space;
  bool channels_last;
  double epsilon;
} pc_group_geometry;

/// Runs of channels ÷ groups channels of a sample normalised as one, × scale + bias per channel. `work`: 7 × channels
/// values.
void pc_group_normalization_forward(
    const pc_group_geometry *geometry, float *destination, const float *source, const float *scale, const float *bias,
    double *work);

void pc_group_normalization_backward(
    const pc_group_geometry *geometry, float *destination, const float *gradient, const float *source,
    const float *scale, double *work, bool accumulate);

// Pooling of channels-last arrays.

typedef struct pc_pool_geometry {
  ptrdiff_t samples, channels;
  ptrdiff_t input_height, input_width;
  ptrdiff_t output_height, output_width;
  ptrdiff_t kernel_height, kernel_width;
  ptrdiff_t stride_height, stride_width;
  ptrdiff_t dilation_height, dilation_width;
  ptrdiff_t pad_top, pad_left;
  ptrdiff_t pad_bottom, pad_right;
  /// Average: divide by the window's elements inside the padded input, not only by the real ones.
  bool counts_pads;
} pc_pool_geometry;

/// `winners` (may be null) gets each output's place in its window, counted row by row; the first of equals wins.
void pc_max_pool_forward(const pc_pool_geometry *geometry, float *destination, int32_t *winners, const float *source);

/// Adds to the destination, which is zero before the first contribution.
void pc_max_pool_backward(
    const pc_pool_geometry *geometry, float *destination, const float *gradient, const int32_t *winners);

void pc_average_pool_forward(const pc_pool_geometry *geometry, float *destination, const float *source);

/// Adds to the destination, which is zero before the first contribution.
void pc_average_pool_backward(const pc_pool_geometry *geometry, float *destination, const float *gradient);

#endif
