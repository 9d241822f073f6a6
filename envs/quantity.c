/* Binding quantities to a model. The table is in quantity_table.c. */
#include "envs/quantity.h"

#include "base/names.h"
#include "envs/mujoco_names.h"
#include "envs/quantity_rows.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t ks_quantity_kind_count(void) {
    return ks_quantity_num_rows;
}

const ks_quantity_kind* ks_quantity_kind_at(size_t index) {
    assert(index < ks_quantity_num_rows);
    return &ks_quantity_rows[index].kind;
}

static const ks_quantity_row* find_row(const char* name) {
    for (size_t i = 0; i < ks_quantity_num_rows; i++) {
        if (strcmp(ks_quantity_rows[i].kind.name, name) == 0) {
            return &ks_quantity_rows[i];
        }
    }
    return NULL;
}

const ks_quantity_kind* ks_quantity_kind_find(const char* name) {
    const ks_quantity_row* row = find_row(name);
    return row ? &row->kind : NULL;
}

static const char* nearest(const char* name) {
    const char* best = NULL;
    size_t shortest = SIZE_MAX;
    for (size_t i = 0; i < ks_quantity_num_rows; i++) {
        size_t distance = ks_edit_distance(name, ks_quantity_rows[i].kind.name);
        if (distance < shortest) {
            shortest = distance;
            best = ks_quantity_rows[i].kind.name;
        }
    }
    return best;
}

/* ---- which objects ----------------------------------------------------------------------------------------------- */

static const char ACTUATED[] = "actuated";

static bool fits(const ks_quantity_row* row, const mjModel* m, int id) {
    return !row->fits || row->fits(m, id);
}

/* Adds an object unless it is there already. There are few. */
static void add(ks_quantity* q, int id) {
    for (int i = 0; i < q->num_ids; i++) {
        if (q->ids[i] == id) {
            return;
        }
    }
    q->ids[q->num_ids++] = id;
}

static bool is_actuated(const mjModel* m, int joint) {
    for (int a = 0; a < m->nactuator; a++) {
        int target = m->actuator_trnid[2 * a];
        int type = m->actuator_trntype[a];
        bool of_joint = type == mjTRN_JOINT || type == mjTRN_JOINTINPARENT ||
                        (type == mjTRN_SO3 && m->actuator_trnid[2 * a + 1] < 0); /* else it turns a site */
        if (of_joint && target == joint) {
            return true;
        }
        for (int w = 0; type == mjTRN_TENDON && w < m->tendon_num[target]; w++) {
            int wrap = m->tendon_adr[target] + w;
            if (m->wrap_type[wrap] == mjWRAP_JOINT && m->wrap_objid[wrap] == joint) {
                return true;
            }
        }
    }
    return false;
}

static bool add_actuated(ks_quantity* q, const mjModel* m, ks_error* err) {
    int seen = 0;
    for (int joint = 0; joint < m->njnt; joint++) {
        if (is_actuated(m, joint)) {
            seen++;
            if (fits(q->row, m, joint)) {
                add(q, joint);
            }
        }
    }
    return seen > 0 ||
           ks_fail(err, KS_BAD_INPUT, "no joint is moved by an actuator alone: name the joints that are meant");
}

static bool is_pattern(const char* text) {
    return strpbrk(text, "*?[") != NULL;
}

