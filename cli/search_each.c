/* --search-each: the size of every gradient step, one after the other. */
#include "cli/choose_size.h"
#include "cli/sampling.h"
#include "maml/walk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIZES = KS_SEARCH_MOST + 1 }; /* with 0 */

/* Finds the size of a step, and takes it. lr (count), the first of which is 0; returns (count x tasks) is scratch. */
static bool find(ks_step_found* found, ks_walk* walk, const double* lr, size_t count, double* returns, bool trained,
                 ks_error* err) {
    for (size_t c = 0; c < count; c++) {
        if (!ks_walk_try(returns + c * KS_SEARCH_TASKS, walk, lr[c], err)) {
            return false;
        }
    }
    size_t first = trained ? 1 : 0; /* a step that the policy was trained for is taken */
    size_t chosen =
        first + ks_choose_size(lr + first, returns + first * KS_SEARCH_TASKS, count - first, KS_SEARCH_TASKS, trained);
    if (chosen == count) {
        return ks_fail(err, KS_FAILED, "--search-lr: no step size leaves a policy that works");
    }
    const double* after = returns + chosen * KS_SEARCH_TASKS;
    ks_paired gain = ks_paired_difference(after, returns, KS_SEARCH_TASKS);
    *found = (ks_step_found){.lr = lr[chosen], .gain = gain.mean, .error = gain.error};
    for (size_t i = 0; i < KS_SEARCH_TASKS; i++) {
        found->mean_return += after[i] / KS_SEARCH_TASKS;
    }
    return ks_walk_take(walk, found->lr, err);
}

static bool find_all(ks_rl_eval_settings* settings, ks_walk* walk, const ks_lr_search* sizes, const ks_cli_policy* p,
                     ks_step_told told, void* user, ks_error* err) {
    double lr[SIZES] = {0};
    double* returns = malloc(SIZES * KS_SEARCH_TASKS * sizeof *returns);
    bool ok = returns || ks_fail(err, KS_FAILED, "not enough memory");
    memcpy(lr + 1, sizes->lr, sizes->count * sizeof *lr);
    for (int j = 0; ok && j < settings->eval.steps; j++) {
        ks_step_found found;
        ok = find(&found, walk, lr, sizes->count + 1, returns, j < ks_protocol_own_steps(&p->info), err);
        for (int k = j; ok && k < KS_EVAL_MAX_STEPS; k++) { /* the last serves all further ones */
            settings->eval.lr[k] = found.lr;
        }
        if (ok && told) {
            told(user, j + 1, &found);
        }
    }
    free(returns);
    return ok;
}

bool ks_lr_search_each(ks_rl_eval_settings* settings, const ks_lr_search* sizes, const ks_cli_policy* p,
                       ks_step_told told, void* user, ks_error* err) {
    double tasks[KS_SEARCH_TASKS * KS_TASK_MAX];
    ks_eval_settings search = settings->eval;
    ks_rl_settings rl = ks_rl_eval_problem(settings);
    ks_eval_model model = ks_opened_model(p);
    search.seed = ks_search_seed(settings->eval.seed);
    ks_draw_held_out_tasks(tasks, p->def, search.seed, 0, KS_SEARCH_TASKS);
    ks_problem* problem = ks_rl_create(p->model, &rl, KS_MAML, KS_SEARCH_TASKS, err);
    if (!problem) {
        return false;
    }
    ks_rl_give_tasks(problem, tasks, KS_SEARCH_TASKS);
    ks_walk* walk = ks_walk_create(problem, &model, KS_SEARCH_TASKS, &search, err);
    bool ok = walk && find_all(settings, walk, sizes, p, told, user, err);
    ks_walk_destroy(walk);
    ks_rl_destroy(problem);
    return ok;
}
