#include "figures/live_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PACE_ROWS = 50 }; /* whose times count */

/* where the numbers stand; NONE: nowhere */
enum { NONE = KS_CSV_MAX_COLUMNS };
typedef struct columns {
    size_t iteration, stage[KS_CURVE_STAGES], env_steps, kl, time[2];
} columns;

static size_t column_of(const ks_csv* csv, const char* name) {
    size_t column;
    return ks_csv_find(csv, name) && ks_csv_column(&column, csv, name, NULL) ? column : NONE;
}

static bool find_columns(columns* c, ks_live_rows* r, const ks_csv* csv, ks_error* err) {
    *c = (columns){.env_steps = column_of(csv, "env_steps"),
                   .kl = column_of(csv, "kl"),
                   .time = {column_of(csv, "sampling_s"), column_of(csv, "update_s")}};
    r->metric = ks_metric_of_progress(&c->stage[KS_BEFORE], &c->stage[KS_AFTER], &r->steps, csv, err);
    if (!r->metric || !ks_csv_column(&c->iteration, csv, "iteration", err)) {
        return false;
    }
    if (!ks_metric_of_validation(&c->stage[KS_VALIDATED], r->metric, csv)) {
        c->stage[KS_VALIDATED] = NONE;
    }
    return true;
}

/* NAN where there is no such column, or nothing in it. */
static bool number(double* value, const ks_csv* csv, size_t column, ks_error* err) {
    *value = NAN;
    return column == NONE || !*csv->fields[column] || ks_csv_any_number(value, csv, column, err);
}

static bool add_row(ks_live_rows* r, const columns* c, const ks_csv* csv, double seconds[PACE_ROWS], ks_error* err) {
    if (r->count == r->room) {
        size_t room = r->room ? 2 * r->room : 256;
        ks_live_row* grown = realloc(r->rows, room * sizeof *grown);
        if (!grown) {
            return ks_fail(err, KS_FAILED, "not enough memory for %zu iterations", room);
        }
        r->rows = grown;
        r->room = room;
    }
    ks_live_row* row = &r->rows[r->count];
    double time[2];
    bool ok = ks_csv_number(&row->iteration, csv, c->iteration, err) && number(&r->kl, csv, c->kl, err) &&
              number(&r->env_steps, csv, c->env_steps, err) && number(&time[0], csv, c->time[0], err) &&
              number(&time[1], csv, c->time[1], err);
    for (int s = 0; ok && s < KS_CURVE_STAGES; s++) {
        ok = number(&row->stage[s], csv, c->stage[s], err);
    }
    if (ok && !isnan(row->stage[KS_VALIDATED])) {
        r->validated = row->stage[KS_VALIDATED];
    }
    seconds[r->count % PACE_ROWS] = ok ? time[0] + time[1] : 0;
    r->count += ok;
    return ok;
}

static bool read_rows(ks_live_rows* r, ks_csv* csv, ks_error* err) {
    columns c;
    double seconds[PACE_ROWS] = {0};
    bool more;
    if (!ks_csv_next(csv, &more, true, err)) {
        return false;
    }
    if (!more) { /* perhaps half a header */
        return true;
    }
    if (!find_columns(&c, r, csv, err)) {
        return false;
    }
    do {
        if (!add_row(r, &c, csv, seconds, err) || !ks_csv_next(csv, &more, true, err)) {
            return false;
        }
    } while (more);
    size_t last = r->count < PACE_ROWS ? r->count : PACE_ROWS;
    for (size_t i = 0; i < last; i++) {
        r->seconds += seconds[i] / (double)last;
    }
    r->env_steps = isnan(r->env_steps) ? 0 : r->env_steps;
    return true;
}

bool ks_live_rows_read(ks_live_rows* r, const char* path, ks_error* err) {
    ks_csv csv;
    *r = (ks_live_rows){.rows = r->rows, .room = r->room, .kl = NAN, .validated = NAN};
    struct stat info;
    if (stat(path, &info) != 0 || (S_ISREG(info.st_mode) && info.st_size == 0)) {
        return true;
    }
    if (!ks_csv_open(&csv, path, err)) {
        return false;
    }
    bool ok = read_rows(r, &csv, err);
    if (!ok || r->count == 0) {
        r->count = 0;
        r->metric = NULL;
    }
    ks_csv_close(&csv);
    return ok;
}

void ks_live_rows_free(ks_live_rows* r) {
    free(r->rows);
    *r = (ks_live_rows){0};
}
