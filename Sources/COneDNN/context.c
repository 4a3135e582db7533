#include <stdlib.h>

#include "layout.h"

// Present when oneDNN was built on OpenMP: its runtime is then in the process.
extern void omp_set_num_threads(int count) __attribute__((weak));

pc_dnn_status pc_status(dnnl_status_t status) {
  switch (status) {
  case dnnl_success: return pc_dnn_success;
  case dnnl_out_of_memory: return pc_dnn_out_of_memory;
  case dnnl_invalid_arguments: return pc_dnn_invalid_arguments;
  case dnnl_unimplemented: return pc_dnn_unimplemented;
  default: return pc_dnn_failed;
  }
}

const char *pc_dnn_status_text(pc_dnn_status status) {
  switch (status) {
  case pc_dnn_success: return "success";
  case pc_dnn_out_of_memory: return "out of memory";
  case pc_dnn_invalid_arguments: return "invalid arguments";
  case pc_dnn_unimplemented: return "no kernel for this geometry";
  case pc_dnn_failed: return "the kernel failed";
  }
  return "unknown status";
}

void pc_dnn_version(int *major, int *minor, int *patch) {
  const dnnl_version_t *version = dnnl_version();
  *major = version->major;
  *minor = version->minor;
  *patch = version->patch;
}

const char *pc_dnn_instruction_set(void) {
#if defined(__x86_64__)
  // Bits that mean the same in versions 2 and 3; what float32 kernels do not depend on is left out.
  unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
  if (isa & 0x20u) return "avx512";
  if ((isa & 0x7u) == 0x7u) return "avx2";
  if ((isa & 0x3u) == 0x3u) return "avx";
  return isa & 0x1u ? "sse4.1" : "x86-64";
#elif defined(__aarch64__)
  return "arm64";
#else
  return "generic";
#endif
}

void pc_dnn_use_one_thread(void) {
  if (omp_set_num_threads) omp_set_num_threads(1);
}

pc_dnn_status pc_dnn_context_create(pc_dnn_context **context) {
  *context = NULL;
  pc_dnn_context *created = calloc(1, sizeof *created);
  if (!created) return pc_dnn_out_of_memory;
  dnnl_status_t status = dnnl_engine_create(&created->engine, dnnl_cpu, 0);
  if (status == dnnl_success) {
    status = dnnl_stream_create(&created->stream, created->engine, dnnl_stream_default_flags);
  }
  if (status != dnnl_success) {
    pc_dnn_context_destroy(created);
    return pc_status(status);
  }
  *context = created;
  return pc_dnn_success;
}

void pc_dnn_context_destroy(pc_dnn_context *context) {
  if (!context) return;
  if (context->stream) dnnl_stream_destroy(context->stream);
  if (context->engine) dnnl_engine_destroy(context->engine);
  free(context);
}

pc_dnn_status pc_layout_create(
    pc_layout *layout, int rank, const dnnl_dims_t extents, dnnl_format_tag_t order) {
#if DNNL_VERSION_MAJOR >= 3
  dnnl_status_t status =
      dnnl_memory_desc_create_with_tag(&layout->description, rank, extents, dnnl_f32, order);
#else
  dnnl_status_t status =
      dnnl_memory_desc_init_by_tag(&layout->description, rank, extents, dnnl_f32, order);
#endif
  layout->exists = status == dnnl_success;
  return pc_status(status);
}

pc_layout_reference pc_layout_refer(const pc_layout *layout) {
  if (!layout->exists) return NULL;
#if DNNL_VERSION_MAJOR >= 3
  return layout->description;
#else
  return &layout->description;
#endif
}

void pc_layout_destroy(pc_layout *layout) {
#if DNNL_VERSION_MAJOR >= 3
  if (layout->exists) dnnl_memory_desc_destroy(layout->description);
#endif
  layout->exists = false;
}
