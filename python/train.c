/* Training runs in their directories, with a callback for every iteration. */
#include "run/train.h"
#include "python/kshot_api.h"
#include "run/progress.h"

#include <math.h>
#include <string.h>

enum { HEADER = 1024 };

/* a run under way */
typedef struct session {
    const ks_api_training* training;
    ks_progress_layout layout;
    bool stop;
} session;

static void on_start(void* user, const ks_train_plan* plan) {
    session* s = user;
    s->layout.validates = plan->validates;
}

static void on_iteration(void* user, const ks_train_report* r) {
    session* s = user;
    ks_progress_column row[KS_PROGRESS_COLUMNS];
    ks_progress_now now = {.iteration = r->iteration,
                           .env_steps = r->env_steps,
                           .stats = r->stats,
                           .validation = r->validated ? &r->validation : NULL};
    double numbers[KS_PROGRESS_COLUMNS];
    char columns[HEADER];
    s->layout.stages = r->stats->stages;
    ks_progress_columns(columns, sizeof columns, &s->layout);
    size_t count = ks_progress_row_columns(row, &s->layout, &now);
    for (size_t i = 0; i < count; i++) {
        numbers[i] = row[i].missing ? NAN : row[i].value;
    }
    s->stop = s->training->on_row(columns, numbers, count) || s->stop;
}

static void on_warning(void* user, const char* text) {
    const session* s = user;
    s->training->on_warning(text);
}

static bool should_stop(void* user) {
    return ((const session*)user)->stop;
}

static bool read_config(ks_config* config, const ks_api_training* t, ks_error* err) {
    ks_config_default(config);
    bool ok = !t->config || ks_config_read(config, t->config, err);
    for (int i = 0; ok && i < t->count; i++) {
        ok = ks_config_set(config, t->settings[i], err);
    }
    return ok && ks_config_resolve(config, NULL, err);
}

bool ks_api_train(const ks_api_training* t, ks_error* err) {
    static const ks_run_start STARTS[] = {[KS_API_NEW] = KS_RUN_NEW,
                                          [KS_API_ANEW] = KS_RUN_ANEW,
                                          [KS_API_RESUME] = KS_RUN_RESUME,
                                          [KS_API_RESUME_OR_NEW] = KS_RUN_RESUME_OR_NEW};
    ks_config config;
    if (!read_config(&config, t, err)) {
        return false;
    }
    session s = {.training = t,
                 .layout = {.problem = ks_config_problem(&config),
                            .outer = ks_config_outer(&config),
                            .acts = ks_config_problem(&config)->acts}};
    ks_train_options options = {.directory = t->directory,
                                .start = STARTS[t->start],
                                .threads = t->threads,
                                .user = &s,
                                .on_start = on_start,
                                .on_iteration = on_iteration,
                                .on_warning = on_warning,
                                .should_stop = should_stop};
    return ks_train(&config, &options, err);
}
