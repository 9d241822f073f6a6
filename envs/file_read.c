/* An environment's file as a whole: its model, its timing, and the parts one after the other. */
#include "base/number.h"
#include "base/text_file.h"
#include "envs/file_parts.h"
#include "envs/mujoco_env.h"
#include "envs/mujoco_load.h"
#include "envs/mujoco_names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef ks_file_reader reader;

static const char* const KEYS =
    "name summary model frame_skip control_period horizon root actions observations rewards terminations start task "
    "randomize look "
    "protocol";
enum { MAX_HORIZON = 1000000, MAX_FRAME_SKIP = 10000, DEFAULT_HORIZON = 200 };

/* ---- the model ------------------------------------------------------------------------------------------------------- */

/* Paths within the folder as they are seen from there, since a message names the folder already. */
static void shorten_paths(ks_error* err, const char* folder) {
    size_t length = strlen(folder);
    for (char* at = err->text; length > 1 && (at = strstr(at, folder));) {
        if (at[length] == '/') {
            memmove(at, at + length + 1, strlen(at + length + 1) + 1);
        } else {
            at++;
        }
    }
}

static mjModel* load_model(const reader* r, const ks_file_env* f, const char* name) {
    if (*f->path) {
        char folder[KS_PATH_ROOM], path[KS_PATH_ROOM];
        mjModel* m = ks_path_folder(folder, f->path, r->err) && ks_path_absolute(path, folder, name, r->err)
                         ? ks_mujoco_load_file(path, r->err)
                         : NULL;
        if (!m) {
            shorten_paths(r->err, folder);
        }
        return m;
    }
    const ks_stable_file* file = ks_stable_find(name);
    if (!file) {
        ks_fail(r->err, KS_BAD_INPUT, "no model of that name ships");
    }
    return file ? ks_mujoco_compile(file->text, r->err) : NULL;
}

/* the first child of the world that moves, or whose descendants do */
static int first_moving(const mjModel* m) {
    for (int b = 1; b < m->nbody; b++) {
        if (m->body_dofnum[b] > 0) {
            return m->body_rootid[b];
        }
    }
    return 0;
}

/* MuJoCo reads "nan" and "inf" as numbers, which spoil everything that they meet */
static bool check_finite(const reader* r, const mjModel* m, const yaml_node_t* node) {
    const struct {
        const char* what;
        const mjtNum* numbers;
        size_t count;
    } ARRAYS[] = {{"gravity", m->opt.gravity, 3},
                  {"wind, density or viscosity", m->opt.wind, 5},
                  {"qpos0", m->qpos0, (size_t)m->nq},
                  {"place of a body", m->body_pos, 3 * (size_t)m->nbody},
                  {"mass of a body", m->body_mass, (size_t)m->nbody},
                  {"inertia of a body", m->body_inertia, 3 * (size_t)m->nbody},
                  {"range of a joint", m->jnt_range, 2 * (size_t)m->njnt},
                  {"stiffness of a joint", m->jnt_stiffness, (size_t)m->njnt},
                  {"damping of a joint", m->dof_damping, (size_t)m->nv},
                  {"armature of a joint", m->dof_armature, (size_t)m->nv},
                  {"frictionloss of a joint", m->dof_frictionloss, (size_t)m->nv},
                  {"size of a geom", m->geom_size, 3 * (size_t)m->ngeom},
                  {"friction of a geom", m->geom_friction, 3 * (size_t)m->ngeom},
                  {"gear of an actuator", m->actuator_gear, 6 * (size_t)m->nactuator},
                  {"qpos of a keyframe", m->key_qpos, (size_t)(m->nkey * m->nq)},
                  {"qvel of a keyframe", m->key_qvel, (size_t)(m->nkey * m->nv)},
                  {"ctrl of a keyframe", m->key_ctrl, (size_t)(m->nkey * m->nu)}};
    for (size_t i = 0; i < sizeof ARRAYS / sizeof *ARRAYS; i++) {
        for (size_t k = 0; k < ARRAYS[i].count; k++) {
            if (!isfinite(ARRAYS[i].numbers[k])) {
                return ks_file_fail(r, node, "model", "its %s is %s, and must be a number", ARRAYS[i].what,
                                    isnan(ARRAYS[i].numbers[k]) ? "nan" : "infinite");
            }
        }
    }
    return true;
}

