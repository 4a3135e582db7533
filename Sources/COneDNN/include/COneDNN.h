#ifndef PRUNE_CLUSTER_CONEDNN_H
#define PRUNE_CLUSTER_CONEDNN_H

#include <stdbool.h>
#include <stddef.h>

// oneDNN's convolutions and matrix products with one surface over its versions 2 and 3. Arrays are float32. Activations
// are channels-last (samples, height, width, channels); weights have the layout that oneDNN chooses and are packed once.
// A context and what was made with it belong to one thread at a time, where nothing else is said.

/// What a call came to.
typedef enum pc_dnn_status {
  pc_dnn_success = 0,
  pc_dnn_out_of_memory,
  pc_dnn_invalid_arguments,
  pc_dnn_unimplemented,
  pc_dnn_failed
} pc_dnn_status;

/// The status in words.
const char *pc_dnn_status_text(pc_dnn_status status);

/// The version of the library that runs, which may differ from that of the header.
void pc_dnn_version(int *major, int *minor, int *patch);

/// The instruction set that the library's kernels use here.
const char *pc_dnn_instruction_set(void);

/// Lets OpenMP regions that the calling thread starts run on that thread alone. Without OpenMP it does nothing.
void pc_dnn_use_one_thread(void);

typedef struct pc_dnn_context pc_dnn_context;

pc_dnn_status pc_dnn_context_create(pc_dnn_context **context);
void pc_dnn_context_destroy(pc_dnn_context *context);

/// A two-dimensional convolution; pairs are (height, width).
typedef struct pc_dnn_geometry {
  ptrdiff_t samples;
  ptrdiff_t groups;
  ptrdiff_t input_channels;
  ptrdiff_t output_channels;
  ptrdiff_t input_height, input_width;
  ptrdiff_t output_height, output_width;
  ptrdiff_t kernel_height, kernel_width;
  ptrdiff_t stride_height, stride_width;
  /// 1 is dense.
  ptrdiff_t dilation_height, dilation_width;
  ptrdiff_t pad_top, pad_left;
  ptrdiff_t pad_bottom, pad_right;
} pc_dnn_geometry;

typedef enum pc_dnn_activation_kind { pc_dnn_identity, pc_dnn_relu, pc_dnn_clip } pc_dnn_activation_kind;

/// What is done to every result; the bounds are those of `pc_dnn_clip`.
typedef struct pc_dnn_activation {
  pc_dnn_activation_kind kind;
  float lower, upper;
} pc_dnn_activation;

/// A kernel with its weights. Many threads may run it at a time, each through calls of its own.
typedef struct pc_dnn_convolution pc_dnn_convolution;

/// Input to output. With `accumulates`, the result is added to what the output holds, before the activation.
pc_dnn_status pc_dnn_convolution_forward(
    pc_dnn_context *context, const pc_dnn_geometry *geometry, bool has_bias, bool accumulates,
    pc_dnn_activation activation, pc_dnn_convolution **convolution);

/// Gradient at the output to gradient at the input; `geometry` is that of the forward convolution.
pc_dnn_status pc_dnn_convolution_backward_data(
    pc_dnn_context *context, const pc_dnn_geometry *geometry, pc_dnn_convolution **convolution);

void pc_dnn_convolution_destroy(pc_dnn_convolution *convolution);

/// Bytes of the packed weights.
size_t pc_dnn_convolution_weight_bytes(const pc_dnn_convolution *convolution);

/// Bytes of working memory that a run needs; nothing in it outlives the run.
size_t pc_dnn_convolution_scratch_bytes(const pc_dnn_convolution *convolution);

/// The name of the kernel that was chosen.
const char *pc_dnn_convolution_kernel(const pc_dnn_convolution *convolution);

/// Packs row-major weights [output channels, input channels / groups, height, width] and keeps both addresses: `packed`
/// (64-byte aligned) and `bias` (may be null) must live as long as the convolution runs.
pc_dnn_status pc_dnn_convolution_set_weights(
    pc_dnn_convolution *convolution, const float *weights, void *packed, const float *bias);

