/* The environments that ship. To add one, add its line to the list. */
#include "base/names.h"
#include "base/path.h"
#include "envs/env.h"
#include "envs/file_env.h"
#include "envs/plugin.h"
#include "envs/stable.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define ENVIRONMENTS(X)            \
    X(ks_env_point)                \
    X(ks_env_half_cheetah_vel)     \
    X(ks_env_half_cheetah_dir)     \
    X(ks_env_ant_vel)              \
    X(ks_env_ant_dir)              \
    X(ks_env_ant_goal)             \
    X(ks_env_gym_half_cheetah_vel) \
    X(ks_env_gym_half_cheetah_dir) \
    X(ks_env_gym_ant_vel)          \
    X(ks_env_gym_ant_dir)          \
    X(ks_env_gym_ant_goal)         \
    X(ks_env_bandit_2)             \
    X(ks_env_bandit_5)             \
    X(ks_env_bandit_10)            \
    X(ks_env_mdp)                  \
    X(ks_env_grid)

#define DECLARE(def) extern const ks_env_def def;
#define ADDRESS(def) &def,
ENVIRONMENTS(DECLARE)
static const ks_env_def* const registry[] = {ENVIRONMENTS(ADDRESS)};

size_t ks_env_count(void) {
    return sizeof registry / sizeof registry[0];
}

const ks_env_def* ks_env_at(size_t index) {
    assert(index < ks_env_count());
    return registry[index];
}

/* ---- environments of files --------------------------------------------------------------------------------------- */

static bool ends_in(const char* text, const char* end) {
    size_t length = strlen(text), tail = strlen(end);
    return length > tail && strcmp(text + length - tail, end) == 0;
}

bool ks_env_is_path(const char* reference) {
    return ends_in(reference, ".yaml") || ends_in(reference, ".yml") || ends_in(reference, ".so") ||
           *reference == '/' || *reference == '.';
}

/* ---- everything that ships ------------------------------------------------------------------------------------------ */

size_t ks_env_names(void) {
    return ks_env_count() + ks_stable_count();
}

const char* ks_env_name(size_t index) {
    return index < ks_env_count() ? registry[index]->name : ks_stable_at(index - ks_env_count())->stem;
}

/* What a robot is at first: a model for MuJoCo, which knows no task and no reward. */
static bool is_model(const char* reference, ks_error* err) {
    if (!ends_in(reference, ".xml") && !ends_in(reference, ".urdf") && !ends_in(reference, ".mjb")) {
        return false;
    }
    ks_fail(err, KS_BAD_INPUT,
            "%s is a model, and no environment yet: write a file beside it that says `model: %s`, and what is observed "
            "and rewarded (docs/robots.md)",
            reference, strrchr(reference, '/') ? strrchr(reference, '/') + 1 : reference);
    return true;
}

bool ks_env_exists(const char* name, ks_error* err) {
    if (is_model(name, err)) {
        return false;
    }
    const char* nearest = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < ks_env_names(); i++) {
        const size_t distance = ks_edit_distance(name, ks_env_name(i));
        if (strcmp(ks_env_name(i), name) == 0) {
            return true;
        }
        if (distance < best) {
            best = distance;
            nearest = ks_env_name(i);
        }
    }
    return ks_fail(err, KS_BAD_INPUT,
                   "there is no environment \"%.80s\"; the nearest is \"%s\" (`kshot envs` lists all)", name, nearest);
}

/* of those in C; NULL: none is called so */
static const ks_env_def* find_in_c(const char* name) {
    for (size_t i = 0; i < ks_env_count(); i++) {
        if (strcmp(registry[i]->name, name) == 0) {
            return registry[i];
        }
    }
    return NULL;
}

const ks_env_def* ks_env_find(const char* name, ks_error* err) {
    const ks_env_def* def = find_in_c(name);
    if (!def && ks_env_exists(name, err)) {
        ks_fail(err, KS_BAD_INPUT, "%s is a file, which is to be opened", name);
    }
    return def;
}

static const ks_env_def* open_name(const char* name, ks_error* err) {
    const ks_env_def* def = find_in_c(name);
    if (def) {
        return def;
    }
    for (size_t i = 0; i < ks_stable_count(); i++) {
        if (strcmp(ks_stable_at(i)->stem, name) == 0) {
            return ks_file_env_open_shipped(ks_stable_at(i), err);
        }
    }
    ks_env_exists(name, err);
    return NULL;
}

const ks_env_def* ks_env_open(const char* reference, const char* folder, ks_error* err) {
    char path[KS_PATH_ROOM];
    if (!ks_env_is_path(reference)) {
        return open_name(reference, err);
    }
    if (is_model(reference, err)) {
        return NULL;
    }
    if (!ks_path_absolute(path, folder, reference, err)) {
        return NULL;
    }
    return ends_in(path, ".so") ? ks_env_plugin_open(path, err) : ks_file_env_open(path, err);
}
