#include <stdlib.h>

#include "layout.h"

struct pc_dnn_convolution {
  pc_dnn_context *context;
  dnnl_primitive_desc_t description;
  dnnl_primitive_t primitive;
  // Row-major weights, as they come in.
  pc_layout plain_weights;
  dnnl_memory_t input, output, weights, bias, scratch;
  dnnl_exec_arg_t arguments[5];
  int argument_count;
  size_t weight_bytes, scratch_bytes;
};

// Extents and steps of one convolution in oneDNN's terms.
typedef struct {
  pc_layout input, output, weights, bias;
  dnnl_dims_t strides, dilations, pads_begin, pads_end;
} problem;

static void problem_destroy(problem *problem) {
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

static pc_dnn_status problem_create(problem *problem, const pc_dnn_geometry *g, bool has_bias) {
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

static dnnl_status_t describe_forward(
    dnnl_primitive_desc_t *description, const problem *p, dnnl_prop_kind_t kind, dnnl_primitive_attr_t attributes,
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
    dnnl_primitive_desc_t *description, const problem *p, dnnl_primitive_attr_t attributes, dnnl_engine_t engine) {
  dnnl_primitive_desc_t forward;
  dnnl_status_t status = describe_forward(&forward, p, dnnl_forward_training, attributes, engine);
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

// Working memory is given from outside: oneDNN's own belongs to the thread that created the primitive, and two
// executors made by one thread would share it.
static dnnl_status_t make_attributes(dnnl_primitive_attr_t *attributes, bool accumulates) {
  dnnl_status_t status = dnnl_primitive_attr_create(attributes);
  if (status != dnnl_success) return status;
  status = dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
  dnnl_post_ops_t additions = NULL;
  if (status == dnnl_success && accumulates) {
    status = dnnl_post_ops_create(&additions);
#if DNNL_VERSION_MAJOR >= 3
    if (status == dnnl_success) status = dnnl_post_ops_append_sum(additions, 1.0f, 0, dnnl_f32);
#else
    if (status == dnnl_success) status = dnnl_post_ops_append_sum(additions, 1.0f);
#endif
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*attributes, additions);
  }
  if (additions) dnnl_post_ops_destroy(additions);
  if (status != dnnl_success) dnnl_primitive_attr_destroy(*attributes);
  return status;
}

// Adds one argument whose address comes later.
static dnnl_status_t add_argument(
    pc_dnn_convolution *convolution, dnnl_memory_t *memory, dnnl_query_t layout, int argument, size_t *bytes) {
  pc_layout_reference reference = dnnl_primitive_desc_query_md(convolution->description, layout, 0);
  if (!reference) return dnnl_runtime_error;
  if (bytes) *bytes = dnnl_memory_desc_get_size(reference);
  dnnl_status_t status = dnnl_memory_create(memory, reference, convolution->context->engine, DNNL_MEMORY_NONE);
  if (status != dnnl_success) return status;
  convolution->arguments[convolution->argument_count++] = (dnnl_exec_arg_t){argument, *memory};
  return dnnl_success;
}

static dnnl_status_t add_arguments(pc_dnn_convolution *c, bool forward, bool has_bias) {
  dnnl_status_t status = add_argument(
      c, &c->input, forward ? dnnl_query_src_md : dnnl_query_diff_dst_md, forward ? DNNL_ARG_SRC : DNNL_ARG_DIFF_DST,
      NULL);
  if (status == dnnl_success) {
    status = add_argument(
        c, &c->output, forward ? dnnl_query_dst_md : dnnl_query_diff_src_md,
        forward ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC, NULL);
  }
  if (status == dnnl_success) {
    status = add_argument(c, &c->weights, dnnl_query_weights_md, DNNL_ARG_WEIGHTS, &c->weight_bytes);
  }
  if (status == dnnl_success) {
    status = add_argument(c, &c->scratch, dnnl_query_scratchpad_md, DNNL_ARG_SCRATCHPAD, &c->scratch_bytes);
  }
  if (status == dnnl_success && has_bias) {
    pc_layout_reference reference = dnnl_primitive_desc_query_md(c->description, dnnl_query_weights_md, 1);
    if (!reference) return dnnl_runtime_error;
    status = dnnl_memory_create(&c->bias, reference, c->context->engine, DNNL_MEMORY_NONE);
    if (status == dnnl_success) c->arguments[c->argument_count++] = (dnnl_exec_arg_t){DNNL_ARG_BIAS, c->bias};
  }
  return status;
}

static pc_dnn_status create(
    pc_dnn_context *context, const pc_dnn_geometry *geometry, bool forward, bool has_bias, bool accumulates,
    pc_dnn_convolution **convolution) {
  *convolution = NULL;
  pc_dnn_convolution *created = calloc(1, sizeof *created);
  if (!created) return pc_dnn_out_of_memory;
  created->context = context;
  problem problem = {0};
  pc_dnn_status status = problem_create(&problem, geometry, has_bias);
  dnnl_dims_t plain = {0};
  int plain_rank;
  weight_extents(geometry, plain, &plain_rank);
  if (!status) {
    status = pc_layout_create(
        &created->plain_weights, plain_rank, plain, plain_rank == 5 ? dnnl_goihw : dnnl_oihw);
  }
  dnnl_primitive_attr_t attributes = NULL;
  if (!status) status = pc_status(make_attributes(&attributes, accumulates));
  if (!status) {
    dnnl_status_t made =
        forward
            ? describe_forward(&created->description, &problem, dnnl_forward_inference, attributes, context->engine)
            : describe_backward_data(&created->description, &problem, attributes, context->engine);
    if (made == dnnl_success) made = dnnl_primitive_create(&created->primitive, created->description);
    if (made == dnnl_success) made = add_arguments(created, forward, has_bias);
    status = pc_status(made);
    dnnl_primitive_attr_destroy(attributes);
  }
  problem_destroy(&problem);
  if (status) {
    pc_dnn_convolution_destroy(created);
    return status;
  }
  *convolution = created;
  return pc_dnn_success;
}

pc_dnn_status pc_dnn_convolution_forward(
    pc_dnn_context *context, const pc_dnn_geometry *geometry, bool has_bias, bool accumulates,
    pc_dnn_convolution **convolution) {
  return create(context, geometry, true, has_bias, accumulates, convolution);
}

pc_dnn_status pc_dnn_convolution_backward_data(
    pc_dnn_context *context, const pc_dnn_geometry *geometry, pc_dnn_convolution **convolution) {
  return create(context, geometry, false, false, false, convolution);
}

void pc_dnn_convolution_destroy(pc_dnn_convolution *c) {
  if (!c) return;
  dnnl_memory_t memories[] = {c->input, c->output, c->weights, c->bias, c->scratch};
  for (size_t i = 0; i < sizeof memories / sizeof *memories; i++) {
    if (memories[i]) dnnl_memory_destroy(memories[i]);
  }
  if (c->primitive) dnnl_primitive_destroy(c->primitive);
  if (c->description) dnnl_primitive_desc_destroy(c->description);
  pc_layout_destroy(&c->plain_weights);
  free(c);
}

size_t pc_dnn_convolution_weight_bytes(const pc_dnn_convolution *convolution) { return convolution->weight_bytes; }

size_t pc_dnn_convolution_scratch_bytes(const pc_dnn_convolution *convolution) { return convolution->scratch_bytes; }

const char *pc_dnn_convolution_kernel(const pc_dnn_convolution *convolution) {
  const char *name = NULL;
  dnnl_status_t status = dnnl_primitive_desc_query(convolution->description, dnnl_query_impl_info_str, 0, &name);
  return status == dnnl_success && name ? name : "unknown";
}

pc_dnn_status pc_dnn_convolution_set_weights(
    pc_dnn_convolution *c, const float *weights, void *packed, const float *bias) {
  dnnl_engine_t engine = c->context->engine;
  pc_layout_reference target = dnnl_primitive_desc_query_md(c->description, dnnl_query_weights_md, 0);
  dnnl_memory_t plain = NULL;
  dnnl_primitive_desc_t description = NULL;
  dnnl_primitive_t reorder = NULL;
  dnnl_status_t status = dnnl_memory_set_data_handle(c->weights, packed);
  if (status == dnnl_success && c->bias) status = dnnl_memory_set_data_handle(c->bias, (void *)bias);
  if (status == dnnl_success) {
    status = dnnl_memory_create(&plain, pc_layout_refer(&c->plain_weights), engine, (void *)weights);
  }
  if (status == dnnl_success) {
    status = dnnl_reorder_primitive_desc_create(
        &description, pc_layout_refer(&c->plain_weights), engine, target, engine, NULL);
  }
  if (status == dnnl_success) status = dnnl_primitive_create(&reorder, description);
  if (status == dnnl_success) {
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, plain}, {DNNL_ARG_TO, c->weights}};
    status = dnnl_primitive_execute(reorder, c->context->stream, 2, arguments);
  }
  if (status == dnnl_success) status = dnnl_stream_wait(c->context->stream);
  if (reorder) dnnl_primitive_destroy(reorder);
  if (description) dnnl_primitive_desc_destroy(description);
  if (plain) dnnl_memory_destroy(plain);
  return pc_status(status);
}

pc_dnn_status pc_dnn_convolution_run(
    pc_dnn_convolution *c, const float *input, float *output, void *scratch) {
  dnnl_status_t status = dnnl_memory_set_data_handle(c->input, (void *)input);
  if (status == dnnl_success) status = dnnl_memory_set_data_handle(c->output, output);
  if (status == dnnl_success && c->scratch_bytes) status = dnnl_memory_set_data_handle(c->scratch, scratch);
  if (status == dnnl_success) {
    status = dnnl_primitive_execute(c->primitive, c->context->stream, c->argument_count, c->arguments);
  }
  if (status == dnnl_success) status = dnnl_stream_wait(c->context->stream);
  return pc_status(status);
}
