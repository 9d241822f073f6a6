#include "cli/watch_page.h"

#include "base/text.h"
#include "cli/terminal.h"
#include "figures/dots.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { INKS = 6, CELL = 96, LEAST_CHART = 5, MOST_CHARTS = 3, AXIS = 9, LABEL = 3 };
static const char* const COLOURS[INKS] = {"\033[36m", "\033[33m", "\033[35m", "\033[32m", "\033[34m", "\033[31m"};

/* what a row of the table may have, from the most to the least important */
enum { NAME, STATE, DONE, METRIC, LEFT, VALIDATION, PACE, KL, TASK, CELLS };

/* ---- the table ------------------------------------------------------------------------------------------------------------- */

static int print_metric(char* out, size_t room, const ks_metric* m, double value) {
    bool plain = !m->is_error && fabs(value) < 1e6;
    return snprintf(out, room, !plain ? "%.3g" : m->acts ? "%.2f" : "%.3f", value);
}

/* The end of a path, if it is long: "…/dir"; in ASCII "../dir". */
static void short_name(char out[CELL], const char* path, bool ascii) {
    enum { MOST = 26 };
    char text[2 * CELL];
    size_t length = strlen(path);
    if (length > MOST) {
        const char* from = path + length - MOST + 2;
        const char* slash = strchr(from, '/');
        from = slash && slash[1] ? slash : from;
        while (((unsigned char)*from & 0xc0) == 0x80) {
            from++;
        }
        snprintf(text, sizeof text, "%s%s", ascii ? ".." : "…", from);
    } else {
        memcpy(text, path, length + 1);
    }
    ks_text_escape(out, CELL, text);
}

static void fill_numbers(char cell[CELLS][CELL], const ks_watch_run* run) {
    const ks_live_rows* r = &run->rows;
    const ks_live_row* last = &r->rows[r->count - 1];
    double left = ks_watch_run_left(run);
    int n = snprintf(cell[METRIC], CELL, "%s ", r->metric->progress);
    n += print_metric(cell[METRIC] + n, CELL - (size_t)n, r->metric, last->stage[KS_BEFORE]);
    if (r->steps > 0) {
        n += snprintf(cell[METRIC] + n, CELL - (size_t)n, " -> ");
        print_metric(cell[METRIC] + n, CELL - (size_t)n, r->metric, last->stage[KS_AFTER]);
    }
    if (!isnan(r->validated)) {
        n = snprintf(cell[VALIDATION], CELL, "validation ");
        print_metric(cell[VALIDATION] + n, CELL - (size_t)n, r->metric, r->validated);
    }
    if (run->state == KS_WATCH_RUNNING && isfinite(left)) {
        ks_cli_duration(cell[LEFT], CELL, left);
        snprintf(cell[LEFT] + strlen(cell[LEFT]), CELL - strlen(cell[LEFT]), " left");
    }
    if (isfinite(r->seconds)) {
        bool fast = r->seconds < 0.05;
        snprintf(cell[PACE], CELL, "%.2f %s each", fast ? 1000 * r->seconds : r->seconds, fast ? "ms" : "s");
    }
    if (!isnan(r->kl)) {
        snprintf(cell[KL], CELL, "kl %.4f", r->kl);
    }
}

static void fill_row(char cell[CELLS][CELL], const ks_watch_run* run, bool ascii) {
    memset(cell, 0, CELLS * sizeof *cell);
    short_name(cell[NAME], run->path, ascii);
    snprintf(cell[STATE], CELL, "%s", *run->trouble ? "damaged" : ks_watch_state_name(run->state));
    ks_text_escape(cell[TASK], CELL, run->task);
    int n = snprintf(cell[DONE], CELL, "%lld", (long long)ks_watch_run_iterations(run));
    if (run->total > 0) {
        snprintf(cell[DONE] + n, CELL - (size_t)n, "/%lld", (long long)run->total);
    }
    if (run->rows.count > 0) {
        fill_numbers(cell, run);
    }
}

