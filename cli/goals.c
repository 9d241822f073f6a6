#include "base/number.h"
#include "base/text_file.h"
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is wrong with a line, for the end of a message; "" if nothing is to be seen. Found before the line is cut. */
static void describe(char* out, size_t room, const char* line) {
    size_t column;
    const char* lookalike = ks_text_lookalike(line, &column);
    *out = 0;
    if (lookalike) {
        snprintf(out, room, "; column %zu is %s", column, lookalike);
    } else if (strchr(line, ';')) {
        snprintf(out, room, ", with a point in each, not semicolons between");
    }
}

/* One line of a goals file into task (dim). */
static bool parse_goal(const char* path, size_t number, char* line, size_t dim, double* task, ks_error* err) {
    char *fields[KS_TASK_MAX], shown[61], wrong[96];
    size_t count = 0;
    snprintf(shown, sizeof shown, "%s", line);
    describe(wrong, sizeof wrong, line);
    bool ok = !ks_text_cut(line, fields, KS_TASK_MAX, &count) && count == dim;
    for (size_t i = 0; ok && i < dim; i++) {
        ok = ks_parse_double(fields[i], &task[i]);
    }
    return ok || ks_fail(err, KS_BAD_INPUT, "%s:%zu: '%s' is not a task: %zu number%s%s%s", path, number, shown, dim,
                         dim == 1 ? "" : "s", dim == 1 ? "" : " separated by commas", wrong);
}

static bool read_goals(double** tasks, size_t* count, ks_text_file* text, const char* path, const ks_env_def* def,
                       ks_error* err) {
    size_t dim = (size_t)def->task_dim;
    size_t room = 0;
    bool ended;
    for (char* line; (line = ks_text_file_line(text, &ended));) {
        if (ks_text_is_blank(line)) {
            continue;
        }
        if (*count == room) {
            room = room ? 2 * room : 64;
            double* more = realloc(*tasks, room * dim * sizeof **tasks);
            if (!more) {
                return ks_fail(err, KS_FAILED, "%s: not enough memory for %zu tasks", path, room);
            }
            *tasks = more;
        }
        if (!parse_goal(path, text->line, line, dim, *tasks + *count * dim, err) ||
            !ks_cli_check_goal(*tasks + *count * dim, def, path, text->line, err)) {
            return false;
        }
        ++*count;
    }
    return *count > 0 ||
           ks_fail(err, KS_BAD_INPUT, "%s: no task is in it; one a line, its numbers separated by commas", path);
}

double* ks_cli_read_goals(const char* path, const ks_env_def* def, size_t* count, bool quiet, ks_error* err) {
    ks_text_file text;
    double* tasks = NULL;
    *count = 0;
    if (!ks_text_file_read(&text, path, KS_TEXT_MAX_BYTES, err)) {
        return NULL;
    }
    bool ok = read_goals(&tasks, count, &text, path, def, err);
    ks_text_file_free(&text);
    if (!ok) {
        free(tasks);
        return NULL;
    }
    if (!quiet) {
        ks_cli_note_goals(tasks, *count, def, path);
    }
    return tasks;
}
