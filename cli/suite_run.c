/* A suite's lines are trained and evaluated by the program itself, in processes of their own: what a line does, its two commands do when
 * they are given by hand. */
#include "cli/suite.h"

#include "base/clock.h"
#include "run/setup.h"
#include "run/validate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- commands -------------------------------------------------------------------------------------------------------------- */

/* "images.data='/a/b'" as YAML, in which a ' is two */
static bool add_data(ks_command_line* c, const char* data, ks_error* err) {
    char text[2 * KS_PATH_ROOM + 32];
    size_t used = (size_t)snprintf(text, sizeof text, "images.data='");
    for (const char* from = data; *from; from++) {
        text[used++] = *from;
        if (*from == '\'') {
            text[used++] = '\'';
        }
    }
    snprintf(text + used, sizeof text - used, "'");
    return ks_command_line_add(c, "-s", err) && ks_command_line_add(c, text, err);
}

bool ks_suite_add_settings(ks_command_line* c, const ks_suite_line* line, ks_error* err) {
    for (int i = 1; i < line->train.count; i++) { /* without `train` */
        if (!ks_command_line_add(c, line->train.word[i], err)) {
            return false;
        }
    }
    return !*line->data || add_data(c, line->data, err);
}

/* setting: one more, or NULL */
static bool train_into(const ks_suite_line* line, const char* directory, const ks_suite_place* place,
                       const char* setting, ks_error* err) {
    ks_command_line c = {0};
    char seed[32];
    snprintf(seed, sizeof seed, "seed=%lld", (long long)line->seed);
    bool ok = ks_command_line_add(&c, "kshot", err) && ks_command_line_add(&c, "train", err) &&
              ks_suite_add_settings(&c, line, err) && ks_command_line_add(&c, "-s", err) &&
              ks_command_line_add(&c, seed, err) &&
              (!setting || (ks_command_line_add(&c, "-s", err) && ks_command_line_add(&c, setting, err))) &&
              ks_command_line_add(&c, "-o", err) && ks_command_line_add(&c, directory, err) &&
              ks_command_line_add(&c, "--resume=auto", err) &&
              ks_command_line_add_common(&c, place->threads, place->quiet, err) && ks_child_run(&c, place->watch, err);
    ks_command_line_free(&c);
    return ok;
}

/* As the suite has them, but for where a file of tasks is. */
static bool add_options(ks_command_line* c, const ks_suite_line* line, ks_error* err) {
    for (int i = 0; i < line->eval.count; i++) {
        bool goals = i > 0 && strcmp(line->eval.word[i - 1], "--goals") == 0;
        if (!ks_command_line_add(c, goals ? line->goals : line->eval.word[i], err)) {
            return false;
        }
    }
    return true;
}

static bool evaluate_into(const ks_suite_line* line, const char* directory, const char* csv,
                          const ks_suite_place* place, ks_error* err) {
    ks_command_line c = {0};
    bool ok = ks_command_line_add(&c, "kshot", err) && ks_command_line_add(&c, "eval", err) &&
              ks_command_line_add(&c, directory, err) && add_options(&c, line, err) &&
              (!*line->data || (ks_command_line_add(&c, "--data", err) && ks_command_line_add(&c, line->data, err))) &&
              ks_command_line_add(&c, "--label", err) && ks_command_line_add(&c, line->method, err) &&
              ks_command_line_add(&c, "-o", err) && ks_command_line_add(&c, csv, err) &&
              ks_command_line_add(&c, "--force", err) &&
              ks_command_line_add_common(&c, place->threads, place->quiet, err) && ks_child_run(&c, place->watch, err);
    ks_command_line_free(&c);
    return ok;
}

/* ---- lines ------------------------------------------------------------------------------------------------------------------ */

const char* ks_suite_difference(const ks_suite_line* line, const char* path, bool any_seed) {
    ks_config ours, kept;
    ks_error unused;
    ks_config_default(&kept);
    if (!ks_suite_config(&ours, line, &unused) || !ks_config_read(&kept, path, &unused)) {
        return "config.yaml";
    }
    kept.seed = any_seed ? ours.seed : kept.seed;
    const char* key = ks_config_difference(&kept, &ours);
    return key                                      ? key
           : kept.iterations != ours.iterations     ? "iterations"
           : kept.rl.env_steps != ours.rl.env_steps ? "env_steps"
                                                    : ks_config_validation_difference(&kept, &ours);
}

static const char* difference(const ks_suite_line* line, const ks_suite_place* place) {
    char path[KS_SUITE_PATH];
    ks_suite_path(path, line, place, "config.yaml");
    return ks_suite_difference(line, path, false);
}

/* Whether the evaluation is younger than the policy, as far as the disk knows; a copy of both may know otherwise. */
static bool is_younger(const ks_suite_line* line, const ks_suite_place* place) {
    char csv[KS_SUITE_PATH], policy[KS_SUITE_PATH];
    struct stat a, b;
    ks_suite_path(csv, line, place, "eval.csv");
    ks_suite_path(policy, line, place, "policy.safetensors");
    return stat(csv, &a) == 0 && stat(policy, &b) == 0 &&
           (a.st_mtim.tv_sec > b.st_mtim.tv_sec ||
            (a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec >= b.st_mtim.tv_nsec));
}

