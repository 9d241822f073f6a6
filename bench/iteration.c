#include "bench/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The most memory that the process has held since it was last asked, in MiB; 0 where the kernel does not say. */
static double take_peak_mib(void) {
    double kib = 0;
    char line[256];
    FILE* status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = strtod(line + 6, NULL);
        }
    }
    if (status) {
        fclose(status);
    }
    FILE* reset = fopen("/proc/self/clear_refs", "w"); /* 5: starts the high-water mark anew */
    if (reset) {
        fputs("5", reset);
        fclose(reset);
    }
    return kib / 1024;
}

static bool measure(ks_bench_iteration* r, ks_maml* maml, ks_real* theta, const ks_bench_options* o, ks_error* err) {
    size_t n = ks_policy_num_params(ks_maml_policy(maml));
    *r = (ks_bench_iteration){.seconds = INFINITY};
    for (int round = 0; round < o->rounds; round++) {
        double sgemm;
        if (!ks_bench_sgemm(&sgemm, r->sgemm_kernel, o->threads, err)) {
            return false;
        }
        r->sgemm_gflops = fmax(r->sgemm_gflops, sgemm);
        ks_maml_stats stats;
        memcpy(theta + n, theta, n * sizeof *theta);
        take_peak_mib();
        double start = ks_clock();
        if (!ks_maml_iterate(maml, theta + n, theta + 2 * n, 0, &stats, err)) {
            return false;
        }
        double seconds = ks_clock() - start;
        r->peak_mib = fmax(r->peak_mib, take_peak_mib());
        r->gflop = 1e-9 * stats.update_flop;
        r->gflops = fmax(r->gflops, r->gflop / stats.update_s);
        if (seconds < r->seconds) {
            r->seconds = seconds;
            r->sampling_s = stats.sampling_s;
            r->update_s = stats.update_s;
        }
    }
    r->ratio = r->gflops / r->sgemm_gflops;
    return true;
}

bool ks_bench_iteration_run(ks_bench_iteration* result, const ks_bench_options* o, ks_error* err) {
    const ks_env_def* def = ks_env_find(o->config->env, err);
    ks_env_model* model = def ? ks_env_model_create(def, o->config->method == KS_ORACLE, err) : NULL;
    if (!model) {
        return false;
    }
    ks_policy_settings policy_settings = ks_config_policy(o->config, model);
    ks_maml_settings settings = ks_config_maml(o->config, o->threads);
    ks_policy* policy = ks_policy_create(&policy_settings, err);
    ks_maml* maml = policy ? ks_maml_create(model, policy, &settings, err) : NULL;
    ks_real* theta = calloc(3 * (policy ? ks_policy_num_params(policy) : 1), sizeof *theta);
    bool ok = maml && (theta || ks_fail(err, KS_FAILED, "not enough memory")) &&
              ks_initial_theta(theta, o->config, model, policy, err) && measure(result, maml, theta, o, err);
    free(theta);
    ks_maml_destroy(maml);
    ks_policy_destroy(policy);
    ks_env_model_destroy(model);
    return ok;
}
