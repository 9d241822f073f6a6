/* A suite's lines are trained and evaluated by the program itself, in processes of their own: what a line does, its two commands do when
 * they are given by hand. */
#include "cli/suite.h"

#include "base/clock.h"
#include "cli/child.h"
#include "run/setup.h"
#include "run/validate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

static void path_of(char out[PATH_ROOM], const ks_suite_line* line, const ks_suite_place* place, const char* file) {
    snprintf(out, PATH_ROOM, *file ? "%s/%s/%s" : "%s/%s%s", place->folder, line->name, file);
}

/* ---- commands -------------------------------------------------------------------------------------------------------------- */

/* setting: one more, or NULL */
static bool train_into(const ks_suite_line* line, const char* directory, const ks_suite_place* place,
                       const char* setting, ks_error* err) {
    ks_command_line c = {0};
    bool ok = ks_command_line_add(&c, "kshot", err) && ks_command_line_add_all(&c, &line->train, err) &&
              (!setting || (ks_command_line_add(&c, "-s", err) && ks_command_line_add(&c, setting, err))) &&
              ks_command_line_add(&c, "-o", err) && ks_command_line_add(&c, directory, err) &&
              ks_command_line_add(&c, "--resume=auto", err) &&
              ks_command_line_add_common(&c, place->threads, place->quiet, err) && ks_child_run(&c, err);
    ks_command_line_free(&c);
    return ok;
}

static bool evaluate_into(const ks_suite_line* line, const char* directory, const char* csv,
                          const ks_suite_place* place, ks_error* err) {
    ks_command_line c = {0};
    bool ok = ks_command_line_add(&c, "kshot", err) && ks_command_line_add(&c, "eval", err) &&
              ks_command_line_add(&c, directory, err) && ks_command_line_add_all(&c, &line->eval, err) &&
              ks_command_line_add(&c, "--label", err) && ks_command_line_add(&c, line->method, err) &&
              ks_command_line_add(&c, "-o", err) && ks_command_line_add(&c, csv, err) &&
              ks_command_line_add(&c, "--force", err) &&
              ks_command_line_add_common(&c, place->threads, place->quiet, err) && ks_child_run(&c, err);
    ks_command_line_free(&c);
    return ok;
}

/* ---- lines ------------------------------------------------------------------------------------------------------------------ */

/* The key in which the run's config is another than the line's; NULL: none, "config.yaml" where it cannot be read. */
static const char* difference(const ks_suite_line* line, const ks_suite_place* place) {
    char path[PATH_ROOM];
    ks_config ours, saved;
    ks_error unused;
    path_of(path, line, place, "config.yaml");
    ks_config_default(&saved);
    if (!ks_suite_config(&ours, line, &unused) || !ks_config_read(&saved, path, &unused)) {
        return "config.yaml";
    }
    const char* key = ks_config_difference(&saved, &ours);
    return key                                           ? key
           : saved.iterations != ours.iterations         ? "iterations"
           : saved.rl.env_steps != ours.rl.env_steps     ? "env_steps"
           : saved.validate_every != ours.validate_every ? "validate_every" /* what the best is, and env_steps */
           : saved.validation_tasks != ours.validation_tasks && ours.validate_every > 0 ? "validation_tasks"
                                                                                        : NULL;
}

bool ks_suite_is_done(const ks_suite_line* line, const ks_suite_place* place) {
    char csv[PATH_ROOM], policy[PATH_ROOM];
    struct stat a, b;
    path_of(csv, line, place, "eval.csv");
    path_of(policy, line, place, "policy.safetensors");
    return stat(csv, &a) == 0 && stat(policy, &b) == 0 &&
           (a.st_mtim.tv_sec > b.st_mtim.tv_sec ||
            (a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec >= b.st_mtim.tv_nsec)) &&
           !difference(line, place);
}

/* Whether `kshot eval` takes these options: better now than after the training. */
static bool check_eval(const ks_suite_line* line, ks_error* err) {
    ks_command_line c = {0};
    bool ok = ks_command_line_add(&c, "kshot", err) && ks_command_line_add(&c, "eval", err) &&
              ks_command_line_add_all(&c, &line->eval, err) && ks_command_line_add(&c, "--help", err) &&
              ks_child_run(&c, err);
    ks_command_line_free(&c);
    return ok;
}

bool ks_suite_run(const ks_suite_line* line, const ks_suite_place* place, ks_error* err) {
    char directory[PATH_ROOM], csv[PATH_ROOM];
    path_of(directory, line, place, "");
    path_of(csv, line, place, "eval.csv");
    return check_eval(line, err) && train_into(line, directory, place, NULL, err) &&
           evaluate_into(line, directory, csv, place, err);
}

/* ---- once more ---------------------------------------------------------------------------------------------------------------- */

