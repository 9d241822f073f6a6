/* dynamics_words.h: the table of what may be changed of a model, and how a word is bound to one object. Internal to
 * this room.
 *
 * Most words only set, scale or shift fields: they are bound to cells, one for each double of the model that they
 * change. What is more than that (a mass that takes its inertia along, gravity that is turned) has an act of its
 * own. */
#ifndef KS_ENVS_DYNAMICS_WORDS_H
#define KS_ENVS_DYNAMICS_WORDS_H

#include "envs/dynamics.h"

/* Fields of doubles that changes touch: name, rows, columns, and whether mj_setConst reads it (MJSETCONST_ARRAYS of
 * mjxmacro.h). */
#define KS_DYNAMICS_FIELDS                          \
    X(body_mass, nbody, 1, true)                    \
    X(body_inertia, nbody, 3, true)                 \
    X(body_ipos, nbody, 3, true)                    \
    X(geom_friction, ngeom, 3, false)               \
    X(jnt_stiffness, njnt, 1, false)                \
    X(jnt_stiffnesspoly, njnt, mjNPOLY, false)      \
    X(jnt_actfrcrange, njnt, 2, false)              \
    X(dof_damping, nv, 1, false)                    \
    X(dof_dampingpoly, nv, mjNPOLY, false)          \
    X(dof_frictionloss, nv, 1, false)               \
    X(dof_armature, nv, 1, true)                    \
    X(tendon_stiffness, ntendon, 1, true)           \
    X(tendon_stiffnesspoly, ntendon, mjNPOLY, true) \
    X(tendon_damping, ntendon, 1, true)             \
    X(tendon_dampingpoly, ntendon, mjNPOLY, true)   \
    X(tendon_actfrcrange, ntendon, 2, false)        \
    X(actuator_gainprm, nactuator, mjNGAIN, false)  \
    X(actuator_biasprm, nactuator, mjNBIAS, false)  \
    X(actuator_forcerange, nactuator, 2, false)     \
    X(actuator_gear, nout, 6, true)                 \
    X(actuator_lengthrange, nout, 2, false)

/* and those of mjOption: name, length */
#define KS_DYNAMICS_OPTIONS \
    X(gravity, 3)           \
    X(wind, 3)              \
    X(density, 1)           \
    X(viscosity, 1)

typedef enum ks_field {
#define X(name, rows, columns, is_input) KS_FIELD_##name,
    KS_DYNAMICS_FIELDS
#undef X
#define X(name, length) KS_FIELD_##name,
        KS_DYNAMICS_OPTIONS
#undef X
} ks_field;

/* One double of a model. */
typedef struct ks_cell {
    ks_field field;
    int at;
    int number;  /* which number of the change it takes */
    double sign; /* of what is set or added */
} ks_cell;

enum { KS_CELLS_MAX = 24 }; /* most cells that a word has for one object: a free joint's damping has 18 */

typedef struct ks_changed {
    int id;
    const char* name;
    char text[16]; /* the name of what has none: "#3" */
} ks_changed;

/* An object that a word is being bound to. */
typedef struct ks_binding {
    ks_dynamics* change;
    const mjModel* m;
    int id;     /* 0 if the word is of nothing */
    bool asked; /* it is named and not just one of all */
    int which;  /* the word's own */
} ks_binding;

typedef struct ks_dynamics_word {
    ks_dynamics_kind kind;
    /* Adds the object's cells. NULL, or why it cannot be changed so: "has no damping"; what it has added is then taken
     * back. */
    const char* (*bind)(const ks_binding* b);
    int which; /* which axis, column or field of its kind, for words that are bound alike */
    /* What there is to do instead of setting, scaling or shifting cells; NULL: nothing. */
    void (*act)(const ks_dynamics* change, mjModel* m, const double* numbers);
} ks_dynamics_word;

struct ks_dynamics {
    const ks_dynamics_word* word;
    ks_dynamics_mode mode;
    bool each;
    bool picks; /* the one number says which object: -1 none, 0 the first, … */
    ks_changed* objects;
    int num_objects;
    ks_cell* cells;
    int num_cells;
};

extern const ks_dynamics_word ks_dynamics_words[];
extern const size_t ks_dynamics_num_words;

#endif
