#include "bench/bench.h"
#include "maml/parallel.h"
#include "policy/blas.h"

#include <math.h>
#include <stdlib.h>

static const int SIZES[] = {256, 512, 1024};
enum { NUM_SIZES = sizeof SIZES / sizeof *SIZES, LARGEST = 1024, TRIALS = 3 };
static const double TRIAL_FLOP = 2e9; /* per thread */

typedef struct job {
    float* memory; /* (threads x 3 x LARGEST²) */
    int size;
    int repeats;
} job;

static void multiply(void* user, size_t index, int thread) {
    (void)thread;
    const job* j = user;
    size_t n = (size_t)LARGEST * LARGEST;
    float* a = j->memory + index * 3 * n;
    for (int i = 0; i < j->repeats; i++) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, j->size, j->size, j->size, 1, a, j->size, a + n, j->size,
                    0, a + 2 * n, j->size);
    }
}

bool ks_bench_sgemm(double* gflops, int threads, ks_error* err) {
    ks_blas_single_thread();
    size_t count = (size_t)threads * 3 * LARGEST * LARGEST;
    job j = {.memory = malloc(count * sizeof(float))};
    if (!j.memory) {
        return ks_fail(err, KS_FAILED, "not enough memory to measure sgemm");
    }
    for (size_t i = 0; i < count; i++) {
        j.memory[i] = (float)(i % 7) - 3;
    }
    *gflops = 0;
    for (int s = 0; s < NUM_SIZES; s++) {
        double flop = 2 * pow(SIZES[s], 3);
        j.size = SIZES[s];
        j.repeats = (int)ceil(TRIAL_FLOP / flop);
        for (int trial = 0; trial < TRIALS; trial++) {
            double start = ks_clock();
            ks_parallel_for(threads, (size_t)threads, multiply, &j);
            double rate = flop * j.repeats * threads / (ks_clock() - start) * 1e-9;
            *gflops = fmax(*gflops, rate);
        }
    }
    free(j.memory);
    return true;
}
