/* Tasks whose rows are given, a few at a time: adapt to their support, take the outer loss and its gradient, and pull that back.
 * What the inner steps of all tasks leave behind would be hundreds of megabytes where rows are images, and out of the cache. */
#include "maml/core.h"

#include <string.h>

/* The inner steps of tasks first … first + count - 1, with what derivatives through them need. */
static void adapt(ks_maml* maml, size_t first, size_t count, bool derivatives) {
    size_t m = maml->tally.groups, n = maml->num_params;
    for (int j = 0; j <= maml->inner_steps; j++) {
        size_t at = (size_t)j * m + first;
        ks_group* groups = maml->wave_groups + (size_t)j * maml->wave;
        memcpy(groups, maml->stage + at, count * sizeof *groups);
        if (j == maml->inner_steps) {
            return;
        }
        ks_inner_trace trace = {
            .gradient = maml->gradients ? maml->gradients + (size_t)j * maml->wave * n : NULL,
            .loss = maml->losses + at,
            .tapes = derivatives ? ks_jacobian_tapes(maml->jacobian, j) : NULL,
        };
        ks_inner_step(ks_core_theta(maml, j + 1, first), maml->inner, groups, count, j,
                      ks_step_sizes_own(ks_inner_sizes(maml->inner)), trace);
        ks_derivatives_accuracy(ks_inner_derivatives(maml->inner), maml->accuracy + at, groups, count);
    }
}

/* Loss, and gradient if wanted, of the query at θ_j; NULL: not wanted. */
static void query(double* loss, double* gradient, ks_maml* maml, int stage, size_t count) {
    ks_derivatives* d = ks_inner_derivatives(maml->inner);
    ks_group* groups = maml->query_groups;
    for (size_t i = 0; i < count; i++) {
        groups[i] = (ks_group){.rows = maml->wave_groups[(size_t)maml->inner_steps * maml->wave + i].rows,
                               .theta = maml->wave_groups[(size_t)stage * maml->wave + i].theta};
    }
    if (gradient) {
        ks_derivatives_loss_and_gradient(d, loss, gradient, groups, count);
    } else {
        ks_derivatives_loss(d, loss, groups, count);
    }
}

/* The loss at θ_j joins the outer loss with its weight, and its gradient u. */
static void add_query(double* loss, double* u, ks_maml* maml, int stage, size_t count) {
    double weight = maml->stage_weight[stage];
    size_t n = maml->num_params;
    if (weight == 0) {
        return;
    }
    query(maml->query_loss, u ? maml->query_gradient : NULL, maml, stage, count);
    for (size_t i = 0; i < count; i++) {
        loss[i] += weight * maml->query_loss[i];
    }
    for (size_t i = 0; u && i < count * n; i++) {
        u[i] += weight * maml->query_gradient[i];
    }
}

/* u (count x P) = gradient of each task's outer loss with respect to θ, da likewise to the step sizes; or u NULL. */
static void outer_loss(double* loss, double* u, double* da, ks_maml* maml, size_t first, size_t count) {
    int k = maml->inner_steps;
    size_t n = maml->num_params;
    query(loss, u, maml, k, count);
    ks_derivatives_accuracy(ks_inner_derivatives(maml->inner), maml->accuracy + (size_t)k * maml->tally.groups + first,
                            maml->query_groups, count);
    for (size_t i = 0; i < count; i++) {
        loss[i] *= maml->stage_weight[k];
    }
    for (size_t i = 0; u && maml->stage_weight[k] != 1 && i < count * n; i++) {
        u[i] *= maml->stage_weight[k];
    }
    for (int j = k - 1; j >= 0; j--) {
        if (u) {
            ks_jacobian_pull_back_step(u, da, maml->jacobian, j);
        }
        add_query(loss, u, maml, j, count);
    }
}

void ks_given_run(ks_maml* maml, bool derivatives) {
    ks_inner_set(maml->inner, maml->params + maml->num_params); /* other parameters may have been tried since */
    for (size_t first = 0; first < maml->tally.groups; first += maml->wave) {
        size_t left = maml->tally.groups - first, count = left < maml->wave ? left : maml->wave;
        adapt(maml, first, count, derivatives);
        if (derivatives) {
            ks_jacobian_record(maml->jacobian, maml->wave_groups, count, maml->gradients, true, (ks_stream){{0}});
        }
        outer_loss(maml->loss + first, derivatives ? maml->u + first * maml->num_params : NULL,
                   maml->da + first * maml->num_sizes, maml, first, count);
    }
    maml->has_loss = maml->adapted = true;
}

void ks_given_weigh_stages(double* weight, const ks_inner_settings* s, int inner_steps, uint64_t iteration) {
    double share = 0;
    if (inner_steps > 0 && (double)iteration < s->loss_of_all) {
        share = (1 - (double)iteration / s->loss_of_all) / inner_steps;
    }
    weight[inner_steps] = 1;
    for (int j = 0; j < inner_steps; j++) {
        weight[j] = j > 0 ? share : 0;
        weight[inner_steps] -= weight[j];
    }
}
