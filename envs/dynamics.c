#include "envs/dynamics.h"

#include "base/names.h"
#include "base/number.h"
#include "envs/dynamics_words.h"
#include "envs/env.h"
#include "envs/mujoco_names.h"

#include <mujoco/mjxmacro.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t ks_dynamics_kind_count(void) {
    return ks_dynamics_num_words;
}

const ks_dynamics_kind* ks_dynamics_kind_at(size_t index) {
    return &ks_dynamics_words[index].kind;
}

const char* ks_dynamics_mode_word(ks_dynamics_mode mode) {
    static const char* const WORDS[KS_DYNAMICS_MODES] = {"factor", "value", "added"};
    return WORDS[mode];
}

/* ---- binding ----------------------------------------------------------------------------------------------------- */

static const ks_dynamics_word* find_word(const char* name, ks_error* err) {
    const char* nearest = "";
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < ks_dynamics_num_words; i++) {
        size_t distance = ks_edit_distance(name, ks_dynamics_words[i].kind.name);
        if (distance == 0) {
            return &ks_dynamics_words[i];
        }
        if (distance < best) {
            best = distance;
            nearest = ks_dynamics_words[i].kind.name;
        }
    }
    ks_fail(err, KS_BAD_INPUT, "there is no word \"%.60s\" for dynamics; the nearest is \"%s\"", name, nearest);
    return NULL;
}

static bool takes(const ks_dynamics_kind* kind, ks_dynamics_mode mode) {
    return kind->modes & (1 << mode);
}

static bool check_use(const ks_dynamics* c, int num_patterns, ks_error* err) {
    const ks_dynamics_kind* kind = &c->word->kind;
    if (!takes(kind, c->mode)) {
        char modes[64] = "";
        for (int i = 0; i < KS_DYNAMICS_MODES; i++) {
            if (takes(kind, (ks_dynamics_mode)i)) {
                size_t used = strlen(modes);
                ks_snprintf(modes + used, sizeof modes - used, "%s%s", used ? " or " : "",
                            ks_dynamics_mode_word((ks_dynamics_mode)i));
            }
        }
        return ks_fail(err, KS_BAD_INPUT, "%s takes %s, not %s", kind->name, modes, ks_dynamics_mode_word(c->mode));
    }
    if (kind->of == mjOBJ_UNKNOWN && (num_patterns > 0 || c->each)) {
        return ks_fail(err, KS_BAD_INPUT, "%s is one number for the whole world; it takes no names and no each",
                       kind->name);
    }
    return true;
}

/* what an object is bound by: a pattern of the user's, or being one of all */
typedef struct source {
    const mjModel* m;
    bool asked;  /* it was named */
    bool chosen; /* by a name and not one that stands for many, so that it must be possible */
} source;

static bool is_bound(const ks_dynamics* c, int id) {
    for (int k = 0; k < c->num_objects; k++) {
        if (c->objects[k].id == id) {
            return true;
        }
    }
    return false;
}

/* Adds an object, unless it is there or passed over; then *why (may stay NULL) says why it cannot be changed. */
static bool bind_object(ks_dynamics* c, const source* from, int id, const char** why, ks_error* err) {
    mjtObj of = c->word->kind.of;
    if (is_bound(c, id)) {
        return true;
    }
    ks_changed* object = &c->objects[c->num_objects];
    object->id = id;
    object->name = "";
    if (of != mjOBJ_UNKNOWN) {
        object->name = ks_mujoco_object_name(object->text, from->m, of, id);
    }
    int before = c->num_cells;
    const char* refusal = c->word->bind(&(ks_binding){c, from->m, id, from->asked, c->word->which});
    if (!refusal) {
        c->num_objects++;
        return true;
    }
    c->num_cells = before;
    *why = refusal;
    if (!from->chosen) {
        return true;
    }
    return ks_fail(err, KS_BAD_INPUT, "%s cannot be changed: the %s \"%.60s\" %s", c->word->kind.name,
                   ks_mujoco_object_word(of), object->name, refusal);
}

