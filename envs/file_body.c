/* Of an environment's file: where an episode starts, how actions move actuators, how it looks and is evaluated. */
#include "envs/file_parts.h"
#include "envs/mujoco_names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef ks_file_reader reader;

static bool no_memory(const reader* r) {
    return ks_fail(r->err, KS_FAILED, "%s: not enough memory", r->source->name);
}

/* ---- start ------------------------------------------------------------------------------------------------------------- */

/* {normal: 0.01}, {uniform: 0.1} */
static bool read_noise(const reader* r, const yaml_node_t* start, const char* key, ks_file_noise* noise) {
    const yaml_node_t* node = ks_file_get(r, start, key);
    if (!node) {
        return true;
    }
    if (!ks_file_keys(r, node, key, "normal uniform")) {
        return false;
    }
    if (ks_file_count(node) != 1) {
        return ks_file_fail(r, node, key, "is {normal: STD} or {uniform: HALF_THE_RANGE}");
    }
    noise->uniform = ks_file_get(r, node, "uniform") != NULL;
    return ks_file_get_double(r, node, noise->uniform ? "uniform" : "normal", 0, 1000, &noise->size);
}

/* joints by name: {knee: -0.5} */
static bool read_joints(const reader* r, ks_file_env* f, const yaml_node_t* map) {
    if (!ks_file_keys(r, map, "joint_pos", NULL)) {
        return false;
    }
    for (size_t i = 0; i < ks_file_count(map); i++) {
        const yaml_node_t* value;
        const char* pattern = ks_file_pair(r, map, i, &value);
        int ids[KS_TASK_MAX], count;
        if (!ks_mujoco_match(ids, KS_TASK_MAX, &count, f->m, mjOBJ_JOINT, pattern, r->err)) {
            return ks_file_fail_in(r, value, "joint_pos");
        }
        for (int k = 0; k < count; k++) {
            int type = f->m->jnt_type[ids[k]];
            double* at = f->start + f->m->jnt_qposadr[ids[k]];
            bool single = type == mjJNT_HINGE || type == mjJNT_SLIDE;
            if (!(single ? ks_file_double(r, value, "joint_pos", -1e6, 1e6, at)
                         : ks_file_doubles(r, value, "joint_pos", type == mjJNT_FREE ? 7 : 4, at))) {
                return false;
            }
        }
    }
    return true;
}

bool ks_file_read_start(const reader* r, ks_file_env* f, const yaml_node_t* file) {
    const yaml_node_t* start = ks_file_get(r, file, "start");
    f->start = malloc((size_t)f->m->nq * sizeof *f->start);
    f->keyframe = -1;
    if (!f->start) {
        return no_memory(r);
    }
    mju_copy(f->start, f->m->qpos0, (int)f->m->nq);
    if (!start) {
        return true;
    }
    if (!ks_file_keys(r, start, "start", "keyframe qpos joint_pos position_noise velocity_noise")) {
        return false;
    }
    const yaml_node_t *key = ks_file_get(r, start, "keyframe"), *qpos = ks_file_get(r, start, "qpos");
    if (key) {
        int count;
        const char* name = ks_file_text(r, key, "keyframe", KS_FILE_NAME);
        if (!name || (!ks_mujoco_match(&f->keyframe, 1, &count, f->m, mjOBJ_KEY, name, r->err) &&
                      !ks_file_fail_in(r, key, "keyframe"))) {
            return false;
        }
        mju_copy(f->start, f->m->key_qpos + f->keyframe * f->m->nq, (int)f->m->nq);
    }
    if (qpos && !ks_file_doubles(r, qpos, "qpos", (size_t)f->m->nq, f->start)) {
        return false;
    }
    const yaml_node_t* joints = ks_file_get(r, start, "joint_pos");
    return (!joints || read_joints(r, f, joints)) && read_noise(r, start, "position_noise", &f->position_noise) &&
           read_noise(r, start, "velocity_noise", &f->velocity_noise);
}

/* ---- actions ----------------------------------------------------------------------------------------------------------- */

/* ctrl that holds the start position of the joint that an actuator moves */
static bool center_at_start(const reader* r, const ks_file_env* f, const yaml_node_t* node, ks_file_action* a) {
    char text[16];
    const mjModel* m = f->m;
    int joint = m->actuator_trnid[2 * a->actuator];
    bool moves_joint =
        (m->actuator_trntype[a->actuator] == mjTRN_JOINT || m->actuator_trntype[a->actuator] == mjTRN_JOINTINPARENT) &&
        (m->jnt_type[joint] == mjJNT_HINGE || m->jnt_type[joint] == mjJNT_SLIDE);
    if (!moves_joint) {
        return ks_file_fail(r, node, "center", "start: actuator %s moves no hinge or slide, whose start could be meant",
                            ks_mujoco_object_name(text, m, mjOBJ_ACTUATOR, a->actuator));
    }
    a->center = f->start[m->jnt_qposadr[joint]] * m->actuator_gear[6 * m->actuator_outadr[a->actuator]];
    return true;
}

