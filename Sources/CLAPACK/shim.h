#ifndef PRUNE_CLUSTER_CLAPACK_SHIM_H
#define PRUNE_CLUSTER_CLAPACK_SHIM_H

#include <cblas.h>

// LAPACK's Cholesky factorisation under its Fortran name: OpenBLAS has it, but Debian ships no header that declares it.
// The last argument is the length of the text argument, which Fortran compilers pass by value behind all others.
void dpotrf_(const char *uplo, const blasint *n, double *a, const blasint *lda, blasint *info, size_t uplo_length);

// Makes the upper triangle of a matrix stored by columns its factor U, A = UᵀU.
// 0: done; > 0: the minor of this order is not positive definite.
static inline blasint pc_lapack_factor(blasint order, double *matrix, blasint stride) {
  blasint info = 0;
  dpotrf_("U", &order, matrix, &stride, &info, 1);
  return info;
}

#endif
