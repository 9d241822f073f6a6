/* progress.csv of a run that is resumed: run/progress.h. The first two bytes are problem and stages, and iteration. Rows before that
 * iteration stay as they are, but for the column that files of earlier versions lack; a file that is not whole even in its header is
 * begun anew, and one that is refused stays as it is. */
#include "run/kinds.h"
#include "run/progress.h"
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 4096 };

static void write_file(const char* path, const uint8_t* data, size_t size) {
    FILE* file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        fuzz_finding("the file cannot be written");
    }
}

/* The file, of at most `room` bytes. */
static size_t read_back(uint8_t* to, size_t room, const char* path) {
    FILE* file = fopen(path, "rb");
    size_t length = file ? fread(to, 1, room, file) : 0;
    if (!file || fclose(file) != 0) {
        fuzz_finding("the file is gone");
    }
    return length;
}

/* What is left must be the beginning of what was there, or of what that is with one more column. */
static void check_kept(const char* path, const uint8_t* data, size_t size, int64_t rows) {
    uint8_t* kept = malloc(size + ROOM);
    if (!kept) {
        fuzz_finding("not enough memory");
    }
    size_t length = read_back(kept, size + ROOM, path);
    size_t lines = 0;
    for (size_t at = 0; at < length; at++) {
        bool blank = kept[at] == '\n' || kept[at] == '\r';
        while (at < length && kept[at] != '\n') {
            at++;
        }
        lines += at < length && !blank;
    }
    if (lines != (size_t)rows + 1 || (rows > 0 && (length > size || memcmp(kept, data, length) != 0))) {
        fuzz_finding("rows before the checkpoint are not as they were");
    }
    free(kept);
}

/* What was refused must not have been touched. */
static void check_untouched(const char* path, const uint8_t* data, size_t size) {
    uint8_t* kept = malloc(size + 1);
    if (!kept || read_back(kept, size + 1, path) != size || memcmp(kept, data, size) != 0) {
        fuzz_finding("a file that was refused has changed");
    }
    free(kept);
}

/* A file of images without the column of validation, with it: out (size + lines + ROOM). Other files as they are. */
static size_t widened(uint8_t* out, const uint8_t* data, size_t size, const char* old) {
    size_t length = strlen(old), at = size > 2 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0, end = 0;
    bool head = true;
    for (size_t next; at < size; at = next) {
        const uint8_t* line = data + at;
        const uint8_t* stop = memchr(line, '\n', size - at);
        next = stop ? (size_t)(stop - data) + 1 : size;
        size_t n = 0;
        while (n < next - at && line[n] != '\r' && line[n] != '\n') {
            n++;
        }
        if (n == 0 || !stop) {
            continue;
        }
        if (head && (n != length || memcmp(line, old, n) != 0)) {
            break;
        }
        memcpy(out + end, line, n);
        end += n;
        const char* more = head ? ",validation_accuracy\n" : ",\n";
        memcpy(out + end, more, strlen(more));
        end += strlen(more);
        head = false;
    }
    if (head) {
        memcpy(out, data, size);
        return size;
    }
    return end;
}

/* The checkpoint that the text goes with, if there is one: its row before `iteration` says what it counts. */
static ks_progress_mark find_mark(const uint8_t* data, size_t size, bool acts, int stages, int iteration) {
    ks_progress_mark mark = {.iteration = iteration};
    char* text = calloc(1, size + 1);
    if (!text) {
        return mark;
    }
    memcpy(text, data, size);
    for (const char* line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        char* end;
        if (strtol(line, &end, 10) == iteration - 1 && *end == ',') {
            mark.env_steps = acts ? strtoull(end + 1, &end, 10) : 0;
            for (int j = 0; j < stages && *end == ','; j++) {
                mark.last_metric = strtod(end + 1, &end);
            }
            break;
        }
    }
    free(text);
    return mark;
}

static void run(const uint8_t* data, size_t size, ks_progress_layout layout, int iteration, const char* old) {
    int64_t first;
    char path[256];
    ks_error err = {0};
    snprintf(path, sizeof path, "%s/progress.csv", fuzz_folder());
    write_file(path, data, size);
    ks_progress_mark mark = find_mark(data, size, layout.acts, layout.stages, iteration);
    ks_progress* progress = ks_progress_open(fuzz_folder(), layout, &mark, &first, &err);
    fuzz_check(progress != NULL, &err);
    if (!progress) {
        check_untouched(path, data, size);
        return;
    }
    ks_progress_close(progress);
    uint8_t* wanted = malloc(2 * size + ROOM);
    if (!wanted) {
        fuzz_finding("not enough memory");
    }
    size_t length = size;
    memcpy(wanted, data, size);
    if (layout.validates) {
        length = widened(wanted, data, size, old);
    }
    check_kept(path, wanted, length, iteration - first);
    free(wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) {
        return 0;
    }
    int stages = data[0] % 4 + 1, iteration = data[1] % 8;
    ks_progress_layout layout = {.problem = &ks_problem_rl, .outer = &ks_outer_trpo, .stages = stages, .acts = true};
    char old[256] = "";
    if (data[0] / 4 % 2) { /* of a problem that validates, whose older files have no column for it */
        layout = (ks_progress_layout){
            .problem = &ks_problem_images, .outer = &ks_outer_adam, .stages = stages, .validates = true};
        size_t used = (size_t)snprintf(old, sizeof old, "iteration");
        for (int j = 0; j < stages; j++) {
            used += (size_t)snprintf(old + used, sizeof old - used, ",accuracy_%d", j);
        }
        snprintf(old + used, sizeof old - used, ",outer_loss,gradient_norm,sampling_s,update_s");
    }
    run(data + 2, size - 2, layout, iteration, old);
    return 0;
}
