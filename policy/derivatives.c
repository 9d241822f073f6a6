#include "policy/derivatives.h"

#include "base/parallel.h"
#include "policy/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* parameters of one work item when chunks are added up */
enum { SLICE = 2048 };

struct ks_tapes {
    ks_tape_kind kind;
    size_t max_groups, max_chunks;
    ks_tape** tape;   /* (max_groups x max_chunks) */
    ks_group* groups; /* (max_groups) as last recorded */
    size_t count;
};

struct ks_derivatives {
    const ks_policy* policy;
    size_t num_params, max_groups, max_rows, max_chunks;
    size_t chunk_rows; /* of one work item at most */
    int threads;
    ks_policy_flop per_row;
    double flop;        /* of all sweeps since it was last taken */
    ks_policy_ws** ws;  /* (threads) */
    ks_tape** scratch;  /* (threads) a tape for one chunk, for products that need no other */
    double* partial;    /* (max_groups x max_chunks x P), where groups may have several chunks */
    double* sums;       /* (max_groups x max_chunks x 2) */
    size_t* item_group; /* (max_groups x max_chunks) work items of the sweep under way */
    size_t* item_chunk;
    size_t* split;         /* (max_groups) groups of several chunks in it */
    ks_real* v;            /* (max_groups x P) of a pull-back, likewise */
    double* product;       /* (max_groups x P) likewise, or a gradient that only a step wants */
    ks_real* local_v;      /* (threads x P) the same for groups of one chunk, whose work item does all of it: */
    double* local_product; /* (threads x P) these stay in the cache */
};

typedef enum what { LOSS, GRADIENT, HVP, COMPARE, RECORD, TAPE_HVP, TAPE_FVP } what;

/* One pass over all rows of all groups. */
typedef struct sweep {
    ks_derivatives* d;
    what what;
    const ks_group* groups;
    size_t count;
    const ks_old_policy* old;
    const ks_real* v; /* (groups x P) */
    const ks_tapes* tapes;
    double* out;   /* (groups x P), or NULL */
    double* u;     /* (groups x P) of a pull-back, whose v and out are the engine's own; else NULL */
    ks_real* next; /* (groups x P) of a step along out; else NULL */
    ks_step_size size;
} sweep;

static size_t chunks_of(size_t rows, size_t chunk_rows) {
    return rows / chunk_rows + (rows % chunk_rows > 0);
}

/* ---- creation ---------------------------------------------------------------------------------------------- */

ks_derivatives* ks_derivatives_create(const ks_policy* policy, size_t max_groups, size_t max_rows, int threads,
                                      ks_error* err) {
    ks_derivatives* d = calloc(1, sizeof *d);
    if (!d) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    d->policy = policy;
    d->num_params = ks_policy_num_params(policy);
    d->max_groups = max_groups;
    d->max_rows = max_rows;
    d->chunk_rows = ks_policy_chunk_rows(policy);
    d->max_chunks = chunks_of(max_rows, d->chunk_rows);
    d->threads = threads;
    d->per_row = ks_policy_count_flop(policy);
    size_t items = max_groups * d->max_chunks;
    size_t several =
        d->max_chunks > 1 ? max_groups * d->num_params : 1; /* numbers that only groups of several chunks need */
    d->ws = calloc((size_t)threads, sizeof *d->ws);
    d->scratch = calloc((size_t)threads, sizeof *d->scratch);
    d->partial = malloc(several * d->max_chunks * sizeof *d->partial);
    d->sums = malloc(items * 2 * sizeof *d->sums);
    d->item_group = malloc(items * sizeof *d->item_group);
    d->item_chunk = malloc(items * sizeof *d->item_chunk);
    d->split = malloc(max_groups * sizeof *d->split);
    d->v = malloc(several * sizeof *d->v);
    d->product = malloc(several * sizeof *d->product);
    d->local_v = malloc((size_t)threads * d->num_params * sizeof *d->local_v);
    d->local_product = malloc((size_t)threads * d->num_params * sizeof *d->local_product);
    if (!d->ws || !d->scratch || !d->partial || !d->sums || !d->item_group || !d->item_chunk || !d->split || !d->v ||
        !d->product || !d->local_v || !d->local_product) {
        ks_fail(err, KS_FAILED, "not enough memory for %zu groups of %zu rows", max_groups, max_rows);
        ks_derivatives_destroy(d);
        return NULL;
    }
    for (int t = 0; t < threads; t++) {
        d->ws[t] = ks_policy_ws_create(policy, max_rows, err);
        d->scratch[t] =
            ks_tape_create(policy, KS_TAPE_HESSIAN, max_rows < d->chunk_rows ? max_rows : d->chunk_rows, err);
        if (!d->ws[t] || !d->scratch[t]) {
            ks_derivatives_destroy(d);
            return NULL;
        }
    }
    return d;
}

