#include "fewshot/image_decode.h"

#include <stdlib.h>
#include <string.h>

bool ks_image_make(ks_image* image, size_t width, size_t height, size_t channels, ks_image_depth depth, ks_error* err) {
    if (width == 0 || height == 0) {
        return ks_fail(err, KS_BAD_INPUT, "an image without pixels");
    }
    if (width > KS_IMAGE_MAX_SIDE || height > KS_IMAGE_MAX_SIDE || width * height > KS_IMAGE_MAX_PIXELS) {
        return ks_fail(err, KS_BAD_INPUT, "it claims %zu x %zu pixels; at most %d are read, and %d on a side", width,
                       height, KS_IMAGE_MAX_PIXELS, KS_IMAGE_MAX_SIDE);
    }
    *image = (ks_image){.width = width, .height = height, .channels = channels};
    image->pixels = depth == KS_IMAGE_PIXELS ? malloc(width * height * channels) : NULL;
    return depth == KS_IMAGE_SIZE_ONLY || image->pixels ||
           ks_fail(err, KS_FAILED, "not enough memory for %zu x %zu pixels", width, height);
}

void ks_image_free(ks_image* image) {
    free(image->pixels);
    *image = (ks_image){0};
}

typedef struct format {
    const char* name; /* NULL: kshot reads it */
    bool (*read)(ks_image* image, const uint8_t* bytes, size_t length, ks_image_depth depth, ks_error* err);
    size_t at, length; /* where it is known by, and how much there */
    const char* bytes;
} format;

static const format FORMATS[] = {
    {NULL, ks_image_read_png, 0, 8, "\x89PNG\r\n\x1a\n"},
    {NULL, ks_image_read_jpeg, 0, 3, "\xff\xd8\xff"},
    {"a GIF image", NULL, 0, 4, "GIF8"},
    {"a BMP image", NULL, 0, 2, "BM"},
    {"a WebP image", NULL, 8, 4, "WEBP"},
    {"a TIFF image", NULL, 0, 4, "II*\0"},
    {"a TIFF image", NULL, 0, 4, "MM\0*"},
    {"a pointer of Git LFS (`git lfs pull` fetches the file itself)", NULL, 0, 16, "version https://"},
};

static bool read_image(ks_image* image, const uint8_t* bytes, size_t length, ks_image_depth depth, ks_error* err) {
    *image = (ks_image){0};
    if (length == 0) {
        return ks_fail(err, KS_BAD_INPUT, "an empty file");
    }
    const char* name = "something else, or damaged";
    for (size_t i = 0; i < sizeof FORMATS / sizeof *FORMATS; i++) {
        const format* f = &FORMATS[i];
        if (length >= f->at + f->length && memcmp(bytes + f->at, f->bytes, f->length) == 0) {
            if (f->read) {
                return f->read(image, bytes, length, depth, err);
            }
            name = f->name;
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "neither a PNG nor a JPEG image, but %s", name);
}

bool ks_image_decode(ks_image* image, const uint8_t* bytes, size_t length, ks_error* err) {
    return read_image(image, bytes, length, KS_IMAGE_PIXELS, err);
}

bool ks_image_measure(ks_image* image, const uint8_t* bytes, size_t length, ks_error* err) {
    return read_image(image, bytes, length, KS_IMAGE_SIZE_ONLY, err);
}
