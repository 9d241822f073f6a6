/* team.h: processes that share the tasks of every iteration out among themselves. All of them call ks_maml_iterate with the same
 * parameters, settings and iteration, and come to the same result, which is that of one process alone, bit for bit: what is
 * summed over tasks is gathered first, and summed in the order of tasks.
 * Thread rule: plain data; gather is called from the caller's thread. */
#ifndef KS_MAML_TEAM_H
#define KS_MAML_TEAM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct ks_team {
    size_t rank, size; /* which of how many; size 0 or 1: alone, and nothing else is read */
    void* user;
    /* all (tasks x n) ← every process's own (its tasks x n), in order; process r has tasks ks_team_first(r) to
     * ks_team_first(r + 1). Called by all processes alike. False if that failed. */
    bool (*gather)(void* user, double* all, const double* own, size_t tasks, size_t n, ks_error* err);
} ks_team;

/* The first task of process `rank` of `size`. */
static inline size_t ks_team_first(size_t tasks, size_t rank, size_t size) {
    return tasks * rank / size;
}

#endif
