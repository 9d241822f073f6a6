/* What a line was evaluated with, and which model it was, beside its eval.csv. */
#include "cli/suite.h"

#include "base/atomic_file.h"
#include "base/file_sum.h"
#include "base/text_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char NAME[] = "eval.options";

/* "--steps 3": an option with its value; the next word of the line, from *i on */
static char* next_option(const ks_command_line* c, int* i) {
    char* text = NULL;
    size_t size = 0;
    FILE* f = open_memstream(&text, &size);
    if (!f) {
        return NULL;
    }
    fputs(c->word[(*i)++], f);
    while (*i < c->count && strncmp(c->word[*i], "--", 2) != 0) {
        fprintf(f, " %s", c->word[(*i)++]);
    }
    if (fclose(f) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static int by_letters(const void* a, const void* b) {
    return strcmp(*(char* const*)a, *(char* const*)b);
}

static const char MODEL[] = "policy.safetensors ";

/* "policy.safetensors 1a2b3c4d": what was evaluated, by its sum. */
static bool write_model(FILE* f, const ks_suite_line* line, const ks_suite_place* place) {
    char path[KS_SUITE_PATH];
    ks_suite_path(path, line, place, "policy.safetensors");
    return fprintf(f, "%s%08" PRIx32 "\n", MODEL, ks_file_sum(path)) > 0;
}

char* ks_suite_options_text(const ks_command_line* c, bool in_order) {
    char **options = calloc((size_t)c->count + 1, sizeof *options), *text = NULL;
    size_t count = 0, size = 0;
    FILE* f = options ? open_memstream(&text, &size) : NULL;
    bool ok = f != NULL;
    for (int i = 0; ok && i < c->count;) {
        options[count] = next_option(c, &i);
        ok = options[count++] != NULL;
    }
    if (ok && !in_order) {
        qsort(options, count, sizeof *options, by_letters);
    }
    for (size_t i = 0; i < count; i++) {
        ok = ok && fprintf(f, "%s\n", options[i]) > 0;
        free(options[i]);
    }
    free(options);
    if ((f && fclose(f) != 0) || !ok) {
        free(text);
        return NULL;
    }
    return text;
}

/* All options, whatever their order in the suite is, and the model. The caller frees it. NULL: no memory */
static char* write_down(const ks_suite_line* line, const ks_suite_place* place) {
    char *options = ks_suite_options_text(&line->eval, false), *text = NULL;
    size_t size = 0;
    FILE* f = options ? open_memstream(&text, &size) : NULL;
    bool ok = f && fputs(options, f) >= 0 && write_model(f, line, place);
    free(options);
    if ((f && fclose(f) != 0) || !ok) {
        free(text);
        return NULL;
    }
    return text;
}

/* The last line, if it says what was evaluated. */
static const char* model_in(const char* text) {
    const char* at = strstr(text, MODEL);
    return at && (at == text || at[-1] == '\n') ? at : NULL;
}

ks_options_state ks_suite_options(const ks_suite_line* line, const ks_suite_place* place) {
    enum { MAX_BYTES = 1 << 20 };
    char path[KS_SUITE_PATH];
    ks_text_file file;
    ks_error unused;
    ks_suite_path(path, line, place, NAME);
    if (!ks_text_file_read(&file, path, MAX_BYTES, &unused)) {
        return access(path, F_OK) == 0 ? KS_OPTIONS_OTHER : KS_OPTIONS_UNKNOWN;
    }
    char* ours = write_down(line, place);
    const char* model = model_in(file.text);
    ks_options_state state = !ours                                ? KS_OPTIONS_OTHER
                             : !model                             ? KS_OPTIONS_UNKNOWN
                             : strcmp(model, model_in(ours)) != 0 ? KS_OPTIONS_OTHER_MODEL
                             : strcmp(file.text, ours) != 0       ? KS_OPTIONS_OTHER
                                                                  : KS_OPTIONS_SAME;
    free(ours);
    ks_text_file_free(&file);
    return state;
}

bool ks_suite_forget_options(const ks_suite_line* line, const ks_suite_place* place, ks_error* err) {
    char path[KS_SUITE_PATH];
    ks_suite_path(path, line, place, NAME);
    return unlink(path) == 0 || errno == ENOENT ||
           ks_fail(err, KS_FAILED, "cannot replace %s: %s", path, strerror(errno));
}

static bool write_text(void* user, FILE* f) {
    return fputs(*(const char**)user, f) >= 0;
}

bool ks_suite_write_options(const char* path, const char* text, ks_error* err) {
    return text ? ks_replace_file(path, write_text, &text, err) : ks_fail(err, KS_FAILED, "not enough memory");
}

bool ks_suite_keep_options(const ks_suite_line* line, const ks_suite_place* place, ks_error* err) {
    char path[KS_SUITE_PATH], *text = write_down(line, place);
    ks_suite_path(path, line, place, NAME);
    bool ok = ks_suite_write_options(path, text, err);
    free(text);
    return ok;
}
