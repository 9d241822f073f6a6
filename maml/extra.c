#include "maml/extra.h"

#include <stdlib.h>

struct ks_extra {
    size_t groups, num_params, max_rows;
    double extra, emaml;
    double weight;      /* of the rows' own weights: extra, or 1 where they are sums of both terms */
    ks_real* sum;       /* (groups x max_rows) these sums, or NULL: without emaml */
    ks_group* group;    /* (groups) D_i0 with the extra weights */
    ks_old_policy* old; /* (groups) θ on D_i0 */
    double* gradient;   /* (groups x P) */
    double* loss;       /* (groups) */
    double* kl;         /* (groups) of θ before adaptation, which nothing limits */
};

ks_extra* ks_extra_create(const ks_policy* policy, const ks_problem* problem, size_t groups, ks_error* err) {
    ks_extra* s = calloc(1, sizeof *s);
    if (s) {
        s->groups = groups;
        s->num_params = ks_policy_num_params(policy);
        s->max_rows = problem->max_rows;
        s->extra = problem->extra;
        s->emaml = problem->emaml;
        s->weight = s->emaml > 0 ? 1 : s->extra;
        s->sum = s->emaml > 0 ? malloc(groups * s->max_rows * sizeof *s->sum) : NULL;
        s->group = calloc(groups, sizeof *s->group);
        s->old = calloc(groups, sizeof *s->old);
        s->gradient = malloc(groups * s->num_params * sizeof *s->gradient);
        s->loss = malloc(groups * sizeof *s->loss);
        s->kl = malloc(groups * sizeof *s->kl);
    }
    if (!s || (s->emaml > 0 && !s->sum) || !s->group || !s->old || !s->gradient || !s->loss || !s->kl) {
        ks_fail(err, KS_FAILED, "not enough memory for the extra term of %zu tasks", groups);
        ks_extra_destroy(s);
        return NULL;
    }
    return s;
}

void ks_extra_destroy(ks_extra* s) {
    if (s) {
        free(s->sum);
        free(s->group);
        free(s->old);
        free(s->gradient);
        free(s->loss);
        free(s->kl);
        free(s);
    }
}

void ks_extra_set(ks_extra* s, size_t i, ks_group group, const ks_task_rows* rows, double credit) {
    s->group[i] = group;
    s->group[i].rows.weight = rows->extra;
    if (s->sum) {
        ks_real* sum = s->sum + i * s->max_rows;
        for (size_t n = 0; n < group.rows.n; n++) {
            double own = s->extra > 0 ? s->extra * (double)rows->extra[n] : 0;
            sum[n] = (ks_real)(own + s->emaml * credit);
        }
        s->group[i].rows.weight = sum;
    }
    s->old[i] = (ks_old_policy){.logp = rows->rows.logp, .head = rows->head, .theta = group.theta};
}

static void move_to(ks_extra* s, const ks_real* theta) {
    for (size_t i = 0; i < s->groups; i++) {
        s->group[i].theta = theta;
    }
}

void ks_extra_add_gradient(double* u, ks_extra* s, ks_derivatives* derivatives, const ks_real* theta) {
    move_to(s, theta);
    ks_derivatives_gradient(derivatives, s->gradient, s->group, s->groups);
    for (size_t i = 0; i < s->groups * s->num_params; i++) {
        u[i] += s->weight * s->gradient[i];
    }
}

void ks_extra_add_loss(double* loss, ks_extra* s, ks_derivatives* derivatives, const ks_real* theta) {
    move_to(s, theta);
    ks_derivatives_compare(derivatives, s->loss, s->kl, s->group, s->old, s->groups);
    for (size_t i = 0; i < s->groups; i++) {
        loss[i] += s->weight * s->loss[i];
    }
}