static bool add_matches(ks_quantity* q, const mjModel* m, const char* pattern, int* matches, ks_error* err) {
    mjtObj type = q->row->kind.of;
    if (type == mjOBJ_JOINT && strcmp(pattern, ACTUATED) == 0 && mj_name2id(m, mjOBJ_JOINT, ACTUATED) < 0) {
        return add_actuated(q, m, err);
    }
    int count;
    if (!ks_mujoco_match(matches, ks_mujoco_object_count(m, type), &count, m, type, pattern, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (fits(q->row, m, matches[i])) {
            add(q, matches[i]);
        } else if (!is_pattern(pattern)) {
            return ks_fail(err, KS_BAD_INPUT, "\"%.60s\" is no %s %s", pattern, ks_mujoco_object_word(type),
                           q->row->trait);
        }
    }
    return true;
}

static void add_all(ks_quantity* q, const mjModel* m, int root) {
    if (q->row->scope == KS_SCOPE_ALL) {
        for (int id = 0; id < ks_mujoco_object_count(m, q->row->kind.of); id++) {
            if (fits(q->row, m, id)) {
                q->ids[q->num_ids++] = id;
            }
        }
    } else if (fits(q->row, m, root)) {
        q->ids[q->num_ids++] = root; /* of words of the model as a whole it says nothing */
    }
}

static bool fail_for_none(const ks_quantity_row* row, const mjModel* m, ks_error* err) {
    const char* word = ks_mujoco_object_word(row->kind.of);
    if (row->trait && ks_mujoco_object_count(m, row->kind.of) > 0) {
        return ks_fail(err, KS_BAD_INPUT, "there is no %s %s among them", word, row->trait);
    }
    return ks_fail(err, KS_BAD_INPUT, "the model has no %s", word);
}

static bool choose(ks_quantity* q, const mjModel* m, int root, const char* const* patterns, int num_patterns,
                   ks_error* err) {
    const ks_quantity_row* row = q->row;
    if (num_patterns > 0 && row->kind.of == mjOBJ_UNKNOWN) {
        return ks_fail(err, KS_BAD_INPUT, "it takes no names");
    }
    if (num_patterns == 0 && row->scope == KS_SCOPE_NAMED) {
        return ks_fail(err, KS_BAD_INPUT, "it needs the name of a %s", ks_mujoco_object_word(row->kind.of));
    }
    size_t most = (size_t)ks_mujoco_object_count(m, row->kind.of) + 1;
    q->ids = malloc(most * sizeof *q->ids);
    int* matches = malloc(most * sizeof *matches);
    bool ok = (q->ids && matches) || ks_fail(err, KS_FAILED, "not enough memory");
    for (int i = 0; ok && i < num_patterns; i++) {
        ok = add_matches(q, m, patterns[i], matches, err);
    }
    if (ok && num_patterns == 0) {
        add_all(q, m, root);
    }
    free(matches);
    return ok && (q->num_ids > 0 || fail_for_none(row, m, err));
}

/* ---- where their numbers are ------------------------------------------------------------------------------------- */

static void add_span(ks_quantity* q, ks_span span) {
    if (q->num_spans > 0) {
        ks_span* last = &q->spans[q->num_spans - 1];
        if (last->from + last->count == span.from) {
            last->count += span.count;
            return;
        }
    }
    q->spans[q->num_spans++] = span;
}

static bool lay_out(ks_quantity* q, const mjModel* m, ks_error* err) {
    q->spans = malloc((size_t)q->num_ids * sizeof *q->spans);
    if (!q->spans) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    for (int i = 0; i < q->num_ids; i++) {
        ks_span span = q->row->span(m, q->ids[i]);
        add_span(q, span);
        q->size += span.count;
    }
    if (q->size == 0) {
        return ks_fail(err, KS_BAD_INPUT, "the model has none");
    }
    q->usual = malloc((size_t)q->size * sizeof *q->usual);
    if (!q->usual) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    double* at = q->usual;
    for (int i = 0; i < q->num_ids; i++) {
        int count = q->row->span(m, q->ids[i]).count;
        for (int k = 0; k < count; k++) {
            at[k] = q->row->kind.usual;
        }
        if (q->row->usual) {
            q->row->usual(m, q->ids[i], at);
        }
        at += count;
    }
    return true;
}

/* Which of its objects a geom belongs to, for words of contacts. */
static bool assign_geoms(ks_quantity* q, const mjModel* m, ks_error* err) {
    q->slot = malloc(((size_t)m->ngeom + 1) * sizeof *q->slot);
    if (!q->slot) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    for (int geom = 0; geom < m->ngeom; geom++) {
        int object = q->row->kind.of == mjOBJ_GEOM ? geom : m->geom_bodyid[geom];
        q->slot[geom] = -1;
        for (int i = 0; i < q->num_ids; i++) {
            if (q->ids[i] == object) {
                q->slot[geom] = i;
            }
        }
    }
    return true;
}

static int needs_of(const ks_quantity* q, const mjModel* m) {
    int needs = q->row->kind.needs;
    for (int i = 0; q->row->kind.of == mjOBJ_SENSOR && i < q->num_ids; i++) {
        if (m->sensor_needstage[q->ids[i]] == mjSTAGE_ACC) {
            needs |= KS_NEED_FORCES; /* mj_forward calls mj_rnePostConstraint by itself for sensors that need it */
        }
    }
    return needs;
}

/* ---- creation ---------------------------------------------------------------------------------------------------- */

static bool bind(ks_quantity* q, const mjModel* m, int root, const char* const* patterns, int num_patterns,
                 ks_error* err) {
    bool of_contacts = q->row->read == ks_read_contact || q->row->read == ks_read_geom_slip;
    return choose(q, m, root, patterns, num_patterns, err) && lay_out(q, m, err) &&
           (!of_contacts || assign_geoms(q, m, err));
}

ks_quantity* ks_quantity_create(const mjModel* m, int root, const char* name, const char* const* patterns,
                                int num_patterns, ks_error* err) {
    assert(root >= 0 && root < m->nbody);
    const ks_quantity_row* row = find_row(name);
    if (!row) {
        ks_fail(err, KS_BAD_INPUT, "there is no quantity \"%.60s\"; the nearest is \"%s\"", name, nearest(name));
        return NULL;
    }
    ks_quantity* q = calloc(1, sizeof *q);
    if (!q) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    q->row = row;
    if (!bind(q, m, root, patterns, num_patterns, err)) {
        ks_fail_in(err, name);
        ks_quantity_destroy(q);
        return NULL;
    }
    q->needs = needs_of(q, m);
    return q;
}

void ks_quantity_destroy(ks_quantity* q) {
    if (q) {
        free(q->ids);
        free(q->spans);
        free(q->slot);
        free(q->usual);
        free(q);
    }
}

/* ---- use --------------------------------------------------------------------------------------------------------- */

const ks_quantity_kind* ks_quantity_kind_of(const ks_quantity* q) {
    return &q->row->kind;
}

int ks_quantity_size(const ks_quantity* q) {
    return q->size;
}

int ks_quantity_needs(const ks_quantity* q) {
    return q->needs;
}

void ks_quantity_usual(const ks_quantity* q, double* usual) {
    memcpy(usual, q->usual, (size_t)q->size * sizeof *usual);
}

void ks_quantity_read(const ks_quantity* q, const ks_world* world, double* value) {
    if (q->row->read) {
        q->row->read(q, world, value);
        return;
    }
    _Static_assert(sizeof(mjtNum) == sizeof(double), "MuJoCo's numbers are double");
    const mjtNum* array = *(mjtNum* const*)((const char*)world->d + q->row->array);
    for (int i = 0; i < q->num_spans; i++) {
        ks_span span = q->spans[i];
        memcpy(value, array + span.from, (size_t)span.count * sizeof *value);
        value += span.count;
    }
}
