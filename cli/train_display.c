#include "cli/train_display.h"

#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the header ---------------------------------------------------------------------------------------------------------- */

/* Of a list of layers, what stands between inputs and outputs. */
static const char* network_text(char* out, size_t room, const ks_policy_config* c) {
    if (*c->layers) {
        snprintf(out, room, "policy.layers");
    } else if (c->network == KS_NETWORK_CONV4) {
        snprintf(out, room, "4 convolutions of %d", c->filters);
    } else {
        size_t n = 0;
        *out = 0;
        for (int i = 0; i < c->num_hidden; i++) {
            n += (size_t)snprintf(out + n, room - n, i ? " -> %d" : "%d", c->hidden[i]);
        }
    }
    return out;
}

static int print_policy(char* out, size_t room, const ks_train_plan* plan, const char* what) {
    const ks_policy_settings* p = plan->policy;
    if (*p->network) {
        ks_image_shape in = p->input;
        return snprintf(out, room, "%zu x %zu x %zu -> %s -> %d, %zu parameters", in.height, in.width, in.channels,
                        what, p->act_dim, plan->num_params);
    }
    size_t n = (size_t)snprintf(out, room, "%d", p->obs_dim);
    for (int i = 0; i < p->num_hidden; i++) {
        n += (size_t)snprintf(out + n, room - n, " -> %d", p->hidden[i]);
    }
    n += (size_t)snprintf(out + n, room - n, " -> %d, %s%zu parameters", p->act_dim,
                          p->num_hidden == 0         ? ""
                          : p->activation == KS_RELU ? "relu, "
                                                     : "tanh, ",
                          plan->num_params);
    return (int)n;
}

void ks_train_display_start(void* user, const ks_train_plan* plan) {
    ks_train_display* d = user;
    const ks_config* c = d->config;
    bool acts = c->problem == KS_PROBLEM_rl;
    char policy[512], sizes[96], steps[64] = "", done[64] = "", processes[64] = "", text[6144];
    char network[256], validated[96] = "", limit[64] = "";
    print_policy(policy, sizeof policy, plan, network_text(network, sizeof network, &c->policy));
    if (plan->validates) {
        snprintf(validated, sizeof validated, "validated   every %d iterations, %d tasks\n", c->validate_every,
                 c->validation_tasks);
    }
    if (c->method == KS_MAML && c->inner.steps > 0) {
        snprintf(steps, sizeof steps, ", after 0 to %d steps", c->inner.steps);
    }
    d->done = plan->first;
    if (c->rl.env_steps > 0) {
        snprintf(limit, sizeof limit, " at most, or %lld environment steps", (long long)c->rl.env_steps);
    }
    if (plan->first > 0) {
        snprintf(done, sizeof done, ", of which %lld are done", (long long)plan->first);
    }
    if (plan->processes > 1) {
        snprintf(processes, sizeof processes, " in each of %zu processes", plan->processes);
    }
    if (acts) {
        snprintf(sizes, sizeof sizes, "%d tasks x %d trajectories x %d timesteps", c->tasks, c->rl.trajectories,
                 c->rl.horizon);
    } else {
        snprintf(sizes, sizeof sizes, "%d tasks", c->tasks);
    }
    snprintf(text, sizeof text,
             "method      %s on %s, seed %lld\n"
             "policy      %s\n"
             "sizes       %s%s\n"
             "iterations  %d%s%s\n"
             "%s"
             "threads     %d%s\n"
             "directory   %s\n",
             ks_method_name((ks_method)c->method), ks_config_name(c), (long long)c->seed, policy, sizes, steps,
             c->iterations, limit, done, validated, d->options->threads, processes, d->options->directory);
    ks_cli_tell(stderr, text);
}

/* ---- one iteration --------------------------------------------------------------------------------------------------------- */

enum { SHOWN = 1000 };
enum { ALL_RETURNS = 1, PACE = 2, LEFT = 4, KL = 8, BAR = 16, VALIDATION = 32 };

/* "  kl 0.0100", where the outer step reports it */
static void add_column(char* out, size_t room, const ks_train_report* r, const char* name) {
    *out = 0;
    for (int i = 0; i < KS_OUTER_MAX_COLUMNS && r->outer->columns[i]; i++) {
        if (strcmp(r->outer->columns[i], name) == 0) {
            snprintf(out, room, "  %s %.4f", name, r->stats->outer.column[i]);
        }
    }
}

/* a return, a share, or an error */
static int print_metric(char* out, size_t room, const ks_problem_kind* problem, double value) {
    bool plain = problem->higher_is_better && fabs(value) < 1e6;
    return snprintf(out, room, !plain ? "%.3g" : problem->acts ? "%.2f" : "%.3f", value);
}

