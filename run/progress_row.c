#include "run/progress_row.h"

#include <stdio.h>

typedef struct list {
    ks_progress_column* out;
    size_t count;
    bool named;
} list;

static ks_progress_column* add(list* l, ks_progress_type type, double value) {
    ks_progress_column* c = &l->out[l->count++];
    c->type = type;
    c->value = value;
    c->missing = false;
    return c;
}

/* A column that is called the same everywhere, but for the group of its tag. */
static void add_plain(list* l, const char* group, const char* name, ks_progress_type type, double value) {
    ks_progress_column* c = add(l, type, value);
    if (l->named) {
        snprintf(c->name, sizeof c->name, "%s", name);
        snprintf(c->tag, sizeof c->tag, "%s%s%s", group, *group ? "/" : "", name);
    }
}

static void add_metrics(list* l, const char* metric, int stages, const double* value) {
    for (int j = 0; j < stages; j++) {
        ks_progress_column* c = add(l, KS_PROGRESS_NUMBER, value[j]);
        if (l->named) {
            snprintf(c->name, sizeof c->name, "%s_%d", metric, j);
            snprintf(c->tag, sizeof c->tag, "%s/%d", metric, j);
        }
    }
}

static void add_validation(list* l, const char* metric, const double* value) {
    ks_progress_column* c = add(l, KS_PROGRESS_NUMBER, value ? *value : 0);
    c->missing = !value;
    if (l->named) {
        snprintf(c->name, sizeof c->name, "validation_%s", metric);
        snprintf(c->tag, sizeof c->tag, "%s/validation", metric);
    }
}

size_t ks_progress_row_columns(ks_progress_column out[KS_PROGRESS_COLUMNS], const ks_progress_layout* layout,
                               const ks_progress_now* now) {
    static const ks_maml_stats NONE = {0};
    const ks_maml_stats* s = now ? now->stats : &NONE;
    list l = {.out = out, .named = !now};
    add_plain(&l, "", "iteration", KS_PROGRESS_COUNT, now ? (double)now->iteration : 0);
    out[0].tag[0] = 0;
    if (layout->acts) {
        add_plain(&l, "", "env_steps", KS_PROGRESS_COUNT, now ? (double)now->env_steps : 0);
    }
    add_metrics(&l, layout->problem->metric, layout->stages, s->metric);
    for (int i = 0; i < KS_OUTER_MAX_COLUMNS && layout->outer->columns[i]; i++) {
        add_plain(&l, "", layout->outer->columns[i], KS_PROGRESS_NUMBER, s->outer.column[i]);
    }
    if (layout->acts) {
        add_plain(&l, "", "mean_std", KS_PROGRESS_NUMBER, s->mean_std);
        add_plain(&l, "", "rejected_samples", KS_PROGRESS_COUNT, (double)s->rejected);
    }
    add_plain(&l, "time", "sampling_s", KS_PROGRESS_SECONDS, s->sampling_s);
    add_plain(&l, "time", "update_s", KS_PROGRESS_SECONDS, s->update_s);
    if (layout->validates) {
        add_validation(&l, layout->problem->metric, now ? now->validation : NULL);
    }
    return l.count;
}
