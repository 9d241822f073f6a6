#include "bench/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ITERATIONS = 1000 }; /* of a round */

static bool round_of(ks_bench_examples* r, const ks_setup* setup, ks_real* params, ks_error* err) {
    ks_real* state = params + setup->num_params;
    double collect = 0, flop = 0, start = ks_clock();
    for (uint64_t i = 0; i < ITERATIONS; i++) {
        ks_maml_stats stats;
        if (!ks_maml_iterate(setup->maml, params, state, i, &stats, err)) {
            return false;
        }
        collect += stats.sampling_s;
        flop += stats.update_flop;
    }
    double seconds = (ks_clock() - start) / ITERATIONS;
    if (seconds < r->iteration_s) {
        r->iteration_s = seconds;
        r->collect_s = collect / ITERATIONS;
        r->gflop = 1e-9 * flop / ITERATIONS;
        r->gflops = r->gflop / seconds;
    }
    return true;
}

bool ks_bench_examples_run(ks_bench_examples* r, const ks_bench_options* o, ks_error* err) {
    ks_setup setup;
    ks_real* params = NULL;
    *r = (ks_bench_examples){.iteration_s = INFINITY};
    bool ok = ks_setup_create(&setup, o->config, o->threads, (ks_team){0}, err);
    if (ok) {
        params = calloc(setup.num_params + setup.state_size, sizeof *params);
        ok = (params || ks_fail(err, KS_FAILED, "not enough memory")) &&
             ks_setup_initial(params, &setup, o->config, err);
    }
    for (int i = 0; ok && i < o->rounds; i++) {
        double sgemm;
        ok = round_of(r, &setup, params, err) && ks_bench_sgemm(&sgemm, r->sgemm_kernel, o->threads, err);
        r->sgemm_gflops = ok ? fmax(r->sgemm_gflops, sgemm) : 0;
    }
    r->ratio = r->gflops / r->sgemm_gflops;
    free(params);
    ks_setup_free(&setup);
    return ok;
}
