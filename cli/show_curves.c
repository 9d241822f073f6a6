/* `view` and `record` of models that learn sine curves. */
#include "cli/record.h"
#include "viewer/regression_director.h"

#include <stdio.h>

enum { DEFAULT_STEPS = 10 };

static bool open_learner(ks_show* s, int i, ks_error* err) {
    ks_learner* learner = &s->regression.learners[i];
    ks_examples_own_lr(learner->lr, &s->policies[i]);
    learner->label = ks_show_label(s, i);
    learner->fit = ks_examples_fit(&s->policies[i], KS_EVAL_MAX_STEPS, KS_REGRESSION_POINTS, err);
    s->regression.count = i + 1;
    return learner->fit && (!s->lr || ks_cli_lr(s->lr, learner->lr, err));
}

static bool open_curves(ks_show* s, ks_error* err) {
    ks_regression* r = &s->regression;
    if (!ks_show_check_options(s, err)) {
        return false;
    }
    s->steps = s->steps >= 0 ? s->steps : DEFAULT_STEPS;
    *r = (ks_regression){.seed = (uint64_t)s->seed, .steps = (int)s->steps, .lr_factor = 1};
    if (s->task) {
        r->given = &s->given;
        if (!ks_examples_curve(&s->given, s->task, err)) {
            return false;
        }
    }
    for (int i = 0; i < s->count; i++) {
        if (!open_learner(s, i, err)) {
            return false;
        }
    }
    return ks_regression_check(r, err);
}

static void close_curves(ks_show* s) {
    for (int i = 0; i < s->regression.count; i++) {
        ks_sinusoid_fit_destroy(s->regression.learners[i].fit);
    }
    s->regression.count = 0;
}

void ks_show_tell(const ks_regression* r) {
    char task[64];
    ks_regression_text(task, sizeof task, r);
    for (int i = 0; i < r->count; i++) {
        printf("%s, %s: error", r->learners[i].label, task);
        for (int j = 0; j <= r->steps; j++) {
            printf(" %.4g", ks_sinusoid_fit_error(r->learners[i].fit, j));
        }
        printf("\n");
    }
}

static void tell(void* user, const ks_regression* r) {
    (void)user;
    ks_show_tell(r);
    fflush(stdout);
}

static bool view_curves(ks_show* show, const ks_window_settings* window, double speed, ks_error* err) {
    ks_regression_director_settings settings = {.regression = show->regression,
                                                .max_steps = KS_EVAL_MAX_STEPS,
                                                .speed = speed > 0 ? speed : 1,
                                                .on_adapted = tell};
    ks_window_stats stats;
    bool ok = ks_window_run(&ks_regression_director, &settings, window, &stats, err);
    if (ok) {
        printf("%zu pictures, %.1f ms each\n", stats.frames, 1e3 * stats.frame_s);
    }
    return ok;
}

const ks_show_kind ks_show_curves = {.problem = &ks_problem_sinusoid,
                                     .open = open_curves,
                                     .close = close_curves,
                                     .view = view_curves,
                                     .record = ks_record_curves};
