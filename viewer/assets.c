#include "viewer/assets.h"

#include <mujoco/mjxmacro.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The arrays that are joined, an X for each: all of the groups that the second model brings something of. */
#define JOINED MJMODEL_POINTERS_GEOM MJMODEL_POINTERS_TEXTURE MJMODEL_POINTERS_MATERIAL

#undef MJ_M
#define MJ_M(n) (m->n)

/* Rows of both models, the first's first. The second's are zeros if they are of another width (what users add to geoms). */
static void* joined(const void* a, size_t rows_a, size_t width_a, const void* b, size_t rows_b, size_t width_b) {
    char* both = calloc(rows_a + rows_b + 1, width_a + 1);
    if (both && rows_a * width_a > 0) {
        memcpy(both, a, rows_a * width_a);
    }
    if (both && rows_b * width_b > 0 && width_a == width_b) {
        memcpy(both + rows_a * width_a, b, rows_b * width_b);
    }
    return both;
}

/* In `both`, what the second model's rows refer to. */
static void renumber(mjModel* both, const mjModel* first, const mjModel* second) {
    for (mjtSize g = first->ngeom; g < both->ngeom; g++) {
        both->geom_matid[g] += both->geom_matid[g] >= 0 ? (int)first->nmat : 0;
    }
    for (mjtSize i = first->nmat * mjNTEXROLE; i < both->nmat * mjNTEXROLE; i++) {
        both->mat_texid[i] += both->mat_texid[i] >= 0 ? (int)first->ntex : 0;
    }
    for (mjtSize t = first->ntex; t < both->ntex; t++) {
        both->tex_adr[t] += first->ntexdata;
        both->tex_pathadr[t] = both->tex_contenttypeadr[t] = -1;
    }
    both->vis = second->vis;
    both->stat = second->stat;
}

static int planes_of(const mjModel* m) {
    int count = 0;
    for (mjtSize g = 0; g < m->ngeom; g++) {
        count += m->geom_type[g] == mjGEOM_PLANE;
    }
    return count;
}

bool ks_assets_join(mjModel* both, ks_assets_shift* shift, const mjModel* first, const mjModel* second, ks_error* err) {
    *both = *first;
    *shift = (ks_assets_shift){.planes = planes_of(first), .materials = (int)first->nmat, .textures = (int)first->ntex};
    bool ok = true;
#define X(type, name, rows, columns)                                                           \
    {                                                                                          \
        const mjModel* m = first;                                                              \
        size_t width = sizeof(type) * (size_t)(columns);                                       \
        m = second;                                                                            \
        both->name = joined(first->name, (size_t)first->rows, width, m->name, (size_t)m->rows, \
                            sizeof(type) * (size_t)(columns));                                 \
        ok = ok && both->name;                                                                 \
    }
    JOINED
#undef X
    if (!ok) {
        return ks_fail(err, KS_FAILED, "not enough memory to draw a model");
    }
    both->ngeom += second->ngeom;
    both->nmat += second->nmat;
    both->ntex += second->ntex;
    both->ntexdata += second->ntexdata;
    renumber(both, first, second);
    return (both->nmat <= mjMAXMATERIAL && both->ntex <= mjMAXTEXTURE) ||
           ks_fail(err, KS_BAD_INPUT, "a model of %d materials and %d textures cannot be drawn: at most %d and %d",
                   shift->materials, shift->textures, mjMAXMATERIAL - (int)second->nmat,
                   mjMAXTEXTURE - (int)second->ntex);
}

void ks_assets_free(mjModel* both) {
#define X(type, name, rows, columns) free(both->name);
    JOINED
#undef X
}

void ks_assets_move(mjvGeom* geom, const ks_assets_shift* shift) {
    geom->matid += geom->matid >= 0 ? shift->materials : 0;
    geom->texid += geom->texid >= 0 ? shift->textures : 0;
    geom->dataid += geom->type == mjGEOM_PLANE && geom->dataid >= 0 ? shift->planes : 0;
}
