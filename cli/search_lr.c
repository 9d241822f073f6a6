#include "cli/sampling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* a factor of two apart, about (finer, and noise chooses), and three where only policies with little noise are at home */
static const double DEFAULT[] = {1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 0.001, 0.002, 0.005,
                                 0.01, 0.02, 0.05, 0.1,  0.2,  0.5,  1,     2};
enum { NUM_DEFAULT = sizeof DEFAULT / sizeof *DEFAULT };

static void take_default(ks_lr_search* s, const ks_cli_policy* p) {
    double protocol[KS_EVAL_MAX_STEPS];
    bool among = false;
    ks_protocol_lr(protocol, p->def, &p->info);
    for (size_t i = 0; i < NUM_DEFAULT; i++) {
        s->lr[s->count++] = DEFAULT[i];
        among = among || DEFAULT[i] == protocol[0];
    }
    if (!among) {
        s->lr[s->count++] = protocol[0];
    }
}

bool ks_lr_search_parse(ks_lr_search* s, const char* text, const ks_cli_policy* p, ks_error* err) {
    *s = (ks_lr_search){0};
    if (strcmp(text, "default") == 0) {
        take_default(s, p);
        return true;
    }
    if (!ks_cli_numbers("--search-lr", text, KS_SEARCH_MOST, s->lr, &s->count, err)) {
        return false;
    }
    for (size_t i = 0; i < s->count; i++) {
        if (s->lr[i] <= 0) {
            return ks_fail(err, KS_BAD_INPUT, "--search-lr: '%s' has %g; a step size to try is above 0", text,
                           s->lr[i]);
        }
    }
    return true;
}

uint64_t ks_search_seed(uint64_t seed) {
    return ~seed; /* seeds that are typed are below 2^63, so this is none of them */
}

/* Return after as many steps of this size as the policy was trained for. */
static bool try_one(double* mean_return, double lr, const double* tasks, const ks_rl_eval_settings* search,
                    const ks_cli_policy* p, ks_eval_progress progress, ks_error* err) {
    ks_rl_eval_settings settings = *search;
    ks_eval_result result;
    ks_protocol_lr_from(settings.eval.lr, p->def, &p->info, lr);
    size_t columns = (size_t)settings.eval.steps + 1;
    *mean_return = -INFINITY;
    ks_eval_model model = ks_opened_model(p);
    if (!ks_rl_evaluate(&result, p->model, &model, tasks, KS_SEARCH_TASKS, &settings, NULL, progress, NULL, err)) {
        return false;
    }
    double sum = 0;
    for (size_t i = 0; i < KS_SEARCH_TASKS; i++) {
        sum += result.metric[i * columns + columns - 1];
    }
    ks_eval_result_free(&result);
    if (isfinite(sum)) {
        *mean_return = sum / KS_SEARCH_TASKS;
    }
    return true;
}

bool ks_lr_search_run(ks_lr_search* s, ks_rl_eval_settings* settings, const ks_cli_policy* p, ks_eval_progress progress,
                      ks_error* err) {
    double tasks[KS_SEARCH_TASKS * KS_TASK_MAX];
    ks_rl_eval_settings search = *settings;
    s->steps = ks_protocol_own_steps(&p->info);
    s->steps = s->steps < settings->eval.steps ? s->steps : settings->eval.steps;
    search.eval.steps = s->steps;
    search.eval.seed = ks_search_seed(settings->eval.seed);
    ks_draw_held_out_tasks(tasks, p->def, search.eval.seed, 0, KS_SEARCH_TASKS);
    s->best = 0;
    ks_error why = {0};
    for (size_t i = 0; i < s->count; i++) {
        /* too long a step can break a policy down: so much for this step */
        if (!try_one(&s->mean_return[i], s->lr[i], tasks, &search, p, progress, &why) && why.code != KS_BROKE_DOWN) {
            return ks_fail(err, why.code, "%s", why.text);
        }
        s->best = s->mean_return[i] > s->mean_return[s->best] ? i : s->best;
    }
    if (s->mean_return[s->best] == -INFINITY) {
        return ks_fail(err, KS_FAILED, "--search-lr: no step size leaves a policy that works; the last one: %s",
                       why.text);
    }
    ks_protocol_lr_from(settings->eval.lr, p->def, &p->info, s->lr[s->best]);
    return true;
}
