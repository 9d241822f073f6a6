/* CSVs of eval: figures/results.h. A byte 0x1e parts two files; the first byte says whether the first gets a label of its own. */
#include "figures/results.h"
#include "target.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) {
        return 0;
    }
    const uint8_t* end = data + size;
    const uint8_t* second = memchr(data, 0x1e, size);
    size_t first_size = (size_t)((second ? second : end) - data) - (second == data ? 0 : 1);
    const char* paths[2] = {fuzz_file(0, second == data ? data : data + 1, first_size), NULL};
    if (second) {
        paths[1] = fuzz_file(1, second + 1, (size_t)(end - second) - 1);
    }
    const char* labels[2] = {data[0] & 1 ? "other" : NULL, NULL};
    ks_results returns;
    ks_error err = {0};
    bool ok = ks_results_read(&returns, paths, labels, second ? 2 : 1, &err);
    fuzz_check(ok, &err);
    for (size_t i = 0; ok && i < returns.count; i++) {
        const ks_result_line* line = &returns.lines[i];
        if (line->steps < 0 || line->steps > KS_RESULTS_MAX_STEPS || line->tasks[line->steps] == 0 || !*line->label) {
            fuzz_finding("a line without a name or a last step");
        }
    }
    return 0;
}
