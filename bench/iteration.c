#include "bench/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double ks_bench_take_peak_mib(void) {
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

/* params (Q), then room for Q more and for the outer step's state */
static bool measure(ks_bench_iteration* r, const ks_setup* setup, ks_real* params, const ks_bench_options* o,
                    ks_error* err) {
    size_t n = setup->num_params;
    *r = (ks_bench_iteration){.seconds = INFINITY};
    for (int round = 0; round < o->rounds; round++) {
        double sgemm;
        if (!ks_bench_sgemm(&sgemm, r->sgemm_kernel, o->threads, err)) {
            return false;
        }
        r->sgemm_gflops = fmax(r->sgemm_gflops, sgemm);
        ks_maml_stats stats;
        memcpy(params + n, params, n * sizeof *params);
        memset(params + 2 * n, 0, setup->state_size * sizeof *params);
        ks_bench_take_peak_mib();
        double start = ks_clock();
        if (!ks_maml_iterate(setup->maml, params + n, params + 2 * n, 0, &stats, err)) {
            return false;
        }
        double seconds = ks_clock() - start;
        r->peak_mib = fmax(r->peak_mib, ks_bench_take_peak_mib());
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
    ks_setup setup;
    ks_real* params = NULL;
    bool ok = ks_setup_create(&setup, o->config, o->threads, (ks_team){0}, err);
    if (ok) {
        params = calloc(2 * setup.num_params + setup.state_size, sizeof *params);
        ok = (params || ks_fail(err, KS_FAILED, "not enough memory")) &&
             ks_setup_initial(params, NULL, &setup, o->config, err) && measure(result, &setup, params, o, err);
    }
    free(params);
    ks_setup_free(&setup);
    return ok;
}
