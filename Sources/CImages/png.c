#include "images.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

struct reader {
  png_structp png;
  png_infop info;
  png_bytep *rows;
  jmp_buf place;
  char *message;
  const uint8_t *bytes;
  size_t count, position;
};

static void fail(png_structp png, png_const_charp text) {
  struct reader *reader = png_get_error_ptr(png);
  snprintf(reader->message, PC_IMAGE_MESSAGE, "%s", text);
  longjmp(reader->place, 1);
}

static void say_nothing(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void take(png_structp png, png_bytep target, size_t count) {
  struct reader *reader = png_get_io_ptr(png);
  if (reader->count - reader->position < count) {
    snprintf(reader->message, PC_IMAGE_MESSAGE, "it ends too early, after %zu bytes", reader->count);
    longjmp(reader->place, 1);
  }
  memcpy(target, reader->bytes + reader->position, count);
  reader->position += count;
}

static enum pc_image_status end(struct reader *reader, enum pc_image_status status) {
  if (reader->png) png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader->rows);
  return status;
}

// Makes what the library reads with; behind it every call may come back to the place that setjmp has noted.
static int prepare(struct reader *reader, const uint8_t *bytes, size_t count, char *message) {
  reader->message = message;
  reader->bytes = bytes;
  reader->count = count;
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, fail, say_nothing);
  if (!reader->png) return 0;
  reader->info = png_create_info_struct(reader->png);
  return reader->info != NULL;
}

// Reads up to the pixels, and asks for grey or for red, green and blue of 8 bits each: of 16 bits the upper half, nothing
// of transparency, no correction of gamma.
static void begin(struct reader *reader, struct pc_image_header *header) {
  // Texts, profiles, times and the like are not looked at: what is wrong in them leaves the pixels alone.
  static const png_byte unread[] = "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0"
                                   "tEXt\0tIME\0tRNS\0zTXt";
  png_structp png = reader->png;
  png_set_read_fn(png, reader, take);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, unread, sizeof unread / 5);
  // How large an image may be is decided by the caller.
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_read_info(png, reader->info);
  int color = png_get_color_type(png, reader->info);
  if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (color == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  png_set_strip_16(png);
  png_set_strip_alpha(png);
  header->width = png_get_image_width(png, reader->info);
  header->height = png_get_image_height(png, reader->info);
  header->channels = color & PNG_COLOR_MASK_COLOR ? 3 : 1;
}

enum pc_image_status pc_png_read_header(const uint8_t *bytes, size_t count, struct pc_image_header *header,
                                        char *message) {
  struct reader reader = {0};
  if (setjmp(reader.place)) return end(&reader, pc_image_bad);
  if (!prepare(&reader, bytes, count, message)) return end(&reader, pc_image_no_memory);
  begin(&reader, header);
  return end(&reader, pc_image_done);
}

enum pc_image_status pc_png_decode(const uint8_t *bytes, size_t count, const struct pc_image_header *header,
                                   uint8_t *pixels, char *message) {
  struct reader reader = {0};
  if (setjmp(reader.place)) return end(&reader, pc_image_bad);
  if (!prepare(&reader, bytes, count, message)) return end(&reader, pc_image_no_memory);
  struct pc_image_header found;
  begin(&reader, &found);
  (void)png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  size_t stride = (size_t)header->width * header->channels;
  if (found.width != header->width || found.height != header->height || found.channels != header->channels ||
      png_get_rowbytes(reader.png, reader.info) != stride) {
    snprintf(message, PC_IMAGE_MESSAGE, "its header changed while it was read");
    return end(&reader, pc_image_bad);
  }
  reader.rows = malloc((size_t)header->height * sizeof *reader.rows);
  if (!reader.rows) return end(&reader, pc_image_no_memory);
  for (uint32_t y = 0; y < header->height; y++) reader.rows[y] = pixels + stride * y;
  png_read_image(reader.png, reader.rows);
  // The checksums of the last pixels.
  png_read_end(reader.png, NULL);
  return end(&reader, pc_image_done);
}
