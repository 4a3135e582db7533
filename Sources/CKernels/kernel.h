#ifndef PRUNE_CLUSTER_KERNEL_H
#define PRUNE_CLUSTER_KERNEL_H

// One compiled body per instruction set, chosen when the program is loaded; other architectures have one body.
#if defined(__x86_64__) && defined(__linux__)
#define PC_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PC_CLONES
#endif

#define PC_INLINE static inline __attribute__((always_inline))

#endif