static bool bind_pattern(ks_dynamics* c, const mjModel* m, const char* pattern, int* ids, int most, const char** why,
                         ks_error* err) {
    int count;
    if (!ks_mujoco_match(ids, most, &count, m, c->word->kind.of, pattern, err)) {
        return ks_fail_in(err, c->word->kind.name);
    }
    source from = {.m = m, .asked = true, .chosen = !strpbrk(pattern, "*?[")};
    for (int i = 0; i < count; i++) {
        if (!bind_object(c, &from, ids[i], why, err)) {
            return false;
        }
    }
    return true;
}

/* all objects, the root for a payload, or the world itself */
static bool bind_default(ks_dynamics* c, const mjModel* m, int root, const char** why, ks_error* err) {
    mjtObj of = c->word->kind.of;
    bool of_root = strcmp(c->word->kind.name, "payload") == 0;
    if (of == mjOBJ_UNKNOWN || of_root) {
        source from = {.m = m, .asked = true, .chosen = of_root};
        return bind_object(c, &from, of_root ? root : 0, why, err);
    }
    source from = {.m = m};
    for (int id = 0; id < ks_mujoco_object_count(m, of); id++) {
        if (!bind_object(c, &from, id, why, err)) {
            return false;
        }
    }
    return true;
}

static bool bind_objects(ks_dynamics* c, const mjModel* m, int root, const char* const* patterns, int num_patterns,
                         int* ids, int most, ks_error* err) {
    const ks_dynamics_kind* kind = &c->word->kind;
    const char* why = NULL;
    for (int i = 0; i < num_patterns; i++) {
        if (!bind_pattern(c, m, patterns[i], ids, most, &why, err)) {
            return false;
        }
    }
    if (num_patterns == 0 && !bind_default(c, m, root, &why, err)) {
        return false;
    }
    if (c->num_objects > 0) {
        return true;
    }
    if (kind->of == mjOBJ_UNKNOWN) {
        return ks_fail(err, KS_BAD_INPUT, "%s cannot be changed by a %s: it %s", kind->name,
                       ks_dynamics_mode_word(c->mode), why);
    }
    return ks_fail(err, KS_BAD_INPUT, "%s: there is no %s to change%s%s", kind->name, ks_mujoco_object_word(kind->of),
                   why ? ": each of them " : "", why ? why : "");
}

/* after everything is bound */
static bool check_numbers(const ks_dynamics* c, ks_error* err) {
    if (c->picks && c->each) {
        return ks_fail(err, KS_BAD_INPUT, "%s is one number that says which; it takes no each", c->word->kind.name);
    }
    if (ks_dynamics_count(c) > KS_TASK_MAX) {
        return ks_fail(err, KS_BAD_INPUT,
                       "%s: a number for each of %d objects is more than the %d that a task may have",
                       c->word->kind.name, c->num_objects, (int)KS_TASK_MAX);
    }
    return true;
}

ks_dynamics* ks_dynamics_create(const mjModel* m, int root, const char* name, const char* const* patterns,
                                int num_patterns, ks_dynamics_mode mode, bool each, ks_error* err) {
    const ks_dynamics_word* word = find_word(name, err);
    if (!word) {
        return NULL;
    }
    int most = ks_mujoco_object_count(m, word->kind.of) + 1; /* one more: the world, and never none */
    ks_dynamics* c = calloc(1, sizeof *c);
    int* ids = calloc((size_t)most, sizeof *ids);
    if (c) {
        c->word = word;
        c->mode = mode;
        c->each = each;
        c->objects = calloc((size_t)most, sizeof *c->objects);
        c->cells = calloc((size_t)most * KS_CELLS_MAX, sizeof *c->cells);
    }
    bool bound = false;
    if (!c || !ids || !c->objects || !c->cells) {
        ks_fail(err, KS_FAILED, "not enough memory");
    } else {
        bound = check_use(c, num_patterns, err) && bind_objects(c, m, root, patterns, num_patterns, ids, most, err) &&
                check_numbers(c, err);
    }
    free(ids);
    if (!bound) {
        ks_dynamics_destroy(c);
        return NULL;
    }
    return c;
}

void ks_dynamics_destroy(ks_dynamics* c) {
    if (c) {
        free(c->objects);
        free(c->cells);
        free(c);
    }
}

/* ---- what is bound ----------------------------------------------------------------------------------------------- */

const ks_dynamics_kind* ks_dynamics_kind_of(const ks_dynamics* c) {
    return &c->word->kind;
}

