#ifndef PRUNE_CLUSTER_IMAGES_H
#define PRUNE_CLUSTER_IMAGES_H

#include "CImages.h"

enum pc_image_status pc_jpeg_read_header(const uint8_t *bytes, size_t count, struct pc_image_header *header,
                                         char *message);
enum pc_image_status pc_jpeg_decode(const uint8_t *bytes, size_t count, const struct pc_image_header *header,
                                    uint8_t *pixels, char *message);

enum pc_image_status pc_png_read_header(const uint8_t *bytes, size_t count, struct pc_image_header *header,
                                        char *message);
enum pc_image_status pc_png_decode(const uint8_t *bytes, size_t count, const struct pc_image_header *header,
                                   uint8_t *pixels, char *message);

#endif
