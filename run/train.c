#include "run/train.h"

#include "base/clock.h"
#include "base/number.h"
#include "base/safetensors.h"
#include "run/checkpoint.h"
#include "run/directory.h"
#include "run/event_log.h"
#include "run/patience.h"
#include "run/progress.h"
#include "run/setup.h"
#include "run/unison.h"
#include "run/validate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* everything that a run holds */
typedef struct run {
    const ks_config* config; /* with the run directory, which is in no file */
    const ks_train_options* options;
    ks_setup setup;
    ks_run_directory* directory; /* of the leader alone, as is the next */
    ks_progress* progress;
    ks_event_log* events; /* NULL: they were not asked for */
    bool config_saved;    /* config.yaml is this call's; where a run goes on, not before its next checkpoint */
    ks_run_state state;
    ks_real* params_start; /* (Q) parameters that the iteration under way started with, */
    ks_real* outer_start;  /* (outer_size) and what the outer step remembered then */
    bool validated;        /* after the last iteration */
    double validation;     /* what came of it the last time; NAN: there was none */
    bool gave_up;          /* it found nothing better for too long */
} run;

static void warn(const run* r, const char* text) {
    if (r->options->on_warning) {
        r->options->on_warning(r->options->user, text);
    }
}

static void warn_of_patience(const run* r, ks_verdict verdict) {
    char text[KS_PATIENCE_TEXT];
    ks_patience_text(text, verdict, r->config, &r->state);
    warn(r, text);
}

/* ---- saving --------------------------------------------------------------------------------------------------------------- */

static ks_policy_info info_of(const run* r, int64_t iteration) {
    return ks_config_info(r->config, r->setup.problem, iteration);
}

static bool save_config(run* r, ks_error* err) {
    char path[KS_RUN_PATH];
    ks_run_directory_file(path, r->directory, "config.yaml");
    r->config_saved = ks_config_save(r->config, path, err);
    return r->config_saved;
}

static bool log_config(const run* r, ks_error* err) {
    char path[KS_RUN_PATH];
    ks_run_directory_file(path, r->directory, "config.yaml");
    return !r->events || ks_event_log_text(r->events, r->state.iteration, "config", path, err);
}

/* Step sizes that were kept with the file that is about to be replaced (kshot eval --keep-lr) stay, if its parameters do. */
static void take_kept_lr(ks_policy_info* info, const run* r, const char* path, const ks_real* params) {
    ks_policy* policy;
    ks_real* old;
    ks_policy_info had;
    ks_error unused;
    if (access(path, F_OK) != 0 || !ks_policy_load(path, &policy, &old, &had, &unused)) {
        return;
    }
    ks_step_sizes sizes = ks_policy_info_sizes(&had);
    if (ks_policy_num_params(policy) + ks_step_sizes_count(&sizes, policy) == r->setup.num_params &&
        memcmp(old, params, r->setup.num_params * sizeof *old) == 0) {
        info->num_eval_lr = had.num_eval_lr;
        memcpy(info->eval_lr, had.eval_lr, sizeof info->eval_lr);
    }
    ks_policy_destroy(policy);
    free(old);
}

static bool save_policy(const run* r, const char* name, const ks_real* params, int64_t iteration, ks_error* err) {
    char path[KS_RUN_PATH];
    ks_policy_info info = info_of(r, iteration);
    ks_run_directory_file(path, r->directory, name);
    take_kept_lr(&info, r, path, params);
    return ks_policy_save(path, r->setup.policy, params, &info, err);
}

static bool save_checkpoint(const run* r, ks_error* err) {
    char path[KS_RUN_PATH];
    ks_policy_info info = info_of(r, r->state.iteration);
    ks_run_directory_file(path, r->directory, "checkpoint.safetensors");
    return ks_checkpoint_save(path, r->setup.policy, &info, &r->state, err);
}

static bool save_policies(const run* r, ks_error* err) {
    const ks_real* best;
    int64_t best_iteration;
    ks_run_state_best(&r->state, &best, &best_iteration);
    return save_policy(r, "policy.safetensors", r->state.params, r->state.iteration, err) &&
           save_policy(r, "best.safetensors", best, best_iteration, err);
}