int ks_dynamics_count(const ks_dynamics* c) {
    return c->each ? c->num_objects : 1;
}

const char* ks_dynamics_object(const ks_dynamics* c, int i) {
    return c->each ? c->objects[i].name : "";
}

int ks_dynamics_object_count(const ks_dynamics* c) {
    return c->word->kind.of == mjOBJ_UNKNOWN ? 0 : c->num_objects;
}

const char* ks_dynamics_object_at(const ks_dynamics* c, int k) {
    return c->objects[k].name;
}

const char* ks_dynamics_unit(const ks_dynamics* c) {
    return c->mode == KS_DYNAMICS_FACTOR ? "" : c->word->kind.unit;
}

double ks_dynamics_limits(double limits[2], const ks_dynamics* c) {
    limits[0] = c->picks ? -1 : c->word->kind.lowest[c->mode];
    limits[1] = c->picks ? c->num_objects - 1 : c->word->kind.highest[c->mode];
    return c->picks ? 1 : 0;
}

bool ks_dynamics_check(const ks_dynamics* c, double lowest, double highest, ks_error* err) {
    double limits[2];
    ks_dynamics_limits(limits, c);
    if (lowest >= limits[0] && highest <= limits[1]) {
        return true;
    }
    char number[KS_NUMBER_ROOM], low[KS_NUMBER_ROOM], high[KS_NUMBER_ROOM];
    const char* unit = ks_dynamics_unit(c);
    return ks_fail(err, KS_BAD_INPUT, "%s: a %s may be from %s to %s%s%s, not %s", c->word->kind.name,
                   c->mode == KS_DYNAMICS_ADDED ? "number added" : ks_dynamics_mode_word(c->mode),
                   ks_print_double(low, limits[0]), ks_print_double(high, limits[1]), *unit ? " " : "", unit,
                   ks_print_double(number, lowest >= limits[0] ? highest : lowest));
}

/* ---- copies ------------------------------------------------------------------------------------------------------ */

/* Arrays of a model are known by the place of their pointer in mjModel. */
static void* array_at(const mjModel* m, size_t place) {
    void* array;
    memcpy(&array, (const char*)m + place, sizeof array);
    return array;
}

#undef MJ_M
#define MJ_M(n) m->n
static size_t array_size(const mjModel* m, size_t place) {
    switch (place) {
#define X(type, name, rows, columns) \
    case offsetof(mjModel, name):    \
        return sizeof(type) * (size_t)m->rows * (size_t)(columns);
        MJMODEL_POINTERS
#undef X
        default:
            return 0;
    }
}

/* What mj_setConst writes, and what of that some part of it reads, too. 0 stands for nothing: a size is there. */
#define PLACE_IF(name, a, b, c, d, use) ((((a) | (b) | (c) | (d)) & (use)) == (use) ? offsetof(mjModel, name) : 0),
static const size_t WRITTEN[] = {
#define X(name, a, b, c, d) PLACE_IF(name, a, b, c, d, mjSC_OUT)
    MJSETCONST_ARRAYS
#undef X
};
static const size_t READ_AND_WRITTEN[] = {
#define X(name, a, b, c, d) PLACE_IF(name, a, b, c, d, mjSC_INOUT)
    MJSETCONST_ARRAYS
#undef X
};
enum { NUM_ARRAYS = sizeof WRITTEN / sizeof WRITTEN[0] };

static const size_t CHANGED[] = {
#define X(name, rows, columns, is_input) offsetof(mjModel, name),
    KS_DYNAMICS_FIELDS
#undef X
        offsetof(mjModel, actuator_forcelimited),
};
enum { NUM_CHANGED = sizeof CHANGED / sizeof CHANGED[0] };

/* every array starts where the processor likes it */
static size_t room_for(const mjModel* m, size_t place) {
    return place ? (array_size(m, place) + 63) / 64 * 64 : 0;
}

/* gives the copy the array as its own, at *memory */
static void own(mjModel* copy, const mjModel* original, size_t place, char** memory) {
    if (place) {
        void* array = *memory;
        memcpy(array, array_at(original, place), array_size(original, place));
        memcpy((char*)copy + place, &array, sizeof array);
        *memory += room_for(original, place);
    }
}

