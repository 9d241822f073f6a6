/* Meta-training on tasks that the caller makes: one iteration at a time, on the tasks of that iteration. */
#include "maml/maml.h"
#include "maml/outer_adam.h"
#include "policy/ranges.h"
#include "python/given.h"
#include "python/objects.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ks_api_fit {
    ks_given_settings given; /* max_rows: of the machinery there is */
    size_t tasks;            /* likewise; 0: there is none yet */
    ks_policy* policy;
    ks_outer_adam_settings adam;
    ks_maml_settings settings;
    ks_problem* problem;
    ks_maml* maml;
    ks_real *params, *state;
    uint64_t iteration;
};

static bool check(const ks_api_fit_settings* s, ks_error* err) {
    if (s->num_hidden < 0 || s->num_hidden > KS_MAX_HIDDEN) {
        return ks_fail(err, KS_BAD_INPUT, "hidden: %d layers; there may be 0 to %d", s->num_hidden, KS_MAX_HIDDEN);
    }
    if (s->inner_steps < 1) {
        return ks_fail(err, KS_BAD_INPUT, "inner_steps: %d; at least 1 gradient step is needed", s->inner_steps);
    }
    if (!isfinite(s->inner_lr) || !(s->inner_lr > 0)) {
        return ks_fail(err, KS_BAD_INPUT, "inner_lr: %g is no step size", s->inner_lr);
    }
    return (isfinite(s->outer_lr) && s->outer_lr > 0) ||
           ks_fail(err, KS_BAD_INPUT, "outer_lr: %g is no step size", s->outer_lr);
}

static bool create_policy(ks_api_fit* f, const ks_api_fit_settings* s, ks_error* err) {
    ks_policy_settings model = ks_policy_settings_default();
    model.obs_dim = s->inputs;
    model.act_dim = s->outputs;
    model.head = s->classes ? KS_CATEGORICAL : KS_SQUARED_ERROR;
    model.num_hidden = s->num_hidden;
    memcpy(model.hidden, s->hidden, (size_t)s->num_hidden * sizeof *s->hidden);
    model.activation = s->tanh ? KS_TANH : KS_RELU;
    f->policy = ks_policy_create(&model, err);
    return f->policy != NULL;
}

/* Random weights, and nothing that Adam remembers. */
static bool initialise(ks_api_fit* f, ks_error* err) {
    ks_step_sizes sizes = ks_inner_step_sizes(&f->settings.inner);
    size_t n = ks_policy_num_params(f->policy), q = n + ks_step_sizes_count(&sizes, f->policy);
    double* uniform = malloc(n * sizeof *uniform);
    f->params = calloc(q, sizeof *f->params);
    f->state = calloc(ks_outer_adam.state_size(q), sizeof *f->state);
    bool ok = uniform && f->params && f->state;
    if (ok) {
        ks_stream_uniform(uniform, n, ks_stream_make(f->settings.seed, KS_RNG_INIT, 0, 0), 0, 0, 0);
        ks_policy_init(f->policy, f->params, uniform, 0);
        ks_step_sizes_init(f->params + n, &sizes, f->policy);
    }
    free(uniform);
    return ok || ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", q);
}

ks_api_fit* ks_api_fit_create(const ks_api_fit_settings* s, ks_error* err) {
    ks_api_fit* f = calloc(1, sizeof *f);
    if (!f) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    f->given = (ks_given_settings){.inputs = s->inputs, .outputs = s->outputs, .classes = s->classes};
    ks_outer_adam.set_default(&f->adam);
    f->adam.step.lr = s->outer_lr;
    f->settings = ks_maml_settings_default();
    f->settings.seed = (uint64_t)s->seed;
    f->settings.threads = s->threads;
    f->settings.outer = &ks_outer_adam;
    f->settings.outer_settings = &f->adam;
    f->settings.inner.steps = s->inner_steps;
    f->settings.inner.lr = s->inner_lr;
    f->settings.inner.first_order = s->first_order;
    f->settings.inner.learned = s->learned;
    f->settings.inner.per_step = s->per_step;
    if (!check(s, err) || !ks_inner_settings_check(&f->settings.inner, err) || !create_policy(f, s, err) ||
        !initialise(f, err)) {
        ks_api_fit_destroy(f);
        return NULL;
    }
    return f;
}

static void close_machinery(ks_api_fit* f) {
    ks_maml_destroy(f->maml);
    if (f->problem) {
        f->problem->kind->destroy(f->problem);
    }
    f->maml = NULL;
    f->problem = NULL;
    f->tasks = 0;
}

void ks_api_fit_destroy(ks_api_fit* f) {
    if (f) {
        close_machinery(f);
        ks_policy_destroy(f->policy);
        free(f->params);
        free(f->state);
        free(f);
    }
}

/* Everything that an iteration needs is made for so many tasks and rows; an iteration is a function of its settings, parameters and
 * tasks alone, so that it may be made anew at any time. */
static bool fit_machinery(ks_api_fit* f, size_t tasks, size_t rows, ks_error* err) {
    if (f->maml && f->tasks == tasks && rows <= f->given.max_rows) {
        return true;
    }
    close_machinery(f);
    f->given.max_rows = rows > f->given.max_rows ? rows : f->given.max_rows;
    f->problem = ks_given_create(&f->given, tasks, err);
    f->maml = f->problem ? ks_maml_create(f->problem, f->policy, &f->settings, err) : NULL;
    f->tasks = f->maml ? tasks : 0;
    return f->maml != NULL;
}

bool ks_api_fit_iterate(ks_api_fit* f, const ks_api_examples* support, const ks_api_examples* query, double* metric,
                        ks_error* err) {
    size_t a = ks_given_longest(support), b = ks_given_longest(query);
    ks_maml_stats stats;
    if (!fit_machinery(f, support->tasks, a > b ? a : b, err) || !ks_given_set(f->problem, support, query, err) ||
        !ks_maml_iterate(f->maml, f->params, f->state, f->iteration, &stats, err)) {
        return false;
    }
    f->iteration++;
    memcpy(metric, stats.metric, (size_t)stats.stages * sizeof *metric);
    return true;
}

ks_api_model* ks_api_fit_model(const ks_api_fit* f, ks_error* err) {
    ks_api_origin* origin = calloc(1, sizeof *origin);
    ks_policy* policy = ks_policy_create(ks_policy_get_settings(f->policy), err);
    if (!origin || !policy) {
        free(origin);
        ks_policy_destroy(policy);
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    ks_policy_info info = ks_policy_info_default(KS_GIVEN);
    const ks_inner_settings* inner = &f->settings.inner;
    info.inner_lr = inner->lr;
    info.inner_steps = inner->steps;
    info.learned = inner->learned;
    info.per_step = inner->per_step;
    info.iteration = (int64_t)f->iteration;
    info.seed = (int64_t)f->settings.seed;
    origin->opened.policy = policy;
    origin->opened.info = info;
    atomic_init(&origin->models, 1);
    return ks_api_model_of(origin, f->params, err);
}