void ks_derivatives_destroy(ks_derivatives* d) {
    if (!d) {
        return;
    }
    for (int t = 0; t < d->threads; t++) {
        if (d->ws) {
            ks_policy_ws_destroy(d->ws[t]);
        }
        if (d->scratch) {
            ks_tape_destroy(d->scratch[t]);
        }
    }
    free(d->ws);
    free(d->scratch);
    free(d->partial);
    free(d->sums);
    free(d->item_group);
    free(d->item_chunk);
    free(d->split);
    free(d->v);
    free(d->product);
    free(d->local_v);
    free(d->local_product);
    free(d);
}

ks_tapes* ks_tapes_create(const ks_policy* policy, ks_tape_kind kind, size_t max_groups, size_t max_rows,
                          ks_error* err) {
    ks_tapes* tapes = calloc(1, sizeof *tapes);
    if (!tapes) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    tapes->kind = kind;
    tapes->max_groups = max_groups;
    size_t chunk_rows = ks_policy_chunk_rows(policy);
    tapes->max_chunks = chunks_of(max_rows, chunk_rows);
    tapes->tape = calloc(max_groups * tapes->max_chunks, sizeof(ks_tape*));
    tapes->groups = calloc(max_groups, sizeof *tapes->groups);
    if (!tapes->tape || !tapes->groups) {
        ks_fail(err, KS_FAILED, "not enough memory");
        ks_tapes_destroy(tapes);
        return NULL;
    }
    for (size_t i = 0; i < max_groups * tapes->max_chunks; i++) {
        size_t first = (i % tapes->max_chunks) * chunk_rows;
        size_t rows = max_rows - first < chunk_rows ? max_rows - first : chunk_rows;
        tapes->tape[i] = ks_tape_create(policy, kind, rows, err);
        if (!tapes->tape[i]) {
            ks_tapes_destroy(tapes);
            return NULL;
        }
    }
    return tapes;
}

void ks_tapes_destroy(ks_tapes* tapes) {
    if (!tapes) {
        return;
    }
    for (size_t i = 0; tapes->tape && i < tapes->max_groups * tapes->max_chunks; i++) {
        ks_tape_destroy(tapes->tape[i]);
    }
    free(tapes->tape);
    free(tapes->groups);
    free(tapes);
}

/* ---- sweeps ------------------------------------------------------------------------------------------------- */

static ks_old_policy chunk_old(const ks_policy* policy, ks_old_policy old, size_t chunk) {
    size_t first = chunk * ks_policy_chunk_rows(policy);
    old.logp += first;
    old.head += first * ks_policy_head_cols(policy);
    return old;
}

/* v_i = α ∘ u_i of a group, rounded to what products take. u is the derivative at the end of a step. */
static void start_pull_back(ks_real* restrict v, const sweep* s, size_t g) {
    size_t p = s->d->num_params;
    const double* restrict u = s->u + g * p;
    const double* restrict alpha = s->size.alpha;
    for (size_t i = 0; alpha && i < p; i++) {
        v[i] = (ks_real)(alpha[i] * u[i]);
    }
    for (size_t i = 0; !alpha && i < p; i++) {
        v[i] = (ks_real)(s->size.lr * u[i]);
    }
}