static bool read_center(const reader* r, const ks_file_env* f, const yaml_node_t* entry, ks_file_action* a) {
    const yaml_node_t* node = entry ? ks_file_get(r, entry, "center") : NULL;
    const char* text = node && node->type == YAML_SCALAR_NODE ? ks_yaml_text(node) : NULL;
    a->center = a->limited ? 0.5 * (a->low + a->high) : 0;
    if (!node || (text && strcmp(text, "range") == 0)) {
        return true;
    }
    return text && strcmp(text, "start") == 0 ? center_at_start(r, f, node, a)
                                              : ks_file_double(r, node, "center", -1e10, 1e10, &a->center);
}

/* entry may be NULL: as the model has it */
static bool add_control(const reader* r, ks_file_env* f, const yaml_node_t* entry, int id, int control) {
    char text[16];
    const char* name = ks_mujoco_object_name(text, f->m, mjOBJ_ACTUATOR, id);
    ks_file_action* a = &f->actions[f->def.act_dim++];
    const mjtNum* range = f->m->actuator_ctrlrange + 2 * control;
    *a = (ks_file_action){.actuator = id,
                          .control = control,
                          .limited = f->m->actuator_ctrllimited[control],
                          .low = range[0],
                          .high = range[1]};
    a->scale = a->limited ? 0.5 * (a->high - a->low) : 0;
    if (!read_center(r, f, entry, a) || (entry && !ks_file_get_double(r, entry, "scale", -1e10, 1e10, &a->scale))) {
        return false;
    }
    if (a->scale == 0) {
        return ks_file_fail(
            r, entry, "actions",
            "actuator %s has no ctrlrange: scale must say what an action of 1 does (`actions: [{actuators: "
            "%s, scale: 1}]`)",
            name, name);
    }
    f->rest[control] = a->center;
    return true;
}

/* all controls of an actuator, of which most have one */
static bool add_action(const reader* r, ks_file_env* f, const yaml_node_t* entry, int id) {
    char text[16];
    for (int i = 0; i < f->def.act_dim; i++) {
        if (f->actions[i].actuator == id) {
            return ks_file_fail(r, entry, "actuators", "%s is named twice",
                                ks_mujoco_object_name(text, f->m, mjOBJ_ACTUATOR, id));
        }
    }
    for (int k = 0; k < f->m->actuator_ctrlnum[id]; k++) {
        if (!add_control(r, f, entry, id, f->m->actuator_ctrladr[id] + k)) {
            return false;
        }
    }
    return true;
}

static bool read_entry(const reader* r, ks_file_env* f, const yaml_node_t* entry) {
    const char* names[KS_FILE_TERMS];
    int num_names, *ids = malloc((size_t)f->m->nactuator * sizeof *ids);
    const yaml_node_t* node = NULL;
    bool ok = (ids || no_memory(r)) && ks_file_keys(r, entry, "actions", "actuators center scale");
    if (ok) {
        node = ks_file_get(r, entry, "actuators");
        ok =
            (node || ks_file_fail(r, entry, "actions", "actuators is missing: which ones, as in {actuators: \"*\"}")) &&
            ks_file_names(r, node, "actuators", names, KS_FILE_TERMS, &num_names);
    }
    for (int i = 0; ok && i < num_names; i++) {
        int count;
        ok = ks_mujoco_match(ids, (int)f->m->nactuator, &count, f->m, mjOBJ_ACTUATOR, names[i], r->err) ||
             ks_file_fail_in(r, node, "actuators");
        for (int k = 0; ok && k < count; k++) {
            ok = add_action(r, f, entry, ids[k]);
        }
    }
    free(ids);
    return ok;
}

bool ks_file_read_actions(const reader* r, ks_file_env* f, const yaml_node_t* file) {
    const yaml_node_t* node = ks_file_get(r, file, "actions");
    f->actions = calloc((size_t)f->m->nu, sizeof *f->actions);
    f->rest = calloc((size_t)f->m->nu, sizeof *f->rest);
    if (!f->actions || !f->rest) {
        return no_memory(r);
    }
    if (f->keyframe >= 0) {
        mju_copy(f->rest, f->m->key_ctrl + f->keyframe * f->m->nu, (int)f->m->nu);
    }
    bool ok = true;
    for (int i = 0; !node && ok && i < f->m->nactuator; i++) {
        ok = add_action(r, f, NULL, i);
    }
    if (node && node->type == YAML_SCALAR_NODE) {
        return ks_file_fail(r, node, "actions", "takes a list: `- actuators: NAME` lines");
    }
    size_t entries = node && node->type == YAML_SEQUENCE_NODE ? ks_file_count(node) : node ? 1 : 0;
    for (size_t i = 0; ok && i < entries; i++) {
        ok = read_entry(r, f, ks_file_item(r, node, i));
    }
    return ok && (f->def.act_dim > 0 || ks_file_fail(r, node, "actions", "moves no actuator"));
}

