#include <math.h>
#include <stdlib.h>

#include "CKernels.h"
#include "winograd_kernel.h"

// The products of one pair of parts, [elements, block, input part] × [elements, input part, output part], as one
// primitive.
typedef struct {
  dnnl_primitive_desc_t description;
  dnnl_primitive_t primitive;
} product;

struct pc_winograd_kernel {
  dnnl_engine_t engine;
  pc_winograd plan;
  pc_winograd_finish finish;
  ptrdiff_t input_parts, output_parts;
  pc_layout source, plain_weights, result;
  // The products of the first input part are stored, those of the others are added to them. Sums in parts also round
  // less than one long sum.
  product first, further;
  char *packed;
  // Of one pair of parts.
  size_t weight_bytes;
  // The transformed input lies before the products, these before oneDNN's own working memory.
  size_t products_start, primitive_start, scratch_bytes;
};

struct pc_winograd_call {
  const pc_winograd_kernel *kernel;
  const float *input;
  float *output;
  char *scratch;
  dnnl_stream_t stream;
  dnnl_memory_t source, weights, result, primitive_scratch;
};

static ptrdiff_t quotient_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

// Channels of a part: all parts as even as multiples of `step` let them be.
static ptrdiff_t part_of(ptrdiff_t channels, ptrdiff_t step) {
  return quotient_up(quotient_up(channels, quotient_up(channels, PC_WINOGRAD_PART)), step) * step;
}

// Steps of a transform over the channels of a part: vectors of 16, then of 4, then single ones.
static ptrdiff_t part_steps(ptrdiff_t channels) { return channels / 16 + channels % 16 / 4 + channels % 4; }

static double steps(ptrdiff_t channels, ptrdiff_t part) {
  ptrdiff_t full = (channels - 1) / part;
  return (double)full * (double)part_steps(part) + (double)part_steps(channels - full * part);
}

// Where parts end: so that rows of products fill vectors, and those of what is multiplied are aligned to some degree.
static ptrdiff_t input_part(const pc_dnn_geometry *g) { return part_of(g->input_channels, 4); }
static ptrdiff_t output_part(const pc_dnn_geometry *g) { return part_of(g->output_channels, 16); }

bool pc_winograd_suits(const pc_dnn_geometry *g) {
  bool exists = g->groups == 1 && g->kernel_height == 3 && g->kernel_width == 3 && g->stride_height == 1 &&
                g->stride_width == 1 && g->dilation_height == 1 && g->dilation_width == 1;
  if (!exists) return false;
  ptrdiff_t tiles = quotient_up(g->output_height, PC_WINOGRAD_TILE) * quotient_up(g->output_width, PC_WINOGRAD_TILE);
  // Tiles reach beyond the output: at most half of what they yield may be lost.
  bool fits = g->output_height * g->output_width >= 8 * tiles;
  // The transformed weights are four times as many: enough tiles must share them.
  bool shares = g->samples * tiles >= 16;
  // What the transforms cost must be little beside what the direct kernel multiplies for the same outputs.
  double multiplied = (double)g->input_channels * (double)g->output_channels * (double)g->output_height *
                      (double)g->output_width;
  double transformed = (double)tiles * (steps(g->input_channels, input_part(g)) +
                                        steps(g->output_channels, output_part(g)));
  bool pays = multiplied >= 1600.0 * transformed;
  return fits && shares && pays;
}

static void make_plan(pc_winograd_kernel *k, const pc_dnn_geometry *g) {
  pc_winograd *plan = &k->plan;
  *plan = (pc_winograd){
      .samples = g->samples,
      .input_height = g->input_height,
      .input_width = g->input_width,
      .output_height = g->output_height,
      .output_width = g->output_width,
      .pad_top = g->pad_top,
      .pad_left = g->pad_left,
      .input_channels = g->input_channels,
      .output_channels = g->output_channels,
      .input_part = input_part(g),
      .output_part = output_part(g)};
  // Enough tiles to read the weights seldom, few enough for the products to stay in the second cache. The elements of a
  // tile lie a block apart: an odd one keeps them from meeting in the same lines of a cache.
  ptrdiff_t tiles = pc_winograd_tiles(plan);
  plan->block = quotient_up(tiles, quotient_up(tiles, 64)) | 1;
  k->input_parts = quotient_up(g->input_channels, plan->input_part);
  k->output_parts = quotient_up(g->output_channels, plan->output_part);
}

