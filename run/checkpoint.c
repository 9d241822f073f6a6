#include "run/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char* const FORMAT = "kshot.checkpoint.1";

/* ---- state ------------------------------------------------------------------------------------------------------- */

bool ks_run_state_create(ks_run_state* s, size_t num_params, ks_error* err) {
    *s = (ks_run_state){.last_return = {NAN, NAN}, .best_return = -HUGE_VAL};
    s->theta = calloc(num_params, sizeof *s->theta);
    s->cg_start = calloc(num_params, sizeof *s->cg_start);
    s->theta_last = calloc(num_params, sizeof *s->theta_last);
    s->theta_best = calloc(num_params, sizeof *s->theta_best);
    if (!s->theta || !s->cg_start || !s->theta_last || !s->theta_best) {
        ks_run_state_free(s);
        return ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", num_params);
    }
    return true;
}

void ks_run_state_free(ks_run_state* s) {
    free(s->theta);
    free(s->cg_start);
    free(s->theta_last);
    free(s->theta_best);
    *s = (ks_run_state){0};
}

/* the mean of the last iteration's return with its neighbours', as far as there are any */
static double last_mean(const ks_run_state* s, double next) {
    double sum = s->last_return[0];
    int count = 1;
    if (!isnan(s->last_return[1])) {
        sum += s->last_return[1];
        count++;
    }
    if (!isnan(next)) {
        sum += next;
        count++;
    }
    return sum / count;
}

void ks_run_state_note(ks_run_state* s, const ks_real* theta_start, double return_after, size_t num_params) {
    if (!isnan(s->last_return[0])) {
        double mean = last_mean(s, return_after);
        if (mean > s->best_return) {
            memcpy(s->theta_best, s->theta_last, num_params * sizeof *s->theta_best);
            s->best_return = mean;
            s->best_iteration = s->iteration - 1;
        }
    }
    memcpy(s->theta_last, theta_start, num_params * sizeof *theta_start);
    s->last_return[1] = s->last_return[0];
    s->last_return[0] = return_after;
}

void ks_run_state_best(const ks_run_state* s, const ks_real** theta, int64_t* iteration) {
    if (isnan(s->last_return[0])) { /* nothing was tried */
        *theta = s->theta;
        *iteration = s->iteration;
    } else if (last_mean(s, NAN) > s->best_return) {
        *theta = s->theta_last;
        *iteration = s->iteration - 1;
    } else {
        *theta = s->theta_best;
        *iteration = s->best_iteration;
    }
}

/* ---- file ---------------------------------------------------------------------------------------------------------- */

bool ks_checkpoint_save(const char* path, const ks_policy* policy, const ks_policy_info* info, const ks_run_state* s,
                        ks_error* err) {
    ks_tensor_writer* w = ks_tensor_writer_create(err);
    if (!w) {
        return false;
    }
    const size_t p = ks_policy_num_params(policy);
    const double returns[3] = {s->last_return[0], s->last_return[1], s->best_return};
    const int64_t counts[3] = {s->iteration, (int64_t)s->env_steps, s->best_iteration};
    ks_tensor_writer_meta(w, "format", FORMAT);
    ks_policy_write_meta(w, policy, info);
    ks_tensor_writer_add(w, "run.counts", KS_I64, 1, (size_t[]){3}, counts);
    ks_tensor_writer_add(w, "run.returns", KS_F64, 1, (size_t[]){3}, returns);
    ks_policy_write_theta(w, policy, s->theta);
    ks_tensor_writer_add_real(w, "run.cg_start", 1, &p, s->cg_start, sizeof *s->cg_start);
    ks_tensor_writer_add_real(w, "run.theta_last", 1, &p, s->theta_last, sizeof *s->theta_last);
    ks_tensor_writer_add_real(w, "run.theta_best", 1, &p, s->theta_best, sizeof *s->theta_best);
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

static bool has(const ks_tensor_file* f, const char* name) {
    for (size_t i = 0; i < ks_tensor_file_count(f); i++) {
        if (strcmp(ks_tensor_file_at(f, i).name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool same_layout(const ks_policy_settings* a, const ks_policy_settings* b) {
    return a->obs_dim == b->obs_dim && a->act_dim == b->act_dim && a->head == b->head &&
           a->num_hidden == b->num_hidden &&
           memcmp(a->hidden, b->hidden, (size_t)a->num_hidden * sizeof *a->hidden) == 0 &&
           a->activation == b->activation;
}

bool ks_checkpoint_load(const char* path, const ks_policy* policy, ks_policy_info* info, ks_run_state* s,
                        ks_error* err) {
    const size_t p = ks_policy_num_params(policy);
    const void *counts, *returns;
    ks_policy_settings settings;
    ks_tensor_file* f = ks_tensor_file_open(path, FORMAT, err);
    bool ok = f && ks_policy_read_meta(f, &settings, info, err);
    if (ok && !same_layout(&settings, ks_policy_get_settings(policy))) {
        ok = ks_fail(err, KS_BAD_INPUT, "%s: its network is another than the config's", path);
    }
    ok = ok && ks_policy_read_theta(f, policy, s->theta, err) &&
         ks_tensor_file_get(f, "run.counts", KS_I64, 1, (size_t[]){3}, &counts, err) &&
         ks_tensor_file_get(f, "run.returns", KS_F64, 1, (size_t[]){3}, &returns, err) &&
         (!has(f, "run.cg_start") || read_flat(f, "run.cg_start", s->cg_start, p, err)) && /* version 0.1.0 had none */
         read_flat(f, "run.theta_last", s->theta_last, p, err) && read_flat(f, "run.theta_best", s->theta_best, p, err);
    if (ok) {
        const int64_t* c = counts;
        const double* r = returns;
        s->iteration = c[0];
        s->env_steps = (uint64_t)c[1];
        s->best_iteration = c[2];
        s->last_return[0] = r[0];
        s->last_return[1] = r[1];
        s->best_return = r[2];
        if (s->iteration < 0 || s->iteration != info->iteration) {
            ok = ks_fail(err, KS_BAD_INPUT, "%s: damaged: its iteration is %lld in one place and %lld in another", path,
                         (long long)s->iteration, (long long)info->iteration);
        }
    }
    ks_tensor_file_close(f);
    return ok;
}
