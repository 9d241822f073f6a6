#include "base/parallel.h"
#include "bench/bench.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const int SIZES[] = {256, 512, 1024};
enum { NUM_SIZES = sizeof SIZES / sizeof *SIZES, LARGEST = 1024, TRIALS = 3 };
static const double TRIAL_FLOP = 2e9; /* per thread */

/* OpenBLAS is loaded when it is measured, and by nothing else; from cblas.h: */
enum { ROW_MAJOR = 101, NO_TRANS = 111 };
typedef void sgemm_function(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float* a,
                            int lda, const float* b, int ldb, float beta, float* c, int ldc);

typedef struct job {
    sgemm_function* sgemm;
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
        j->sgemm(ROW_MAJOR, NO_TRANS, NO_TRANS, j->size, j->size, j->size, 1, a, j->size, a + n, j->size, 0, a + 2 * n,
                 j->size);
    }
}

/* The function `name` of a library, or NULL. POSIX gives functions as pointers to objects. */
static void* function(void* library, const char* name) {
    return library ? dlsym(library, name) : NULL;
}

/* It stays loaded: its threads would outlive it. */
static sgemm_function* load(char kernel[KS_BENCH_KERNEL_NAME], ks_error* err) {
    void* library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    void* sgemm = function(library, "cblas_sgemm");
    void* set_threads = function(library, "openblas_set_num_threads");
    void* name = function(library, "openblas_get_corename");
    if (!sgemm || !set_threads || !name) {
        ks_fail(err, KS_FAILED, "update is measured against OpenBLAS, which is not here (libopenblas.so.0): %s",
                library ? "it lacks a function" : dlerror());
        return NULL;
    }
    ((void (*)(int))(uintptr_t)set_threads)(1); /* per caller */
    snprintf(kernel, KS_BENCH_KERNEL_NAME, "%s", ((char* (*)(void))(uintptr_t)name)());
    return (sgemm_function*)(uintptr_t)sgemm;
}

bool ks_bench_sgemm(double* gflops, char kernel[KS_BENCH_KERNEL_NAME], int threads, ks_error* err) {
    sgemm_function* sgemm = load(kernel, err);
    if (!sgemm) {
        return false;
    }
    size_t count = (size_t)threads * 3 * LARGEST * LARGEST;
    job j = {.sgemm = sgemm, .memory = malloc(count * sizeof(float))};
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