static pc_winograd_finish make_finish(bool accumulates, pc_dnn_activation activation) {
  pc_winograd_finish finish = {.accumulates = accumulates, .lower = -INFINITY, .upper = INFINITY};
  switch (activation.kind) {
  case pc_dnn_identity: break;
  case pc_dnn_relu: finish.lower = 0.0f; break;
  case pc_dnn_clip:
    finish.lower = activation.lower;
    finish.upper = activation.upper;
  }
  return finish;
}

static dnnl_status_t product_create(
    const pc_winograd_kernel *k, pc_layout_reference weights, bool accumulates, product *product) {
  dnnl_primitive_attr_t attributes;
  pc_dnn_activation none = {pc_dnn_identity, 0, 0};
  dnnl_status_t status = pc_attributes_create(&attributes, accumulates, none);
  if (status != dnnl_success) return status;
#if DNNL_VERSION_MAJOR >= 3
  status = dnnl_matmul_primitive_desc_create(
      &product->description, k->engine, pc_layout_refer(&k->source), weights, NULL, pc_layout_refer(&k->result),
      attributes);
#else
  dnnl_matmul_desc_t operation;
  status = dnnl_matmul_desc_init(&operation, pc_layout_refer(&k->source), weights, NULL, pc_layout_refer(&k->result));
  if (status == dnnl_success) {
    status = dnnl_primitive_desc_create(&product->description, &operation, attributes, k->engine, NULL);
  }
#endif
  if (status == dnnl_success) status = dnnl_primitive_create(&product->primitive, product->description);
  dnnl_primitive_attr_destroy(attributes);
  return status;
}

static void product_destroy(product *product) {
  if (product->primitive) dnnl_primitive_destroy(product->primitive);
  if (product->description) dnnl_primitive_desc_destroy(product->description);
}

static pc_layout_reference layout_of(const product *product, dnnl_query_t what) {
  return product->description ? dnnl_primitive_desc_query_md(product->description, what, 0) : NULL;
}

static size_t own_scratch_bytes(const product *product) {
  pc_layout_reference layout = layout_of(product, dnnl_query_scratchpad_md);
  return layout ? dnnl_memory_desc_get_size(layout) : 0;
}

// The product that needs more working memory.
static const product *hungrier(const pc_winograd_kernel *k) {
  return own_scratch_bytes(&k->further) > own_scratch_bytes(&k->first) ? &k->further : &k->first;
}

static pc_dnn_status products_create(pc_winograd_kernel *k) {
  const pc_winograd *p = &k->plan;
  const dnnl_dims_t source = {PC_WINOGRAD_ELEMENTS, p->block, p->input_part};
  const dnnl_dims_t weights = {PC_WINOGRAD_ELEMENTS, p->input_part, p->output_part};
  const dnnl_dims_t result = {PC_WINOGRAD_ELEMENTS, p->block, p->output_part};
  pc_layout any = {0};
  pc_dnn_status status = pc_layout_create(&k->source, 3, source, dnnl_abc);
  if (!status) status = pc_layout_create(&k->plain_weights, 3, weights, dnnl_abc);
  if (!status) status = pc_layout_create(&k->result, 3, result, dnnl_abc);
  if (!status) status = pc_layout_create(&any, 3, weights, dnnl_format_tag_any);
  if (!status) status = pc_status(product_create(k, pc_layout_refer(&any), false, &k->first));
  pc_layout_destroy(&any);
  if (status) return status;
  pc_layout_reference packed = layout_of(&k->first, dnnl_query_weights_md);
  if (!packed) return pc_dnn_failed;
  k->weight_bytes = aligned(dnnl_memory_desc_get_size(packed));
  return k->input_parts > 1 ? pc_status(product_create(k, packed, true, &k->further)) : pc_dnn_success;
}