static bool check_model(const reader* r, const ks_file_env* f, const yaml_node_t* node) {
    const mjModel* m = f->m;
    if (m->nu == 0) {
        return ks_file_fail(r, node, "model",
                            "has no actuators, so there is nothing to control; a URDF brings none, and an MJCF file "
                            "can attach it and add "
                            "them (docs/robots.md)");
    }
    if (m->nv == 0 || first_moving(m) == 0) {
        return ks_file_fail(r, node, "model", "has no joints, so nothing moves");
    }
    if (!(m->opt.timestep >= 1e-9 && m->opt.timestep <= 1)) {
        return ks_file_fail(r, node, "model", "its timestep must be above 0 and at most 1 s, not %g", m->opt.timestep);
    }
    if (!check_finite(r, m, node)) {
        return false;
    }
    if (m->opt.integrator > mjINT_IMPLICITFAST) {
        return ks_file_fail(r, node, "model", "its integrator must be Euler, RK4, implicit or implicitfast");
    }
    for (int i = 0; i < m->nactuator; i++) {
        int control = m->actuator_ctrladr[i];
        const mjtNum* range = m->actuator_ctrlrange + 2 * control;
        char text[16];
        if (m->actuator_ctrlnum[i] == 0) {
            continue;
        }
        bool limited = m->actuator_ctrllimited[control];
        bool good = range[0] < range[1] && fabs(range[0]) < 1e10 && fabs(range[1]) < 1e10;
        if ((limited && !good) || range[0] > range[1]) { /* which MuJoCo takes for no range */
            return ks_file_fail(r, node, "model",
                                "the ctrlrange of actuator %s is %g to %g: numbers below 1e10, the first the lower one",
                                ks_mujoco_object_name(text, m, mjOBJ_ACTUATOR, i), range[0], range[1]);
        }
    }
    return true;
}

static bool read_root(const reader* r, ks_file_env* f, const yaml_node_t* file) {
    const yaml_node_t* node = ks_file_get(r, file, "root");
    f->root = first_moving(f->m);
    if (!node) {
        return true;
    }
    int count;
    const char* name = ks_file_text(r, node, "root", KS_FILE_NAME);
    if (!name) {
        return false;
    }
    if (!ks_mujoco_match(&f->root, 1, &count, f->m, mjOBJ_BODY, name, r->err)) {
        return ks_file_fail_in(r, node, "root");
    }
    return f->root > 0 || ks_file_fail(r, node, "root", "the world is not a body that moves");
}

static bool read_model(const reader* r, ks_file_env* f, const yaml_node_t* file) {
    const yaml_node_t* node = ks_file_get(r, file, "model");
    if (!node) {
        return ks_file_fail(r, file, "", "model is missing: the MJCF or URDF file, as in `model: walker.xml`");
    }
    const char* name = ks_file_text(r, node, "model", KS_PATH_ROOM);
    if (!name) {
        return false;
    }
    f->m = load_model(r, f, name);
    if (!f->m) {
        return ks_file_fail_in(r, node, "model");
    }
    /* an unstable state is to end the trajectory, not to be reset behind our back */
    f->m->opt.disableflags |= mjDSBL_AUTORESET;
    return check_model(r, f, node) && read_root(r, f, file);
}

/* ---- timing ---------------------------------------------------------------------------------------------------------- */

static bool read_timing(const reader* r, ks_file_env* f, const yaml_node_t* file) {
    const yaml_node_t* period = ks_file_get(r, file, "control_period");
    double step = f->m->opt.timestep, seconds;
    f->frame_skip = 1;
    f->def.horizon = DEFAULT_HORIZON;
    if (period && ks_file_get(r, file, "frame_skip")) {
        return ks_file_fail(r, period, "control_period", "excludes frame_skip: both say how long an action lasts");
    }
    if (!ks_file_get_int(r, file, "frame_skip", 1, MAX_FRAME_SKIP, &f->frame_skip) ||
        !ks_file_get_int(r, file, "horizon", 1, MAX_HORIZON, &f->def.horizon)) {
        return false;
    }
    if (period) {
        if (!ks_file_double(r, period, "control_period", step, MAX_FRAME_SKIP * step, &seconds)) {
            return false;
        }
        double skip = round(seconds / step);
        if (fabs(seconds / step - skip) > 1e-6 * skip) {
            return ks_file_fail(r, period, "control_period",
                                "%g s is not a multiple of the model's timestep, %g s; %g is", seconds, step,
                                skip * step);
        }
        f->frame_skip = (int)skip;
    }
    f->period = f->frame_skip * step;
    return true;
}

