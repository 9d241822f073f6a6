#include "fewshot/image_decode.h"

#include <stdlib.h>
#include <string.h>

bool ks_image_alloc(ks_image* image, size_t width, size_t height, size_t channels, ks_error* err) {
    if (width == 0 || height == 0) {
        return ks_fail(err, KS_BAD_INPUT, "an image without pixels");
    }
    if (width > KS_IMAGE_MAX_SIDE || height > KS_IMAGE_MAX_SIDE || width * height > KS_IMAGE_MAX_PIXELS) {
        return ks_fail(err, KS_BAD_INPUT, "it claims %zu x %zu pixels; %d of them are the most that is read", width,
                       height, KS_IMAGE_MAX_PIXELS);
    }
    *image = (ks_image){.width = width, .height = height, .channels = channels};
    image->pixels = malloc(width * height * channels);
    return image->pixels || ks_fail(err, KS_FAILED, "not enough memory for %zu x %zu pixels", width, height);
}

void ks_image_free(ks_image* image) {
    free(image->pixels);
    *image = (ks_image){0};
}

bool ks_image_decode(ks_image* image, const uint8_t* bytes, size_t length, ks_error* err) {
    static const uint8_t PNG[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    *image = (ks_image){0};
    if (length == 0) {
        return ks_fail(err, KS_BAD_INPUT, "an empty file");
    }
    if (length >= sizeof PNG && memcmp(bytes, PNG, sizeof PNG) == 0) {
        return ks_image_decode_png(image, bytes, length, err);
    }
    return ks_fail(err, KS_BAD_INPUT, "not a PNG image");
}
