#include <stdlib.h>

#include "problem.h"
#include "winograd_kernel.h"

struct pc_dnn_convolution {
  pc_dnn_context *context;
  dnnl_primitive_desc_t description;
  dnnl_primitive_t primitive;
  // Row-major weights, as they come in.
  pc_layout plain_weights;
  dnnl_memory_t weights, bias;
  bool forward;
  size_t weight_bytes, scratch_bytes;
  // In place of all that if the convolution goes through Winograd's transforms.
  pc_winograd_kernel *winograd;
};

void pc_problem_destroy(pc_problem *problem) {
  pc_layout_destroy(&problem->input);
  pc_layout_destroy(&problem->output);
  pc_layout_destroy(&problem->weights);
  pc_layout_destroy(&problem->bias);
}

static void weight_extents(const pc_dnn_geometry *g, dnnl_dims_t extents, int *rank) {
  int axis = 0;
  if (g->groups > 1) extents[axis++] = g->groups;
  extents[axis++] = g->output_channels / g->groups;
  extents[axis++] = g->input_channels / g->groups;
  extents[axis++] = g->kernel_height;
  extents[axis++] = g->kernel_width;
  *rank = axis;
}

pc_dnn_status pc_problem_create(pc_problem *problem, const pc_dnn_geometry *g, bool has_bias) {
  dnnl_dims_t input = {g->samples, g->input_channels, g->input_height, g->input_width};
  dnnl_dims_t output = {g->samples, g->output_channels, g->output_height, g->output_width};
  dnnl_dims_t bias = {g->output_channels};
  dnnl_dims_t weights = {0};
  int weight_rank;
  weight_extents(g, weights, &weight_rank);
  pc_dnn_status status = pc_layout_create(&problem->input, 4, input, dnnl_nhwc);
  if (!status) status = pc_layout_create(&problem->output, 4, output, dnnl_nhwc);
  if (!status) status = pc_layout_create(&problem->weights, weight_rank, weights, dnnl_format_tag_any);
  if (!status && has_bias) status = pc_layout_create(&problem->bias, 1, bias, dnnl_a);
  problem->strides[0] = g->stride_height;
  problem->strides[1] = g->stride_width;
  // oneDNN counts the elements that a dilated kernel skips.
  problem->dilations[0] = g->dilation_height - 1;
  problem->dilations[1] = g->dilation_width - 1;
  problem->pads_begin[0] = g->pad_top;
  problem->pads_begin[1] = g->pad_left;
  problem->pads_end[0] = g->pad_bottom;
  problem->pads_end[1] = g->pad_right;
  return status;
}

pc_dnn_status pc_plain_weights_create(pc_layout *layout, const pc_dnn_geometry *geometry) {
  dnnl_dims_t extents = {0};
  int rank;
  weight_extents(geometry, extents, &rank);
  return pc_layout_create(layout, rank, extents, rank == 5 ? dnnl_goihw : dnnl_oihw);
}

dnnl_status_t pc_reorder(
    pc_layout_reference from, void *source, pc_layout_reference to, void *target, dnnl_engine_t engine,
    dnnl_stream_t stream) {
  dnnl_memory_t memories[2] = {NULL, NULL};
  dnnl_primitive_desc_t description = NULL;
  dnnl_primitive_t reorder = NULL;
  dnnl_status_t status = dnnl_memory_create(&memories[0], from, engine, source);
  if (status == dnnl_success) status = dnnl_memory_create(&memories[1], to, engine, target);
  if (status == dnnl_success) status = dnnl_reorder_primitive_desc_create(&description, from, engine, to, engine, NULL);
  if (status == dnnl_success) status = dnnl_primitive_create(&reorder, description);
  if (status == dnnl_success) {
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, memories[0]}, {DNNL_ARG_TO, memories[1]}};
    status = dnnl_primitive_execute(reorder, stream, 2, arguments);
  }
  if (status == dnnl_success) status = dnnl_stream_wait(stream);
  if (reorder) dnnl_primitive_destroy(reorder);
  if (description) dnnl_primitive_desc_destroy(description);
  for (int i = 0; i < 2; i++) {
    if (memories[i]) dnnl_memory_destroy(memories[i]);
  }
  return status;
}

