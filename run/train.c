#include "run/train.h"

#include "base/clock.h"
#include "base/safetensors.h"
#include "run/checkpoint.h"
#include "run/initial.h"
#include "run/progress.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PATH = 4096 };
static const char* const FILES[] = {"checkpoint.safetensors", "policy.safetensors", "best.safetensors", "progress.csv",
                                    "config.yaml"};
enum { NUM_FILES = sizeof FILES / sizeof *FILES };

/* everything that a run holds */
typedef struct run {
    const ks_config* config;
    const ks_train_options* options;
    ks_env_model* model;
    ks_policy* policy;
    ks_maml* maml;
    ks_progress* progress;
    ks_run_state state;
    ks_real* theta_start; /* (P) parameters that the iteration under way started with */
    size_t num_params;
} run;

/* ---- directory ------------------------------------------------------------------------------------------------------- */

static void join(char* out, const run* r, const char* name) {
    snprintf(out, MAX_PATH, "%s/%s", r->options->directory, name);
}

static bool exists(const run* r, const char* name) {
    char path[MAX_PATH];
    join(path, r, name);
    return access(path, F_OK) == 0;
}

/* mkdir -p */
static bool make_directory(const char* path, ks_error* err) {
    char part[MAX_PATH];
    snprintf(part, sizeof part, "%s", path);
    for (char* c = part + 1;; c++) {
        if (*c && *c != '/') {
            continue;
        }
        char old = *c;
        *c = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST) {
            return ks_fail(err, KS_FAILED, "cannot make the run directory %s: %s", part, strerror(errno));
        }
        *c = old;
        if (!old) {
            return true;
        }
    }
}

static bool start_over(const run* r, ks_error* err) {
    for (size_t i = 0; i < NUM_FILES; i++) {
        char path[MAX_PATH];
        join(path, r, FILES[i]);
        if (unlink(path) != 0 && errno != ENOENT) {
            return ks_fail(err, KS_FAILED, "cannot replace %s: %s", path, strerror(errno));
        }
    }
    return true;
}

/* A process that was killed while it wrote a file has left a temporary one. */
static void remove_leftovers(const run* r) {
    static const char END[] = ".tmp";
    DIR* directory = opendir(r->options->directory);
    for (const struct dirent* entry; directory && (entry = readdir(directory));) {
        size_t length = strlen(entry->d_name);
        bool ours = false;
        for (size_t i = 0; i < NUM_FILES; i++) { /* FILE.XXXXXX.tmp */
            size_t stem = strlen(FILES[i]);
            ours = ours || (length == stem + 11 && strncmp(entry->d_name, FILES[i], stem) == 0 &&
                            entry->d_name[stem] == '.' && strcmp(entry->d_name + stem + 7, END) == 0);
        }
        if (ours) {
            unlinkat(dirfd(directory), entry->d_name, 0); /* if it cannot be removed, it does no harm */
        }
    }
    if (directory) {
        closedir(directory);
    }
}

/* A run may go on with another number of iterations, but with nothing else changed. */
static bool check_same_config(const run* r, ks_error* err) {
    char path[MAX_PATH];
    ks_config saved;
    join(path, r, "config.yaml");
    ks_config_default(&saved);
    if (!ks_config_read(&saved, path, err)) {
        return false;
    }
    const char* key = ks_config_difference(&saved, r->config);
    if (key) {
        return ks_fail(err, KS_BAD_INPUT,
                       "%s: %s is another than now; a run is resumed with the config that it was started "
                       "with (only iterations and checkpoint_every may change)",
                       path, key);
    }
    return true;
}

static bool prepare_directory(const run* r, ks_error* err) {
    if (strlen(r->options->directory) + 64 > MAX_PATH) { /* the files in it need some letters, too */
        return ks_fail(err, KS_BAD_INPUT, "the run directory's name is too long");
    }
    bool holds_run = exists(r, "config.yaml") || exists(r, "checkpoint.safetensors") || exists(r, "progress.csv") ||
                     exists(r, "policy.safetensors");
    if (r->options->resume) {
        if (!exists(r, "config.yaml")) {
            return ks_fail(err, KS_BAD_INPUT, "%s: no run to resume is there", r->options->directory);
        }
        return check_same_config(r, err);
    }
    if (holds_run && !r->options->overwrite) {
        return ks_fail(err, KS_BAD_INPUT,
                       "%s holds a run already: --resume goes on with it, --force starts anew, -o DIR goes "
                       "elsewhere",
                       r->options->directory);
    }
    return make_directory(r->options->directory, err) && start_over(r, err);
}

/* ---- saving --------------------------------------------------------------------------------------------------------------- */

