#ifndef PRUNE_CLUSTER_CZLIB_SHIM_H
#define PRUNE_CLUSTER_CZLIB_SHIM_H

#include <zlib.h>

// inflateInit2 is a macro, because it passes the version and the structure's size of the header it was compiled with.
static inline int pc_inflate_init(z_stream *stream, int window_bits) { return inflateInit2(stream, window_bits); }

#endif