/* Is the directory still ours? It may have another name by now, and the paths in config.yaml count from there. */
static bool hold(run* r, ks_error* err) {
    char text[2 * KS_RUN_PATH];
    bool moved;
    if (!ks_run_directory_held(r->directory, &moved, err)) {
        return false;
    }
    if (moved) {
        snprintf(text, sizeof text, "%s was moved to %s; the run goes on there", r->options->directory,
                 ks_run_directory_path(r->directory));
        warn(r, text);
        r->config_saved = false;
    }
    return true;
}

/* The first checkpoint comes before the policies: they are never there without one, unless it was lost. Later ones come after
 * them, and the config last: a resumed run whose disk is full stays as it was. */
static bool save(run* r, ks_error* err) {
    if (!hold(r, err) || !ks_progress_sync(r->progress, err) || (r->events && !ks_event_log_sync(r->events, err))) {
        return false;
    }
    bool first = !ks_run_directory_has(r->directory, "checkpoint.safetensors");
    return (!first || save_checkpoint(r, err)) && save_policies(r, err) && (first || save_checkpoint(r, err)) &&
           (r->config_saved || (save_config(r, err) && log_config(r, err)));
}

/* ---- starting -------------------------------------------------------------------------------------------------------------- */

/* Files may be somewhere else by now. Whether an environment is the same is for check_content to say; start_from was read once. */
static void pass_over_paths(ks_config* saved, const run* r) {
    const ks_config* now = r->config;
    char text[2 * KS_PATH_ROOM + 128];
    bool both = *saved->start_from && *now->start_from;
    if (both && strcmp(saved->start_from, now->start_from) != 0) {
        snprintf(text, sizeof text, "start_from: the run goes on from its checkpoint and does not read %s",
                 now->start_from);
        warn(r, text);
    }
    if (both) {
        memcpy(saved->start_from, now->start_from, sizeof saved->start_from);
    }
    if (ks_env_is_path(saved->rl.env) && ks_env_is_path(now->rl.env)) {
        memcpy(saved->rl.env, now->rl.env, sizeof saved->rl.env);
    }
}

/* A run may go on with another number of iterations, and what it reads may have moved, but nothing else may have changed. */
static bool check_same_config(const run* r, bool from_checkpoint, ks_error* err) {
    char path[KS_RUN_PATH];
    ks_config saved;
    ks_run_directory_file(path, r->directory, "config.yaml");
    ks_config_default(&saved);
    if (!ks_config_read(&saved, path, err)) {
        return false;
    }
    if (from_checkpoint) {
        pass_over_paths(&saved, r);
    }
    const char* key = ks_config_difference(&saved, r->config);
    if (key) {
        return ks_fail(err, KS_BAD_INPUT,
                       "%s: %s is another than now; a run is resumed with the config that it was started "
                       "with (only iterations, env_steps, checkpoint_every, validate_every, validation_tasks, "
                       "validate_patience, validate_recoveries, log and where files are may change)",
                       path, key);
    }
    return true;
}

/* The checkpoint of this run, and of no other. */
static bool load_checkpoint(run* r, const char* path, ks_error* err) {
    ks_policy_info info;
    if (!ks_checkpoint_load(path, r->setup.policy, &info, &r->state, err)) {
        return false;
    }
    if (strcmp(info.env, r->setup.problem->name) != 0 || info.seed != r->config->seed ||
        strcmp(info.method, ks_method_name((ks_method)r->config->method)) != 0) {
        return ks_fail(err, KS_BAD_INPUT, "%s: it is of another run: %s on %s with seed %lld", path, info.method,
                       info.env, (long long)info.seed);
    }
    ks_policy_info ours = info_of(r, info.iteration);
    const char* key = info.inner_lr != ours.inner_lr         ? "inner.lr"
                      : info.inner_steps != ours.inner_steps ? "inner.steps"
                      : info.gamma != ours.gamma             ? "gamma"
                      : info.gae_lambda != ours.gae_lambda   ? "gae_lambda"
                      : info.horizon != ours.horizon         ? "horizon"
                                                             : NULL;
    return !key ||
           ks_fail(err, KS_BAD_INPUT, "%s: it is of another run: its %s is another than the config's", path, key);
}

