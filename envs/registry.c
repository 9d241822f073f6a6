/* The environments that ship. To add one, add its line to the list. */
#include "base/names.h"
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

const ks_env_def* ks_env_find(const char* name, ks_error* err) {
    const ks_env_def* nearest = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < ks_env_count(); i++) {
        if (strcmp(registry[i]->name, name) == 0) {
            return registry[i];
        }
        const size_t distance = ks_edit_distance(name, registry[i]->name);
        if (distance < best) {
            best = distance;
            nearest = registry[i];
        }
    }
    ks_fail(err, KS_BAD_INPUT, "there is no environment \"%.80s\"; the nearest is \"%s\" (`kshot envs` lists all)",
            name, nearest->name);
    return NULL;
}
