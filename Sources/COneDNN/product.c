#include <stdlib.h>

#include "layout.h"

struct pc_dnn_product {
  pc_dnn_context *context;
  dnnl_primitive_desc_t description;
  dnnl_primitive_t primitive;
  pc_layout left, right, result;
  size_t scratch_bytes;
};

static pc_dnn_status make_layout(
    pc_layout *layout, int batch_rank, const ptrdiff_t *batch, const pc_dnn_matrix *matrix, ptrdiff_t rows,
    ptrdiff_t columns) {
  int rank = batch_rank + 2;
  dnnl_dims_t extents = {0}, strides = {0};
  for (int axis = 0; axis < batch_rank; axis++) {
    // A matrix that is repeated has one index; its stride is never used.
    bool is_repeated = matrix->batch_strides[axis] == 0;
    extents[axis] = is_repeated ? 1 : batch[axis];
    strides[axis] = is_repeated ? rows * columns : matrix->batch_strides[axis];
  }
  extents[rank - 2] = rows;
  extents[rank - 1] = columns;
  strides[rank - 2] = matrix->row_stride;
  strides[rank - 1] = matrix->column_stride;
#if DNNL_VERSION_MAJOR >= 3
  dnnl_status_t status =
      dnnl_memory_desc_create_with_strides(&layout->description, rank, extents, dnnl_f32, strides);
#else
  dnnl_status_t status = dnnl_memory_desc_init_by_strides(&layout->description, rank, extents, dnnl_f32, strides);
#endif
  layout->exists = status == dnnl_success;
  return pc_status(status);
}

static dnnl_status_t describe(
    dnnl_primitive_desc_t *description, const pc_layout *left, const pc_layout *right, const pc_layout *result,
    dnnl_primitive_attr_t attributes, dnnl_engine_t engine) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_matmul_primitive_desc_create(
      description, engine, pc_layout_refer(left), pc_layout_refer(right), NULL, pc_layout_refer(result), attributes);
#else
  dnnl_matmul_desc_t operation;
  dnnl_status_t status = dnnl_matmul_desc_init(
      &operation, pc_layout_refer(left), pc_layout_refer(right), NULL, pc_layout_refer(result));
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(description, &operation, attributes, engine, NULL);
#endif
}

static dnnl_status_t finish(pc_dnn_product *p, bool accumulates) {
  dnnl_primitive_attr_t attributes;
  pc_dnn_activation none = {pc_dnn_identity, 0, 0};
  dnnl_status_t status = pc_attributes_create(&attributes, accumulates, none);
  if (status != dnnl_success) return status;
  status = describe(&p->description, &p->left, &p->right, &p->result, attributes, p->context->engine);
  dnnl_primitive_attr_destroy(attributes);
  if (status != dnnl_success) return status;
  status = dnnl_primitive_create(&p->primitive, p->description);
  if (status != dnnl_success) return status;
  pc_layout_reference scratch = dnnl_primitive_desc_query_md(p->description, dnnl_query_scratchpad_md, 0);
  if (!scratch) return dnnl_runtime_error;
  p->scratch_bytes = dnnl_memory_desc_get_size(scratch);
  return dnnl_success;
}

pc_dnn_status pc_dnn_product_create(
    pc_dnn_context *context, const pc_dnn_product_geometry *g, bool accumulates, pc_dnn_product **product) {
  *product = NULL;
  if (g->batch_rank < 0 || g->batch_rank > PC_DNN_MAX_BATCH_RANK) return pc_dnn_invalid_arguments;
  pc_dnn_product *created = calloc(1, sizeof *created);
  if (!created) return pc_dnn_out_of_memory;
  created->context = context;
  pc_dnn_status status = make_layout(&created->left, g->batch_rank, g->batch, &g->left, g->rows, g->inner);
  if (!status) status = make_layout(&created->right, g->batch_rank, g->batch, &g->right, g->inner, g->columns);
  if (!status) status = make_layout(&created->result, g->batch_rank, g->batch, &g->result, g->rows, g->columns);
  if (!status) status = pc_status(finish(created, accumulates));
  if (status) {
    pc_dnn_product_destroy(created);
    return status;
  }
  *product = created;
  return pc_dnn_success;
}

void pc_dnn_product_destroy(pc_dnn_product *p) {
  if (!p) return;
  if (p->primitive) dnnl_primitive_destroy(p->primitive);
  if (p->description) dnnl_primitive_desc_destroy(p->description);
  pc_layout_destroy(&p->left);
  pc_layout_destroy(&p->right);
  pc_layout_destroy(&p->result);
  free(p);
}

size_t pc_dnn_product_scratch_bytes(const pc_dnn_product *product) { return product->scratch_bytes; }

const char *pc_dnn_product_kernel(const pc_dnn_product *product) {
  const char *name = NULL;
  dnnl_status_t status = dnnl_primitive_desc_query(product->description, dnnl_query_impl_info_str, 0, &name);
  return status == dnnl_success && name ? name : "unknown";
}

pc_dnn_status pc_dnn_product_call_create(
    const pc_dnn_product *p, const float *left, const float *right, float *result, void *scratch, pc_dnn_call **call) {
  *call = NULL;
  pc_dnn_call *created = calloc(1, sizeof *created);
  if (!created) return pc_dnn_out_of_memory;
  created->primitive = p->primitive;
  struct {
    int argument;
    pc_layout_reference layout;
    void *address;
    dnnl_memory_t *memory;
  } parts[] = {
      {DNNL_ARG_SRC, pc_layout_refer(&p->left), (void *)left, &created->input},
      {DNNL_ARG_WEIGHTS, pc_layout_refer(&p->right), (void *)right, &created->right},
      {DNNL_ARG_DST, pc_layout_refer(&p->result), result, &created->output},
      {DNNL_ARG_SCRATCHPAD, dnnl_primitive_desc_query_md(p->description, dnnl_query_scratchpad_md, 0), scratch,
       &created->scratch}};
  dnnl_engine_t engine = p->context->engine;
  dnnl_status_t status = dnnl_stream_create(&created->stream, engine, dnnl_stream_default_flags);
  int count = p->scratch_bytes ? 4 : 3;
  for (int i = 0; i < count && status == dnnl_success; i++) {
    status = dnnl_memory_create(parts[i].memory, parts[i].layout, engine, parts[i].address);
    created->arguments[created->argument_count++] = (dnnl_exec_arg_t){parts[i].argument, *parts[i].memory};
  }
  if (status != dnnl_success) {
    pc_dnn_call_destroy(created);
    return pc_status(status);
  }
  *call = created;
  return pc_dnn_success;
}