void ks_watch_line(FILE* out, const ks_watch_run* run) {
    char cell[CELLS][CELL];
    fill_row(cell, run, true);
    ks_text_print(out, run->path);
    for (int c = STATE; c < CELLS; c++) {
        fprintf(out, "%s%s", *cell[c] ? "  " : "", cell[c]);
    }
    if (*run->trouble) {
        fputs("  ", out);
        ks_text_print(out, run->trouble);
    }
}

/* A text, and blanks up to its width. */
static void put(FILE* out, const char* text, size_t width) {
    size_t length = ks_text_length(text);
    fputs(text, out);
    for (; length < width; length++) {
        fputc(' ', out);
    }
}

static const char* ink_of(const ks_watch_look* look, int ink) {
    return look->colour ? COLOURS[ink % INKS] : "";
}

static const char* plain(const ks_watch_look* look) {
    return look->colour ? "\033[0m" : "";
}

/* Columns of a run's number and a blank. */
static size_t label_width(size_t count) {
    return LABEL - (count < 10);
}

/* Columns that fit beside each other; the others have width 0. */
static void fit(size_t width[CELLS], char (*cells)[CELLS][CELL], size_t count, size_t room) {
    memset(width, 0, CELLS * sizeof *width);
    size_t used = label_width(count);
    for (int c = 0; c < CELLS; c++) {
        size_t most = 0;
        for (size_t i = 0; i < count; i++) {
            size_t length = ks_text_length(cells[i][c]);
            most = length > most ? length : most;
        }
        size_t gap = c > 0 && most > 0 ? 2 : 0;
        if (used + gap + most <= room) {
            width[c] = most;
            used += gap + most;
        }
    }
}

static bool table(FILE* out, const ks_watch_run* runs, size_t count, const ks_watch_look* look, ks_error* err) {
    size_t width[CELLS];
    char(*cells)[CELLS][CELL] = malloc(count * sizeof *cells);
    if (!cells) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    for (size_t i = 0; i < count; i++) {
        fill_row(cells[i], &runs[i], look->ascii);
    }
    fit(width, cells, count, (size_t)look->columns);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s%-*zu", ink_of(look, (int)i), (int)label_width(count), i + 1);
        for (int c = 0; c < CELLS; c++) {
            if (width[c] > 0) {
                fputs(c > 0 ? "  " : "", out);
                put(out, cells[i][c], width[c]);
            }
            fputs(c == NAME ? plain(look) : "", out);
        }
        fputs(look->line_end, out);
    }
    free(cells);
    return true;
}

/* ---- a chart --------------------------------------------------------------------------------------------------------------- */

typedef struct chart {
    const ks_watch_run* runs;
    size_t count;
    const ks_metric* metric; /* of those that are in it */
    int columns, rows;       /* characters of curves */
    double end;              /* last iteration */
    bool logarithmic;
    double low, high; /* of the axis, as logarithms if it is so */
} chart;

/* A run's mean over the iterations of a column of dots, NAN where there is none. */
static double value_at(const chart* c, const ks_live_rows* r, int stage, int x, size_t* from) {
    double last = (x + 1) * c->end / (c->columns * KS_DOTS_WIDE - 1), sum = 0;
    size_t n = 0;
    for (; *from < r->count &&
           (r->rows[*from].iteration < last || (r->rows[*from].iteration <= c->end && last >= c->end));
         ++*from) {
        double value = r->rows[*from].stage[stage];
        if (isfinite(value)) {
            sum += value;
            n++;
        }
    }
    return n > 0 ? sum / (double)n : NAN;
}

static int by_size(const void* a, const void* b) {
    double x = *(const double*)a, y = *(const double*)b;
    return (x > y) - (x < y);
}