/* ---- look and protocol ------------------------------------------------------------------------------------------------- */

static bool read_goal_numbers(const reader* r, ks_file_env* f, const yaml_node_t* look) {
    const yaml_node_t* node = ks_file_get(r, look, "goal_numbers");
    const char* names[2];
    int wanted = f->look.goal == KS_GOAL_PLACE ? 2 : 1, count = 0;
    for (int i = 0; i < wanted; i++) {
        f->look.goal_numbers[i] = i;
    }
    if (f->look.goal == KS_GOAL_NONE || f->look.goal == KS_GOAL_OTHER) {
        return !node || ks_file_fail(r, node, "goal_numbers", "belongs to goal: direction, velocity or place");
    }
    if (node && !ks_file_names(r, node, "goal_numbers", names, 2, &count)) {
        return false;
    }
    if ((node && count != wanted) || wanted > f->def.task_dim) {
        return ks_file_fail(r, node ? node : look, "goal", "needs %d number%s of the task", wanted,
                            wanted > 1 ? "s" : "");
    }
    for (int i = 0; i < count; i++) {
        int number = 0;
        while (number < f->def.task_dim && strcmp(f->number_names[number], names[i]) != 0) {
            number++;
        }
        if (number == f->def.task_dim) {
            return ks_file_fail(r, node, "goal_numbers", "the task has no number %s", names[i]);
        }
        f->look.goal_numbers[i] = number;
    }
    return true;
}

static bool read_looks(const reader* r, ks_file_env* f, const yaml_node_t* look) {
    ks_env_look* l = &f->look;
    int goal = (int)l->goal, count;
    const yaml_node_t *track = ks_file_get(r, look, "track"), *kind = ks_file_get(r, look, "goal");
    if (!ks_file_keys(r, look, "look", "azimuth elevation distance height size track planar goal goal_numbers") ||
        !ks_file_get_double(r, look, "azimuth", -360, 360, &l->azimuth) ||
        !ks_file_get_double(r, look, "elevation", -90, 90, &l->elevation) ||
        !ks_file_get_double(r, look, "distance", 0.01, 1000, &l->distance) ||
        !ks_file_get_double(r, look, "height", -1000, 1000, &l->height) ||
        !ks_file_get_double(r, look, "size", 0.001, 1000, &l->size) ||
        !ks_file_get_bool(r, look, "planar", &l->planar) ||
        (kind && !ks_file_choice(r, kind, "goal", "none|direction|velocity|place|other", &goal))) {
        return false;
    }
    l->goal = (ks_env_goal)goal;
    if (track) {
        const char* name = ks_file_text(r, track, "track", KS_FILE_NAME);
        l->track = name && strcmp(name, "none") != 0;
        l->still = !l->track;
        if (!name || (l->track && !ks_mujoco_match(&l->body, 1, &count, f->m, mjOBJ_BODY, name, r->err) &&
                      !ks_file_fail_in(r, track, "track"))) {
            return false;
        }
    }
    return read_goal_numbers(r, f, look);
}

static bool read_protocol(const reader* r, ks_file_env* f, const yaml_node_t* node) {
    f->protocol = (ks_env_protocol){.trajectories = 20, .pretrained = 0.1, .random = 0.1, .later = 1};
    if (!ks_file_keys(r, node, "protocol", "trajectories pretrained random later") ||
        !ks_file_get_int(r, node, "trajectories", 1, 100000, &f->protocol.trajectories) ||
        !ks_file_get_double(r, node, "pretrained", 0, 1000, &f->protocol.pretrained) ||
        !ks_file_get_double(r, node, "random", 0, 1000, &f->protocol.random) ||
        !ks_file_get_double(r, node, "later", 0, 1000, &f->protocol.later)) {
        return false;
    }
    f->def.protocol = &f->protocol;
    return true;
}

bool ks_file_read_look(const reader* r, ks_file_env* f, const yaml_node_t* file) {
    const yaml_node_t *look = ks_file_get(r, file, "look"), *protocol = ks_file_get(r, file, "protocol");
    f->look = (ks_env_look){.goal = KS_GOAL_OTHER, .body = f->root}; /* all else by the shape of the model */
    return (!look || read_looks(r, f, look)) && (!protocol || read_protocol(r, f, protocol));
}
