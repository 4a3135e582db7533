#include "CMatrixProduct.h"

#include <oneapi/dnnl/dnnl.h>

// Present when oneDNN was built on OpenMP: its runtime is then in the process.
extern void omp_set_num_threads(int count) __attribute__((weak));

bool pc_matrix_product(ptrdiff_t size, const float *left, const float *right, float *product) {
  if (omp_set_num_threads) omp_set_num_threads(1);
  dnnl_status_t status = dnnl_sgemm(
      'N', 'N', size, size, size, 1, left, size, right, size, 0, product, size);
  return status == dnnl_success;
}
