/* quantity_rows.h: what a row of the table of quantities is beside what people are told of it. Internal to quantity*.c.
 *
 * A word is either copied from an array of mjData's, or computed. Thread rule: as quantity.h. */
#ifndef KS_ENVS_QUANTITY_ROWS_H
#define KS_ENVS_QUANTITY_ROWS_H

#include "envs/quantity.h"

/* Numbers of an array that stand side by side. */
typedef struct ks_span {
    int from, count;
} ks_span;

/* What a word is of where nobody names anything. */
typedef enum ks_quantity_scope {
    KS_SCOPE_NAMED, /* names are needed */
    KS_SCOPE_MODEL, /* there are no objects: one thing of the model */
    KS_SCOPE_ROOT,  /* the root body */
    KS_SCOPE_ALL,   /* all that it makes sense for; the world is one of the bodies */
} ks_quantity_scope;

typedef struct ks_quantity_row {
    ks_quantity_kind kind;
    ks_quantity_scope scope;

    /* which objects it makes sense for (NULL: all), and what those have: "with a range" */
    bool (*fits)(const mjModel* m, int id);
    const char* trait;

    /* where an object's numbers stand in the array, or how many there are of a word that is computed */
    ks_span (*span)(const mjModel* m, int id);
    size_t array; /* offset of the array's pointer in mjData */
    /* NULL: the word is copied */
    void (*read)(const ks_quantity* quantity, const ks_world* world, double* value);

    /* how much each number of an object varies (count of its span); NULL: kind.usual */
    void (*usual)(const mjModel* m, int id, double* size);
} ks_quantity_row;

extern const ks_quantity_row ks_quantity_rows[];
extern const size_t ks_quantity_num_rows;

struct ks_quantity {
    const ks_quantity_row* row;
    int size, needs;
    int num_ids;
    int* ids; /* of the objects, in order; of a word without any, the root body alone */
    int num_spans;
    ks_span* spans; /* of a word that is copied, neighbours put together */
    int* slot;      /* (ngeom) which object a geom belongs to, or -1; only of words of contacts */
    double* usual;  /* (size) */
};

/* ---- of words that are computed (quantity_read.c) ---------------------------------------------------------------- */

typedef void ks_quantity_reader(const ks_quantity* quantity, const ks_world* world, double* value);

ks_quantity_reader ks_read_time, ks_read_joint_pos_rel, ks_read_joint_normalized, ks_read_joint_lower,
    ks_read_joint_upper;
ks_quantity_reader ks_read_body_lin_vel, ks_read_body_ang_vel, ks_read_body_lin_acc, ks_read_body_contact_force;
ks_quantity_reader ks_read_com_lin_vel, ks_read_projected_gravity, ks_read_upright, ks_read_heading;
ks_quantity_reader ks_read_base_height, ks_read_base_rpy, ks_read_base_lin_vel, ks_read_base_ang_vel,
    ks_read_base_lin_vel_yaw, ks_read_root_progress_vel;
ks_quantity_reader ks_read_geom_lin_vel, ks_read_site_lin_vel, ks_read_site_ang_vel;
/* Of geoms, or of bodies by their geoms: by the slots. */
ks_quantity_reader ks_read_contact, ks_read_geom_slip;

#endif
