#include "maml/preconditioner.h"

#include "base/parallel.h"
#include "policy/kfac.h"

#include <stdlib.h>
#include <string.h>

/* work items of all tasks together at least, whatever the threads and processes, so that one big task is shared out too */
enum { MIN_ITEMS = 40 };

struct ks_preconditioner {
    const ks_policy* policy;
    int threads;
    size_t groups, tasks;
    size_t parts; /* that a group's rows are cut into */
    size_t size;
    ks_kfac** kfac; /* (threads) the first one also solves */
    ks_policy_ws** ws;
    double* partial; /* (groups x parts x size) */
    double* mean;    /* (size) */
    double flop;
    const ks_group* input; /* of the factors under way */
};

ks_preconditioner* ks_preconditioner_create(const ks_policy* policy, size_t groups, size_t tasks, int threads,
                                            ks_error* err) {
    ks_preconditioner* p = calloc(1, sizeof *p);
    if (!p) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    p->policy = policy;
    p->threads = threads;
    p->groups = groups;
    p->tasks = tasks;
    p->parts = (MIN_ITEMS + tasks - 1) / tasks;
    p->size = ks_kfac_size(policy);
    p->kfac = calloc((size_t)threads, sizeof *p->kfac);
    p->ws = calloc((size_t)threads, sizeof *p->ws);
    p->partial = malloc(groups * p->parts * p->size * sizeof *p->partial);
    p->mean = malloc(p->size * sizeof *p->mean);
    if (!p->kfac || !p->ws || !p->partial || !p->mean) {
        ks_fail(err, KS_FAILED, "not enough memory for the preconditioner of %zu tasks", groups);
        ks_preconditioner_destroy(p);
        return NULL;
    }
    for (int t = 0; t < threads; t++) {
        p->kfac[t] = ks_kfac_create(policy, err);
        p->ws[t] = p->kfac[t] ? ks_policy_ws_create(policy, 0, err) : NULL;
        if (!p->ws[t]) {
            ks_preconditioner_destroy(p);
            return NULL;
        }
    }
    return p;
}

void ks_preconditioner_destroy(ks_preconditioner* p) {
    if (!p) {
        return;
    }
    for (int t = 0; t < p->threads; t++) {
        if (p->kfac) {
            ks_kfac_destroy(p->kfac[t]);
        }
        if (p->ws) {
            ks_policy_ws_destroy(p->ws[t]);
        }
    }
    free(p->kfac);
    free(p->ws);
    free(p->partial);
    free(p->mean);
    free(p);
}

size_t ks_preconditioner_size(const ks_preconditioner* p) {
    return p->size;
}

/* One part of one group's rows. */
static void factors_item(void* user, size_t index, int thread) {
    ks_preconditioner* p = user;
    const ks_group* group = &p->input[index / p->parts];
    size_t part = index % p->parts;
    size_t first = part * group->rows.n / p->parts;
    ks_rows rows = {
        .n = (part + 1) * group->rows.n / p->parts - first,
        .obs = group->rows.obs + first * (size_t)ks_policy_get_settings(p->policy)->obs_dim,
        .act = group->rows.act + first * ks_policy_act_cols(p->policy),
    };
    double* out = p->partial + index * p->size;
    memset(out, 0, p->size * sizeof *out);
    ks_kfac_factors(out, p->kfac[thread], group->theta, rows, 1.0 / (double)group->rows.n, p->ws[thread]);
}

/* rows (count x size) are added up into out, which may be the first of them */
static void add_up(double* out, const double* rows, size_t count, size_t size) {
    if (out != rows) {
        memcpy(out, rows, size * sizeof *out);
    }
    for (size_t i = 1; i < count; i++) {
        for (size_t j = 0; j < size; j++) {
            out[j] += rows[i * size + j];
        }
    }
}

double ks_preconditioner_take_flop(ks_preconditioner* p) {
    double flop = p->flop;
    p->flop = 0;
    return flop;
}

const double* ks_preconditioner_factors(ks_preconditioner* p, const ks_group* groups) {
    p->input = groups;
    for (size_t g = 0; g < p->groups; g++) {
        p->flop += (double)groups[g].rows.n * ks_kfac_flop(p->policy);
    }
    ks_parallel_for(p->threads, p->groups * p->parts, factors_item, p);
    for (size_t g = 0; g < p->groups; g++) {
        double* first = p->partial + g * p->parts * p->size;
        add_up(first, first, p->parts, p->size);
        memmove(p->partial + g * p->size, first, p->size * sizeof *first);
    }
    return p->partial;
}

bool ks_preconditioner_set(ks_preconditioner* p, const double* factors, size_t counted, double damping, ks_error* err) {
    add_up(p->mean, factors, p->tasks, p->size);
    for (size_t j = 0; j < p->size; j++) {
        p->mean[j] /= (double)counted;
    }
    return ks_kfac_invert(p->kfac[0], p->mean, damping, err);
}

void ks_preconditioner_diagonal(double* out, const ks_preconditioner* p) {
    ks_kfac_diagonal(out, p->policy, p->mean);
}

void ks_preconditioner_solve(double* out, ks_preconditioner* p, const double* v) {
    ks_kfac_solve(out, p->kfac[0], v);
}
