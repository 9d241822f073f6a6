/* Of an environment's file: what tasks differ in, numbers that rewards read, and the dynamics of the model. */
#include "base/number.h"
#include "envs/file_parts.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef ks_file_reader reader;

static const char* const DRAWS = "uniform log_uniform normal choice fixed";
static const double FAR =
    1000; /* numbers that rewards read can be asked for up to there, or ten times as far as training goes */

/* ---- how a number is drawn -------------------------------------------------------------------------------------------------- */

/* {uniform: [0, 2]}, {choice: [-1, 1]}, {fixed: 3}; further keys are the caller's */
static bool read_draw(const reader* r, const yaml_node_t* map, const char* key, ks_distribution* draw) {
    const yaml_node_t* node = NULL;
    for (int i = 0; i < KS_DISTRIBUTION_KINDS; i++) {
        const char* word = ks_distribution_word((ks_distribution_kind)i);
        const yaml_node_t* value = ks_file_get(r, map, word);
        if (value && node) {
            return ks_file_fail(r, value, key, "is drawn in one way: here are %s and %s",
                                ks_distribution_word(draw->kind), word);
        }
        if (value) {
            node = value;
            draw->kind = (ks_distribution_kind)i;
        }
    }
    if (!node) {
        return ks_file_fail(r, map, key, "must say how it is drawn, as {uniform: [0, 2]}; one of %s", DRAWS);
    }
    size_t count = node->type == YAML_SEQUENCE_NODE ? ks_file_count(node) : 1;
    if (count > KS_CHOICE_MAX) {
        return ks_file_fail(r, node, key, "has more than %d numbers", KS_CHOICE_MAX);
    }
    draw->count = (int)count;
    bool ok = node->type == YAML_SCALAR_NODE ? ks_file_double(r, node, key, -1e10, 1e10, draw->numbers)
                                             : ks_file_doubles(r, node, key, count, draw->numbers);
    return ok && (ks_distribution_check(draw, r->err) || ks_file_fail_in(r, node, key));
}

/* whether expressions can mean the number by its name, and nothing else */
static bool check_free(const reader* r, const yaml_node_t* at, const char* list, const char* name) {
    static const char* const WORDS[] = {"pi", "and", "or", "not"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (strcmp(name, WORDS[i]) == 0) {
            return ks_file_fail(r, at, list, "%s is a word of expressions; a number needs another name", name);
        }
    }
    if (strcmp(name, "action") == 0 || strcmp(name, "last_action") == 0) {
        return ks_file_fail(r, at, list, "%s is what the policy does", name);
    }
    return !ks_quantity_kind_find(name) ||
           ks_file_fail(r, at, list, "%s is a quantity of the model; another name, as goal_%s, keeps the two apart",
                        name, name);
}

/* Adds a number with its name; NULL, and then the file has an error, if there are too many or the name is there already. */
static ks_task_number* add_number(const reader* r, ks_file_env* f, const yaml_node_t* at, const char* list,
                                  const char* name) {
    int i = f->def.task_dim;
    if (!check_free(r, at, list, name)) {
        return NULL;
    }
    if (i == KS_TASK_MAX) {
        ks_file_fail(r, at, name, "a task has at most %d numbers", KS_TASK_MAX);
        return NULL;
    }
    for (int k = 0; k < i; k++) {
        if (strcmp(f->number_names[k], name) == 0) {
            ks_file_fail(r, at, name, "is a number of the task already; `name:` gives it another name");
            return NULL;
        }
    }
    f->def.task_dim++;
    snprintf(f->number_names[i], sizeof f->number_names[i], "%s", name);
    f->numbers[i] = (ks_task_number){.name = f->number_names[i], .unit = f->number_units[i]};
    return &f->numbers[i];
}

static void note_draw(ks_file_env* f, int i, const ks_distribution* draw) {
    f->draws[i] = *draw;
    ks_distribution_range(f->numbers[i].trained, draw);
    f->def.task_uniforms += ks_distribution_uniforms(draw);
}

/* ---- numbers that rewards read ------------------------------------------------------------------------------------------------ */

static bool check_name(const reader* r, const yaml_node_t* at, const char* name) {
    bool fits = isalpha((unsigned char)*name) && strlen(name) < KS_FILE_NAME;
    for (const char* c = name; *c; c++) {
        fits = fits && (isalnum((unsigned char)*c) || *c == '_');
    }
    if (!fits) {
        return ks_file_fail(r, at, "task", "\"%.60s\": names are of letters, digits and _, since expressions use them",
                            name);
    }
    return true;
}

