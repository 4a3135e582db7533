#include "images.h"

#include <stdio.h>
#include <string.h>

enum pc_image_format pc_image_format_of(const uint8_t *bytes, size_t count) {
  static const uint8_t jpeg[3] = {0xFF, 0xD8, 0xFF};
  static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  if (count >= sizeof jpeg && memcmp(bytes, jpeg, sizeof jpeg) == 0) return pc_image_jpeg;
  if (count >= sizeof png && memcmp(bytes, png, sizeof png) == 0) return pc_image_png;
  return pc_image_unknown;
}

enum pc_image_status pc_image_read_header(enum pc_image_format format, const uint8_t *bytes, size_t count,
                                          struct pc_image_header *header, char *message) {
  switch (format) {
  case pc_image_jpeg: return pc_jpeg_read_header(bytes, count, header, message);
  case pc_image_png: return pc_png_read_header(bytes, count, header, message);
  case pc_image_unknown: break;
  }
  snprintf(message, PC_IMAGE_MESSAGE, "it is neither JPEG nor PNG");
  return pc_image_bad;
}

enum pc_image_status pc_image_decode(enum pc_image_format format, const uint8_t *bytes, size_t count,
                                     const struct pc_image_header *header, uint8_t *pixels, char *message) {
  switch (format) {
  case pc_image_jpeg: return pc_jpeg_decode(bytes, count, header, pixels, message);
  case pc_image_png: return pc_png_decode(bytes, count, header, pixels, message);
  case pc_image_unknown: break;
  }
  snprintf(message, PC_IMAGE_MESSAGE, "it is neither JPEG nor PNG");
  return pc_image_bad;
}