/* The axis, of all but the most extreme of what is to be seen: the first iterations may be far off. */
static bool find_axis(chart* c, ks_error* err) {
    int wide = c->columns * KS_DOTS_WIDE;
    size_t n = 0, room = c->count * KS_CURVE_STAGES * (size_t)wide;
    double* values = malloc((room + 1) * sizeof *values);
    if (!values) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    for (size_t i = 0; i < c->count; i++) {
        for (int s = 0; s < KS_CURVE_STAGES && c->runs[i].rows.metric == c->metric; s++) {
            size_t from = 0;
            for (int x = 0; x < wide; x++) {
                double value = value_at(c, &c->runs[i].rows, s, x, &from);
                values[n] = value;
                n += isfinite(value) ? 1 : 0;
            }
        }
    }
    qsort(values, n, sizeof *values, by_size);
    c->low = n > 0 ? values[n / 100] : 0;
    c->high = n > 0 ? values[n - 1 - n / 100] : 1;
    free(values);
    c->logarithmic = c->metric->is_error && c->low > 0 && c->high / c->low >= 10;
    if (c->logarithmic) {
        c->low = log10(c->low);
        c->high = log10(c->high);
    }
    double margin = c->high > c->low ? 0.03 * (c->high - c->low) : 0.01 + 0.01 * fabs(c->high);
    c->low -= margin;
    c->high += margin;
    return true;
}

/* The row of dots of a value, from the top. */
static int dot_of(const chart* c, double value) {
    int most = c->rows * KS_DOTS_HIGH - 1;
    double at = c->logarithmic ? (value > 0 ? log10(value) : c->low) : value;
    double y = (c->high - at) / (c->high - c->low) * most;
    return (int)lrint(fmin(fmax(y, 0), most));
}

/* A line after adaptation, dots before it, and crosses of dots where it was validated. Returns where the line ends, -1: nowhere. */
static int draw_stage(ks_dots* dots, const chart* c, size_t index, int stage) {
    const ks_live_rows* r = &c->runs[index].rows;
    size_t from = 0;
    int before = -1, ink = (int)index;
    bool line = stage == KS_AFTER;
    for (int x = 0, last = 0; x < c->columns * KS_DOTS_WIDE; x++) {
        double value = value_at(c, r, stage, x, &from);
        if (!isfinite(value)) {
            continue;
        }
        int y = dot_of(c, value);
        if (line && before >= 0) {
            for (int i = last; i < x; i++) { /* few iterations: dots far apart */
                double share = 1.0 / (x - last);
                int a = before + (int)lrint((i - last) * share * (y - before));
                int b = before + (int)lrint((i + 1 - last) * share * (y - before));
                ks_dots_join(dots, i, a, b, ink);
            }
        } else if (line || stage == KS_VALIDATED || x - last >= 3 || before < 0) {
            ks_dots_set(dots, x, y, ink);
            if (stage == KS_VALIDATED) {
                ks_dots_set(dots, x, y - 1, ink);
                ks_dots_set(dots, x, y + 1, ink);
                ks_dots_set(dots, x + 1, y, ink);
                ks_dots_set(dots, x - 1, y, ink);
            }
        } else {
            continue;
        }
        before = y;
        last = x;
    }
    return before;
}

/* "return, before (dots) and after steps (line)" */
static void print_title(FILE* out, const chart* c, const ks_watch_look* look) {
    bool adapts = false, validated = false;
    for (size_t i = 0; i < c->count; i++) {
        bool in = c->runs[i].rows.metric == c->metric;
        adapts = adapts || (in && c->runs[i].rows.steps > 0);
        validated = validated || (in && !isnan(c->runs[i].rows.validated));
    }
    char text[160];
    snprintf(text, sizeof text, "%s%s%s%s", c->metric->text, adapts ? ", before (dots) and after steps (line)" : "",
             validated ? ", validation (crosses)" : "", c->logarithmic ? ", logarithmic" : "");
    fprintf(out, "%*s%.*s%s", AXIS, "", look->columns - AXIS, text, look->line_end);
}

static double of_axis(const chart* c, double at) {
    return c->logarithmic ? pow(10, at) : at;
}