dnnl_status_t pc_describe_forward(
    dnnl_primitive_desc_t *description, const pc_problem *p, dnnl_prop_kind_t kind, dnnl_primitive_attr_t attributes,
    dnnl_engine_t engine) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_convolution_forward_primitive_desc_create(
      description, engine, kind, dnnl_convolution_direct, pc_layout_refer(&p->input), pc_layout_refer(&p->weights),
      pc_layout_refer(&p->bias), pc_layout_refer(&p->output), p->strides, p->dilations, p->pads_begin, p->pads_end,
      attributes);
#else
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(
      &operation, kind, dnnl_convolution_direct, pc_layout_refer(&p->input), pc_layout_refer(&p->weights),
      pc_layout_refer(&p->bias), pc_layout_refer(&p->output), p->strides, p->dilations, p->pads_begin, p->pads_end);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(description, &operation, attributes, engine, NULL);
#endif
}

static dnnl_status_t describe_backward_data(
    dnnl_primitive_desc_t *description, const pc_problem *p, dnnl_primitive_attr_t attributes, dnnl_engine_t engine) {
  dnnl_primitive_desc_t forward;
  dnnl_status_t status = pc_describe_forward(&forward, p, dnnl_forward_training, attributes, engine);
  if (status != dnnl_success) return status;
#if DNNL_VERSION_MAJOR >= 3
  status = dnnl_convolution_backward_data_primitive_desc_create(
      description, engine, dnnl_convolution_direct, pc_layout_refer(&p->input), pc_layout_refer(&p->weights),
      pc_layout_refer(&p->output), p->strides, p->dilations, p->pads_begin, p->pads_end, forward, attributes);
#else
  dnnl_convolution_desc_t operation;
  status = dnnl_dilated_convolution_backward_data_desc_init(
      &operation, dnnl_convolution_direct, pc_layout_refer(&p->input), pc_layout_refer(&p->weights),
      pc_layout_refer(&p->output), p->strides, p->dilations, p->pads_begin, p->pads_end);
  if (status == dnnl_success) {
    status = dnnl_primitive_desc_create(description, &operation, attributes, engine, forward);
  }
#endif
  dnnl_primitive_desc_destroy(forward);
  return status;
}

static dnnl_status_t append_sum(dnnl_post_ops_t additions) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_sum(additions, 1.0f, 0, dnnl_f32);
#else
  return dnnl_post_ops_append_sum(additions, 1.0f);
#endif
}

static dnnl_status_t append_activation(dnnl_post_ops_t additions, pc_dnn_activation activation) {
  bool is_relu = activation.kind == pc_dnn_relu;
  dnnl_alg_kind_t kind = is_relu ? dnnl_eltwise_relu : dnnl_eltwise_clip;
  float first = is_relu ? 0.0f : activation.lower;
  float second = is_relu ? 0.0f : activation.upper;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_eltwise(additions, kind, first, second);
#else
  return dnnl_post_ops_append_eltwise(additions, 1.0f, kind, first, second);
#endif
}

// Working memory is given from outside: oneDNN's own belongs to the thread that created the primitive, and two
// executors made by one thread would share it.
dnnl_status_t pc_attributes_create(
    dnnl_primitive_attr_t *attributes, bool accumulates, pc_dnn_activation activation) {
  dnnl_status_t status = dnnl_primitive_attr_create(attributes);
  if (status != dnnl_success) return status;
  status = dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
  dnnl_post_ops_t additions = NULL;
  if (status == dnnl_success && (accumulates || activation.kind != pc_dnn_identity)) {
    status = dnnl_post_ops_create(&additions);
    if (status == dnnl_success && accumulates) status = append_sum(additions);
    if (status == dnnl_success && activation.kind != pc_dnn_identity) {
      status = append_activation(additions, activation);
    }
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*attributes, additions);
  }
  if (additions) dnnl_post_ops_destroy(additions);
  if (status != dnnl_success) dnnl_primitive_attr_destroy(*attributes);
  return status;
}

// Weights and bias, whose addresses come with them.
static dnnl_status_t make_parameters(pc_dnn_convolution *c, bool has_bias) {
  dnnl_engine_t engine = c->context->engine;
  pc_layout_reference weights = dnnl_primitive_desc_query_md(c->description, dnnl_query_weights_md, 0);
  pc_layout_reference scratch = dnnl_primitive_desc_query_md(c->description, dnnl_query_scratchpad_md, 0);
  if (!weights || !scratch) return dnnl_runtime_error;
  c->weight_bytes = dnnl_memory_desc_get_size(weights);
  c->scratch_bytes = dnnl_memory_desc_get_size(scratch);
  dnnl_status_t status = dnnl_memory_create(&c->weights, weights, engine, DNNL_MEMORY_NONE);
  if (status != dnnl_success || !has_bias) return status;
  pc_layout_reference bias = dnnl_primitive_desc_query_md(c->description, dnnl_query_weights_md, 1);
  return bias ? dnnl_memory_create(&c->bias, bias, engine, DNNL_MEMORY_NONE) : dnnl_runtime_error;
}

