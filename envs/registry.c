/* The environments that ship. To add one, add its line to the list. */
#include "envs/env.h"

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
    X(ks_env_gym_ant_goal)

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

static size_t min3(size_t a, size_t b, size_t c) {
    const size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein's distance: insertions, deletions and replacements that turn a into b. Only the first 63 letters count. */
static size_t edit_distance(const char* a, const char* b) {
    enum { MAX = 63 };
    const size_t na = strnlen(a, MAX);
    const size_t nb = strnlen(b, MAX);
    size_t row[MAX + 1];
    for (size_t j = 0; j <= nb; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            const size_t above = row[j];
            row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[nb];
}

const ks_env_def* ks_env_find(const char* name, ks_error* err) {
    const ks_env_def* nearest = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < ks_env_count(); i++) {
        if (strcmp(registry[i]->name, name) == 0) {
            return registry[i];
        }
        const size_t distance = edit_distance(name, registry[i]->name);
        if (distance < best) {
            best = distance;
            nearest = registry[i];
        }
    }
    ks_fail(err, KS_BAD_INPUT, "there is no environment \"%.80s\"; the nearest is \"%s\" (`kshot envs` lists all)",
            name, nearest->name);
    return NULL;
}