/* What is read from files is what the run began with, wherever it is now. Older checkpoints do not say what that was. */
static bool check_content(run* r, const char* path, bool from_checkpoint, ks_error* err) {
    const ks_problem_kind* kind = r->setup.problem->kind;
    const char* then = r->state.content;
    char now[KS_PROBLEM_CONTENT] = "", text[KS_RUN_PATH + 3 * KS_PROBLEM_CONTENT];
    if (kind->content) {
        kind->content(r->setup.problem, now);
    }
    if (*then && strcmp(then, now) != 0) {
        snprintf(text, sizeof text, "%s: the run began with another %s: %s; now %s", path, kind->content_is, then, now);
        if (kind->content_stays) {
            return ks_fail(err, KS_BAD_INPUT, "%s", text);
        }
        warn(r, text);
    } else if (from_checkpoint && *now && !*then) {
        snprintf(text, sizeof text, "%s does not say with which %s the run began; see that it was this: %s", path,
                 kind->content_is, now);
        warn(r, text);
    }
    snprintf(r->state.content, sizeof r->state.content, "%s", now);
    return true;
}

/* The state's metrics are better where they are higher. */
static double sign_of(const run* r) {
    return ks_config_problem(r->config)->higher_is_better ? 1 : -1;
}

/* Event files, if they are wanted; and progress.csv, which may have lost the rows before the checkpoint: what is counted on stands in the checkpoint. */
static bool open_progress(run* r, ks_error* err) {
    int64_t first;
    const ks_run_state* s = &r->state;
    ks_progress_mark mark = {
        .iteration = s->iteration, .env_steps = s->env_steps, .last_metric = sign_of(r) * s->last_metric[0]};
    ks_progress_layout layout = {.problem = ks_config_problem(r->config),
                                 .outer = ks_config_outer(r->config),
                                 .stages = ks_maml_num_stages(r->setup.maml),
                                 .acts = r->setup.problem->sampled,
                                 .validates = ks_validation_has_column(r->config)};
    r->progress = ks_progress_open(r->options->directory, layout, &mark, &first, err);
    if (r->progress && first > 0) {
        char text[KS_RUN_PATH + 128];
        snprintf(text, sizeof text, "%s/progress.csv has no rows before iteration %lld; the run goes on without them",
                 r->options->directory, (long long)first);
        warn(r, text);
    }
    if (r->progress && r->config->log == KS_LOG_TENSORBOARD) {
        r->events = ks_event_log_open(r->options->directory, layout, s->iteration, err);
        return r->events && (!r->config_saved || log_config(r, err));
    }
    return r->progress != NULL;
}

/* State, config.yaml and progress.csv of a run that begins, or goes on. What was there is removed once nothing can refuse the new
 * run. The config comes first: a run that is killed right after it can be resumed with it. */
static bool begin(run* r, bool resumes, ks_error* err) {
    char path[KS_RUN_PATH], note[KS_SETUP_NOTE] = "";
    ks_run_directory_file(path, r->directory, "checkpoint.safetensors");
    bool from_checkpoint = resumes && ks_run_directory_has(r->directory, "checkpoint.safetensors");
    if (resumes && !check_same_config(r, from_checkpoint, err)) {
        return false;
    }
    if (from_checkpoint ? !load_checkpoint(r, path, err)
                        : !ks_setup_initial(r->state.params, note, &r->setup, r->config, err)) {
        return false;
    }
    if (*note) {
        warn(r, note);
    }
    if (!check_content(r, path, from_checkpoint, err)) {
        return false;
    }
    if (r->state.iteration > r->config->iterations) {
        return ks_fail(err, KS_BAD_INPUT, "%s: %lld iterations are done already, more than iterations: %d", path,
                       (long long)r->state.iteration, r->config->iterations);
    }
    ks_run_directory_tidy(r->directory);
    bool anew = r->options->start == KS_RUN_ANEW;
    return (!anew || ks_run_directory_clear(r->directory, err)) && (resumes || save_config(r, err)) &&
           open_progress(r, err);
}