static ks_policy_info info_of(const run* r, int64_t iteration) {
    const ks_config* c = r->config;
    ks_policy_info info = {
        .inner_lr = c->inner.lr,
        .inner_steps = c->method == KS_MAML ? c->inner.steps : 0,
        .gamma = c->gamma,
        .gae_lambda = c->gae_lambda,
        .horizon = c->horizon,
        .iteration = iteration,
        .seed = c->seed,
    };
    snprintf(info.env, sizeof info.env, "%s", c->env);
    snprintf(info.method, sizeof info.method, "%s", ks_method_name((ks_method)c->method));
    return info;
}

/* The checkpoint comes last: what it counts on is on disk by then. */
static bool save(run* r, ks_error* err) {
    char path[MAX_PATH];
    const ks_real* best;
    int64_t best_iteration;
    ks_run_state_best(&r->state, &best, &best_iteration);
    ks_policy_info info = info_of(r, r->state.iteration);
    ks_policy_info best_info = info_of(r, best_iteration);
    if (!ks_progress_sync(r->progress, err)) {
        return false;
    }
    join(path, r, "policy.safetensors");
    if (!ks_policy_save(path, r->policy, r->state.theta, &info, err)) {
        return false;
    }
    join(path, r, "best.safetensors");
    if (!ks_policy_save(path, r->policy, best, &best_info, err)) {
        return false;
    }
    join(path, r, "checkpoint.safetensors");
    return ks_checkpoint_save(path, r->policy, &info, &r->state, err);
}

/* ---- starting -------------------------------------------------------------------------------------------------------------- */

/* The checkpoint of this run, and of no other. */
static bool load_checkpoint(run* r, const char* path, ks_error* err) {
    ks_policy_info info;
    if (!ks_checkpoint_load(path, r->policy, &info, &r->state, err)) {
        return false;
    }
    if (strcmp(info.env, r->config->env) != 0 || info.seed != r->config->seed ||
        strcmp(info.method, ks_method_name((ks_method)r->config->method)) != 0) {
        return ks_fail(err, KS_BAD_INPUT, "%s: it is of another run: %s on %s with seed %lld", path, info.method,
                       info.env, (long long)info.seed);
    }
    return true;
}

/* State, config.yaml and progress.csv of a run that begins, or goes on. The config comes first: a run that is killed right
 * after it can be resumed. */
static bool begin(run* r, ks_error* err) {
    char path[MAX_PATH];
    join(path, r, "checkpoint.safetensors");
    bool resume = r->options->resume && exists(r, "checkpoint.safetensors");
    if (resume ? !load_checkpoint(r, path, err)
               : !ks_initial_theta(r->state.theta, r->config, r->model, r->policy, err)) {
        return false;
    }
    if (r->state.iteration > r->config->iterations) {
        return ks_fail(err, KS_BAD_INPUT, "%s: %lld iterations are done already, more than iterations: %d", path,
                       (long long)r->state.iteration, r->config->iterations);
    }
    remove_leftovers(r);
    join(path, r, "config.yaml");
    if (!ks_config_save(r->config, path, err)) {
        return false;
    }
    r->progress = ks_progress_open(r->options->directory, ks_maml_num_stages(r->maml), r->state.iteration, err);
    return r->progress != NULL;
}

static bool create(run* r, ks_error* err) {
    const ks_config* c = r->config;
    const ks_env_def* def = ks_env_find(c->env, err);
    if (!def) {
        return false;
    }
    r->model = ks_env_model_create(def, c->method == KS_ORACLE, err);
    if (!r->model) {
        return false;
    }
    ks_policy_settings settings = ks_config_policy(c, r->model);
    ks_maml_settings maml = ks_config_maml(c, r->options->threads);
    maml.team = ks_dist_team(r->options->dist);
    r->policy = ks_policy_create(&settings, err);
    r->maml = r->policy ? ks_maml_create(r->model, r->policy, &maml, err) : NULL;
    if (!r->maml) {
        return false;
    }
    r->num_params = ks_policy_num_params(r->policy);
    r->theta_start = malloc(r->num_params * sizeof *r->theta_start);
    if (!r->theta_start) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", r->num_params);
    }
    return ks_run_state_create(&r->state, r->num_params, err);
}

static void destroy(run* r) {
    ks_progress_close(r->progress);
    ks_run_state_free(&r->state);
    free(r->theta_start);
    ks_maml_destroy(r->maml);
    ks_policy_destroy(r->policy);
    ks_env_model_destroy(r->model);
}

/* All processes together: what any of them could not do, none goes on from. */
static bool agree(const run* r, bool ok, ks_error* err) {
    if (!ks_dist_any(r->options->dist, !ok)) {
        return true;
    }
    if (ok) {
        *err = (ks_error){.code = KS_FAILED}; /* whoever failed says why */
    }
    return false;
}