/// A kernel with the arrays that it works on. It belongs to one thread at a time; kernel and arrays must outlive it.
typedef struct pc_dnn_call pc_dnn_call;

/// `input` and `output` are activations, or their gradients in the other direction.
pc_dnn_status pc_dnn_convolution_call_create(
    const pc_dnn_convolution *convolution, const float *input, float *output, void *scratch, pc_dnn_call **call);
pc_dnn_status pc_dnn_call_run(pc_dnn_call *call);
void pc_dnn_call_destroy(pc_dnn_call *call);

/// The gradient of a convolution's weights: one kernel, for many threads, each through calls of its own.
typedef struct pc_dnn_weight_gradient pc_dnn_weight_gradient;

/// Input and gradient at the output to the gradient of the weights; `geometry` is that of the forward convolution.
pc_dnn_status pc_dnn_weight_gradient_create(
    pc_dnn_context *context, const pc_dnn_geometry *geometry, pc_dnn_weight_gradient **gradient);

void pc_dnn_weight_gradient_destroy(pc_dnn_weight_gradient *gradient);

/// Bytes of the gradient in the order that oneDNN chooses: a multiple of a float's, those that fill up are 0.
size_t pc_dnn_weight_gradient_bytes(const pc_dnn_weight_gradient *gradient);

/// Bytes of working memory that a run needs; nothing in it outlives the run.
size_t pc_dnn_weight_gradient_scratch_bytes(const pc_dnn_weight_gradient *gradient);

/// The name of the kernel that was chosen.
const char *pc_dnn_weight_gradient_kernel(const pc_dnn_weight_gradient *gradient);

/// `output` is the gradient at the output; `gradient` is overwritten.
pc_dnn_status pc_dnn_weight_gradient_call_create(
    const pc_dnn_weight_gradient *kernel, const float *input, const float *output, void *gradient, void *scratch,
    pc_dnn_call **call);

/// A gradient, or a sum of such, row-major as weights come in; any thread may call it at any time.
pc_dnn_status pc_dnn_weight_gradient_unpack(
    const pc_dnn_weight_gradient *gradient, const void *packed, float *plain);

/// The most axes in front of a matrix.
enum { PC_DNN_MAX_BATCH_RANK = 6 };

/// A stack of matrices in memory. Strides count elements; a batch stride of 0 repeats one matrix along that axis.
typedef struct pc_dnn_matrix {
  ptrdiff_t batch_strides[PC_DNN_MAX_BATCH_RANK];
  ptrdiff_t row_stride, column_stride;
} pc_dnn_matrix;

/// result [batch, rows, columns] = left [batch, rows, inner] × right [batch, inner, columns].
typedef struct pc_dnn_product_geometry {
  int batch_rank;
  ptrdiff_t batch[PC_DNN_MAX_BATCH_RANK];
  ptrdiff_t rows, inner, columns;
  pc_dnn_matrix left, right;
  /// No batch stride of it is 0.
  pc_dnn_matrix result;
} pc_dnn_product_geometry;

typedef struct pc_dnn_product pc_dnn_product;

/// Chooses a kernel. With `accumulates`, products are added to what the result holds.
pc_dnn_status pc_dnn_product_create(
    pc_dnn_context *context, const pc_dnn_product_geometry *geometry, bool accumulates, pc_dnn_product **product);

void pc_dnn_product_destroy(pc_dnn_product *product);

/// Bytes of working memory that a run needs; nothing in it outlives the run.
size_t pc_dnn_product_scratch_bytes(const pc_dnn_product *product);

/// The name of the kernel that was chosen.
const char *pc_dnn_product_kernel(const pc_dnn_product *product);

pc_dnn_status pc_dnn_product_call_create(
    const pc_dnn_product *product, const float *left, const float *right, float *result, void *scratch,
    pc_dnn_call **call);

#endif
