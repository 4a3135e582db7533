#ifndef PRUNE_CLUSTER_CONEDNN_WINOGRAD_KERNEL_H
#define PRUNE_CLUSTER_CONEDNN_WINOGRAD_KERNEL_H

#include "layout.h"

// Convolutions through Winograd's transforms. As `pc_dnn_convolution`, a kernel is shared by threads and a call is not.
typedef struct pc_winograd_kernel pc_winograd_kernel;
typedef struct pc_winograd_call pc_winograd_call;

// Whether the geometry is one that the transforms exist for and make faster.
bool pc_winograd_suits(const pc_dnn_geometry *geometry);

pc_dnn_status pc_winograd_kernel_create(
    dnnl_engine_t engine, const pc_dnn_geometry *geometry, bool accumulates, pc_dnn_activation activation,
    pc_winograd_kernel **kernel);
void pc_winograd_kernel_destroy(pc_winograd_kernel *kernel);
size_t pc_winograd_weight_bytes(const pc_winograd_kernel *kernel);
size_t pc_winograd_scratch_bytes(const pc_winograd_kernel *kernel);
pc_dnn_status pc_winograd_set_weights(
    pc_winograd_kernel *kernel, const float *weights, void *packed, const float *bias);

pc_dnn_status pc_winograd_call_create(
    const pc_winograd_kernel *kernel, const float *input, float *output, void *scratch, pc_winograd_call **call);
pc_dnn_status pc_winograd_call_run(pc_winograd_call *call);
void pc_winograd_call_destroy(pc_winograd_call *call);

#endif