/* The first process reads the run directory, the others get their state from it. */
static bool start(run* r, bool created, ks_error* err) {
    ks_dist* dist = r->options->dist;
    bool ok = created && (!ks_dist_leads(dist) || (prepare_directory(r, err) && begin(r, err)));
    ks_run_state* s = &r->state;
    return agree(r, ok, err) && ks_dist_broadcast(dist, &s->iteration, sizeof s->iteration, err) &&
           ks_dist_broadcast(dist, &s->env_steps, sizeof s->env_steps, err) &&
           ks_dist_broadcast(dist, s->theta, r->num_params * sizeof *s->theta, err) &&
           ks_dist_broadcast(dist, s->cg_start, r->num_params * sizeof *s->cg_start, err);
}

/* ---- the outer loop -------------------------------------------------------------------------------------------------------------- */

static void warn(const run* r, const ks_maml_stats* stats) {
    char text[256];
    if (!r->options->on_warning) {
        return;
    }
    if (stats->trpo.verdict != KS_TRPO_ACCEPTED) {
        snprintf(text, sizeof text, "iteration %lld: no step: %s", (long long)r->state.iteration - 1,
                 ks_trpo_verdict_text(stats->trpo.verdict));
        r->options->on_warning(r->options->user, text);
    }
    if (stats->rejected > 0) {
        snprintf(text, sizeof text, "iteration %lld: the physics broke down in %zu trajectories, which end there",
                 (long long)r->state.iteration - 1, stats->rejected);
        r->options->on_warning(r->options->user, text);
    }
    if (stats->baselines_failed > 0) {
        snprintf(text, sizeof text, "iteration %lld: no baseline could be fitted to %zu batches; it is taken as 0",
                 (long long)r->state.iteration - 1, stats->baselines_failed);
        r->options->on_warning(r->options->user, text);
    }
}

static bool iterate(run* r, ks_maml_stats* stats, ks_error* err) {
    ks_run_state* s = &r->state;
    memcpy(r->theta_start, s->theta, r->num_params * sizeof *s->theta);
    if (!ks_maml_iterate(r->maml, s->theta, s->cg_start, (uint64_t)s->iteration, stats, err)) {
        return false;
    }
    s->env_steps += stats->env_steps;
    ks_run_state_note(s, r->theta_start, stats->mean_return[stats->stages - 1], r->num_params);
    s->iteration++;
    return true;
}

/* What is left of an iteration on disk. */
static bool record(run* r, const ks_maml_stats* stats, ks_error* err) {
    const ks_run_state* s = &r->state;
    if (!ks_dist_leads(r->options->dist)) {
        return true;
    }
    bool due = s->iteration % r->config->checkpoint_every == 0 || s->iteration == r->config->iterations;
    return ks_progress_row(r->progress, s->iteration - 1, s->env_steps, stats, err) && (!due || save(r, err));
}

static void report(const run* r, const ks_maml_stats* stats, int64_t first, double began) {
    const ks_train_options* o = r->options;
    if (!ks_dist_leads(o->dist)) {
        return;
    }
    warn(r, stats);
    if (o->on_iteration) {
        ks_train_report told = {.iteration = r->state.iteration - 1,
                                .iterations = r->config->iterations,
                                .first = first,
                                .env_steps = r->state.env_steps,
                                .elapsed_s = ks_clock() - began,
                                .stats = stats};
        o->on_iteration(o->user, &told);
    }
}

static bool interrupted(run* r, ks_error* err) {
    bool saved = !ks_dist_leads(r->options->dist) || save(r, err);
    return agree(r, saved, err) &&
           ks_fail(err, KS_INTERRUPTED, "interrupted after %lld of %d iterations; %s can be resumed",
                   (long long)r->state.iteration, r->config->iterations, r->options->directory);
}

static bool loop(run* r, ks_error* err) {
    const ks_train_options* o = r->options;
    ks_run_state* s = &r->state;
    int64_t first = s->iteration;
    double began = ks_clock();
    if (s->iteration == r->config->iterations) { /* nothing to do but to leave all files */
        return agree(r, !ks_dist_leads(o->dist) || save(r, err), err);
    }
    while (s->iteration < r->config->iterations) {
        if (ks_dist_any(o->dist, o->should_stop && o->should_stop(o->user))) {
            return interrupted(r, err);
        }
        ks_maml_stats stats;
        if (!agree(r, iterate(r, &stats, err), err)) {
            ks_error saving; /* theta is as before; what failed matters more than whether this can be saved */
            return ks_dist_leads(o->dist) && save(r, &saving) && false;
        }
        report(r, &stats, first, began);
        if (!agree(r, record(r, &stats, err), err)) {
            return false;
        }
    }
    return true;
}

bool ks_train(const ks_config* config, const ks_train_options* options, ks_error* err) {
    run r = {.config = config, .options = options};
    bool created = ks_config_check(config, err) && create(&r, err);
    bool ok = start(&r, created, err) && loop(&r, err);
    destroy(&r);
    return ok;
}
