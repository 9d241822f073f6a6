/* bench.h: how fast kshot is, measured against what the machine itself can do, in the same run.
 *
 * Every figure is the best of several rounds, and rounds of the thing and of its yardstick take turns, since other work on the
 * machine only ever makes a round slower.
 *
 * Thread rule: one call at a time in a process; it uses its own threads inside. */
#ifndef KS_BENCH_BENCH_H
#define KS_BENCH_BENCH_H

#include "base/clock.h"
#include "run/initial.h"
#include "run/setup.h"

typedef struct ks_bench_options {
    const ks_config* config; /* environment and sizes; the parameters are those that a run with it starts from */
    int threads;
    int rounds;
} ks_bench_options;

/* Sampling one stage: tasks x trajectories of at most horizon timesteps. The yardstick replays the very same trajectories,
 * action by action, with nothing but mj_step, on as many threads. */
typedef struct ks_bench_sampling {
    double env_steps_per_s;
    double mj_steps_per_s;     /* physics steps; 0, as are the next two, where there is no MuJoCo model */
    double raw_mj_steps_per_s; /* of bare mj_step */
    double ratio;              /* of the two */
} ks_bench_sampling;

enum { KS_BENCH_KERNEL_NAME = 32 };

/* The meta-update and the whole iteration. The yardstick is OpenBLAS's sgemm, every thread on matrices of its own, at the
 * best of several sizes. */
typedef struct ks_bench_iteration {
    double gflop;        /* 1e9 operations of one update's matrix products, as the algorithm needs them */
    double gflops;       /* per second, all other work of the update included in the time */
    double sgemm_gflops; /* likewise of the yardstick */
    char sgemm_kernel[KS_BENCH_KERNEL_NAME]; /* which of its kernels OpenBLAS chose (OPENBLAS_CORETYPE forces one) */
    double ratio;                            /* of the two */
    double seconds;                          /* the fastest iteration, in all */
    double sampling_s;                       /* of it: sampling and advantages */
    double update_s;                         /* the rest: derivatives, conjugate gradient, line search */
    double peak_mib;                         /* the most memory that the process held meanwhile */
} ks_bench_iteration;

/* Whole meta-iterations of a problem whose rows are given, one after the other as training takes them. */
typedef struct ks_bench_examples {
    double iteration_s;  /* one of them */
    double collect_s;    /* of it: drawing tasks and examples */
    double gflop;        /* 1e9 operations of its matrix products */
    double gflops;       /* per second of the whole iteration */
    double sgemm_gflops; /* the yardstick, as below */
    char sgemm_kernel[KS_BENCH_KERNEL_NAME];
    double ratio;
    double peak_mib; /* the most memory that the process held meanwhile */
} ks_bench_examples;

/* Errors: KS_FAILED. */
bool ks_bench_examples_run(ks_bench_examples* result, const ks_bench_options* options, ks_error* err);

#ifdef KS_VIEWER
/* The window: 4 panes and charts, drawn off screen without shadows and reflections, and adapting by 3 gradient steps. */
typedef struct ks_bench_view {
    int width, height; /* pixels */
    int panes;
    double frame_s; /* to draw one picture */
    double adapt_s; /* from another task to the policies that are adapted to it, and what is shown of them */
} ks_bench_view;

/* Errors: KS_BAD_INPUT (an environment that cannot be drawn), KS_FAILED (no EGL). */
bool ks_bench_view_run(ks_bench_view* result, const ks_bench_options* options, ks_error* err);
#endif

/* Errors: KS_BAD_INPUT (sizes), KS_FAILED. */
bool ks_bench_sampling_run(ks_bench_sampling* result, const ks_bench_options* options, ks_error* err);
bool ks_bench_iteration_run(ks_bench_iteration* result, const ks_bench_options* options, ks_error* err);

/* The most memory that the process has held since it was last asked, in MiB; 0 where the kernel does not say. */
double ks_bench_take_peak_mib(void);

/* 1e9 operations per second of sgemm on `threads` threads, best of several sizes, and the name of its kernel.
 * Errors: KS_FAILED (memory, no OpenBLAS). */
bool ks_bench_sgemm(double* gflops, char kernel[KS_BENCH_KERNEL_NAME], int threads, ks_error* err);

#endif