pc_dnn_status pc_winograd_kernel_create(
    dnnl_engine_t engine, const pc_dnn_geometry *geometry, bool accumulates, pc_dnn_activation activation,
    pc_winograd_kernel **kernel) {
  *kernel = NULL;
  pc_winograd_kernel *created = calloc(1, sizeof *created);
  if (!created) return pc_dnn_out_of_memory;
  created->engine = engine;
  created->finish = make_finish(accumulates, activation);
  make_plan(created, geometry);
  pc_dnn_status status = products_create(created);
  if (status) {
    pc_winograd_kernel_destroy(created);
    return status;
  }
  const pc_winograd *p = &created->plan;
  size_t channel = PC_WINOGRAD_ELEMENTS * (size_t)p->block * sizeof(float);
  created->products_start = aligned(channel * (size_t)(p->input_part * created->input_parts));
  created->primitive_start = created->products_start + aligned(channel * (size_t)p->output_part);
  created->scratch_bytes = created->primitive_start + own_scratch_bytes(hungrier(created));
  *kernel = created;
  return pc_dnn_success;
}

void pc_winograd_kernel_destroy(pc_winograd_kernel *k) {
  if (!k) return;
  product_destroy(&k->first);
  product_destroy(&k->further);
  pc_layout_destroy(&k->source);
  pc_layout_destroy(&k->plain_weights);
  pc_layout_destroy(&k->result);
  free(k);
}

size_t pc_winograd_weight_bytes(const pc_winograd_kernel *k) {
  return k->weight_bytes * (size_t)(k->input_parts * k->output_parts);
}

size_t pc_winograd_scratch_bytes(const pc_winograd_kernel *k) { return k->scratch_bytes; }

static void *packed_part(const pc_winograd_kernel *k, ptrdiff_t input_part, ptrdiff_t output_part) {
  return k->packed + k->weight_bytes * (size_t)(output_part * k->input_parts + input_part);
}

// Transforms and packs every pair of parts by way of `plain`, which lies at `transformed`.
static dnnl_status_t pack(
    const pc_winograd_kernel *k, const float *weights, float *transformed, dnnl_primitive_t reorder,
    dnnl_stream_t stream, dnnl_memory_t plain, dnnl_memory_t target) {
  const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, plain}, {DNNL_ARG_TO, target}};
  for (ptrdiff_t o = 0; o < k->output_parts; o++) {
    for (ptrdiff_t i = 0; i < k->input_parts; i++) {
      pc_winograd_transform_weights(&k->plan, i, o, weights, transformed);
      dnnl_status_t status = dnnl_memory_set_data_handle(target, packed_part(k, i, o));
      if (status == dnnl_success) status = dnnl_primitive_execute(reorder, stream, 2, arguments);
      if (status == dnnl_success) status = dnnl_stream_wait(stream);
      if (status != dnnl_success) return status;
    }
  }
  return dnnl_success;
}

pc_dnn_status pc_winograd_set_weights(
    pc_winograd_kernel *k, const float *weights, void *packed, const float *bias) {
  k->packed = packed;
  k->finish.bias = bias;
  pc_layout_reference from = pc_layout_refer(&k->plain_weights);
  pc_layout_reference to = layout_of(&k->first, dnnl_query_weights_md);
  float *transformed = aligned_alloc(64, aligned(dnnl_memory_desc_get_size(from)));
  if (!transformed) return pc_dnn_out_of_memory;
  dnnl_memory_t plain = NULL, target = NULL;
  dnnl_stream_t stream = NULL;
  dnnl_primitive_desc_t description = NULL;
  dnnl_primitive_t reorder = NULL;
  dnnl_status_t status = dnnl_memory_create(&plain, from, k->engine, transformed);
  if (status == dnnl_success) status = dnnl_memory_create(&target, to, k->engine, DNNL_MEMORY_NONE);
  if (status == dnnl_success) status = dnnl_stream_create(&stream, k->engine, dnnl_stream_default_flags);
  if (status == dnnl_success) {
    status = dnnl_reorder_primitive_desc_create(&description, from, k->engine, to, k->engine, NULL);
  }
  if (status == dnnl_success) status = dnnl_primitive_create(&reorder, description);
  if (status == dnnl_success) status = pack(k, weights, transformed, reorder, stream, plain, target);
  if (reorder) dnnl_primitive_destroy(reorder);
  if (description) dnnl_primitive_desc_destroy(description);
  if (stream) dnnl_stream_destroy(stream);
  if (target) dnnl_memory_destroy(target);
  if (plain) dnnl_memory_destroy(plain);
  free(transformed);
  return pc_status(status);
}