/* The leader's part of the start. */
static bool open_run(run* r, ks_error* err) {
    const ks_train_options* o = r->options;
    bool resumes;
    r->directory = ks_run_directory_open(o->directory, o->start, &resumes, err);
    if (!r->directory) {
        return false;
    }
    if (!ks_run_directory_excludes(r->directory)) {
        warn(r, "the run directory's file system knows no locks; see that no other process trains into it");
    }
    if (!begin(r, resumes, err)) {
        return false;
    }
    if (r->setup.problem->kind->keep) {
        r->setup.problem->kind->keep(r->setup.problem);
    }
    return true;
}

static bool create(run* r, ks_error* err) {
    if (!ks_setup_create(&r->setup, r->config, r->options->threads, ks_dist_team(r->options->dist), err)) {
        return false;
    }
    r->params_start = malloc(r->setup.num_params * sizeof *r->params_start);
    r->outer_start = malloc((r->setup.state_size + 1) * sizeof *r->outer_start);
    if (!r->params_start || !r->outer_start) {
        return ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", r->setup.num_params);
    }
    return ks_run_state_create(&r->state, r->setup.num_params, r->setup.state_size, err);
}

static void destroy(run* r) {
    ks_event_log_close(r->events);
    ks_progress_close(r->progress);
    ks_run_directory_close(r->directory);
    ks_run_state_free(&r->state);
    free(r->params_start);
    free(r->outer_start);
    ks_setup_free(&r->setup);
}

/* After a look at validation tasks, and at the start of a run, which may have been stopped there. The leader alone knows the best, and
 * tells all. */
static bool have_patience(run* r, ks_error* err) {
    ks_dist* dist = r->options->dist;
    ks_run_state* s = &r->state;
    if (r->config->validate_patience == 0) {
        return true;
    }
    ks_verdict verdict = ks_patience_judge(r->config, s);
    if (!ks_dist_broadcast(dist, &verdict, sizeof verdict, err)) {
        return false;
    }
    r->gave_up = verdict == KS_GIVE_UP;
    if (verdict != KS_GO_BACK) {
        return true;
    }
    ks_run_state_go_back(s);
    ks_maml_set_step_scale(r->setup.maml, ks_run_state_step_scale(s));
    if (ks_dist_leads(dist)) {
        warn_of_patience(r, verdict);
    }
    return ks_dist_broadcast(dist, s->params, s->num_params * sizeof *s->params, err);
}

/* The first process reads the run directory, the others get their state from it. */
static bool start(run* r, bool created, ks_error* err) {
    ks_dist* dist = r->options->dist;
    ks_run_state* s = &r->state;
    return ks_unison_config(dist, r->config, err) && ks_dist_agree(dist, created, err) &&
           ks_dist_agree(dist, !ks_dist_leads(dist) || open_run(r, err), err) &&
           ks_dist_broadcast(dist, &s->iteration, sizeof s->iteration, err) &&
           ks_dist_broadcast(dist, &s->env_steps, sizeof s->env_steps, err) &&
           ks_dist_broadcast(dist, s->params, s->num_params * sizeof *s->params, err) &&
           ks_dist_broadcast(dist, s->outer, s->outer_size * sizeof *s->outer, err) &&
           ks_dist_broadcast(dist, &s->recoveries, sizeof s->recoveries, err);
}

/* Parameters are validated, if at all, by classes of their own. */
static void warn_of_validation(const run* r) {
    if (r->config->validate_every > 0 && !r->setup.problem->has_validation) {
        char text[160];
        snprintf(text, sizeof text, "there are no validation classes: best.safetensors is chosen by the %s in training",
                 ks_config_problem(r->config)->metric);
        warn(r, text);
    }
}

static void report_start(const run* r) {
    const ks_train_options* o = r->options;
    if (ks_dist_leads(o->dist)) {
        warn_of_validation(r);
    }
    if (ks_dist_leads(o->dist) && o->on_start) {
        size_t processes = ks_dist_team(o->dist).size;
        ks_train_plan plan = {.policy = ks_policy_get_settings(r->setup.policy),
                              .num_params = r->setup.num_params,
                              .first = r->state.iteration,
                              .processes = processes > 1 ? processes : 1,
                              .validates = ks_validates(r->config, &r->setup)};
        o->on_start(o->user, &plan);
    }
}

/* ---- the outer loop -------------------------------------------------------------------------------------------------------------- */