ks_suite_state ks_suite_look(const ks_suite_line* line, const ks_suite_place* place) {
    bool searched = line->search.count == 0 || line->found;
    if (!searched || !ks_suite_is_there(line, place) || difference(line, place)) {
        return KS_SUITE_OPEN;
    }
    switch (ks_suite_options(line, place)) {
        case KS_OPTIONS_SAME:
            return KS_SUITE_DONE;
        case KS_OPTIONS_OTHER:
            return KS_SUITE_TO_EVALUATE;
        case KS_OPTIONS_OTHER_MODEL:
            return KS_SUITE_OPEN;
        case KS_OPTIONS_UNKNOWN:
            break;
    }
    return is_younger(line, place) ? KS_SUITE_TO_EVALUATE : KS_SUITE_OPEN;
}

/* `kshot eval … --help` reads all options, and does nothing */
static bool check_options(const char* command, const ks_command_line* options, ks_error* err) {
    ks_command_line c = {0};
    bool ok = ks_command_line_add(&c, "kshot", err) && ks_command_line_add(&c, command, err) &&
              ks_command_line_add_all(&c, options, err) && ks_command_line_add(&c, "--help", err) &&
              ks_child_run(&c, NULL, err);
    ks_command_line_free(&c);
    return ok;
}

bool ks_suite_check_options(const ks_suite_line* line, ks_error* err) {
    return check_options("eval", &line->eval, err) &&
           (line->search.count == 0 || check_options("tune", &line->search, err));
}

bool ks_suite_run(const ks_suite_line* line, const ks_suite_place* place, char note[256], ks_error* err) {
    char directory[KS_SUITE_PATH], csv[KS_SUITE_PATH], seed[32];
    ks_suite_path(directory, line, place, "");
    ks_suite_path(csv, line, place, "eval.csv");
    snprintf(seed, sizeof seed, "%lld", (long long)line->seed);
    ks_lock* lock = ks_suite_claim(line, place, seed, note, err); /* the training locks its directory itself */
    if (!lock) {
        return err->code == KS_OK;
    }
    ks_suite_state state = ks_suite_look(line, place); /* now that no other changes it */
    bool ok = state == KS_SUITE_DONE ||
              ((state == KS_SUITE_TO_EVALUATE || train_into(line, directory, place, NULL, err)) &&
               ks_suite_forget_options(line, place, err) && evaluate_into(line, directory, csv, place, err) &&
               ks_suite_keep_options(line, place, err));
    ks_lock_release(lock);
    return ok;
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
    char path[KS_SUITE_PATH];
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        snprintf(path, sizeof path, "%.3900s/%s", directory, FILES[i]);
        unlink(path);
    }
    rmdir(directory);
}

static bool train_again(char text[256], const ks_suite_line* line, const ks_suite_place* place, const char* scratch,
                        ks_error* err) {
    static const char* const FILES[] = {"policy.safetensors", "best.safetensors"};
    char directory[KS_SUITE_PATH], ours[KS_SUITE_PATH], again[KS_SUITE_PATH];
    snprintf(directory, sizeof directory, "%.3900s/run", scratch);
    bool ok = train_into(line, directory, place, "log=none", err); /* on which nothing depends that is compared */
    for (size_t i = 0; ok && !*text && i < sizeof FILES / sizeof *FILES; i++) {
        ks_suite_path(ours, line, place, FILES[i]);
        snprintf(again, sizeof again, "%.3900s/run/%s", scratch, FILES[i]);
        if (access(ours, F_OK) == 0 && !same_bytes(ours, again)) {
            snprintf(text, 256, "trained again, %s is another", FILES[i]);
        }
    }
    remove_run(directory);
    return ok;
}

bool ks_suite_check(char text[256], const ks_suite_line* line, const ks_suite_place* place, bool again, ks_error* err) {
    char scratch[KS_SUITE_PATH], directory[KS_SUITE_PATH], csv[KS_SUITE_PATH], anew[KS_SUITE_PATH];
    ks_suite_path(directory, line, place, "");
    ks_suite_path(csv, line, place, "eval.csv");
    *text = 0;
    if (line->search.count > 0 && !line->found) {
        snprintf(text, 256, "the search for its settings is not there, or was another");
        return true;
    }
    const char* key = difference(line, place);
    if (key) {
        snprintf(text, 256, "its config and the suite's differ: %s", key);
        return true;
    }
    ks_options_state options = ks_suite_options(line, place);
    if (options == KS_OPTIONS_OTHER_MODEL) {
        snprintf(text, 256, "its policy is another than the one that was evaluated");
        return true;
    }
    if (options == KS_OPTIONS_OTHER) {
        snprintf(text, 256, "it was evaluated with other options than the suite has: `kshot suite run` does it again");
        return true;
    }
    snprintf(scratch, sizeof scratch, "%.3900s/.check-XXXXXX", place->folder);
    if (!mkdtemp(scratch)) {
        return ks_fail(err, KS_FAILED, "%s: %s", scratch, strerror(errno));
    }
    snprintf(anew, sizeof anew, "%.4000s/eval.csv", scratch);
    bool ok = evaluate_into(line, directory, anew, place, err);
    if (ok && !same_bytes(csv, anew)) {
        snprintf(text, 256, "evaluated again, eval.csv is another");
    }
    ok = ok && (!again || train_again(text, line, place, scratch, err));
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