static void end_pull_back(const sweep* s, size_t g, const double* restrict product) {
    size_t p = s->d->num_params;
    double* restrict u = s->u + g * p;
    for (size_t i = 0; i < p; i++) {
        u[i] -= product[i];
    }
}

/* θ_i - α ∘ its gradient */
static void take_step(const sweep* s, size_t g, const double* gradient) {
    size_t p = s->d->num_params;
    const double* alpha = s->size.alpha;
    const ks_real* theta = s->groups[g].theta;
    ks_real* next = s->next + g * p;
    for (size_t i = 0; alpha && i < p; i++) {
        next[i] = (ks_real)((double)theta[i] - alpha[i] * gradient[i]);
    }
    for (size_t i = 0; !alpha && i < p; i++) {
        next[i] = (ks_real)((double)theta[i] - s->size.lr * gradient[i]);
    }
}

static void start_item(void* user, size_t index, int thread) {
    (void)thread;
    const sweep* s = user;
    size_t g = s->d->split[index];
    start_pull_back(s->d->v + g * s->d->num_params, s, g);
}

static void end_item(void* user, size_t index, int thread) {
    (void)thread;
    const sweep* s = user;
    size_t g = s->d->split[index];
    const double* out = s->out + g * s->d->num_params;
    if (s->u) {
        end_pull_back(s, g, out);
    } else {
        take_step(s, g, out);
    }
}

/* The sum of one chunk of one group, into its own place, or of the only one into its group's. */
static void sweep_item(void* user, size_t index, int thread) {
    const sweep* s = user;
    ks_derivatives* d = s->d;
    size_t g = d->item_group[index];
    size_t c = d->item_chunk[index];
    size_t place = g * d->max_chunks + c;
    size_t p = d->num_params;
    bool whole = chunks_of(s->groups[g].rows.n, d->chunk_rows) == 1;
    double* out = !s->out                ? NULL
                  : !whole               ? d->partial + place * p
                  : s->out == d->product ? d->local_product + (size_t)thread * p
                                         : s->out + g * p;
    const ks_real* v = s->v ? s->v + g * p : NULL;
    const ks_real* theta = s->groups[g].theta;
    double scale = 1.0 / (double)s->groups[g].rows.n;
    ks_rows rows = ks_rows_part(d->policy, s->groups[g].rows, c * d->chunk_rows, d->chunk_rows);
    ks_tape* tape = s->tapes ? s->tapes->tape[g * s->tapes->max_chunks + c] : NULL;
    if (s->u && whole) {
        start_pull_back(d->local_v + (size_t)thread * p, s, g);
        v = d->local_v + (size_t)thread * p;
    }
    switch (s->what) {
        case LOSS:
            d->sums[2 * place] = ks_policy_nll(d->policy, theta, rows, d->ws[thread]);
            d->sums[2 * place + 1] = ks_policy_hits(d->ws[thread]);
            break;
        case GRADIENT:
            d->sums[2 * place] = ks_policy_nll_grad(out, d->policy, theta, rows, scale, d->ws[thread]);
            d->sums[2 * place + 1] = ks_policy_hits(d->ws[thread]);
            break;
        case HVP:
            ks_tape_record(d->scratch[thread], NULL, theta, rows, scale, d->ws[thread]);
            ks_tape_hvp(out, d->scratch[thread], v, d->ws[thread]);
            break;
        case COMPARE:
            ks_policy_compare(&d->sums[2 * place], &d->sums[2 * place + 1], d->policy, theta, rows,
                              chunk_old(d->policy, s->old[g], c), d->ws[thread]);
            break;
        case RECORD:
            d->sums[2 * place] = ks_tape_record(tape, out, theta, rows, scale, d->ws[thread]);
            d->sums[2 * place + 1] = ks_policy_hits(d->ws[thread]);
            break;
        case TAPE_HVP:
            ks_tape_hvp(out, tape, v, d->ws[thread]);
            break;
        case TAPE_FVP:
            ks_tape_fvp(out, tape, v, d->ws[thread]);
            break;
    }
    if (s->u && whole) {
        end_pull_back(s, g, out);
    }
    if (s->next && whole) {
        take_step(s, g, out);
    }
}

