#include "fewshot/image_decode.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jerror.h>
#include <jpeglib.h>

enum { MAX_SCANS = 500 }; /* a small file may repeat a large progressive image very often */

/* Everything that lives across our longjmp stands here, and none of it in a local variable. */
typedef struct reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf leave;
    const uint8_t* bytes;
    size_t length;
    ks_image* image;
    ks_image_depth depth;
    uint8_t* line; /* (width x 4), of an image in CMYK */
    ks_error* err;
} reader;

static void fail(reader* r, const char* what) {
    ks_fail(r->err, KS_BAD_INPUT, "a damaged JPEG image: %s", what);
    longjmp(r->leave, 1);
}

static void on_error(j_common_ptr jpeg) {
    char what[JMSG_LENGTH_MAX];
    reader* r = jpeg->client_data;
    if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY) {
        ks_fail(r->err, KS_FAILED, "not enough memory");
        longjmp(r->leave, 1);
    }
    jpeg->err->format_message(jpeg, what);
    fail(r, what);
}

/* The library goes on where data are missing, with grey; of the rest of its warnings images are none the worse. */
static void on_message(j_common_ptr jpeg, int level) {
    static const int DAMAGE[] = {JWRN_JPEG_EOF, JWRN_HIT_MARKER, JWRN_HUFF_BAD_CODE, JWRN_MUST_RESYNC};
    for (size_t i = 0; level < 0 && i < sizeof DAMAGE / sizeof *DAMAGE; i++) {
        if (jpeg->err->msg_code == DAMAGE[i]) {
            on_error(jpeg);
        }
    }
}

static void on_output(j_common_ptr jpeg) {
    (void)jpeg;
}

static void on_progress(j_common_ptr jpeg) {
    if (jpeg->is_decompressor && ((j_decompress_ptr)jpeg)->input_scan_number > MAX_SCANS) {
        fail(jpeg->client_data, "too many scans");
    }
}

/* Ink on white. Adobe's programs write how much of the paper each ink leaves, all others how much it covers. */
static void from_cmyk(uint8_t* out, const uint8_t* in, size_t width, bool adobe) {
    for (size_t x = 0; x < width; x++, in += 4, out += 3) {
        unsigned black = adobe ? in[3] : 255U - in[3];
        for (int c = 0; c < 3; c++) {
            unsigned left = adobe ? in[c] : 255U - in[c];
            out[c] = (uint8_t)((left * black + 127) / 255);
        }
    }
}

/* Leaves by longjmp if the library fails; false if we do. */
static bool read_image(reader* r) {
    struct jpeg_decompress_struct* jpeg = &r->jpeg;
    jpeg_create_decompress(jpeg);
    jpeg->client_data = r;
    jpeg->progress = &r->progress;
    jpeg_mem_src(jpeg, r->bytes, r->length);
    jpeg_read_header(jpeg, TRUE);
    bool inks = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    bool grey = jpeg->jpeg_color_space == JCS_GRAYSCALE;
    jpeg->out_color_space = inks ? JCS_CMYK : grey ? JCS_GRAYSCALE : JCS_RGB;
    size_t width = jpeg->image_width, height = jpeg->image_height;
    if (!ks_image_make(r->image, width, height, grey ? 1 : 3, r->depth, r->err)) {
        return false;
    }
    if (r->depth == KS_IMAGE_SIZE_ONLY) {
        return true;
    }
    r->line = malloc(width * 4);
    if (!r->line) {
        return ks_fail(r->err, KS_FAILED, "not enough memory");
    }
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < height) {
        uint8_t* out = r->image->pixels + jpeg->output_scanline * width * r->image->channels;
        JSAMPROW row = inks ? r->line : out;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (inks) {
            from_cmyk(out, r->line, width, jpeg->saw_Adobe_marker);
        }
    }
    jpeg_finish_decompress(jpeg);
    return true;
}

/* The only frame that a longjmp comes back to. */
static bool guarded(reader* r) {
    if (setjmp(r->leave)) {
        return false;
    }
    return read_image(r);
}

bool ks_image_read_jpeg(ks_image* image, const uint8_t* bytes, size_t length, ks_image_depth depth, ks_error* err) {
    ks_error unheard;
    reader* r = calloc(1, sizeof *r);
    if (!r) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    r->bytes = bytes;
    r->length = length;
    r->image = image;
    r->depth = depth;
    r->err = err ? err : &unheard;
    r->jpeg.err = jpeg_std_error(&r->errors);
    r->jpeg.client_data = r;
    r->errors.error_exit = on_error;
    r->errors.emit_message = on_message;
    r->errors.output_message = on_output;
    r->progress.progress_monitor = on_progress;
    bool ok = guarded(r);
    jpeg_destroy_decompress(&r->jpeg);
    free(r->line);
    free(r);
    if (!ok) {
        ks_image_free(image);
    }
    return ok;
}
