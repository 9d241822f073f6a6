#include "maml/sweep.h"

#include <stdlib.h>

struct ks_sweep {
    size_t groups, num_params;
    double weight;
    ks_group* group;    /* (groups) D_i0 with the sweep's advantages */
    ks_old_policy* old; /* (groups) θ on D_i0 */
    double* gradient;   /* (groups x P) */
    double* loss;       /* (groups) */
    double* kl;         /* (groups) of θ before adaptation, which nothing limits */
};

ks_sweep* ks_sweep_create(const ks_policy* policy, size_t groups, double weight, ks_error* err) {
    ks_sweep* s = calloc(1, sizeof *s);
    if (s) {
        s->groups = groups;
        s->num_params = ks_policy_num_params(policy);
        s->weight = weight;
        s->group = calloc(groups, sizeof *s->group);
        s->old = calloc(groups, sizeof *s->old);
        s->gradient = malloc(groups * s->num_params * sizeof *s->gradient);
        s->loss = malloc(groups * sizeof *s->loss);
        s->kl = malloc(groups * sizeof *s->kl);
    }
    if (!s || !s->group || !s->old || !s->gradient || !s->loss || !s->kl) {
        ks_fail(err, KS_FAILED, "not enough memory for the sweep of %zu tasks", groups);
        ks_sweep_destroy(s);
        return NULL;
    }
    return s;
}

void ks_sweep_destroy(ks_sweep* s) {
    if (s) {
        free(s->group);
        free(s->old);
        free(s->gradient);
        free(s->loss);
        free(s->kl);
        free(s);
    }
}

void ks_sweep_set(ks_sweep* s, const ks_group* stage, ks_batch* const* batch) {
    for (size_t i = 0; i < s->groups; i++) {
        const ks_batch* b = batch[i];
        s->group[i] = stage[i];
        s->group[i].rows.weight = b->sweep_adv;
        s->old[i] = (ks_old_policy){.logp = b->logp, .head = b->head, .theta = stage[i].theta};
    }
}

void ks_sweep_add_gradient(double* u, ks_sweep* s, ks_derivatives* derivatives) {
    /* at θ the ratio is 1, and the loss has the same gradient as the weighted negative log-likelihood */
    ks_derivatives_gradient(derivatives, s->gradient, s->group, s->groups);
    for (size_t i = 0; i < s->groups * s->num_params; i++) {
        u[i] += s->weight * s->gradient[i];
    }
}

void ks_sweep_add_loss(double* loss, ks_sweep* s, ks_derivatives* derivatives, const ks_real* theta) {
    for (size_t i = 0; i < s->groups; i++) {
        s->group[i].theta = theta;
    }
    ks_derivatives_compare(derivatives, s->loss, s->kl, s->group, s->old, s->groups);
    for (size_t i = 0; i < s->groups; i++) {
        s->group[i].theta = s->old[i].theta;
        loss[i] += s->weight * s->loss[i];
    }
}
