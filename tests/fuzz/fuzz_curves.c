/* progress.csv of runs, as plot reads them: figures/curves.h. Byte 0x1e parts two runs, which are of one label. */
#include "figures/curves.h"
#include "target.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const uint8_t* second = memchr(data, 0x1e, size);
    size_t first_size = second ? (size_t)(second - data) : size;
    ks_curves curves = {0};
    ks_error err = {0};
    bool ok = ks_curves_add(&curves, fuzz_file(0, data, first_size), "a", &err);
    if (ok && second) {
        ok = ks_curves_add(&curves, fuzz_file(1, second + 1, size - first_size - 1), "a", &err);
    }
    ok = ok && ks_curves_sum_up(&curves, &err);
    fuzz_check(ok, &err);
    if (ok && (curves.count != 1 || curves.curves[0].points == 0)) {
        fuzz_finding("a run without a row");
    }
    ks_curves_free(&curves);
    return 0;
}