static pc_dnn_status create(
    pc_dnn_context *context, const pc_dnn_geometry *geometry, bool forward, bool has_bias, bool accumulates,
    pc_dnn_activation activation, pc_dnn_convolution **convolution) {
  *convolution = NULL;
  pc_dnn_convolution *created = calloc(1, sizeof *created);
  if (!created) return pc_dnn_out_of_memory;
  created->context = context;
  created->forward = forward;
  pc_problem problem = {0};
  pc_dnn_status status = pc_problem_create(&problem, geometry, has_bias);
  if (!status) status = pc_plain_weights_create(&created->plain_weights, geometry);
  dnnl_primitive_attr_t attributes = NULL;
  if (!status) status = pc_status(pc_attributes_create(&attributes, accumulates, activation));
  if (!status) {
    dnnl_status_t made =
        forward
            ? pc_describe_forward(&created->description, &problem, dnnl_forward_inference, attributes, context->engine)
            : describe_backward_data(&created->description, &problem, attributes, context->engine);
    if (made == dnnl_success) made = dnnl_primitive_create(&created->primitive, created->description);
    if (made == dnnl_success) made = make_parameters(created, has_bias);
    status = pc_status(made);
    dnnl_primitive_attr_destroy(attributes);
  }
  pc_problem_destroy(&problem);
  if (status) {
    pc_dnn_convolution_destroy(created);
    return status;
  }
  *convolution = created;
  return pc_dnn_success;
}

static pc_dnn_status create_winograd(
    pc_dnn_context *context, const pc_dnn_geometry *geometry, bool accumulates, pc_dnn_activation activation,
    pc_dnn_convolution **convolution) {
  *convolution = NULL;
  pc_dnn_convolution *created = calloc(1, sizeof *created);
  if (!created) return pc_dnn_out_of_memory;
  created->context = context;
  created->forward = true;
  pc_dnn_status status =
      pc_winograd_kernel_create(context->engine, geometry, accumulates, activation, &created->winograd);
  if (status) {
    pc_dnn_convolution_destroy(created);
    return status;
  }
  created->weight_bytes = pc_winograd_weight_bytes(created->winograd);
  created->scratch_bytes = pc_winograd_scratch_bytes(created->winograd);
  *convolution = created;
  return pc_dnn_success;
}

pc_dnn_status pc_dnn_convolution_forward(
    pc_dnn_context *context, const pc_dnn_geometry *geometry, bool has_bias, bool accumulates,
    pc_dnn_activation activation, pc_dnn_convolution **convolution) {
  if (pc_winograd_suits(geometry)) {
    pc_dnn_status status = create_winograd(context, geometry, accumulates, activation, convolution);
    if (status != pc_dnn_unimplemented) return status;
  }
  return create(context, geometry, true, has_bias, accumulates, activation, convolution);
}

pc_dnn_status pc_dnn_convolution_backward_data(
    pc_dnn_context *context, const pc_dnn_geometry *geometry, pc_dnn_convolution **convolution) {
  pc_dnn_activation none = {pc_dnn_identity, 0, 0};
  return create(context, geometry, false, false, false, none, convolution);
}

void pc_dnn_convolution_destroy(pc_dnn_convolution *c) {
  if (!c) return;
  pc_winograd_kernel_destroy(c->winograd);
  if (c->weights) dnnl_memory_destroy(c->weights);
  if (c->bias) dnnl_memory_destroy(c->bias);
  if (c->primitive) dnnl_primitive_destroy(c->primitive);
  if (c->description) dnnl_primitive_desc_destroy(c->description);
  pc_layout_destroy(&c->plain_weights);
  free(c);
}

size_t pc_dnn_convolution_weight_bytes(const pc_dnn_convolution *convolution) { return convolution->weight_bytes; }

size_t pc_dnn_convolution_scratch_bytes(const pc_dnn_convolution *convolution) { return convolution->scratch_bytes; }