static bool read_known(const reader* r, const yaml_node_t* map, const ks_distribution* draw, ks_task_number* n) {
    const yaml_node_t* known = ks_file_get(r, map, "known");
    double reach = fmax(FAR, 10 * fmax(fabs(n->trained[0]), fabs(n->trained[1])));
    n->known[0] = fmin(-reach, n->trained[0]);
    n->known[1] = fmax(reach, n->trained[1]);
    if (!known) {
        n->step = ks_distribution_step(draw);
        if (n->step > 0) { /* -1 and 1 are not -0.5 */
            memcpy(n->known, n->trained, sizeof n->known);
        }
        return true;
    }
    if (!ks_file_doubles(r, known, "known", 2, n->known)) {
        return false;
    }
    return (n->known[0] <= n->trained[0] && n->known[1] >= n->trained[1]) ||
           ks_file_fail(r, known, "known", "%g to %g must hold what is drawn, %g to %g", n->known[0], n->known[1],
                        n->trained[0], n->trained[1]);
}

static bool read_number(const reader* r, ks_file_env* f, const yaml_node_t* map, const char* name) {
    char keys[128];
    snprintf(keys, sizeof keys, "%s unit known", DRAWS);
    ks_distribution draw;
    if (map->type != YAML_MAPPING_NODE) {
        return ks_file_fail(r, map, name, "must say how it is drawn, as {uniform: [0, 2]} or {fixed: 2}; one of %s",
                            DRAWS);
    }
    if (!check_name(r, map, name) || !ks_file_keys(r, map, name, keys) || !read_draw(r, map, name, &draw)) {
        return false;
    }
    ks_task_number* n = add_number(r, f, map, "task", name);
    if (!n) {
        return false;
    }
    int i = f->def.task_dim - 1;
    note_draw(f, i, &draw);
    return read_known(r, map, &draw, n) &&
           ks_file_get_text(r, map, "unit", f->number_units[i], sizeof f->number_units[i]);
}

/* ---- dynamics ------------------------------------------------------------------------------------------------------------------ */

static const char* const OBJECT_KEYS[] = {"bodies", "joints", "geoms", "actuators", "tendons"};
static const mjtObj OBJECTS[] = {mjOBJ_BODY, mjOBJ_JOINT, mjOBJ_GEOM, mjOBJ_ACTUATOR, mjOBJ_TENDON};
enum { NUM_OBJECTS = sizeof OBJECTS / sizeof *OBJECTS };

/* the names of the objects that a change is of, with the right key for its word */
static bool change_names(const reader* r, const yaml_node_t* map, const char* word, const char** names, int* count) {
    *count = 0;
    mjtObj of = mjOBJ_UNKNOWN;
    for (size_t i = 0; i < ks_dynamics_kind_count(); i++) {
        of = strcmp(ks_dynamics_kind_at(i)->name, word) == 0 ? ks_dynamics_kind_at(i)->of : of;
    }
    for (int i = 0; i < NUM_OBJECTS; i++) {
        const yaml_node_t* node = ks_file_get(r, map, OBJECT_KEYS[i]);
        if (node && OBJECTS[i] != of) {
            return ks_file_fail(r, node, word, "%s: it is not a matter of those", OBJECT_KEYS[i]);
        }
        if (node && !ks_file_names(r, node, OBJECT_KEYS[i], names, KS_FILE_TERMS, count)) {
            return false;
        }
    }
    return true;
}

/* factor, value or added, each with how it is drawn */
static const yaml_node_t* change_mode(const reader* r, const yaml_node_t* map, const char* word,
                                      ks_dynamics_mode* mode) {
    const yaml_node_t* found = NULL;
    for (int i = 0; i < KS_DYNAMICS_MODES; i++) {
        const yaml_node_t* node = ks_file_get(r, map, ks_dynamics_mode_word((ks_dynamics_mode)i));
        if (node && found) {
            ks_file_fail(r, node, word, "is a factor, a value or added, one of them");
            return NULL;
        }
        if (node) {
            found = node;
            *mode = (ks_dynamics_mode)i;
        }
    }
    if (!found) {
        ks_file_fail(r, map, word, "must have a factor, a value or what is added, as {factor: {uniform: [0.5, 2]}}");
    }
    return found && ks_file_keys(r, found, word, DRAWS) ? found : NULL;
}

/* "mass", "mass pole", or what the file calls it; each: "mass torso", … */
static void number_name(char out[KS_FILE_NAME], const char* own, const char* word, const char* const* names, int count,
                        const char* object) {
    const char* base = *own ? own : word;
    if (*object) {
        snprintf(out, KS_FILE_NAME, "%.30s %.30s", base, object);
    } else if (!*own && count == 1 && strcmp(names[0], "*") != 0) {
        snprintf(out, KS_FILE_NAME, "%.30s %.30s", word, names[0]);
    } else {
        snprintf(out, KS_FILE_NAME, "%.60s", base);
    }
}

