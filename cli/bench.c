#include "bench/bench.h"
#include "base/number.h"
#include "cli/cli.h"
#include "cli/option_table.h"
#include "nn/gemm.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

enum { SAMPLING = 1, UPDATE = 2, ITERATION = 4, EVERYTHING = 7, VIEW = 8, EXAMPLES = 16 };

typedef struct results {
    int what;
    ks_bench_sampling sampling;
    ks_bench_iteration iteration;
    ks_bench_examples examples;
#ifdef KS_VIEWER
    ks_bench_view view;
#endif
} results;

/* ---- output -------------------------------------------------------------------------------------------------------- */

static void add_sizes(cJSON* object, const ks_bench_options* o) {
    cJSON_AddStringToObject(object, "env", o->config->rl.env);
    cJSON_AddNumberToObject(object, "threads", o->threads);
    cJSON_AddNumberToObject(object, "tasks", o->config->tasks);
    cJSON_AddNumberToObject(object, "trajectories", o->config->rl.trajectories);
    cJSON_AddNumberToObject(object, "horizon", o->config->rl.horizon);
}

/* 0 stands for "there is no such figure" */
static void add_figure(cJSON* object, const char* name, double value) {
    if (value > 0) {
        cJSON_AddNumberToObject(object, name, value);
    } else {
        cJSON_AddNullToObject(object, name);
    }
}

static void print_examples(const ks_bench_examples* r, const ks_bench_options* o) {
    printf("%s, %d tasks, %d inner step%s, %d thread%s, best of %d\n", ks_config_name(o->config), o->config->tasks,
           o->config->inner.steps, o->config->inner.steps == 1 ? "" : "s", o->threads, o->threads == 1 ? "" : "s",
           o->rounds);
    printf(
        "iteration  %9.4g ms; %.4g GFLOP at %.1f GFLOP/s (%s); OpenBLAS's sgemm %.1f GFLOP/s (%s): ratio %.2f; peak "
        "memory %.0f MiB\n",
        1e3 * r->iteration_s, r->gflop, r->gflops, ks_gemm_kernel_name(), r->sgemm_gflops, r->sgemm_kernel, r->ratio,
        r->peak_mib);
}

static int print_json(const results* r, const ks_bench_options* o, ks_error* err) {
    cJSON* all = cJSON_CreateObject();
    if (r->what & EXAMPLES) {
        cJSON_AddStringToObject(all, "problem", ks_config_name(o->config));
    } else {
        add_sizes(all, o);
    }
    if (r->what & SAMPLING) {
        cJSON* s = cJSON_AddObjectToObject(all, "sampling");
        add_sizes(s, o);
        add_figure(s, "env_steps_per_s", r->sampling.env_steps_per_s);
        add_figure(s, "mj_steps_per_s", r->sampling.mj_steps_per_s);
        add_figure(s, "raw_mj_steps_per_s", r->sampling.raw_mj_steps_per_s);
        add_figure(s, "ratio", r->sampling.ratio);
    }
    if (r->what & UPDATE) {
        cJSON* u = cJSON_AddObjectToObject(all, "update");
        add_sizes(u, o);
        add_figure(u, "gflop", r->iteration.gflop);
        add_figure(u, "gflops", r->iteration.gflops);
        add_figure(u, "sgemm_gflops", r->iteration.sgemm_gflops);
        add_figure(u, "ratio", r->iteration.ratio);
        cJSON_AddStringToObject(u, "sgemm_kernel", r->iteration.sgemm_kernel);
        cJSON_AddStringToObject(u, "kernel", ks_gemm_kernel_name());
    }
    if (r->what & ITERATION) {
        cJSON* i = cJSON_AddObjectToObject(all, "iteration");
        add_sizes(i, o);
        add_figure(i, "seconds", r->iteration.seconds);
        add_figure(i, "sampling_s", r->iteration.sampling_s);
        add_figure(i, "update_s", r->iteration.update_s);
        add_figure(i, "peak_mib", r->iteration.peak_mib);
    }
    if (r->what & EXAMPLES) {
        cJSON* s = cJSON_AddObjectToObject(all, ks_config_name(o->config));
        cJSON_AddNumberToObject(s, "threads", o->threads);
        cJSON_AddNumberToObject(s, "tasks", o->config->tasks);
        add_figure(s, "seconds", r->examples.iteration_s);
        add_figure(s, "gflop", r->examples.gflop);
        add_figure(s, "gflops", r->examples.gflops);
        add_figure(s, "sgemm_gflops", r->examples.sgemm_gflops);
        add_figure(s, "ratio", r->examples.ratio);
        add_figure(s, "peak_mib", r->examples.peak_mib);
    }
#ifdef KS_VIEWER
    if (r->what & VIEW) {
        cJSON* v = cJSON_AddObjectToObject(all, "view");
        add_sizes(v, o);
        add_figure(v, "width", r->view.width);
        add_figure(v, "height", r->view.height);
        add_figure(v, "panes", r->view.panes);
        add_figure(v, "frames_per_s", 1 / r->view.frame_s);
        add_figure(v, "adapt_s", r->view.adapt_s);
    }
#endif
    return ks_cli_print_json(all, err);
}

