/* progress.csv of a run that is resumed: run/progress.h. The first two bytes are stages and iteration. Rows before that iteration
 * stay as they are; a file that is not whole even in its header is begun anew. */
#include "run/progress.h"
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_file(const char* path, const uint8_t* data, size_t size) {
    FILE* file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        fuzz_finding("the file cannot be written");
    }
}

/* what is left must be the beginning of what was there */
static void check_kept(const char* path, const uint8_t* data, size_t size, int64_t rows) {
    uint8_t* kept = malloc(size + 4096);
    FILE* file = fopen(path, "rb");
    size_t length = file && kept ? fread(kept, 1, size + 4096, file) : 0;
    size_t lines = 0;
    if (!file || !kept || fclose(file) != 0) {
        fuzz_finding("the file is gone");
    }
    for (size_t i = 0; i < length; i++) {
        lines += kept[i] == '\n';
    }
    if (lines != (size_t)rows + 1 || (rows > 0 && (length > size || memcmp(kept, data, length) != 0))) {
        fuzz_finding("rows before the checkpoint are not as they were");
    }
    free(kept);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) {
        return 0;
    }
    int stages = data[0] % 4 + 1, iteration = data[1] % 8;
    int64_t first;
    char path[256];
    ks_error err = {0};
    snprintf(path, sizeof path, "%s/progress.csv", fuzz_folder());
    write_file(path, data + 2, size - 2);
    ks_progress* progress = ks_progress_open(fuzz_folder(), stages, iteration, &first, &err);
    fuzz_check(progress != NULL, &err);
    if (progress) {
        ks_progress_close(progress);
        check_kept(path, data + 2, size - 2, iteration - first);
    }
    return 0;
}