/* Adds the chunks of a slice of one group's vector, in order; of a group that has several. */
static void sum_item(void* user, size_t index, int thread) {
    (void)thread;
    const sweep* s = user;
    const ks_derivatives* d = s->d;
    size_t p = d->num_params;
    size_t slices = (p + SLICE - 1) / SLICE;
    size_t g = d->split[index / slices];
    size_t first = index % slices * SLICE;
    size_t n = p - first < SLICE ? p - first : SLICE;
    double* out = s->out + g * p + first;
    memset(out, 0, n * sizeof *out);
    size_t chunks = chunks_of(s->groups[g].rows.n, d->chunk_rows);
    for (size_t c = 0; c < chunks; c++) {
        const double* partial = d->partial + (g * d->max_chunks + c) * p + first;
        for (size_t i = 0; i < n; i++) {
            out[i] += partial[i];
        }
    }
}

static double flop_of(const sweep* s, size_t rows) {
    const ks_policy_flop* f = &s->d->per_row;
    double record = f->forward + f->deltas;
    double per_row[] = {
        [LOSS] = f->forward,
        [GRADIENT] = record + f->weights,
        [HVP] = record + f->hvp,
        [COMPARE] = f->forward,
        [RECORD] = s->tapes && s->tapes->kind == KS_TAPE_FISHER ? f->forward : record,
        [TAPE_HVP] = f->hvp,
        [TAPE_FVP] = f->fvp,
    };
    return (double)rows * (per_row[s->what] + (s->what == RECORD && s->out ? f->weights : 0));
}

double ks_derivatives_take_flop(ks_derivatives* d) {
    double flop = d->flop;
    d->flop = 0;
    return flop;
}

static void run(sweep s) {
    ks_derivatives* d = s.d;
    assert(s.count <= d->max_groups);
    size_t items = 0;
    size_t split = 0;
    for (size_t g = 0; g < s.count; g++) {
        assert(s.groups[g].rows.n <= d->max_rows);
        size_t chunks = chunks_of(s.groups[g].rows.n, d->chunk_rows);
        d->flop += flop_of(&s, s.groups[g].rows.n);
        for (size_t c = 0; c < chunks; c++) {
            d->item_group[items] = g;
            d->item_chunk[items] = c;
            items++;
        }
        if (s.out && chunks == 0) {
            double* zero = s.out == d->product ? d->local_product : s.out + g * d->num_params;
            memset(zero, 0, d->num_params * sizeof *s.out);
            if (s.next) {
                take_step(&s, g, zero);
            }
        } else if (s.out && chunks > 1) {
            d->split[split++] = g;
        }
    }
    if (s.u && split > 0) {
        ks_parallel_for(d->threads, split, start_item, &s);
    }
    (items == s.count ? ks_parallel_even : ks_parallel_for)(d->threads, items, sweep_item, &s);
    if (split > 0) {
        size_t slices = (d->num_params + SLICE - 1) / SLICE;
        ks_parallel_for(d->threads, split * slices, sum_item, &s);
    }
    if ((s.u || s.next) && split > 0) {
        ks_parallel_for(d->threads, split, end_item, &s);
    }
}

/* loss (groups) from the sums of every chunk */
static void mean_loss(double* loss, const ks_derivatives* d, const ks_group* groups, size_t count) {
    for (size_t g = 0; g < count; g++) {
        double sum = 0;
        size_t n = groups[g].rows.n;
        for (size_t c = 0; c < chunks_of(n, d->chunk_rows); c++) {
            sum += d->sums[2 * (g * d->max_chunks + c)];
        }
        loss[g] = n ? sum / (double)n : 0;
    }
}

void ks_derivatives_accuracy(ks_derivatives* d, double* accuracy, const ks_group* groups, size_t count) {
    for (size_t g = 0; g < count; g++) {
        double hits = 0;
        size_t n = groups[g].rows.n;
        for (size_t c = 0; c < chunks_of(n, d->chunk_rows); c++) {
            hits += d->sums[2 * (g * d->max_chunks + c) + 1];
        }
        accuracy[g] = n ? hits / (double)n : 0;
    }
}

