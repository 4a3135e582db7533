#ifndef PRUNE_CLUSTER_KERNEL_H
#define PRUNE_CLUSTER_KERNEL_H

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PC_HAS_ONE_BODY
#endif
#endif

// One compiled body per instruction set, chosen when the program is loaded; other architectures have one body. So has a
// program with the thread sanitizer: what chooses would call the sanitizer before that is ready, and end the program.
#if defined(__x86_64__) && defined(__linux__) && !defined(PC_HAS_ONE_BODY)
#define PC_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PC_CLONES
#endif

#define PC_INLINE static inline __attribute__((always_inline))

#endif