pc_dnn_status pc_winograd_call_create(
    const pc_winograd_kernel *k, const float *input, float *output, void *scratch, pc_winograd_call **call) {
  *call = NULL;
  pc_winograd_call *created = calloc(1, sizeof *created);
  if (!created) return pc_dnn_out_of_memory;
  *created = (pc_winograd_call){.kernel = k, .input = input, .output = output, .scratch = scratch};
  pc_layout_reference weights = layout_of(&k->first, dnnl_query_weights_md);
  pc_layout_reference own = layout_of(hungrier(k), dnnl_query_scratchpad_md);
  dnnl_status_t status = dnnl_stream_create(&created->stream, k->engine, dnnl_stream_default_flags);
  if (status == dnnl_success) {
    status = dnnl_memory_create(&created->source, pc_layout_refer(&k->source), k->engine, DNNL_MEMORY_NONE);
  }
  if (status == dnnl_success) {
    status = dnnl_memory_create(&created->weights, weights, k->engine, DNNL_MEMORY_NONE);
  }
  if (status == dnnl_success) {
    status = dnnl_memory_create(
        &created->result, pc_layout_refer(&k->result), k->engine, created->scratch + k->products_start);
  }
  if (status == dnnl_success && own_scratch_bytes(hungrier(k)) > 0) {
    status = dnnl_memory_create(
        &created->primitive_scratch, own, k->engine, created->scratch + k->primitive_start);
  }
  if (status != dnnl_success) {
    pc_winograd_call_destroy(created);
    return pc_status(status);
  }
  *call = created;
  return pc_dnn_success;
}

static dnnl_status_t multiply(pc_winograd_call *call, ptrdiff_t input_part, ptrdiff_t output_part) {
  const pc_winograd_kernel *k = call->kernel;
  float *source = (float *)call->scratch + input_part * PC_WINOGRAD_ELEMENTS * k->plan.block * k->plan.input_part;
  dnnl_status_t status = dnnl_memory_set_data_handle(call->source, source);
  if (status == dnnl_success) {
    status = dnnl_memory_set_data_handle(call->weights, packed_part(k, input_part, output_part));
  }
  if (status != dnnl_success) return status;
  const dnnl_exec_arg_t arguments[] = {
      {DNNL_ARG_SRC, call->source},
      {DNNL_ARG_WEIGHTS, call->weights},
      {DNNL_ARG_DST, call->result},
      {DNNL_ARG_SCRATCHPAD, call->primitive_scratch}};
  dnnl_primitive_t primitive = input_part == 0 ? k->first.primitive : k->further.primitive;
  status = dnnl_primitive_execute(primitive, call->stream, call->primitive_scratch ? 4 : 3, arguments);
  return status == dnnl_success ? dnnl_stream_wait(call->stream) : status;
}

pc_dnn_status pc_winograd_call_run(pc_winograd_call *call) {
  const pc_winograd_kernel *k = call->kernel;
  const pc_winograd *p = &k->plan;
  const float *products = (const float *)(call->scratch + k->products_start);
  ptrdiff_t tiles = pc_winograd_tiles(p);
  for (ptrdiff_t first = 0; first < tiles; first += p->block) {
    ptrdiff_t count = tiles - first < p->block ? tiles - first : p->block;
    pc_winograd_transform_input(p, first, count, call->input, (float *)call->scratch);
    for (ptrdiff_t o = 0; o < k->output_parts; o++) {
      for (ptrdiff_t i = 0; i < k->input_parts; i++) {
        dnnl_status_t status = multiply(call, i, o);
        if (status != dnnl_success) return pc_status(status);
      }
      pc_winograd_transform_output(p, first, count, o, products, &k->finish, call->output);
    }
  }
  return pc_dnn_success;
}

void pc_winograd_call_destroy(pc_winograd_call *call) {
  if (!call) return;
  dnnl_memory_t memories[] = {call->source, call->weights, call->result, call->primitive_scratch};
  for (size_t i = 0; i < sizeof memories / sizeof *memories; i++) {
    if (memories[i]) dnnl_memory_destroy(memories[i]);
  }
  if (call->stream) dnnl_stream_destroy(call->stream);
  free(call);
}
