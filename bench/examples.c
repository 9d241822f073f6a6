#include "bench/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1000 };            /* iterations of a round */
static const double ROUND_S = 1; /* a round ends after so many seconds, and one iteration at least */

static bool round_of(ks_bench_examples* r, const ks_setup* setup, ks_real* params, ks_error* err) {
    ks_real* state = params + setup->num_params;
    double collect = 0, flop = 0, start = ks_clock();
    uint64_t i = 0;
    for (; i < MOST && (i == 0 || ks_clock() - start < ROUND_S); i++) {
        ks_maml_stats stats;
        if (!ks_maml_iterate(setup->maml, params, state, i, &stats, err)) {
            return false;
        }
        collect += stats.sampling_s;
        flop += stats.update_flop;
    }
    double seconds = (ks_clock() - start) / (double)i;
    if (seconds < r->iteration_s) {
        r->iteration_s = seconds;
        r->collect_s = collect / (double)i;
        r->gflop = 1e-9 * flop / (double)i;
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
             ks_setup_initial(params, NULL, &setup, o->config, err);
    }
    for (int i = 0; ok && i < o->rounds; i++) {
        double sgemm;
        ks_bench_take_peak_mib();
        ok = round_of(r, &setup, params, err);
        r->peak_mib = fmax(r->peak_mib, ks_bench_take_peak_mib());
        ok = ok && ks_bench_sgemm(&sgemm, r->sgemm_kernel, o->threads, err);
        r->sgemm_gflops = ok ? fmax(r->sgemm_gflops, sgemm) : 0;
    }
    r->ratio = r->gflops / r->sgemm_gflops;
    free(params);
    ks_setup_free(&setup);
    return ok;
}
