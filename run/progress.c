#include "run/progress.h"

#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/number.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ks_progress {
    FILE* file;
    char path[4096];
    ks_progress_layout layout;
    bool narrow; /* the file has no column of validation, and is to have one */
    double flushed;
};

void ks_progress_columns(char* out, size_t room, const ks_progress_layout* layout) {
    ks_progress_column columns[KS_PROGRESS_COLUMNS];
    size_t count = ks_progress_row_columns(columns, layout, NULL), used = 0;
    for (size_t i = 0; i < count && used < room; i++) {
        used += (size_t)snprintf(out + used, room - used, i ? ",%s" : "%s", columns[i].name);
    }
}

/* The header behind a byte-order mark. */
static const char* names_of(const char* line) {
    return strncmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line;
}

/* The next line in which something stands, without its line break, and its number. False if there is no whole one; line is then
 * what stands there without a break. */
static bool read_line(char* line, size_t room, FILE* file, int64_t* number) {
    do {
        *line = 0;
        ++*number;
        if (!fgets(line, (int)room, file) || !strchr(line, '\n')) {
            return false;
        }
        line[strcspn(line, "\r\n")] = 0;
    } while (!*line);
    return true;
}

static bool unexpected(const ks_progress* p, int64_t line, int64_t iteration, ks_error* err) {
    return ks_fail(err, KS_BAD_INPUT,
                   "%s: line %lld is not what the checkpoint of iteration %lld goes on from; put the right file there, "
                   "or take this one away",
                   p->path, (long long)line, (long long)iteration);
}

/* The iteration of a row; -1 if it is none, or its numbers are not those that the checkpoint counts on. */
static int64_t read_row(const ks_progress* p, const char* line, const ks_progress_mark* mark) {
    int64_t row, steps;
    double value = 0;
    if (!ks_scan_int(&line, 0, INT64_MAX, &row) || *line != ',') {
        return -1;
    }
    if (row != mark->iteration - 1 || !isfinite(mark->last_metric)) {
        return row;
    }
    bool ok = true;
    if (p->layout.acts) {
        line++;
        ok = ks_scan_int(&line, 0, INT64_MAX, &steps) && (uint64_t)steps == mark->env_steps;
    }
    for (int j = 0; ok && j < p->layout.stages; j++) {
        ok = *line++ == ',' && ks_scan_double(&line, &value);
    }
    ok = ok && fabs(value - mark->last_metric) <= 1e-7 * fmax(1, fabs(mark->last_metric)); /* nine digits are written */
    return ok ? row : -1;
}

/* Where the row of mark->iteration starts, or would: everything from there on was written after the checkpoint, or is half a row
 * that a crash has left. *first: iteration of the first row before it. False if the header is another, or a row between is
 * missing. */
static bool find_cut(ks_progress* p, const ks_progress_mark* mark, int64_t* first, long* cut, ks_error* err) {
    char line[4096], wide[1024], narrow[1024];
    int64_t number = 0;
    ks_progress_layout with = p->layout, without = p->layout;
    with.validates = p->layout.validates || p->layout.problem->has_validation;
    without.validates = false;
    ks_progress_columns(wide, sizeof wide, &with);
    ks_progress_columns(narrow, sizeof narrow, &without);
    *cut = 0;
    *first = mark->iteration;
    bool whole = read_line(line, sizeof line, p->file, &number);
    const char* names = names_of(line);
    if (!whole) { /* not even a header yet, or half a one */
        return strncmp(names, wide, strlen(names)) == 0 || unexpected(p, number, mark->iteration, err);
    }
    bool is_wide = strcmp(names, wide) == 0, is_narrow = strcmp(names, narrow) == 0;
    if (!is_wide && !is_narrow) {
        return unexpected(p, number, mark->iteration, err);
    }
    p->narrow = p->layout.validates && !is_wide;
    p->layout.validates = p->layout.validates || !is_narrow;
    *cut = ftell(p->file);
    for (int64_t row = -1; row < mark->iteration - 1;) {
        if (!read_line(line, sizeof line, p->file, &number)) {
            return row < 0 || unexpected(p, number, mark->iteration, err);
        }
        int64_t here = read_row(p, line, mark);
        if (here < 0 || (row < 0 ? here > mark->iteration : here != row + 1)) {
            return unexpected(p, number, mark->iteration, err);
        }
        if (here == mark->iteration) {
            break;
        }
        *first = row < 0 ? here : *first;
        row = here;
        *cut = ftell(p->file);
    }
    return true;
}

/* ---- files without the column of validation -------------------------------------------------------------------------------- */

/* what write_widened gets */
typedef struct widening {
    ks_progress* p;
    long cut;
} widening;

