#include "envs/mujoco_names.h"

#include "base/names.h"
#include "base/number.h"

#include <fnmatch.h>
#include <stdint.h>
#include <string.h>

const char* ks_mujoco_object_word(mjtObj type) {
    switch (type) {
        case mjOBJ_BODY:
            return "body";
        case mjOBJ_JOINT:
            return "joint";
        case mjOBJ_GEOM:
            return "geom";
        case mjOBJ_SITE:
            return "site";
        case mjOBJ_ACTUATOR:
            return "actuator";
        case mjOBJ_SENSOR:
            return "sensor";
        case mjOBJ_TENDON:
            return "tendon";
        case mjOBJ_CAMERA:
            return "camera";
        case mjOBJ_KEY:
            return "keyframe";
        default:
            return "object";
    }
}

int ks_mujoco_object_count(const mjModel* m, mjtObj type) {
    switch (type) {
        case mjOBJ_BODY:
            return (int)m->nbody;
        case mjOBJ_JOINT:
            return (int)m->njnt;
        case mjOBJ_GEOM:
            return (int)m->ngeom;
        case mjOBJ_SITE:
            return (int)m->nsite;
        case mjOBJ_ACTUATOR:
            return (int)m->nactuator; /* nu counts their controls */
        case mjOBJ_SENSOR:
            return (int)m->nsensor;
        case mjOBJ_TENDON:
            return (int)m->ntendon;
        case mjOBJ_CAMERA:
            return (int)m->ncam;
        case mjOBJ_KEY:
            return (int)m->nkey;
        default:
            return 0;
    }
}

const char* ks_mujoco_object_name(char text[16], const mjModel* m, mjtObj type, int id) {
    const char* name = mj_id2name(m, type, id);
    if ((!name || !*name) && type == mjOBJ_ACTUATOR &&
        (m->actuator_trntype[id] == mjTRN_JOINT || m->actuator_trntype[id] == mjTRN_JOINTINPARENT)) {
        name = mj_id2name(m, mjOBJ_JOINT, m->actuator_trnid[2 * id]); /* a motor without a name is known by its joint */
    }
    if (name && *name) {
        return name;
    }
    ks_snprintf(text, 16, "#%d", id);
    return text;
}

/* the nearest name, or what else there is to say */
static bool fail_to_match(const mjModel* m, mjtObj type, const char* pattern, ks_error* err) {
    const char* word = ks_mujoco_object_word(type);
    int count = ks_mujoco_object_count(m, type);
    if (count == 0) {
        return ks_fail(err, KS_BAD_INPUT, "there is no %s \"%.60s\": the model has none", word, pattern);
    }
    char text[16];
    const char* nearest = NULL;
    size_t best = SIZE_MAX;
    for (int i = 0; i < count; i++) {
        const char* name = ks_mujoco_object_name(text, m, type, i);
        size_t distance = name == text ? SIZE_MAX : ks_edit_distance(pattern, name);
        if (distance < best) {
            best = distance;
            nearest = name;
        }
    }
    if (!nearest) {
        return ks_fail(err, KS_BAD_INPUT, "there is no %s \"%.60s\": the model's have no names, and are #0 to #%d",
                       word, pattern, count - 1);
    }
    return ks_fail(err, KS_BAD_INPUT, "there is no %s \"%.60s\"; the nearest is \"%.60s\"", word, pattern, nearest);
}

/* by its name (a motor's may be that of its joint) or, where it has none of its own, by its number */
static bool is_named(const mjModel* m, mjtObj type, int id, const char* pattern) {
    char text[16], number[16];
    const char *name = ks_mujoco_object_name(text, m, type, id), *own = mj_id2name(m, type, id);
    bool is_world = type == mjOBJ_BODY && id == 0;
    if (strcmp(name, pattern) == 0 || (!is_world && fnmatch(pattern, name, 0) == 0)) {
        return true;
    }
    ks_snprintf(number, sizeof number, "#%d", id);
    return (!own || !*own) && fnmatch(pattern, number, 0) == 0;
}

bool ks_mujoco_match(int* ids, int most, int* count, const mjModel* m, mjtObj type, const char* pattern,
                     ks_error* err) {
    *count = 0;
    for (int i = 0; i < ks_mujoco_object_count(m, type); i++) {
        if (!is_named(m, type, i, pattern)) {
            continue;
        }
        if (*count == most) {
            return ks_fail(err, KS_BAD_INPUT, "\"%.60s\" names more than %d %s objects", pattern, most,
                           ks_mujoco_object_word(type));
        }
        ids[(*count)++] = i;
    }
    return *count > 0 || fail_to_match(m, type, pattern, err);
}
