/* paths.h: where a policy goes in a plane on one task, before and after gradient steps: the material of a picture.
 * Thread rule: plain data. */
#ifndef KS_FIGURES_PATHS_H
#define KS_FIGURES_PATHS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ks_paths {
    int steps;       /* gradient steps */
    size_t rollouts; /* paths per gradient step */
    bool mean;       /* they are those of the mean actions, one a step; where a step is not drawn, it may be empty */
    double goal[2];
    double reach; /* how far from 0 goals are, unless they are given */
    /* both from malloc */
    size_t* start; /* ((steps + 1) * rollouts + 1) first position of path `step * rollouts + i`, then their number */
    double* xy;    /* (start[last] x 2) */
} ks_paths;

/* Frees both arrays, and leaves {0}. */
void ks_paths_free(ks_paths* paths);

#endif
