#ifndef PRUNE_CLUSTER_CMATRIXPRODUCT_H
#define PRUNE_CLUSTER_CMATRIXPRODUCT_H

#include <stdbool.h>
#include <stddef.h>

/// product = left · right by oneDNN, on the calling thread alone; all row-major, float32, with `size` rows and columns.
///
/// False when oneDNN refuses.
bool pc_matrix_product(ptrdiff_t size, const float *left, const float *right, float *product);

#endif
