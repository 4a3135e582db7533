#include "images.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

// Scans of a progressive image: encoders write about ten. Each goes over all of the image, whatever bytes it has.
enum { most_scans = 100 };

struct failure {
  struct jpeg_error_mgr manager;
  jmp_buf place;
  char *message;
  enum pc_image_status status;
};

struct reader {
  struct jpeg_decompress_struct info;
  struct failure failure;
  struct jpeg_progress_mgr progress;
  // A row of four channels; NULL where rows are decoded in place.
  uint8_t *row;
};

static void fail(j_common_ptr info) {
  struct failure *failure = (struct failure *)info->err;
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  snprintf(failure->message, PC_IMAGE_MESSAGE, "%s", text);
  failure->status = info->err->msg_code == JERR_OUT_OF_MEMORY ? pc_image_no_memory : pc_image_bad;
  longjmp(failure->place, 1);
}

// The library only warns of data that are missing or damaged, and makes pixels up. Other warnings leave the pixels alone.
static void note(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
  case JWRN_JPEG_EOF:
  case JWRN_HIT_MARKER:
  case JWRN_HUFF_BAD_CODE:
  case JWRN_ARITH_BAD_CODE:
  case JWRN_MUST_RESYNC:
    fail(info);
  }
}

static void say_nothing(j_common_ptr info) { (void)info; }

static void count_scans(j_common_ptr info) {
  if (((j_decompress_ptr)info)->input_scan_number <= most_scans) return;
  struct failure *failure = (struct failure *)info->err;
  snprintf(failure->message, PC_IMAGE_MESSAGE, "it has more than %d scans", most_scans);
  failure->status = pc_image_bad;
  longjmp(failure->place, 1);
}

// Begins to read; behind it every call may come back to the place that setjmp has noted.
static void begin(struct reader *reader, const uint8_t *bytes, size_t count, struct pc_image_header *header) {
  j_decompress_ptr info = &reader->info;
  jpeg_create_decompress(info);
  reader->progress.progress_monitor = count_scans;
  info->progress = &reader->progress;
  jpeg_mem_src(info, bytes, (unsigned long)count);
  jpeg_read_header(info, TRUE);
  // What the library makes of it without being asked, but for YCCK, which it makes CMYK.
  switch (info->num_components) {
  case 1: info->out_color_space = JCS_GRAYSCALE; break;
  case 3: info->out_color_space = JCS_RGB; break;
  case 4: info->out_color_space = JCS_CMYK; break;
  default:
    snprintf(reader->failure.message, PC_IMAGE_MESSAGE, "it has %d components, expected 1, 3 or 4",
             info->num_components);
    reader->failure.status = pc_image_bad;
    longjmp(reader->failure.place, 1);
  }
  header->width = info->image_width;
  header->height = info->image_height;
  header->channels = info->num_components == 1 ? 1 : 3;
}

static void prepare(struct reader *reader, char *message) {
  memset(reader, 0, sizeof *reader);
  reader->info.err = jpeg_std_error(&reader->failure.manager);
  reader->failure.manager.error_exit = fail;
  reader->failure.manager.emit_message = note;
  reader->failure.manager.output_message = say_nothing;
  reader->failure.message = message;
}

static enum pc_image_status end(struct reader *reader, enum pc_image_status status) {
  jpeg_destroy_decompress(&reader->info);
  free(reader->row);
  return status;
}

enum pc_image_status pc_jpeg_read_header(const uint8_t *bytes, size_t count, struct pc_image_header *header,
                                         char *message) {
  struct reader reader;
  prepare(&reader, message);
  if (setjmp(reader.failure.place)) return end(&reader, reader.failure.status);
  begin(&reader, bytes, count, header);
  return end(&reader, pc_image_done);
}

static uint8_t product(uint8_t a, uint8_t b) {
  unsigned sum = (unsigned)a * b + 128;
  return (uint8_t)((sum + (sum >> 8)) >> 8);
}

// Ink to light. Programs that write CMYK in JPEG store it inverted, as Adobe's do: 255 is no ink.
static void print(const uint8_t *inks, uint8_t *pixels, uint32_t width) {
  for (uint32_t x = 0; x < width; x++) {
    uint8_t white = inks[4 * x + 3];
    for (int c = 0; c < 3; c++) pixels[3 * x + c] = (uint8_t)(white - product(255 - inks[4 * x + c], white));
  }
}

enum pc_image_status pc_jpeg_decode(const uint8_t *bytes, size_t count, const struct pc_image_header *header,
                                    uint8_t *pixels, char *message) {
  struct reader reader;
  prepare(&reader, message);
  if (setjmp(reader.failure.place)) return end(&reader, reader.failure.status);
  struct pc_image_header found;
  begin(&reader, bytes, count, &found);
  if (found.width != header->width || found.height != header->height || found.channels != header->channels) {
    snprintf(message, PC_IMAGE_MESSAGE, "its header changed while it was read");
    return end(&reader, pc_image_bad);
  }
  j_decompress_ptr info = &reader.info;
  info->dct_method = JDCT_ISLOW;
  info->do_fancy_upsampling = TRUE;
  jpeg_start_decompress(info);
  size_t stride = (size_t)header->width * header->channels;
  int has_inks = info->out_color_space == JCS_CMYK;
  if (has_inks) {
    reader.row = malloc((size_t)header->width * 4);
    if (!reader.row) return end(&reader, pc_image_no_memory);
  }
  while (info->output_scanline < info->output_height) {
    uint8_t *target = pixels + stride * info->output_scanline;
    JSAMPROW row = has_inks ? reader.row : target;
    jpeg_read_scanlines(info, &row, 1);
    if (has_inks) print(row, target, header->width);
  }
  return end(&reader, pc_image_done);
}

long pc_image_jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION_NUMBER
  return LIBJPEG_TURBO_VERSION_NUMBER;
#else
  return JPEG_LIB_VERSION;
#endif
}