/* the numbers of the change last added */
static bool add_numbers(const reader* r, ks_file_env* f, const yaml_node_t* at, const ks_dynamics* change,
                        const char* own, const char* const* names, int count) {
    const ks_dynamics_kind* kind = ks_dynamics_kind_of(change);
    for (int i = 0; i < ks_dynamics_count(change); i++) {
        char name[KS_FILE_NAME];
        number_name(name, own, kind->name, names, count, ks_dynamics_object(change, i));
        ks_distribution draw;
        ks_task_number* n = read_draw(r, at, kind->name, &draw) ? add_number(r, f, at, "randomize", name) : NULL;
        if (!n) {
            return false;
        }
        note_draw(f, f->def.task_dim - 1, &draw);
        n->step = ks_dynamics_limits(n->known, change);
        snprintf(f->number_units[f->def.task_dim - 1], sizeof f->number_units[0], "%s", ks_dynamics_unit(change));
        if (!ks_dynamics_check(change, n->trained[0], n->trained[1], r->err)) {
            return ks_file_fail_in(r, at, "randomize"); /* which names the word */
        }
    }
    return true;
}

static bool read_change(const reader* r, ks_file_env* f, const yaml_node_t* item) {
    const yaml_node_t *map = NULL, *draw;
    const char* names[KS_FILE_TERMS];
    int count;
    bool each = false;
    char own[KS_FILE_NAME] = "";
    ks_dynamics_mode mode = KS_DYNAMICS_FACTOR;
    if (item->type != YAML_MAPPING_NODE || ks_file_count(item) != 1) {
        return ks_file_fail(r, item, "randomize", "one change a line, as `- mass: {factor: {uniform: [0.5, 2]}}`");
    }
    if (!ks_file_keys(r, item, "randomize", NULL)) {
        return false;
    }
    const char* word = ks_file_pair(r, item, 0, &map);
    if (!ks_file_keys(r, map, word, "bodies joints geoms actuators tendons factor value added each name") ||
        !change_names(r, map, word, names, &count) || !ks_file_get_bool(r, map, "each", &each) ||
        !ks_file_get_text(r, map, "name", own, sizeof own)) {
        return false;
    }
    draw = change_mode(r, map, word, &mode);
    if (!draw) {
        return false;
    }
    ks_dynamics* change = ks_dynamics_create(f->m, f->root, word, names, count, mode, each, r->err);
    if (!change) {
        return ks_file_fail_in(r, item, "randomize");
    }
    f->dynamics[f->num_dynamics++] = change;
    return add_numbers(r, f, draw, change, own, names, count);
}

static bool read_randomize(const reader* r, ks_file_env* f, const yaml_node_t* list) {
    if (list->type != YAML_SEQUENCE_NODE || ks_file_count(list) > KS_TASK_MAX) {
        return ks_file_fail(r, list, "randomize", "takes a list of at most %d changes, as `- mass: {factor: …}` lines",
                            KS_TASK_MAX);
    }
    f->dynamics = calloc(ks_file_count(list) + 1, sizeof *f->dynamics);
    if (!f->dynamics) {
        return ks_fail(r->err, KS_FAILED, "%s: not enough memory", r->source->name);
    }
    for (size_t i = 0; i < ks_file_count(list); i++) {
        if (!read_change(r, f, ks_file_item(r, list, i))) {
            return false;
        }
    }
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------- */

/* "velocity ~ U[0, 2] m/s; mass torso ~ log-U[0.5, 2]; … (14 numbers)" */
static void summarise(ks_file_env* f) {
    enum { SHOWN = 3 };
    size_t used = 0, room = sizeof f->task_summary;
    for (int i = 0; i < f->def.task_dim && i < SHOWN && used < room; i++) {
        char text[KS_DISTRIBUTION_TEXT];
        const ks_task_number* n = &f->numbers[i];
        used += (size_t)snprintf(f->task_summary + used, room - used, "%s%s ~ %s", i ? "; " : "", n->name,
                                 ks_distribution_text(text, &f->draws[i], n->unit));
    }
    if (f->def.task_dim > SHOWN && used < room) {
        snprintf(f->task_summary + used, room - used, "; … (%d numbers)", f->def.task_dim);
    }
}

bool ks_file_read_task(const reader* r, ks_file_env* f, const yaml_node_t* file) {
    const yaml_node_t *task = ks_file_get(r, file, "task"), *changes = ks_file_get(r, file, "randomize");
    if (!task && !changes) {
        return ks_file_fail(
            r, file, "",
            "tasks do not differ: `task: {velocity: {uniform: [0, 2]}}` gives rewards a number, `randomize:` "
            "changes the model");
    }
    if (task && !ks_file_keys(r, task, "task", NULL)) {
        return false;
    }
    for (size_t i = 0; task && i < ks_file_count(task); i++) {
        const yaml_node_t* value;
        const char* name = ks_file_pair(r, task, i, &value);
        if (!read_number(r, f, value, name)) {
            return false;
        }
    }
    f->first_dynamic = f->def.task_dim;
    if (changes && !read_randomize(r, f, changes)) {
        return false;
    }
    if (f->def.task_dim == 0) {
        return ks_file_fail(r, task ? task : changes, task ? "task" : "randomize", "is empty");
    }
    if (f->def.task_dim == 1 && f->draws[0].kind == KS_CHOICE && f->draws[0].count > 1) {
        f->def.task_kinds = f->draws[0].count; /* of directions, say */
    }
    summarise(f);
    return true;
}