static bool same_bytes(const char* a, const char* b) {
    FILE *f = fopen(a, "rb"), *g = fopen(b, "rb");
    bool same = f && g;
    for (int c = 0; same && c != EOF;) {
        c = fgetc(f);
        same = c == fgetc(g);
    }
    if (f) {
        fclose(f);
    }
    if (g) {
        fclose(g);
    }
    return same;
}

static void remove_run(const char* directory) {
    static const char* const FILES[] = {"config.yaml",      "progress.csv",           "policy.safetensors",
                                        "best.safetensors", "checkpoint.safetensors", "images.safetensors"};
    char path[PATH_ROOM];
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        snprintf(path, sizeof path, "%.3900s/%s", directory, FILES[i]);
        unlink(path);
    }
    rmdir(directory);
}

static bool train_again(bool* same, char text[256], const ks_suite_line* line, const ks_suite_place* place,
                        const char* scratch, ks_error* err) {
    static const char* const FILES[] = {"policy.safetensors", "best.safetensors"};
    char directory[PATH_ROOM], ours[PATH_ROOM], again[PATH_ROOM];
    snprintf(directory, sizeof directory, "%.3900s/run", scratch);
    bool ok = train_into(line, directory, place, "log=none", err); /* on which nothing depends that is compared */
    for (size_t i = 0; ok && *same && i < sizeof FILES / sizeof *FILES; i++) {
        path_of(ours, line, place, FILES[i]);
        snprintf(again, sizeof again, "%.3900s/run/%s", scratch, FILES[i]);
        if (access(ours, F_OK) == 0 && !same_bytes(ours, again)) {
            *same = false;
            snprintf(text, 256, "trained again, %s is another", FILES[i]);
        }
    }
    remove_run(directory);
    return ok;
}

bool ks_suite_check(bool* same, char text[256], const ks_suite_line* line, const ks_suite_place* place, bool again,
                    ks_error* err) {
    char scratch[PATH_ROOM], directory[PATH_ROOM], csv[PATH_ROOM], anew[PATH_ROOM];
    path_of(directory, line, place, "");
    path_of(csv, line, place, "eval.csv");
    *same = true;
    if (access(csv, F_OK) != 0) {
        return ks_fail(err, KS_BAD_INPUT, "%s is not done: `kshot suite run` does it", line->name);
    }
    const char* key = difference(line, place);
    if (key) {
        *same = false;
        snprintf(text, 256, "its config and the suite's differ: %s", key);
        return true;
    }
    snprintf(scratch, sizeof scratch, "%.3900s/.check-XXXXXX", place->folder);
    if (!mkdtemp(scratch)) {
        return ks_fail(err, KS_FAILED, "%s: %s", scratch, strerror(errno));
    }
    snprintf(anew, sizeof anew, "%.4000s/eval.csv", scratch);
    bool ok = evaluate_into(line, directory, anew, place, err);
    if (ok && !same_bytes(csv, anew)) {
        *same = false;
        snprintf(text, 256, "evaluated again, eval.csv is another");
    }
    ok = ok && (!again || train_again(same, text, line, place, scratch, err));
    unlink(anew);
    rmdir(scratch);
    return ok;
}

/* ---- beforehand ------------------------------------------------------------------------------------------------------------------ */

bool ks_suite_measure(ks_suite_cost* cost, const ks_suite_line* line, int threads, ks_error* err) {
    ks_config config;
    ks_setup setup = {0};
    ks_maml_stats stats = {0};
    *cost = (ks_suite_cost){0};
    if (!ks_suite_config(&config, line, err)) {
        return false;
    }
    bool ok = ks_setup_create(&setup, &config, threads, (ks_team){0}, err);
    ks_real* params = ok ? calloc(setup.num_params, sizeof *params) : NULL;
    ks_real* state = ok ? calloc(setup.state_size + 1, sizeof *state) : NULL;
    ok = ok && ((params && state) || ks_fail(err, KS_FAILED, "not enough memory")) &&
         ks_setup_initial(params, NULL, &setup, &config, err);
    if (ok && config.iterations > 0) {
        double seconds, began = ks_clock();
        ks_validation v = {0};
        ok = ks_maml_iterate(setup.maml, params, state, 0, &stats, err);
        seconds = ks_clock() - began;
        began = ks_clock();
        ok = ok && (!ks_validates(&config, &setup) || ks_validate(&v, &config, &setup, params, threads, err));
        double share = ks_validates(&config, &setup) ? 1.0 / config.validate_every : 0;
        double limit = (double)config.rl.env_steps, steps = (double)stats.env_steps + share * (double)v.env_steps;
        double all = limit > 0 && steps > 0 ? fmin(ceil(limit / steps), config.iterations) : config.iterations;
        *cost = (ks_suite_cost){(int64_t)all, all * steps, all * (seconds + share * (ks_clock() - began))};
    }
    free(params);
    free(state);
    ks_setup_free(&setup);
    return ok;
}