mjModel* ks_dynamics_copy_model(const mjModel* original, ks_error* err) {
    const size_t head = (sizeof(mjModel) + 63) / 64 * 64;
    size_t size = head;
    for (int i = 0; i < NUM_ARRAYS; i++) {
        size += room_for(original, WRITTEN[i]);
    }
    for (int i = 0; i < NUM_CHANGED; i++) {
        size += room_for(original, CHANGED[i]);
    }
    mjModel* copy = aligned_alloc(64, size);
    if (!copy) {
        ks_fail(err, KS_FAILED, "not enough memory for a model of its own for each world");
        return NULL;
    }
    memcpy(copy, original, sizeof *copy);
    char* memory = (char*)copy + head;
    for (int i = 0; i < NUM_ARRAYS; i++) {
        own(copy, original, WRITTEN[i], &memory);
    }
    for (int i = 0; i < NUM_CHANGED; i++) {
        own(copy, original, CHANGED[i], &memory);
    }
    return copy;
}

void ks_dynamics_free_model(mjModel* copy) {
    free(copy);
}

/* ---- applying ---------------------------------------------------------------------------------------------------- */

static void restore(mjModel* m, const mjModel* original, const size_t* places, int count) {
    for (int i = 0; i < count; i++) {
        if (places[i]) {
            memcpy(array_at(m, places[i]), array_at(original, places[i]), array_size(original, places[i]));
        }
    }
}

static void restore_options(mjModel* m, const mjModel* original) {
#define X(name, length) memcpy(&m->opt.name, &original->opt.name, sizeof m->opt.name);
    KS_DYNAMICS_OPTIONS
#undef X
}

static double* cell_of(mjModel* m, const ks_cell* cell) {
    switch (cell->field) {
#define X(name, rows, columns, is_input) \
    case KS_FIELD_##name:                \
        return m->name + cell->at;
        KS_DYNAMICS_FIELDS
#undef X
        case KS_FIELD_gravity:
            return m->opt.gravity + cell->at;
        case KS_FIELD_wind:
            return m->opt.wind + cell->at;
        case KS_FIELD_density:
            return &m->opt.density;
        default:
            return &m->opt.viscosity;
    }
}

static void act(const ks_dynamics* c, mjModel* m, const double* numbers) {
    if (c->word->act) {
        c->word->act(c, m, numbers);
        return;
    }
    for (int i = 0; i < c->num_cells; i++) {
        const ks_cell* cell = &c->cells[i];
        double number = numbers[cell->number];
        double* x = cell_of(m, cell);
        if (c->mode == KS_DYNAMICS_FACTOR) {
            *x *= number;
        } else if (c->mode == KS_DYNAMICS_VALUE) {
            *x = cell->sign * number;
        } else if (number != 0) { /* -0 + 0 would be another 0 */
            *x += cell->sign * number;
        }
    }
}

/* whether anything differs that mj_setConst computes from */
static bool constants_differ(const mjModel* m, const mjModel* original) {
    bool same = true;
#define X(name, rows, columns, is_input) \
    same = same && (!(is_input) || memcmp(m->name, original->name, sizeof(double) * (size_t)m->rows * (columns)) == 0);
    KS_DYNAMICS_FIELDS
#undef X
    return !same;
}

/* The constants that follow from the fields: the original's if its fields are, so that they are the same bytes at no
 * cost; else mj_setConst's. That has memory enough: the compiler has called it with as much as an empty d has. */
static void derive(mjModel* m, mjData* d, const mjModel* original) {
    if (!constants_differ(m, original)) {
        restore(m, original, WRITTEN, NUM_ARRAYS);
        return;
    }
    restore(m, original, READ_AND_WRITTEN, NUM_ARRAYS);
    mj_resetData(m, d);
    mj_setConst(m, d);
}

void ks_dynamics_apply(mjModel* m, mjData* d, const mjModel* original, ks_dynamics* const* changes, int num_changes,
                       const double* numbers) {
    restore(m, original, CHANGED, NUM_CHANGED);
    restore_options(m, original);
    for (size_t w = 0; w < ks_dynamics_num_words; w++) {
        int first = 0;
        for (int i = 0; i < num_changes; i++) {
            if (changes[i]->word == &ks_dynamics_words[w]) {
                act(changes[i], m, numbers + first);
            }
            first += ks_dynamics_count(changes[i]);
        }
    }
    derive(m, d, original);
}