/* "iteration 3: 2 of 40 tasks are left out (7, 31): …" */
static void warn_left_out(const run* r, const ks_maml_stats* stats) {
    char text[512];
    size_t used = (size_t)snprintf(text, sizeof text, "iteration %lld: %zu of %d tasks are left out (",
                                   (long long)r->state.iteration - 1, stats->left_out, r->config->tasks);
    for (size_t i = 0; i < stats->left_out && i < KS_MAX_NAMED; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, i ? ", %zu" : "%zu", stats->named[i]);
    }
    ks_snprintf(text + used, sizeof text - used,
                "%s): inner.lr: %g is too large a step size for them, and their policies break down",
                stats->left_out > KS_MAX_NAMED ? ", …" : "", r->config->inner.lr);
    warn(r, text);
}

static void warn_of(const run* r, const ks_maml_stats* stats) {
    char text[256];
    if (!stats->outer.moved) {
        snprintf(text, sizeof text, "iteration %lld: no step: %s", (long long)r->state.iteration - 1, stats->outer.why);
        warn(r, text);
    }
    if (stats->rejected > 0) {
        snprintf(
            text, sizeof text,
            "iteration %lld: %zu trajectories broke down and end there: the physics did, or a number was not finite",
            (long long)r->state.iteration - 1, stats->rejected);
        warn(r, text);
    }
    if (stats->left_out > 0) {
        warn_left_out(r, stats);
    }
    if (stats->baselines_failed > 0) {
        snprintf(text, sizeof text, "iteration %lld: no baseline could be fitted to %zu batches; it is taken as 0",
                 (long long)r->state.iteration - 1, stats->baselines_failed);
        warn(r, text);
    }
}

/* One iteration, on all processes or on none: where one of them failed, the state is what it was before, everywhere. */
static bool iterate(run* r, ks_maml_stats* stats, ks_error* err) {
    ks_dist* dist = r->options->dist;
    ks_run_state* s = &r->state;
    size_t bytes = s->num_params * sizeof *s->params, outer_bytes = s->outer_size * sizeof *s->outer;
    memcpy(r->params_start, s->params, bytes);
    memcpy(r->outer_start, s->outer, outer_bytes);
    bool ok = ks_maml_iterate(r->setup.maml, s->params, s->outer, (uint64_t)s->iteration, stats, err);
    if (!ks_dist_agree(dist, ok, err) || !ks_unison_theta(dist, s->params, s->num_params, s->iteration + 1, err)) {
        memcpy(s->params, r->params_start, bytes);
        memcpy(s->outer, r->outer_start, outer_bytes);
        return false;
    }
    s->env_steps += stats->env_steps;
    ks_run_state_note(s, r->params_start, sign_of(r) * stats->metric[stats->stages - 1]);
    s->iteration++;
    return true;
}

static void warn_broken(const run* r, size_t broken) {
    char text[256];
    ks_snprintf(text, sizeof text,
                "iteration %lld: not validated: inner.lr: %g is too large a step size for %zu of %d validation tasks, "
                "and their policies break down",
                (long long)r->state.iteration - 1, r->config->inner.lr, broken, r->config->validation_tasks);
    warn(r, text);
}

/* How the parameters do on validation tasks, if it is time to see; the leader alone looks, and keeps the best. All are told how many
 * environment steps it took, which count as those of training do. */
static bool validate(run* r, ks_error* err) {
    ks_run_state* s = &r->state;
    ks_dist* dist = r->options->dist;
    ks_validation v = {0};
    r->validated = false;
    if (!ks_validation_is_due(r->config, &r->setup, s->iteration)) {
        return true;
    }
    bool ok = !ks_dist_leads(dist) || ks_validate(&v, r->config, &r->setup, s->params, r->options->threads, err);
    if (!ks_dist_agree(dist, ok, err) || !ks_dist_broadcast(dist, &v, sizeof v, err)) {
        return false;
    }
    s->env_steps += v.env_steps;
    r->validated = !isnan(v.metric);
    if (r->validated) {
        r->validation = v.metric;
        ks_run_state_note_validation(s, sign_of(r) * v.metric);
    } else if (ks_dist_leads(dist)) {
        warn_broken(r, v.broken);
    }
    return have_patience(r, err);
}

static bool is_done(const run* r) {
    return r->gave_up || ks_config_is_done(r->config, r->state.iteration, r->state.env_steps);
}