/* Copies the file up to the cut with one more column, empty in all rows. */
static bool write_widened(void* user, FILE* to) {
    const widening* w = user;
    FILE* from = w->p->file;
    char line[4096], head[1024];
    int64_t number = 0;
    ks_progress_columns(head, sizeof head, &w->p->layout);
    rewind(from);
    read_line(line, sizeof line, from, &number);
    fprintf(to, "%s\n", head);
    while (ftell(from) < w->cut && read_line(line, sizeof line, from, &number)) {
        fprintf(to, "%s,\n", line);
    }
    return !ferror(to) && !ferror(from);
}

/* A file without the column of validation, which has been read to the cut, gets it, and ends there. */
static bool widen(ks_progress* p, long cut, ks_error* err) {
    widening w = {p, cut};
    if (!ks_replace_file(p->path, write_widened, &w, err)) {
        return false;
    }
    FILE* file = fopen(p->path, "r+");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        ks_fail(err, KS_FAILED, "cannot read %s: %s", p->path, strerror(errno));
        if (file) {
            fclose(file);
        }
        return false;
    }
    fclose(p->file);
    p->file = file;
    return true;
}

/* ---- opening ---------------------------------------------------------------------------------------------------------------- */

/* The file, at its end: the row of mark->iteration comes next. */
static bool prepare(ks_progress* p, bool resume, const ks_progress_mark* mark, int64_t* first, ks_error* err) {
    char line[1024];
    long cut = 0;
    *first = mark->iteration;
    errno = 0;
    bool found = !resume || find_cut(p, mark, first, &cut, err);
    if (ferror(p->file)) { /* not the end of the file, which would be cut there */
        return ks_fail(err, KS_FAILED, "cannot read %s: %s", p->path, strerror(errno ? errno : EIO));
    }
    if (!found || p->narrow) {
        return found && widen(p, cut, err);
    }
    bool ok = fseek(p->file, cut, SEEK_SET) == 0 && ftruncate(fileno(p->file), cut) == 0;
    if (ok && cut == 0) {
        ks_progress_columns(line, sizeof line, &p->layout);
        ok = fprintf(p->file, "%s\n", line) >= 0 && fflush(p->file) == 0;
    }
    return ok || ks_fail(err, KS_FAILED, "cannot write %s: %s", p->path, strerror(errno));
}

ks_progress* ks_progress_open(const char* directory, ks_progress_layout layout, const ks_progress_mark* mark,
                              int64_t* first, ks_error* err) {
    ks_progress* p = calloc(1, sizeof *p);
    if (!p) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    p->layout = layout;
    snprintf(p->path, sizeof p->path, "%s/progress.csv", directory);
    p->file = fopen(p->path, "r+");
    bool resume = p->file != NULL;
    if (!resume && errno == ENOENT) { /* for no other reason: what is there is not to be lost */
        p->file = fopen(p->path, "w");
    }
    if (!p->file) {
        ks_fail(err, KS_FAILED, "cannot write %s: %s", p->path, strerror(errno));
        free(p);
        return NULL;
    }
    if (!prepare(p, resume, mark, first, err)) {
        ks_progress_close(p);
        return NULL;
    }
    return p;
}

static void print_value(FILE* f, const ks_progress_column* c, bool acts) {
    if (c->missing) {
        return;
    }
    switch (c->type) {
        case KS_PROGRESS_COUNT:
            fprintf(f, "%llu", (unsigned long long)c->value);
            break;
        case KS_PROGRESS_NUMBER:
            ks_fprintf(f, "%.9g", c->value);
            break;
        case KS_PROGRESS_SECONDS:
            ks_fprintf(f, acts ? "%.3f" : "%.6f", c->value);
            break;
    }
}

bool ks_progress_row(ks_progress* p, const ks_progress_now* now, ks_error* err) {
    ks_progress_column columns[KS_PROGRESS_COLUMNS];
    size_t count = ks_progress_row_columns(columns, &p->layout, now);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? "," : "", p->file);
        print_value(p->file, &columns[i], p->layout.acts);
    }
    fputc('\n', p->file);
    double time = ks_clock();
    bool due = time - p->flushed >= KS_PROGRESS_FLUSH_S;
    p->flushed = due ? time : p->flushed;
    if ((due && fflush(p->file) != 0) || ferror(p->file)) {
        return ks_fail(err, KS_FAILED, "cannot write %s: %s", p->path, strerror(errno));
    }
    return true;
}

bool ks_progress_sync(ks_progress* p, ks_error* err) {
    if (fflush(p->file) != 0 || fsync(fileno(p->file)) != 0) {
        return ks_fail(err, KS_FAILED, "cannot write %s: %s", p->path, strerror(errno));
    }
    return true;
}

void ks_progress_close(ks_progress* p) {
    if (p) {
        fclose(p->file);
        free(p);
    }
}
