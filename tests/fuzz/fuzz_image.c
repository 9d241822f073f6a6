/* PNG and JPEG images: fewshot/image_decode.h. What is decoded has the size that is measured, and can be resized. */
#include "fewshot/image_resize.h"
#include "target.h"

enum { SIZE = 28, MOST = 1 << 20 };

static void resize(const ks_image* image) {
    static uint8_t out[SIZE * SIZE * 3];
    ks_error err = {0};
    ks_image_resizer* resizer = ks_image_resizer_create(&err);
    if (!resizer || !ks_image_resize(out, SIZE, image, resizer, &err)) {
        fuzz_finding(err.text);
    }
    ks_image_resizer_destroy(resizer);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    ks_error err = {0}, same = {0};
    ks_image image, measured;
    bool ok = ks_image_decode(&image, data, size, &err);
    fuzz_check(ok, &err);
    bool known = ks_image_measure(&measured, data, size, &same);
    fuzz_check(known, &same);
    if (!ok) {
        return 0;
    }
    if (!known || measured.width != image.width || measured.height != image.height) {
        fuzz_finding("an image has another size than it was measured to have");
    }
    if (image.width * image.height <= MOST) { /* larger ones take long */
        resize(&image);
    }
    ks_image_free(&image);
    return 0;
}