/* How many iterations it will be, if they go on to take as many environment steps. */
static int64_t expected(const run* r) {
    const ks_run_state* s = &r->state;
    double limit = (double)r->config->rl.env_steps;
    double all = limit > 0 && s->env_steps > 0 ? ceil(limit * (double)s->iteration / (double)s->env_steps) : INFINITY;
    return is_done(r) ? s->iteration : all < r->config->iterations ? (int64_t)all : r->config->iterations;
}

/* What is left of an iteration on disk. */
static bool record(run* r, const ks_maml_stats* stats, ks_error* err) {
    const ks_run_state* s = &r->state;
    if (!ks_dist_leads(r->options->dist)) {
        return true;
    }
    bool due = s->iteration % r->config->checkpoint_every == 0 || is_done(r);
    ks_progress_now now = {.iteration = s->iteration - 1,
                           .env_steps = s->env_steps,
                           .stats = stats,
                           .validation = r->validated ? &r->validation : NULL};
    return ks_progress_row(r->progress, &now, err) && (!r->events || ks_event_log_row(r->events, &now, err)) &&
           (!due || save(r, err));
}

static void report(const run* r, const ks_maml_stats* stats, int64_t first, double began) {
    const ks_train_options* o = r->options;
    if (!ks_dist_leads(o->dist)) {
        return;
    }
    warn_of(r, stats);
    if (o->on_iteration) {
        ks_train_report told = {.iteration = r->state.iteration - 1,
                                .iterations = expected(r),
                                .first = first,
                                .env_steps = r->state.env_steps,
                                .elapsed_s = ks_clock() - began,
                                .stats = stats,
                                .validated = r->validated,
                                .has_validation = !isnan(r->validation),
                                .validation = r->validation,
                                .problem = ks_config_problem(r->config),
                                .outer = ks_config_outer(r->config)};
        o->on_iteration(o->user, &told);
    }
}

static bool interrupted(run* r, ks_error* err) {
    bool saved = !ks_dist_leads(r->options->dist) || save(r, err);
    return ks_dist_agree(r->options->dist, saved, err) &&
           ks_fail(err, KS_INTERRUPTED, "interrupted after %lld of %lld iterations; %s can be resumed",
                   (long long)r->state.iteration, (long long)expected(r),
                   r->directory ? ks_run_directory_path(r->directory) : r->options->directory);
}

static bool loop(run* r, ks_error* err) {
    const ks_train_options* o = r->options;
    ks_run_state* s = &r->state;
    int64_t first = s->iteration;
    double began = ks_clock();
    if (is_done(r)) { /* nothing to do but to leave all files */
        if (r->gave_up && ks_dist_leads(o->dist)) {
            warn_of_patience(r, KS_GIVE_UP);
        }
        return ks_dist_agree(o->dist, !ks_dist_leads(o->dist) || save(r, err), err);
    }
    while (!is_done(r)) {
        if (ks_dist_any(o->dist, o->should_stop && o->should_stop(o->user))) {
            return interrupted(r, err);
        }
        ks_maml_stats stats;
        if (!iterate(r, &stats, err)) {
            ks_error saving; /* what failed matters more than whether this can be saved */
            return ks_dist_leads(o->dist) && save(r, &saving) && false;
        }
        if (!validate(r, err)) { /* its row is not written, so that the checkpoint before is what can be gone on from */
            return false;
        }
        report(r, &stats, first, began);
        if (!ks_dist_agree(o->dist, record(r, &stats, err), err)) {
            return false;
        }
    }
    if (r->gave_up && ks_dist_leads(o->dist)) {
        warn_of_patience(r, KS_GIVE_UP);
    }
    return true;
}

bool ks_train(const ks_config* config, const ks_train_options* options, ks_error* err) {
    ks_config own = *config;
    ks_config_set_folder(&own, options->directory);
    run r = {.config = &own, .options = options, .validation = NAN};
    bool created = ks_config_check(config, err) && create(&r, err);
    bool ok = start(&r, created, err);
    if (ok) {
        ks_maml_set_step_scale(r.setup.maml, ks_run_state_step_scale(&r.state));
        report_start(&r);
        ok = have_patience(&r, err) && loop(&r, err);
    }
    destroy(&r);
    return ok;
}
