/* Whether the def of a plug-in makes sense. What ships is held to the same by the tests. */
#include "envs/plugin_check.h"

#include "base/number.h"

#include <math.h>
#include <string.h>

enum {
    MAX_NAME = 60,
    MAX_TEXT = 200,
    MAX_DIM = 65536,
    MAX_HORIZON = 1000000,
    MAX_NOISE = 1000000,
    MAX_VALUES = 1000000
};

/* ---- texts ------------------------------------------------------------------------------------------------ */

static bool is_name(const char* text) {
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
    size_t length = strnlen(text, MAX_NAME + 1);
    return length >= 1 && length <= MAX_NAME && strspn(text, LETTERS) == length && !ks_env_is_path(text);
}

static bool is_line(const char* text, bool may_be_empty) {
    size_t length = strnlen(text, MAX_TEXT + 1);
    for (size_t i = 0; i < length && i < MAX_TEXT; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 127) {
            return false;
        }
    }
    return length <= MAX_TEXT && (length > 0 || may_be_empty);
}

static bool check_texts(const ks_env_def* d, ks_error* err) {
    if (!d->name || !is_name(d->name)) {
        return ks_fail(err, KS_BAD_INPUT,
                       "its name must be 1 to %d letters, digits, or - _ . /, and not look like a path", MAX_NAME);
    }
    for (size_t i = 0; i < ks_env_names(); i++) {
        if (strcmp(ks_env_name(i), d->name) == 0) {
            return ks_fail(err, KS_BAD_INPUT, "its name is \"%s\", which is that of an environment that ships",
                           d->name);
        }
    }
    const struct { const char *field, *text; } lines[] = {{"summary", d->summary}, {"task_summary", d->task_summary}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (!lines[i].text || !is_line(lines[i].text, false)) {
            return ks_fail(err, KS_BAD_INPUT, "its %s must be one line of 1 to %d letters", lines[i].field, MAX_TEXT);
        }
    }
    return true;
}

/* ---- numbers ---------------------------------------------------------------------------------------------- */

static bool check_numbers(const ks_env_def* d, ks_error* err) {
    const struct {
        const char* field;
        int value, least, most;
    } numbers[] = {
        {"obs_dim", d->obs_dim, 1, MAX_DIM},
        {"act_dim", d->act_dim, 0, MAX_DIM},
        {"num_actions", d->num_actions, 0, MAX_DIM},
        {"task_dim", d->task_dim, 1, KS_TASK_MAX},
        {"horizon", d->horizon, 1, MAX_HORIZON},
        {"task_uniforms", d->task_uniforms, 0, KS_TASK_DRAWS},
        {"task_kinds", d->task_kinds, 0, MAX_VALUES},
        {"reset_uniforms", d->reset_uniforms, 0, MAX_NOISE},
        {"reset_normals", d->reset_normals, 0, MAX_NOISE},
        {"nq", d->nq, 0, MAX_DIM},
        {"nv", d->nv, 0, MAX_DIM},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i].value < numbers[i].least || numbers[i].value > numbers[i].most) {
            return ks_fail(err, KS_BAD_INPUT, "its %s is %d, and must be %d to %d", numbers[i].field, numbers[i].value,
                           numbers[i].least, numbers[i].most);
        }
    }
    if ((d->act_dim > 0) == (d->num_actions > 0)) {
        return ks_fail(err, KS_BAD_INPUT,
                       "it must have either act_dim continuous actions or num_actions discrete ones, not %s",
                       d->act_dim > 0 ? "both" : "none");
    }
    if (d->task_kinds > 0 && d->task_uniforms == 0) {
        return ks_fail(err, KS_BAD_INPUT,
                       "its task_kinds are chosen by the first uniform, and its task_uniforms are 0");
    }
    return (d->dt >= 0 && isfinite(d->dt)) || ks_fail(err, KS_BAD_INPUT, "its dt must be 0 or more seconds");
}

