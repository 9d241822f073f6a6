#include "base/atomic_file.h"
#include "base/number.h"
#include "figures/figure.h"
#include "figures/plot.h"

#include <math.h>
#include <string.h>

typedef struct table {
    const char* title;
    const ks_results* results;
    const ks_metric* metric;
    const ks_paper_returns* paper;
    int steps;
    bool oracle; /* there is one to compare with */
} table;

/* Text that means nothing to Markdown. */
static void write_text(FILE* out, const char* text) {
    for (; *text; text++) {
        if (strchr("\\`*_[]<>|&~$#", *text)) {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
}

static void write_number(FILE* out, const table* t, double value) {
    fputc(' ', out);
    ks_fprintf(out, t->metric->number, value);
}

/* A mean with ± its interval, or a median and the interval's ends. */
static void write_cell(FILE* out, const table* t, const ks_result_line* line, int step) {
    write_number(out, t, line->value[step]);
    if (t->results->medians) {
        fputs(" (", out);
        ks_fprintf(out, t->metric->number, line->low[step]);
        fputs(" to", out);
        write_number(out, t, line->high[step]);
        fputc(')', out);
    } else if (line->tasks[step] > 1) {
        fputs(" ± ", out);
        ks_fprintf(out, t->metric->interval, line->high[step] - line->value[step]);
    }
    fputs(" |", out);
}

/* What is missing after one step to what the oracle has without any; the last cell of a row. */
static void write_shortfall(FILE* out, const table* t, bool known, double shortfall) {
    if (t->oracle && known) {
        write_number(out, t, shortfall);
        fputs(" |", out);
    } else if (t->oracle) {
        fputs(" |", out);
    }
    fputc('\n', out);
}

static const ks_result_line* our_oracle(const ks_results* r) {
    for (size_t i = 0; i < r->count; i++) {
        if (ks_same_method(r->lines[i].label, "oracle") && r->lines[i].tasks[0] > 0) {
            return &r->lines[i];
        }
    }
    return NULL;
}

static void write_ours(FILE* out, const table* t, const ks_result_line* line) {
    const ks_result_line* oracle = our_oracle(t->results);
    int last = line == oracle ? 0 : t->steps;
    fputs("| ", out);
    write_text(out, line->label);
    if (line->diverged > 0) {
        fprintf(out, " (%zu of %zu diverge)", line->diverged, line->tasks[line->steps]);
    }
    fputs(" |", out);
    for (int j = 0; j <= t->steps; j++) {
        if (j > last || j > line->steps || line->tasks[j] == 0) {
            fputs(" |", out);
        } else {
            write_cell(out, t, line, j);
        }
    }
    bool known = oracle && line != oracle && line->steps > 0 && line->tasks[1] > 0;
    double gain = known ? line->value[1] - oracle->value[0] : 0;
    write_shortfall(out, t, known, t->metric->is_error ? gain : -gain);
}

static void write_papers(FILE* out, const table* t, const ks_paper_line* line, const char* label) {
    double oracle = NAN;
    for (int i = 0; i < KS_PAPER_METHODS; i++) {
        if (ks_same_method(t->paper->lines[i].label, "oracle")) {
            oracle = t->paper->lines[i].mean[0];
        }
    }
    fputs("| ", out);
    write_text(out, label);
    fputs(", paper |", out);
    for (int j = 0; j <= t->steps; j++) {
        if (j <= line->steps) {
            ks_fprintf(out, " %.2f |", line->mean[j]);
        } else {
            fputs(" |", out);
        }
    }
    write_shortfall(out, t, line->steps > 0, line->steps > 0 ? oracle - line->mean[1] : 0);
}

static void write_head(FILE* out, const table* t) {
    fputs("| ", out);
    write_text(out, t->title ? t->title : "");
    if (t->results->medians) {
        fputs(t->title && *t->title ? ", medians" : "medians", out);
    }
    fputs(" |", out);
    for (int j = 0; j <= t->steps; j++) {
        fprintf(out, " %d step%s |", j, j == 1 ? "" : "s");
    }
    fputs(!t->oracle            ? "\n|---|"
          : t->metric->is_error ? " 1 step minus oracle |\n|---|"
                                : " oracle minus 1 step |\n|---|",
          out);
    for (int j = 0; j <= t->steps + (t->oracle ? 1 : 0); j++) {
        fputs("---:|", out);
    }
    fputc('\n', out);
}

static bool write_table(void* user, FILE* out) {
    const table* t = user;
    bool shown[KS_PAPER_METHODS] = {false};
    write_head(out, t);
    for (size_t i = 0; i < t->results->count; i++) {
        const ks_result_line* line = &t->results->lines[i];
        write_ours(out, t, line);
        for (int m = 0; t->paper && m < KS_PAPER_METHODS; m++) {
            if (!shown[m] && ks_same_method(line->label, t->paper->lines[m].label)) {
                write_papers(out, t, &t->paper->lines[m], line->label);
                shown[m] = true;
            }
        }
    }
    for (int m = 0; t->paper && m < KS_PAPER_METHODS; m++) {
        if (!shown[m]) {
            write_papers(out, t, &t->paper->lines[m], t->paper->lines[m].label);
        }
    }
    return !ferror(out);
}

bool ks_table_results(const ks_figure* figure, const ks_results* results, const ks_paper_returns* paper,
                      ks_error* err) {
    table t = {.title = figure->title,
               .results = results,
               .paper = paper,
               .metric = results->metric ? results->metric : ks_metric_of_returns(),
               .steps = paper ? KS_PAPER_STEPS : 0};
    t.oracle = paper || our_oracle(results);
    for (size_t i = 0; i < results->count; i++) {
        const ks_result_line* line = &results->lines[i];
        t.steps = !ks_same_method(line->label, "oracle") && line->steps > t.steps ? line->steps : t.steps;
    }
    return ks_write_file(figure->output, figure->overwrite, write_table, &t, err);
}
