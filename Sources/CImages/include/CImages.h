// JPEG by libjpeg-turbo and PNG by libpng, as 8-bit pixels.
//
// Both libraries leave a failed call by longjmp, which must not pass a Swift frame: every function here catches that, frees
// what it holds, and returns a status and a message.
#ifndef PRUNE_CLUSTER_CIMAGES_H
#define PRUNE_CLUSTER_CIMAGES_H

#include <stddef.h>
#include <stdint.h>

// Bytes of a message, with the zero at its end.
#define PC_IMAGE_MESSAGE 256

enum pc_image_format { pc_image_unknown, pc_image_jpeg, pc_image_png };

enum pc_image_status { pc_image_done, pc_image_bad, pc_image_no_memory };

struct pc_image_header {
  // 1 … 2³¹ − 1.
  uint32_t width, height;
  // Of the decoded pixels: 1 for grey, 3 for red, green and blue.
  uint32_t channels;
};

// What the first bytes say that it is.
enum pc_image_format pc_image_format_of(const uint8_t *bytes, size_t count);

// Reads what stands in front of the pixels; `message` has PC_IMAGE_MESSAGE bytes and is written on failure.
enum pc_image_status pc_image_read_header(enum pc_image_format format, const uint8_t *bytes, size_t count,
                                          struct pc_image_header *header, char *message);

// Decodes all pixels, row by row, channels side by side, into width × height × channels bytes.
// `header` is what pc_image_read_header has given for the same bytes.
enum pc_image_status pc_image_decode(enum pc_image_format format, const uint8_t *bytes, size_t count,
                                     const struct pc_image_header *header, uint8_t *pixels, char *message);

// The version of the library that decodes JPEG, as a number: the last bit of a pixel may depend on it.
long pc_image_jpeg_version(void);

#endif
