#include "run/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- state ------------------------------------------------------------------------------------------------------- */

bool ks_run_state_create(ks_run_state* s, size_t num_params, size_t outer_size, ks_error* err) {
    *s = (ks_run_state){.num_params = num_params,
                        .outer_size = outer_size,
                        .last_metric = {NAN, NAN},
                        .best_metric = -HUGE_VAL,
                        .best_validation = -HUGE_VAL};
    s->params = calloc(num_params, sizeof *s->params);
    s->outer = calloc(outer_size + 1, sizeof *s->outer);
    s->params_last = calloc(num_params, sizeof *s->params_last);
    s->params_best = calloc(num_params, sizeof *s->params_best);
    if (!s->params || !s->outer || !s->params_last || !s->params_best) {
        ks_run_state_free(s);
        return ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", num_params);
    }
    return true;
}

void ks_run_state_free(ks_run_state* s) {
    free(s->params);
    free(s->outer);
    free(s->params_last);
    free(s->params_best);
    *s = (ks_run_state){0};
}

static bool is_validated(const ks_run_state* s) {
    return s->best_validation > -HUGE_VAL;
}

/* the mean of the last iteration's return with its neighbours', as far as there are any */
static double last_mean(const ks_run_state* s, double next) {
    double sum = s->last_metric[0];
    int count = 1;
    if (!isnan(s->last_metric[1])) {
        sum += s->last_metric[1];
        count++;
    }
    if (!isnan(next)) {
        sum += next;
        count++;
    }
    return sum / count;
}

void ks_run_state_note(ks_run_state* s, const ks_real* params_start, double metric_after) {
    size_t bytes = s->num_params * sizeof *s->params;
    if (!isnan(s->last_metric[0]) && !is_validated(s)) {
        double mean = last_mean(s, metric_after);
        if (mean > s->best_metric) {
            memcpy(s->params_best, s->params_last, bytes);
            s->best_metric = mean;
            s->best_iteration = s->iteration - 1;
        }
    }
    memcpy(s->params_last, params_start, bytes);
    s->last_metric[1] = s->last_metric[0];
    s->last_metric[0] = metric_after;
}

void ks_run_state_note_validation(ks_run_state* s, double metric) {
    if (metric > s->best_validation) {
        memcpy(s->params_best, s->params, s->num_params * sizeof *s->params);
        s->best_validation = metric;
        s->best_iteration = s->iteration;
    }
}

void ks_run_state_go_back(ks_run_state* s) {
    memcpy(s->params, s->params_best, s->num_params * sizeof *s->params);
    memset(s->outer, 0, s->outer_size * sizeof *s->outer);
    s->recoveries++;
    s->recovered_at = s->iteration;
}

double ks_run_state_step_scale(const ks_run_state* s) {
    return exp2(-(double)s->recoveries);
}

void ks_run_state_best(const ks_run_state* s, const ks_real** params, int64_t* iteration) {
    if (is_validated(s)) {
        *params = s->params_best;
        *iteration = s->best_iteration;
    } else if (isnan(s->last_metric[0])) { /* nothing was tried */
        *params = s->params;
        *iteration = s->iteration;
    } else if (last_mean(s, NAN) > s->best_metric) {
        *params = s->params_last;
        *iteration = s->iteration - 1;
    } else {
        *params = s->params_best;
        *iteration = s->best_iteration;
    }
}

/* ---- file ---------------------------------------------------------------------------------------------------------- */

/* TRPO remembers where conjugate gradient may start; that is as long as the parameters are, and all that version 0.1.0 knew. */
static const char* const RUN_CG_START = "run.cg_start";
static const char* const RUN_OUTER = "run.outer";
static const char* const RUN_VALIDATION = "run.validation"; /* where there was one */
static const char* const RUN_RECOVERIES = "run.recoveries"; /* likewise */

static const char* const CONTENT = "problem_content"; /* metadata, since problems can say what they read */

static const char* outer_name(const ks_run_state* s) {
    return s->outer_size == s->num_params ? RUN_CG_START : RUN_OUTER;
}

bool ks_checkpoint_save(const char* path, const ks_policy* policy, const ks_policy_info* info, const ks_run_state* s,
                        ks_error* err) {
    ks_tensor_writer* w = ks_tensor_writer_create(err);
    if (!w) {
        return false;
    }
    const size_t p = s->num_params;
    const ks_step_sizes sizes = ks_policy_info_sizes(info);
    const double returns[3] = {s->last_metric[0], s->last_metric[1], s->best_metric};
    const int64_t counts[3] = {s->iteration, (int64_t)s->env_steps, s->best_iteration};
    const int64_t recoveries[2] = {s->recoveries, s->recovered_at};
    ks_tensor_writer_meta(w, "format", KS_CHECKPOINT_FORMAT);
    ks_policy_write_meta(w, path, policy, info);
    if (*s->content) {
        ks_tensor_writer_meta(w, CONTENT, s->content);
    }
    ks_tensor_writer_add(w, "run.counts", KS_I64, 1, (size_t[]){3}, counts);
    ks_tensor_writer_add(w, "run.returns", KS_F64, 1, (size_t[]){3}, returns);
    if (is_validated(s)) {
        ks_tensor_writer_add(w, RUN_VALIDATION, KS_F64, 1, (size_t[]){1}, &s->best_validation);
    }
    if (s->recoveries > 0) {
        ks_tensor_writer_add(w, RUN_RECOVERIES, KS_I64, 1, (size_t[]){2}, recoveries);
    }
    ks_policy_write_params(w, policy, &sizes, s->params);
    ks_tensor_writer_add_real(w, outer_name(s), 1, &s->outer_size, s->outer, sizeof *s->outer);
    ks_tensor_writer_add_real(w, "run.theta_last", 1, &p, s->params_last, sizeof *s->params_last);
    ks_tensor_writer_add_real(w, "run.theta_best", 1, &p, s->params_best, sizeof *s->params_best);
    bool ok = ks_tensor_writer_save(w, path, KS_SAVE_CHECKSUM | KS_SAVE_AGAIN, err);
    ks_tensor_writer_destroy(w);
    return ok;
}

