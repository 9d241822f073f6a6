#include "fewshot/image_decode.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CHUNK = 8 << 20 }; /* bytes that a text or a profile may unpack to */

/* Everything that lives across libpng's longjmp stands here, and none of it in a local variable. */
typedef struct reader {
    png_structp png;
    png_infop info;
    const uint8_t* bytes;
    size_t length, at;
    ks_image* image;
    ks_image_depth depth;
    png_bytep raw;   /* (height x width x raw_channels), where there is alpha */
    png_bytepp rows; /* (height) */
    ks_error* err;
} reader;

static void on_error(png_structp png, png_const_charp what) {
    reader* r = png_get_error_ptr(png);
    bool memory = strstr(what, "memory"); /* all that the library says of it */
    ks_fail(r->err, memory ? KS_FAILED : KS_BAD_INPUT, memory ? "not enough memory" : "a damaged PNG image: %s", what);
    longjmp(png_jmpbuf(png), 1);
}

static void on_warning(png_structp png, png_const_charp what) {
    (void)png, (void)what;
}

static void read_bytes(png_structp png, png_bytep out, size_t count) {
    reader* r = png_get_io_ptr(png);
    if (count > r->length - r->at) {
        png_error(png, "cut off");
    }
    memcpy(out, r->bytes + r->at, count);
    r->at += count;
}

/* Pixels with alpha behind them, laid on white. */
static void lay_on_white(uint8_t* out, const uint8_t* in, size_t pixels, size_t channels) {
    for (size_t i = 0; i < pixels; i++, in += channels + 1, out += channels) {
        unsigned alpha = in[channels];
        for (size_t c = 0; c < channels; c++) {
            out[c] = (uint8_t)((in[c] * alpha + 255 * (255 - alpha) + 127) / 255);
        }
    }
}

/* The rows, behind the header. */
static bool read_rows(reader* r) {
    size_t width = r->image->width, height = r->image->height, stored = png_get_channels(r->png, r->info);
    bool alpha = stored % 2 == 0;
    r->rows = malloc(height * sizeof *r->rows);
    r->raw = alpha ? malloc(width * height * stored) : r->image->pixels;
    if (!r->rows || !r->raw) {
        return ks_fail(r->err, KS_FAILED, "not enough memory for %zu x %zu pixels", width, height);
    }
    for (size_t y = 0; y < height; y++) {
        r->rows[y] = r->raw + y * width * stored;
    }
    png_read_image(r->png, r->rows);
    png_read_end(r->png, NULL);
    if (alpha) {
        lay_on_white(r->image->pixels, r->raw, width * height, r->image->channels);
    }
    return true;
}

/* Leaves by longjmp if libpng fails; false if we do. */
static bool read_image(reader* r) {
    png_structp png = r->png;
    png_set_read_fn(png, r, read_bytes);
    png_set_user_limits(png, PNG_UINT_31_MAX,
                        PNG_UINT_31_MAX); /* ours count before the library makes room for a line */
    png_set_chunk_malloc_max(png, MAX_CHUNK);
    png_read_info(png, r->info);
    size_t channels = png_get_color_type(png, r->info) & PNG_COLOR_MASK_COLOR ? 3 : 1; /* a palette's, too */
    if (!ks_image_make(r->image, png_get_image_width(png, r->info), png_get_image_height(png, r->info), channels,
                       r->depth, r->err)) {
        return false;
    }
    if (r->depth == KS_IMAGE_SIZE_ONLY) {
        return true;
    }
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, r->info);
    return read_rows(r);
}

/* The only frame that a longjmp comes back to. */
static bool guarded(reader* r) {
    if (setjmp(png_jmpbuf(r->png))) {
        return false;
    }
    return read_image(r);
}

bool ks_image_read_png(ks_image* image, const uint8_t* bytes, size_t length, ks_image_depth depth, ks_error* err) {
    ks_error unheard;
    reader r = {.bytes = bytes, .length = length, .image = image, .depth = depth, .err = err ? err : &unheard};
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error, on_warning);
    r.info = r.png ? png_create_info_struct(r.png) : NULL;
    bool ok = r.info ? guarded(&r) : ks_fail(err, KS_FAILED, "not enough memory");
    if (r.raw != image->pixels) {
        free(r.raw);
    }
    free(r.rows);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    if (!ok) {
        ks_image_free(image);
    }
    return ok;
}