static void compose(char* out, size_t room, int parts, const ks_train_report* r) {
    enum { CELLS = 16 };
    const ks_maml_stats* s = r->stats;
    const char* metric = r->problem->metric;
    long long done = r->iteration + 1, all = r->iterations;
    double rate = r->elapsed_s / (double)(done - r->first);
    char left[32];
    ks_cli_duration(left, sizeof left, rate * (double)(all - done));
    size_t n = 0;
    if (parts & BAR) {
        int filled = (int)(CELLS * done / all);
        n += (size_t)snprintf(out, room, "[%.*s%*s] ", filled, "################", CELLS - filled, "");
    }
    n += (size_t)snprintf(out + n, room - n, "%s%lld/%lld  %s", parts & BAR ? "" : "iteration ", done, all, metric);
    for (int j = 0; j < s->stages; j++) {
        if (j > 0 && j < s->stages - 1 && !(parts & ALL_RETURNS)) {
            n += j == 1 ? (size_t)snprintf(out + n, room - n, " ..") : 0;
            continue;
        }
        n += (size_t)snprintf(out + n, room - n, j ? " -> " : " ");
        n += (size_t)print_metric(out + n, room - n, r->problem, s->metric[j]);
    }
    if ((parts & VALIDATION) && r->has_validation) {
        n += (size_t)snprintf(out + n, room - n, "  validation ");
        n += (size_t)print_metric(out + n, room - n, r->problem, r->validation);
    }
    if (parts & PACE) {
        bool fast = rate < 0.05;
        n += (size_t)snprintf(out + n, room - n, "  %.2f %s each, %s left", fast ? 1000 * rate : rate,
                              fast ? "ms" : "s", left);
    } else if (parts & LEFT) {
        n += (size_t)snprintf(out + n, room - n, "  %s left", left);
    }
    if (parts & KL) {
        add_column(out + n, room - n, r, "kl");
    }
}

void ks_train_display_line(char* out, size_t room, size_t columns, bool bar, const ks_train_report* report) {
    static const int FROM_RICH_TO_POOR[] = {ALL_RETURNS | PACE | KL | BAR | VALIDATION,
                                            ALL_RETURNS | PACE | BAR | VALIDATION,
                                            ALL_RETURNS | LEFT | BAR | VALIDATION,
                                            PACE | KL | BAR | VALIDATION,
                                            LEFT | BAR | VALIDATION,
                                            LEFT | BAR,
                                            LEFT,
                                            0};
    for (size_t i = 0; i < sizeof FROM_RICH_TO_POOR / sizeof *FROM_RICH_TO_POOR; i++) {
        compose(out, room, FROM_RICH_TO_POOR[i] & (bar ? ~0 : ~BAR), report);
        if (strlen(out) <= columns) {
            return;
        }
    }
    out[columns] = 0;
}

/* Every iteration, or some thousand of them: the first, the last, and what keeps a terminal moving, or a file from standing still. */
static bool is_shown(ks_train_display* d, const ks_train_report* r) {
    int64_t done = r->iteration + 1, every = r->iterations / SHOWN;
    bool shown = every < 2 || r->validated || done % every == 0 || done == r->first + 1 || done == r->iterations ||
                 r->elapsed_s - d->drawn_s >= (d->live ? 0.05 : 10);
    d->drawn_s = shown ? r->elapsed_s : d->drawn_s;
    return shown;
}

void ks_train_display_iteration(void* user, const ks_train_report* report) {
    ks_train_display* d = user;
    d->done = report->iteration + 1;
    if (!is_shown(d, report)) {
        return;
    }
    char line[1024], text[1100];
    size_t columns = ks_cli_width(stderr) - 1; /* a line that wraps could not be drawn anew */
    ks_train_display_line(line, sizeof line, columns < sizeof line ? columns : sizeof line - 1, d->live, report);
    snprintf(text, sizeof text, d->live ? "\r\033[K%s" : "%s\n", line);
    ks_cli_tell(stderr, text);
    d->line_open = d->live;
}

void ks_train_display_close(ks_train_display* d) {
    if (d->line_open) {
        ks_cli_tell(stderr, "\n");
        d->line_open = false;
    }
}

void ks_train_display_warning(void* user, const char* text) {
    ks_train_display* d = user;
    char line[2 * 4352];
    const char* run = d->options->directory;
    bool names_run = d->quiet && strncmp(text, run, strlen(run)) != 0;
    ks_train_display_close(d);
    snprintf(line, sizeof line, "kshot: warning: %s%s%s\n", names_run ? run : "", names_run ? ": " : "", text);
    ks_cli_tell(stderr, line);
}