static bool read_flat(const ks_tensor_file* f, const char* name, ks_real* theta, size_t n, ks_error* err) {
    const void* data;
    if (!ks_tensor_file_get(f, name, KS_F32, 1, &n, &data, err)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        theta[i] = (ks_real)((const float*)data)[i];
    }
    return true;
}

/* Zeros where the file has none: version 0.1.0 knew TRPO alone and kept nothing of it, and what another outer step remembers is of no
 * use to this one (kshot audit may ask for that; a run goes on with its own). */
static bool read_outer(const ks_tensor_file* f, ks_run_state* s, ks_error* err) {
    const char* name = outer_name(s);
    bool others = ks_tensor_file_find(f, strcmp(name, RUN_OUTER) == 0 ? RUN_CG_START : RUN_OUTER);
    bool missing = !ks_tensor_file_find(f, name) && (others || strcmp(name, RUN_CG_START) == 0);
    return missing || read_flat(f, name, s->outer, s->outer_size, err);
}

static size_t num_sizes(const ks_policy_info* info, const ks_policy* policy) {
    ks_step_sizes sizes = ks_policy_info_sizes(info);
    return ks_step_sizes_count(&sizes, policy);
}

static bool read_validation(const ks_tensor_file* f, ks_run_state* s, ks_error* err) {
    const void* best;
    if (!ks_tensor_file_find(f, RUN_VALIDATION)) {
        return true;
    }
    if (!ks_tensor_file_get(f, RUN_VALIDATION, KS_F64, 1, (size_t[]){1}, &best, err)) {
        return false;
    }
    s->best_validation = *(const double*)best;
    return true;
}

static bool read_recoveries(const ks_tensor_file* f, ks_run_state* s, ks_error* err) {
    const void* data;
    if (!ks_tensor_file_find(f, RUN_RECOVERIES)) {
        return true;
    }
    if (!ks_tensor_file_get(f, RUN_RECOVERIES, KS_I64, 1, (size_t[]){2}, &data, err)) {
        return false;
    }
    s->recoveries = ((const int64_t*)data)[0];
    s->recovered_at = ((const int64_t*)data)[1];
    return (s->recoveries >= 0 && s->recoveries <= 1000) ||
           ks_fail(err, KS_BAD_INPUT, "%s: damaged: it went back %lld times", ks_tensor_file_path(f),
                   (long long)s->recoveries);
}

static bool same_layout(const ks_policy_settings* a, const ks_policy_settings* b) {
    return a->obs_dim == b->obs_dim && a->act_dim == b->act_dim && a->head == b->head &&
           a->num_hidden == b->num_hidden &&
           memcmp(a->hidden, b->hidden, (size_t)a->num_hidden * sizeof *a->hidden) == 0 &&
           a->activation == b->activation;
}

bool ks_checkpoint_load(const char* path, const ks_policy* policy, ks_policy_info* info, ks_run_state* s,
                        ks_error* err) {
    const size_t p = s->num_params;
    const void *counts, *returns;
    ks_policy_settings settings;
    ks_tensor_file* f = ks_tensor_file_open(path, KS_CHECKPOINT_FORMAT, err);
    bool ok = f && ks_policy_read_meta(f, &settings, info, err);
    if (ok && !same_layout(&settings, ks_policy_get_settings(policy))) {
        ok = ks_fail(err, KS_BAD_INPUT, "%s: its network is another than the config's", path);
    }
    if (ok && ks_policy_num_params(policy) + num_sizes(info, policy) != p) {
        ok = ks_fail(err, KS_BAD_INPUT, "%s: its learned step sizes are others than the config's", path);
    }
    ks_step_sizes sizes = ok ? ks_policy_info_sizes(info) : (ks_step_sizes){0};
    ok = ok && ks_policy_read_params(f, policy, &sizes, s->params, err) &&
         ks_tensor_file_get(f, "run.counts", KS_I64, 1, (size_t[]){3}, &counts, err) &&
         ks_tensor_file_get(f, "run.returns", KS_F64, 1, (size_t[]){3}, &returns, err) && read_outer(f, s, err) &&
         read_flat(f, "run.theta_last", s->params_last, p, err) &&
         read_flat(f, "run.theta_best", s->params_best, p, err) && read_validation(f, s, err) &&
         read_recoveries(f, s, err);
    if (ok) {
        const char* content = ks_tensor_file_meta(f, CONTENT);
        snprintf(s->content, sizeof s->content, "%s", content ? content : "");
        const int64_t* c = counts;
        const double* r = returns;
        s->iteration = c[0];
        s->env_steps = (uint64_t)c[1];
        s->best_iteration = c[2];
        s->last_metric[0] = r[0];
        s->last_metric[1] = r[1];
        s->best_metric = r[2];
        if (s->iteration < 0 || s->iteration != info->iteration) {
            ok = ks_fail(err, KS_BAD_INPUT, "%s: damaged: its iteration is %lld in one place and %lld in another", path,
                         (long long)s->iteration, (long long)info->iteration);
        }
    }
    ks_tensor_file_close(f);
    return ok;
}