static bool is_range(const double range[2]) {
    return isfinite(range[0]) && isfinite(range[1]) && range[0] <= range[1];
}

static bool check_task_number(const ks_task_number* n, int i, ks_error* err) {
    if (!n->name || !is_line(n->name, false) || !n->unit || !is_line(n->unit, true)) {
        return ks_fail(err, KS_BAD_INPUT, "its task_numbers[%d] needs a name and a unit (\"\" for none)", i);
    }
    if (!is_range(n->trained) || !is_range(n->known) || n->trained[0] < n->known[0] || n->trained[1] > n->known[1]) {
        return ks_fail(
            err, KS_BAD_INPUT,
            "its task_numbers[%d], %s: trained and known must be a lowest and a highest number each, the first "
            "range within the second",
            i, n->name);
    }
    return n->step == 0 || (n->step > 0 && (n->known[1] - n->known[0]) / n->step <= MAX_VALUES) ||
           ks_fail(err, KS_BAD_INPUT, "its task_numbers[%d], %s: step must be 0, or a part of the range", i, n->name);
}

static bool check_protocol(const ks_env_protocol* p, ks_error* err) {
    return !p || (p->trajectories >= 1 && p->pretrained > 0 && p->random > 0 && p->later > 0) ||
           ks_fail(err, KS_BAD_INPUT, "all numbers of its protocol must be above 0");
}

static bool check_look(const ks_env_def* d, ks_error* err) {
    const ks_env_look* l = d->look;
    if (!l || l->goal == KS_GOAL_NONE || l->goal == KS_GOAL_OTHER) {
        return true;
    }
    for (int i = 0; i < (l->goal == KS_GOAL_PLACE ? 2 : 1); i++) {
        if (l->goal_numbers[i] < 0 || l->goal_numbers[i] >= d->task_dim) {
            return ks_fail(err, KS_BAD_INPUT, "its look shows number %d of a task as the goal, of which there are %d",
                           l->goal_numbers[i], d->task_dim);
        }
    }
    return (l->goal >= 0 && l->goal < KS_GOAL_OTHER) || ks_fail(err, KS_BAD_INPUT, "its look has a goal that is none");
}

/* ---- functions -------------------------------------------------------------------------------------------- */

static bool check_functions(const ks_env_def* d, ks_error* err) {
    const struct {
        const char* field;
        bool there;
    } functions[] = {{"sample_task", d->sample_task != NULL},
                     {"create", d->create != NULL},
                     {"destroy", d->destroy != NULL},
                     {"reset", d->reset != NULL},
                     {"step", d->step != NULL}};
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (!functions[i].there) {
            return ks_fail(err, KS_BAD_INPUT, "it has no function %s", functions[i].field);
        }
    }
    if (!d->model_create != !d->model_destroy) {
        return ks_fail(err, KS_BAD_INPUT, "it needs both of model_create and model_destroy, or neither");
    }
    if ((d->nq > 0) != (d->nv > 0) || (d->nq > 0) != (d->get_physics != NULL)) {
        return ks_fail(err, KS_BAD_INPUT, "it needs all of nq, nv and get_physics, or none of them");
    }
    if (d->close) {
        return ks_fail(err, KS_BAD_INPUT, "it has a function close, which is not its own to call");
    }
    return !d->mujoco_model == !d->mujoco_data ||
           ks_fail(err, KS_BAD_INPUT, "it needs both of mujoco_model and mujoco_data, or neither");
}

bool ks_env_plugin_check(const ks_env_def* def, ks_error* err) {
    bool ok = check_texts(def, err) && check_numbers(def, err) && check_protocol(def->protocol, err) &&
              check_look(def, err) && check_functions(def, err);
    for (int i = 0; ok && def->task_numbers && i < def->task_dim; i++) {
        ok = check_task_number(&def->task_numbers[i], i, err);
    }
    return ok;
}
