#ifndef PRUNE_CLUSTER_CONEDNN_LAYOUT_H
#define PRUNE_CLUSTER_CONEDNN_LAYOUT_H

#include <oneapi/dnnl/dnnl.h>

#include "COneDNN.h"

// A memory layout as calls take it. Version 2 passes structures by address, version 3 opaque pointers.
#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t pc_layout_reference;
#else
typedef const dnnl_memory_desc_t *pc_layout_reference;
#endif

// A layout that is ours to free.
typedef struct {
  dnnl_memory_desc_t description;
  bool exists;
} pc_layout;

pc_dnn_status pc_status(dnnl_status_t status);
pc_dnn_status pc_layout_create(
    pc_layout *layout, int rank, const dnnl_dims_t extents, dnnl_format_tag_t order);
pc_layout_reference pc_layout_refer(const pc_layout *layout);
void pc_layout_destroy(pc_layout *layout);

// Attributes of a primitive that takes its working memory from outside.
dnnl_status_t pc_attributes_create(
    dnnl_primitive_attr_t *attributes, bool accumulates, pc_dnn_activation activation);

struct pc_dnn_context {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
};

typedef struct pc_winograd_call pc_winograd_call;

// A kernel with the addresses that it works on; `right` is a product's second operand.
struct pc_dnn_call {
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  dnnl_memory_t input, right, output, scratch;
  dnnl_exec_arg_t arguments[5];
  int argument_count;
  pc_winograd_call *winograd;
};

#endif