/* ---- the file -------------------------------------------------------------------------------------------------------- */

/* NAME.yaml's NAME */
static void default_name(ks_file_env* f, const char* source) {
    const char* slash = strrchr(source, '/');
    const char* name = slash ? slash + 1 : source;
    const char* dot = strrchr(name, '.');
    snprintf(f->name, sizeof f->name, "%.*s", dot && dot > name ? (int)(dot - name) : (int)strlen(name), name);
}

static bool read_name(const reader* r, ks_file_env* f, const yaml_node_t* file) {
    const yaml_node_t* node = ks_file_get(r, file, "name");
    default_name(f, r->source->name);
    snprintf(f->summary, sizeof f->summary, "%s", *f->path ? "an environment of a file" : "");
    if (!ks_file_get_text(r, file, "name", f->name, sizeof f->name) ||
        !ks_file_get_text(r, file, "summary", f->summary, sizeof f->summary)) {
        return false;
    }
    for (const char* c = f->name; *c; c++) { /* it stands in tables and in CSV files */
        if (*c == ',' || *c == '"' || (unsigned char)*c <= ' ') {
            return ks_file_fail(r, node, "name",
                                "\"%.60s\" has a blank, comma or quote; letters, digits, - _ . / are fine", f->name);
        }
    }
    return true;
}

static bool read_file(const reader* r, ks_file_env* f) {
    const yaml_node_t* file = yaml_document_get_root_node(r->doc);
    if (!file) {
        return ks_fail(r->err, KS_BAD_INPUT, "%s: is empty; an environment needs a model, observations and rewards",
                       r->source->name);
    }
    return ks_file_keys(r, file, "", KEYS) && read_name(r, f, file) && read_model(r, f, file) &&
           read_timing(r, f, file) && ks_file_read_start(r, f, file) && ks_file_read_actions(r, f, file) &&
           ks_file_read_task(r, f, file) && ks_file_read_observations(r, f, file) && ks_file_read_rewards(r, f, file) &&
           ks_file_read_terminations(r, f, file) && ks_file_read_look(r, f, file);
}

static const ks_env_def* open_text(const char* path, const ks_yaml_source* source, ks_error* err) {
    ks_file_env* f = calloc(1, sizeof *f);
    yaml_document_t doc;
    if (!f) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    ks_error inner = {0};
    snprintf(f->path, sizeof f->path, "%s", path);
    bool ok = ks_yaml_load(&doc, source, &inner);
    if (ok) {
        reader r = {.source = source, .doc = &doc, .err = &inner};
        ok = read_file(&r, f);
        yaml_document_delete(&doc);
    }
    if (!ok) {
        ks_yaml_explain(source, &inner);
        ks_fail(err, inner.code ? inner.code : KS_FAILED, "%s", inner.text);
        ks_file_env_free(f);
        return NULL;
    }
    ks_file_env_finish(f);
    return &f->def;
}

const ks_env_def* ks_file_env_open(const char* path, ks_error* err) {
    ks_text_file file;
    if (!ks_text_file_read(&file, path, KS_YAML_MAX_BYTES, err)) {
        return NULL;
    }
    ks_yaml_clear_blank_lines(file.text);
    const ks_env_def* def =
        open_text(path, &(ks_yaml_source){.name = path, .text = file.text, .length = file.length}, err);
    ks_text_file_free(&file);
    return def;
}

const ks_env_def* ks_file_env_open_shipped(const ks_stable_file* file, ks_error* err) {
    const ks_yaml_source source = {.name = file->name, .text = (const char*)file->text, .length = file->size};
    return open_text("", &source, err);
}