const char *pc_dnn_convolution_kernel(const pc_dnn_convolution *convolution) {
  if (convolution->winograd) return "winograd:4x4";
  const char *name = NULL;
  dnnl_status_t status = dnnl_primitive_desc_query(convolution->description, dnnl_query_impl_info_str, 0, &name);
  return status == dnnl_success && name ? name : "unknown";
}

pc_dnn_status pc_dnn_convolution_set_weights(
    pc_dnn_convolution *c, const float *weights, void *packed, const float *bias) {
  if (c->winograd) return pc_winograd_set_weights(c->winograd, weights, packed, bias);
  pc_layout_reference target = dnnl_primitive_desc_query_md(c->description, dnnl_query_weights_md, 0);
  dnnl_status_t status = dnnl_memory_set_data_handle(c->weights, packed);
  if (status == dnnl_success && c->bias) status = dnnl_memory_set_data_handle(c->bias, (void *)bias);
  if (status == dnnl_success) {
    status = pc_reorder(
        pc_layout_refer(&c->plain_weights), (void *)weights, target, packed, c->context->engine, c->context->stream);
  }
  return pc_status(status);
}

// Adds one argument of a call.
static dnnl_status_t add_argument(
    pc_dnn_call *call, const pc_dnn_convolution *c, dnnl_memory_t *memory, dnnl_query_t layout, int argument,
    void *address) {
  pc_layout_reference reference = dnnl_primitive_desc_query_md(c->description, layout, 0);
  if (!reference) return dnnl_runtime_error;
  dnnl_status_t status = dnnl_memory_create(memory, reference, c->context->engine, address);
  if (status == dnnl_success) call->arguments[call->argument_count++] = (dnnl_exec_arg_t){argument, *memory};
  return status;
}

pc_dnn_status pc_dnn_convolution_call_create(
    const pc_dnn_convolution *c, const float *input, float *output, void *scratch, pc_dnn_call **call) {
  *call = NULL;
  pc_dnn_call *created = calloc(1, sizeof *created);
  if (!created) return pc_dnn_out_of_memory;
  if (c->winograd) {
    pc_dnn_status status = pc_winograd_call_create(c->winograd, input, output, scratch, &created->winograd);
    if (status) free(created);
    else *call = created;
    return status;
  }
  created->primitive = c->primitive;
  bool forward = c->forward;
  dnnl_status_t status = dnnl_stream_create(&created->stream, c->context->engine, dnnl_stream_default_flags);
  if (status == dnnl_success) {
    status = add_argument(
        created, c, &created->input, forward ? dnnl_query_src_md : dnnl_query_diff_dst_md,
        forward ? DNNL_ARG_SRC : DNNL_ARG_DIFF_DST, (void *)input);
  }
  if (status == dnnl_success) {
    status = add_argument(
        created, c, &created->output, forward ? dnnl_query_dst_md : dnnl_query_diff_src_md,
        forward ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC, output);
  }
  if (status == dnnl_success && c->scratch_bytes > 0) {
    status = add_argument(
        created, c, &created->scratch, dnnl_query_scratchpad_md, DNNL_ARG_SCRATCHPAD, scratch);
  }
  if (status != dnnl_success) {
    pc_dnn_call_destroy(created);
    return pc_status(status);
  }
  created->arguments[created->argument_count++] = (dnnl_exec_arg_t){DNNL_ARG_WEIGHTS, c->weights};
  if (c->bias) created->arguments[created->argument_count++] = (dnnl_exec_arg_t){DNNL_ARG_BIAS, c->bias};
  *call = created;
  return pc_dnn_success;
}

pc_dnn_status pc_dnn_call_run(pc_dnn_call *call) {
  if (call->winograd) return pc_winograd_call_run(call->winograd);
  dnnl_status_t status =
      dnnl_primitive_execute(call->primitive, call->stream, call->argument_count, call->arguments);
  if (status == dnnl_success) status = dnnl_stream_wait(call->stream);
  return pc_status(status);
}

void pc_dnn_call_destroy(pc_dnn_call *call) {
  if (!call) return;
  pc_winograd_call_destroy(call->winograd);
  dnnl_memory_t memories[] = {call->input, call->right, call->output, call->scratch};
  for (size_t i = 0; i < sizeof memories / sizeof *memories; i++) {
    if (memories[i]) dnnl_memory_destroy(memories[i]);
  }
  if (call->stream) dnnl_stream_destroy(call->stream);
  free(call);
}
