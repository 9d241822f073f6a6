#include "base/number.h"
#include "cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One line of a goals file into task (dim). Empty lines are passed over: *used says whether it was one. */
static bool parse_goal(const char* path, size_t line_number, char* line, size_t dim, double* task, bool* used,
                       ks_error* err) {
    size_t length = strlen(line);
    while (length > 0 && isspace((unsigned char)line[length - 1])) {
        line[--length] = 0;
    }
    *used = length > 0;
    if (!*used) {
        return true;
    }
    const char* at = line;
    for (size_t i = 0; i < dim; i++) {
        if (!ks_scan_double(&at, &task[i]) || *at != (i + 1 < dim ? ',' : 0)) {
            return ks_fail(err, KS_BAD_INPUT, "%s:%zu: '%.60s' is not a task: %zu number%s separated by commas", path,
                           line_number, line, dim, dim == 1 ? "" : "s");
        }
        at++;
    }
    return true;
}

double* ks_cli_read_goals(const char* path, const ks_env_def* def, size_t* count, ks_error* err) {
    size_t dim = (size_t)def->task_dim;
    FILE* file = fopen(path, "r");
    if (!file) {
        ks_fail(err, KS_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    double* tasks = NULL;
    char* line = NULL;
    size_t room = 0, task_room = 0;
    bool ok = true;
    *count = 0;
    errno = 0;
    for (size_t number = 1; ok && getline(&line, &room, file) >= 0; number++) {
        if (*count == task_room) {
            task_room = task_room ? 2 * task_room : 64;
            double* more = realloc(tasks, task_room * dim * sizeof *tasks);
            ok = more || ks_fail(err, KS_FAILED, "not enough memory");
            tasks = more ? more : tasks;
        }
        bool used = false;
        ok = ok && parse_goal(path, number, line, dim, tasks + *count * dim, &used, err) &&
             (!used || ks_cli_check_goal(tasks + *count * dim, def, path, number, err));
        *count += used;
    }
    if (ok && ferror(file)) { /* a directory, for one */
        ok = ks_fail(err, KS_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    }
    if (ok && *count == 0) {
        ok = ks_fail(err, KS_BAD_INPUT, "%s: no task is in it; one a line, its numbers separated by commas", path);
    }
    free(line);
    fclose(file);
    if (!ok) {
        free(tasks);
        return NULL;
    }
    ks_cli_note_goals(tasks, *count, def, path);
    return tasks;
}