/* The number at a row of the axis; not at every one. */
static void print_axis(FILE* out, const chart* c, int row, const ks_watch_look* look) {
    const char* bar = look->ascii ? "|" : "│";
    int middle = c->rows / 2;
    bool marked = row == 0 || row == c->rows - 1 || (row == middle && c->rows >= 7);
    if (!marked) {
        fprintf(out, "%*s%s", AXIS - 1, "", bar);
        return;
    }
    double share = (row * KS_DOTS_HIGH + 1.5) / (c->rows * KS_DOTS_HIGH - 1);
    share = row == 0 ? 0 : row == c->rows - 1 ? 1 : share;
    double value = of_axis(c, c->high - share * (c->high - c->low));
    double range = c->logarithmic ? 0 : c->high - c->low;
    int digits = c->logarithmic || range < 1 ? -1 : range < 20 ? 1 : 0;
    char text[32];
    if (digits >= 0 && fabs(value) < 1e6) {
        snprintf(text, sizeof text, "%.*f", digits, value);
    } else {
        snprintf(text, sizeof text, "%.3g", value);
    }
    fprintf(out, "%*.*s%s", AXIS - 1, AXIS - 1, text, look->ascii ? "+" : "┤");
}

static void print_bottom(FILE* out, const chart* c, const ks_watch_look* look) {
    char end[32];
    int used = snprintf(end, sizeof end, "%.0f", c->end);
    const char* middle = "iterations";
    int gap = c->columns - 1 - used - (int)strlen(middle);
    fprintf(out, "%*s0", AXIS, "");
    if (gap < 2) {
        fprintf(out, "%*s%s", c->columns - 1 - used, "", end);
    } else {
        fprintf(out, "%*s%s%*s%s", gap / 2, "", middle, gap - gap / 2, "", end);
    }
    fputs(look->line_end, out);
}

static void print_rows(FILE* out, const chart* c, const ks_dots* dots, const int* label, const ks_watch_look* look) {
    for (int row = 0; row < c->rows; row++) {
        print_axis(out, c, row, look);
        int ink = -1;
        for (int column = 0; column < c->columns; column++) {
            char cell[KS_DOTS_CELL];
            int now = ks_dots_cell(cell, dots, column, row, look->ascii);
            if (now >= 0 && now != ink) {
                fputs(ink_of(look, now), out);
                ink = now;
            }
            fputs(cell, out);
        }
        fputs(ink >= 0 ? plain(look) : "", out);
        if (label[row] >= 0) {
            fprintf(out, "%s%d%s", ink_of(look, label[row]), label[row] + 1, plain(look));
        }
        fputs(look->line_end, out);
    }
}

/* A run's number beside the end of its curve, or as near as there is place. */
static void place_label(int* label, int rows, int y, int run) {
    int wanted = y / KS_DOTS_HIGH;
    for (int away = 0; away < rows; away++) {
        for (int side = -1; side <= 1; side += 2) {
            int row = wanted + side * away;
            if (row >= 0 && row < rows && label[row] < 0) {
                label[row] = run;
                return;
            }
        }
    }
}