static void print_table(const results* r, const ks_bench_options* o) {
    const ks_config* c = o->config;
    printf("%s, %d tasks x %d trajectories x %d timesteps, %d thread%s, best of %d\n", c->rl.env, c->tasks,
           c->rl.trajectories, c->rl.horizon, o->threads, o->threads == 1 ? "" : "s", o->rounds);
    if (r->what & SAMPLING) {
        const ks_bench_sampling* s = &r->sampling;
        printf("sampling   %9.0f timesteps/s", s->env_steps_per_s);
        if (s->raw_mj_steps_per_s > 0) {
            printf(", %.0f physics steps/s; bare mj_step %.0f/s: ratio %.2f", s->mj_steps_per_s, s->raw_mj_steps_per_s,
                   s->ratio);
        }
        puts("");
    }
    const ks_bench_iteration* i = &r->iteration;
    if (r->what & UPDATE) {
        printf("update     %9.1f GFLOP at %.1f GFLOP/s (%s); OpenBLAS's sgemm %.1f GFLOP/s (%s): ratio %.2f\n",
               i->gflop, i->gflops, ks_gemm_kernel_name(), i->sgemm_gflops, i->sgemm_kernel, i->ratio);
    }
    if (r->what & ITERATION) {
        printf("iteration  %9.3f s = %.3f s sampling + %.3f s update; peak memory %.0f MiB\n", i->seconds,
               i->sampling_s, i->update_s, i->peak_mib);
    }
#ifdef KS_VIEWER
    if (r->what & VIEW) {
        const ks_bench_view* v = &r->view;
        printf("view       %9.1f pictures/s (%dx%d, %d panes); %.1f ms to adapt to another task\n", 1 / v->frame_s,
               v->width, v->height, v->panes, 1e3 * v->adapt_s);
    }
#endif
}

/* ---- the command --------------------------------------------------------------------------------------------------- */

static bool measure(results* r, const ks_bench_options* o, ks_error* err) {
    if (r->what & EXAMPLES) {
        return ks_bench_examples_run(&r->examples, o, err);
    }
#ifdef KS_VIEWER
    if (r->what & VIEW) {
        return ks_bench_view_run(&r->view, o, err);
    }
#endif
    return (!(r->what & (UPDATE | ITERATION)) || ks_bench_iteration_run(&r->iteration, o, err)) &&
           (!(r->what & SAMPLING) || ks_bench_sampling_run(&r->sampling, o, err));
}

/* a problem whose rows are given */
static bool is_examples(const char* name) {
    int number = ks_problem_find(name);
    return number >= 0 && !ks_problem_kinds[number]->acts;
}

static bool choose(int* what, int argc, char** argv, ks_error* err) {
    *what = EVERYTHING;
    if (optind == argc) {
        return true;
    }
    const char* name = argv[optind];
    *what = strcmp(name, "sampling") == 0    ? SAMPLING
            : strcmp(name, "update") == 0    ? UPDATE
            : strcmp(name, "iteration") == 0 ? ITERATION
            : is_examples(name)              ? EXAMPLES
#ifdef KS_VIEWER
            : strcmp(name, "view") == 0 ? VIEW
#endif
                                        : 0;
    if (!*what || optind + 1 < argc) {
        return ks_fail(
            err, KS_BAD_INPUT,
            "bench: '%s' is not sampling, update, iteration, view, sinusoid or images, one of which may be named",
            argv[*what ? optind + 1 : optind]);
    }
    return true;
}

