#ifndef PRUNE_CLUSTER_CONEDNN_PROBLEM_H
#define PRUNE_CLUSTER_CONEDNN_PROBLEM_H

#include "layout.h"

// Extents and steps of one convolution in oneDNN's terms.
typedef struct {
  pc_layout input, output, weights, bias;
  dnnl_dims_t strides, dilations, pads_begin, pads_end;
} pc_problem;

// The weights' order is left to oneDNN.
pc_dnn_status pc_problem_create(pc_problem *problem, const pc_dnn_geometry *geometry, bool has_bias);
void pc_problem_destroy(pc_problem *problem);

// Weights in row-major order.
pc_dnn_status pc_plain_weights_create(pc_layout *layout, const pc_dnn_geometry *geometry);

dnnl_status_t pc_describe_forward(
    dnnl_primitive_desc_t *description, const pc_problem *problem, dnnl_prop_kind_t kind,
    dnnl_primitive_attr_t attributes, dnnl_engine_t engine);

// Weights into another order, on a stream of the calling thread's own.
dnnl_status_t pc_reorder(
    pc_layout_reference from, void *source, pc_layout_reference to, void *target, dnnl_engine_t engine,
    dnnl_stream_t stream);

#endif
