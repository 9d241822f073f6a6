/* progress.csv of a run that is resumed: run/progress.h. The first two bytes are stages and iteration. Rows before that iteration
 * stay as they are; a file that is not whole even in its header is begun anew. */
#include "run/kinds.h"
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
    bool blank = true; /* so far, of this line */
    for (size_t i = 0; i < length; i++) {
        lines += kept[i] == '\n' && !blank;
        blank = kept[i] == '\n' || (blank && kept[i] == '\r');
    }
    if (lines != (size_t)rows + 1 || (rows > 0 && (length > size || memcmp(kept, data, length) != 0))) {
        fuzz_finding("rows before the checkpoint are not as they were");
    }
    free(kept);
}

/* The checkpoint that the text goes with, if there is one: its row before `iteration` says what it counts. */
static ks_progress_mark find_mark(const uint8_t* data, size_t size, int stages, int iteration) {
    ks_progress_mark mark = {.iteration = iteration};
    char* text = calloc(1, size + 1);
    if (!text) {
        return mark;
    }
    memcpy(text, data, size);
    for (const char* line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        char* end;
        if (strtol(line, &end, 10) == iteration - 1 && *end == ',') {
            mark.env_steps = strtoull(end + 1, &end, 10);
            for (int j = 0; j < stages && *end == ','; j++) {
                mark.last_metric = strtod(end + 1, &end);
            }
            break;
        }
    }
    free(text);
    return mark;
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
    ks_progress_mark mark = find_mark(data + 2, size - 2, stages, iteration);
    const ks_progress_layout layout = {
        .problem = &ks_problem_rl, .outer = &ks_outer_trpo, .stages = stages, .acts = true};
    ks_progress* progress = ks_progress_open(fuzz_folder(), layout, &mark, &first, &err);
    fuzz_check(progress != NULL, &err);
    if (progress) {
        ks_progress_close(progress);
        check_kept(path, data + 2, size - 2, iteration - first);
    }
    return 0;
}
