#include <stdlib.h>

#include "problem.h"

struct pc_dnn_weight_gradient {
  pc_dnn_context *context;
  dnnl_primitive_desc_t description;
  dnnl_primitive_t primitive;
  pc_layout plain;
  size_t bytes, scratch_bytes;
};

static dnnl_status_t describe(
    dnnl_primitive_desc_t *description, const pc_problem *p, dnnl_primitive_attr_t attributes, dnnl_engine_t engine) {
  dnnl_primitive_desc_t forward;
  dnnl_status_t status = pc_describe_forward(&forward, p, dnnl_forward_training, attributes, engine);
  if (status != dnnl_success) return status;
#if DNNL_VERSION_MAJOR >= 3
  status = dnnl_convolution_backward_weights_primitive_desc_create(
      description, engine, dnnl_convolution_direct, pc_layout_refer(&p->input), pc_layout_refer(&p->weights), NULL,
      pc_layout_refer(&p->output), p->strides, p->dilations, p->pads_begin, p->pads_end, forward, attributes);
#else
  dnnl_convolution_desc_t operation;
  status = dnnl_dilated_convolution_backward_weights_desc_init(
      &operation, dnnl_convolution_direct, pc_layout_refer(&p->input), pc_layout_refer(&p->weights), NULL,
      pc_layout_refer(&p->output), p->strides, p->dilations, p->pads_begin, p->pads_end);
  if (status == dnnl_success) {
    status = dnnl_primitive_desc_create(description, &operation, attributes, engine, forward);
  }
#endif
  dnnl_primitive_desc_destroy(forward);
  return status;
}

static dnnl_status_t finish(pc_dnn_weight_gradient *w, const pc_problem *problem) {
  dnnl_primitive_attr_t attributes;
  pc_dnn_activation none = {pc_dnn_identity, 0, 0};
  dnnl_status_t status = pc_attributes_create(&attributes, false, none);
  if (status != dnnl_success) return status;
  status = describe(&w->description, problem, attributes, w->context->engine);
  dnnl_primitive_attr_destroy(attributes);
  if (status == dnnl_success) status = dnnl_primitive_create(&w->primitive, w->description);
  if (status != dnnl_success) return status;
  pc_layout_reference gradient = dnnl_primitive_desc_query_md(w->description, dnnl_query_diff_weights_md, 0);
  pc_layout_reference scratch = dnnl_primitive_desc_query_md(w->description, dnnl_query_scratchpad_md, 0);
  if (!gradient || !scratch) return dnnl_runtime_error;
  w->bytes = dnnl_memory_desc_get_size(gradient);
  w->scratch_bytes = dnnl_memory_desc_get_size(scratch);
  return dnnl_success;
}

pc_dnn_status pc_dnn_weight_gradient_create(
    pc_dnn_context *context, const pc_dnn_geometry *geometry, pc_dnn_weight_gradient **gradient) {
  *gradient = NULL;
  pc_dnn_weight_gradient *created = calloc(1, sizeof *created);
  if (!created) return pc_dnn_out_of_memory;
  created->context = context;
  pc_problem problem = {0};
  pc_dnn_status status = pc_problem_create(&problem, geometry, false);
  if (!status) status = pc_plain_weights_create(&created->plain, geometry);
  if (!status) status = pc_status(finish(created, &problem));
  pc_problem_destroy(&problem);
  if (status) {
    pc_dnn_weight_gradient_destroy(created);
    return status;
  }
  *gradient = created;
  return pc_dnn_success;
}

void pc_dnn_weight_gradient_destroy(pc_dnn_weight_gradient *w) {
  if (!w) return;
  if (w->primitive) dnnl_primitive_destroy(w->primitive);
  if (w->description) dnnl_primitive_desc_destroy(w->description);
  pc_layout_destroy(&w->plain);
  free(w);
}

size_t pc_dnn_weight_gradient_bytes(const pc_dnn_weight_gradient *gradient) { return gradient->bytes; }

size_t pc_dnn_weight_gradient_scratch_bytes(const pc_dnn_weight_gradient *gradient) {
  return gradient->scratch_bytes;
}

const char *pc_dnn_weight_gradient_kernel(const pc_dnn_weight_gradient *gradient) {
  const char *name = NULL;
  dnnl_status_t status = dnnl_primitive_desc_query(gradient->description, dnnl_query_impl_info_str, 0, &name);
  return status == dnnl_success && name ? name : "unknown";
}

pc_dnn_status pc_dnn_weight_gradient_unpack(const pc_dnn_weight_gradient *w, const void *packed, float *plain) {
  pc_layout_reference from = dnnl_primitive_desc_query_md(w->description, dnnl_query_diff_weights_md, 0);
  dnnl_stream_t stream = NULL;
  dnnl_status_t status = dnnl_stream_create(&stream, w->context->engine, dnnl_stream_default_flags);
  if (status == dnnl_success) {
    status = pc_reorder(from, (void *)packed, pc_layout_refer(&w->plain), plain, w->context->engine, stream);
  }
  if (stream) dnnl_stream_destroy(stream);
  return pc_status(status);
}

// Adds one argument of a call.
static dnnl_status_t add_argument(
    pc_dnn_call *call, const pc_dnn_weight_gradient *w, dnnl_memory_t *memory, dnnl_query_t layout, int argument,
    void *address) {
  pc_layout_reference reference = dnnl_primitive_desc_query_md(w->description, layout, 0);
  if (!reference) return dnnl_runtime_error;
  dnnl_status_t status = dnnl_memory_create(memory, reference, w->context->engine, address);
  if (status == dnnl_success) call->arguments[call->argument_count++] = (dnnl_exec_arg_t){argument, *memory};
  return status;
}

pc_dnn_status pc_dnn_weight_gradient_call_create(
    const pc_dnn_weight_gradient *w, const float *input, const float *output, void *gradient, void *scratch,
    pc_dnn_call **call) {
  *call = NULL;
  pc_dnn_call *created = calloc(1, sizeof *created);
  if (!created) return pc_dnn_out_of_memory;
  created->primitive = w->primitive;
  dnnl_status_t status = dnnl_stream_create(&created->stream, w->context->engine, dnnl_stream_default_flags);
  if (status == dnnl_success) {
    status = add_argument(created, w, &created->input, dnnl_query_src_md, DNNL_ARG_SRC, (void *)input);
  }
  if (status == dnnl_success) {
    status = add_argument(created, w, &created->right, dnnl_query_diff_dst_md, DNNL_ARG_DIFF_DST, (void *)output);
  }
  if (status == dnnl_success) {
    status = add_argument(created, w, &created->output, dnnl_query_diff_weights_md, DNNL_ARG_DIFF_WEIGHTS, gradient);
  }
  if (status == dnnl_success && w->scratch_bytes > 0) {
    status = add_argument(created, w, &created->scratch, dnnl_query_scratchpad_md, DNNL_ARG_SCRATCHPAD, scratch);
  }
  if (status != dnnl_success) {
    pc_dnn_call_destroy(created);
    return pc_status(status);
  }
  *call = created;
  return pc_dnn_success;
}