/* Of `lines` lines, a title and the iterations among them. */
static bool draw_chart(FILE* out, chart* c, int lines, const ks_watch_look* look, ks_error* err) {
    c->columns = look->columns - AXIS - LABEL;
    c->rows = lines - 2;
    for (size_t i = 0; i < c->count; i++) {
        double end = (double)ks_watch_run_iterations(&c->runs[i]) - 1;
        c->end = c->runs[i].rows.metric == c->metric ? fmax(c->end, end) : c->end;
    }
    c->end = fmax(c->end, 1);
    int* label = malloc((size_t)c->rows * sizeof *label);
    ks_dots* dots = label ? ks_dots_create(c->columns, c->rows, err) : NULL;
    if (!label || !dots || !find_axis(c, err)) {
        ks_dots_destroy(dots);
        free(label);
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    memset(label, -1, (size_t)c->rows * sizeof *label);
    for (size_t i = 0; i < c->count; i++) {
        if (c->runs[i].rows.metric == c->metric) {
            draw_stage(dots, c, i, KS_BEFORE);
            draw_stage(dots, c, i, KS_VALIDATED);
            int end = draw_stage(dots, c, i, KS_AFTER);
            if (end >= 0) {
                place_label(label, c->rows, end, (int)i);
            }
        }
    }
    print_title(out, c, look);
    print_rows(out, c, dots, label, look);
    print_bottom(out, c, look);
    ks_dots_destroy(dots);
    free(label);
    return true;
}

/* One for every metric that runs have, as far as there is place. */
static bool charts(FILE* out, const ks_watch_run* runs, size_t count, int lines, const ks_watch_look* look,
                   ks_error* err) {
    const ks_metric* metrics[MOST_CHARTS];
    int n = 0;
    for (size_t i = 0; i < count; i++) {
        bool known = !runs[i].rows.metric;
        for (int m = 0; m < n; m++) {
            known = known || metrics[m] == runs[i].rows.metric;
        }
        if (!known && n < MOST_CHARTS) {
            metrics[n++] = runs[i].rows.metric;
        }
    }
    while (n > 1 && lines / n < LEAST_CHART) {
        n--;
    }
    if (n == 0 || lines < LEAST_CHART || look->columns < AXIS + LABEL + 10) {
        return true;
    }
    for (int m = 0; m < n; m++) {
        int share = lines / (n - m);
        chart c = {.runs = runs, .count = count, .metric = metrics[m]};
        if (!draw_chart(out, &c, share, look, err)) {
            return false;
        }
        lines -= share;
    }
    return true;
}

/* ---- the page -------------------------------------------------------------------------------------------------------------- */

static void print_head(FILE* out, size_t runs, const ks_watch_look* look) {
    char left[64], right[64], clock[32] = "";
    time_t now = time(NULL);
    struct tm local;
    if (localtime_r(&now, &local)) {
        strftime(clock, sizeof clock, "%H:%M:%S", &local);
    }
    int used = snprintf(left, sizeof left, "kshot watch, %zu run%s", runs, runs == 1 ? "" : "s");
    int end = snprintf(right, sizeof right, "%s%s", clock, look->keys ? "  q leaves" : "");
    int gap = look->columns - used - end;
    if (gap >= 1) {
        fprintf(out, "%s%*s%s", left, gap, "", right);
    } else {
        fprintf(out, "%.*s", look->columns, left);
    }
    fputs(look->line_end, out);
}

static void print_troubles(FILE* out, const ks_watch_run* runs, size_t count, int* lines, const ks_watch_look* look) {
    for (size_t i = 0; i < count && *lines >= 1; i++) {
        if (*runs[i].trouble) {
            char text[sizeof runs[i].trouble];
            size_t room = (size_t)look->columns + 1;
            ks_text_escape(text, room < sizeof text ? room : sizeof text, runs[i].trouble);
            fprintf(out, "%s%s", text, look->line_end);
            --*lines;
        }
    }
}

bool ks_watch_page(FILE* out, const ks_watch_run* runs, size_t count, const ks_watch_look* look, ks_error* err) {
    int lines = look->rows - 1; /* the last line end would scroll */
    if (lines < 1) {
        return true;
    }
    print_head(out, count, look);
    lines--;
    size_t room = (size_t)(lines > 4 ? lines / 2 : lines > 0 ? lines : 0);
    size_t shown = count <= room ? count : room > 1 ? room - 1 : room;
    if (shown > 0 && !table(out, runs, shown, look, err)) {
        return false;
    }
    lines -= (int)shown;
    if (shown < count && lines > 0) {
        fprintf(out, "   and %zu more: a higher window shows them%s", count - shown, look->line_end);
        lines--;
    }
    print_troubles(out, runs, count, &lines, look);
    return charts(out, runs, count, lines, look, err);
}