void ks_derivatives_loss(ks_derivatives* d, double* loss, const ks_group* groups, size_t count) {
    run((sweep){.d = d, .what = LOSS, .groups = groups, .count = count});
    mean_loss(loss, d, groups, count);
}

void ks_derivatives_loss_and_gradient(ks_derivatives* d, double* loss, double* out, const ks_group* groups,
                                      size_t count) {
    run((sweep){.d = d, .what = GRADIENT, .groups = groups, .count = count, .out = out});
    if (loss) {
        mean_loss(loss, d, groups, count);
    }
}

void ks_derivatives_gradient(ks_derivatives* d, double* out, const ks_group* groups, size_t count) {
    ks_derivatives_loss_and_gradient(d, NULL, out, groups, count);
}

void ks_derivatives_hvp(ks_derivatives* d, double* out, const ks_group* groups, size_t count, const ks_real* v) {
    run((sweep){.d = d, .what = HVP, .groups = groups, .count = count, .v = v, .out = out});
}

void ks_derivatives_compare(ks_derivatives* d, double* loss, double* kl, const ks_group* groups,
                            const ks_old_policy* old, size_t count) {
    run((sweep){.d = d, .what = COMPARE, .groups = groups, .count = count, .old = old});
    for (size_t g = 0; g < count; g++) {
        double ratio_sum = 0, kl_sum = 0;
        size_t n = groups[g].rows.n;
        for (size_t c = 0; c < chunks_of(n, d->chunk_rows); c++) {
            ratio_sum += d->sums[2 * (g * d->max_chunks + c)];
            kl_sum += d->sums[2 * (g * d->max_chunks + c) + 1];
        }
        loss[g] = n ? -ratio_sum / (double)n : 0;
        kl[g] = n ? kl_sum / (double)n : 0;
    }
}

void ks_tapes_record(ks_tapes* tapes, double* loss, double* gradient, ks_derivatives* d, const ks_group* groups,
                     size_t count) {
    assert(count <= tapes->max_groups);
    memcpy(tapes->groups, groups, count * sizeof *groups);
    tapes->count = count;
    run((sweep){.d = d, .what = RECORD, .groups = groups, .count = count, .tapes = tapes, .out = gradient});
    if (loss) {
        mean_loss(loss, d, groups, count);
    }
}

void ks_tapes_hvp(double* out, const ks_tapes* tapes, const ks_real* v, ks_derivatives* d) {
    run((sweep){
        .d = d, .what = TAPE_HVP, .groups = tapes->groups, .count = tapes->count, .tapes = tapes, .v = v, .out = out});
}

void ks_tapes_fvp(double* out, const ks_tapes* tapes, const ks_real* v, ks_derivatives* d) {
    run((sweep){
        .d = d, .what = TAPE_FVP, .groups = tapes->groups, .count = tapes->count, .tapes = tapes, .v = v, .out = out});
}

void ks_tapes_pull_back(double* u, const ks_tapes* tapes, ks_step_size size, ks_derivatives* d) {
    run((sweep){.d = d,
                .what = TAPE_HVP,
                .groups = tapes->groups,
                .count = tapes->count,
                .tapes = tapes,
                .v = d->v,
                .out = d->product,
                .u = u,
                .size = size});
}

/* ---- steps -------------------------------------------------------------------------------------------------------------- */

void ks_derivatives_step(ks_derivatives* d, const ks_gradient_step* step) {
    ks_tapes* tapes = step->tapes;
    if (tapes) {
        assert(step->count <= tapes->max_groups);
        memcpy(tapes->groups, step->groups, step->count * sizeof *step->groups);
        tapes->count = step->count;
    }
    run((sweep){.d = d,
                .what = tapes ? RECORD : GRADIENT,
                .groups = step->groups,
                .count = step->count,
                .tapes = tapes,
                .out = step->gradient ? step->gradient : d->product,
                .next = step->next,
                .size = step->size});
    if (step->loss) {
        mean_loss(step->loss, d, step->groups, step->count);
    }
}