typedef struct bench_options {
    const char* env; /* NULL: the default */
    ks_option_list settings;
    int64_t threads, rounds;
    bool json;
} bench_options;

/* what is measured: a policy's environment, or the problem that is named */
static bool configure(ks_config* config, const bench_options* o, const char* name, ks_error* err) {
    char problem[64];
    ks_config_default(config);
    snprintf(config->rl.env, sizeof config->rl.env, "half-cheetah-vel");
    bool ok = !o->env || ks_config_set_env(config, o->env, err);
    for (int i = 0; ok && i < o->settings.count; i++) {
        ok = ks_config_set(config, o->settings.text[i], err);
    }
    if (ok && name && is_examples(name)) {
        ks_snprintf(problem, sizeof problem, "problem=%.40s", name);
        ok = ks_config_set(config, problem, err);
    }
    return ok;
}

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    bench_options o = {.threads = ks_cores(), .rounds = 5};
    ks_config config;
    results r = {0};
    int code = ks_command_read(&o, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    if (!configure(&config, &o, argv[optind], err) || !choose(&r.what, argc, argv, err) ||
        !ks_config_check(&config, err)) {
        return KS_BAD_INPUT;
    }
    if (!(r.what & EXAMPLES) && config.problem != KS_PROBLEM_rl) {
        ks_fail(err, KS_BAD_INPUT, "bench: problem: %s is measured by `kshot bench %s`",
                ks_config_problem(&config)->name, ks_config_problem(&config)->name);
        return KS_BAD_INPUT;
    }
    ks_bench_options bench = {.config = &config, .threads = (int)o.threads, .rounds = (int)o.rounds};
    if (!measure(&r, &bench, err)) {
        return ks_cli_exit(false, err);
    }
    if (o.json) {
        return print_json(&r, &bench, err);
    }
    if (r.what & EXAMPLES) {
        print_examples(&r.examples, &bench);
    } else {
        print_table(&r, &bench);
    }
    return 0;
}

static const ks_option OPTIONS[] = {
    {"env", 'e', "ENV", "environment (default half-cheetah-vel)", KS_OPTION_TEXT(bench_options, env),
     .completes = KS_COMPLETE_ENV},
    KS_OPTION_ROW_SET(bench_options, settings,
                      "sizes and settings as in a config, for example `-s tasks=10`; the defaults are the paper's"),
    KS_OPTION_ROW_THREADS(bench_options, threads),
    {"rounds", 0, "N", "rounds (default 5)", KS_OPTION_INT(bench_options, rounds, 1, 1000000)},
    {"json", 0, NULL, "one JSON object instead of a table", KS_OPTION_FLAG(bench_options, json)},
    {0},
};

#ifdef KS_VIEWER
#define VIEW_NAME "|view"
#else
#define VIEW_NAME ""
#endif

const ks_command ks_command_bench = {
    .name = "bench",
    .summary = "speed against the machine's own limits",
    .usage = {"[sampling|update|iteration|view|sinusoid|images] [-e ENV] [OPTION…]"},
    .about = {"Measures how fast kshot is here, against this machine's own limits in the same run: sampling against "
              "bare mj_step on the same trajectories, the meta-update in floating-point operations against OpenBLAS's "
              "sgemm, and the whole iteration with its memory. Every figure is the best of the rounds.",
              "view, which is measured only if it is named: pictures of the window per second, and how long it takes "
              "to adapt to another task. sinusoid and images, likewise: a meta-iteration of the regression, and of "
              "few-shot classification (-s images.data=DIR)."},
    .groups = {{.rows = OPTIONS}},
    .arguments = {.name = "WHAT",
                  .most = 2,
                  .completes = KS_COMPLETE_NOTHING,
                  .names = "sampling|update|iteration|sinusoid|images" VIEW_NAME},
    .run = run,
};
