/* dist.h: one training run on several processes, possibly on several machines, through MPI. Built with KS_MPI
 * (docs/scaling.md); without it a run is alone, and everything here does nothing.
 *
 * Process 0 leads: it alone reads and writes the run directory. Functions that all processes must call together say so.
 * Thread rule: the thread that created it. */
#ifndef KS_RUN_DIST_H
#define KS_RUN_DIST_H

#include "maml/maml.h"

typedef struct ks_dist ks_dist;

/* Whether this build can be started by mpirun. */
bool ks_dist_available(void);

/* Joins the other processes that were started with this one; at most once in a process. Owned by the caller. Errors: KS_FAILED. */
ks_dist* ks_dist_create(ks_error* err);
/* All together, unless one has failed. */
void ks_dist_destroy(ks_dist* dist);

/* The others as meta-training sees them. A NULL dist is alone, here and below. */
ks_team ks_dist_team(ks_dist* dist);
bool ks_dist_leads(const ks_dist* dist);

/* All together: data (bytes) of process 0 goes to all. Errors: KS_FAILED. */
bool ks_dist_broadcast(ks_dist* dist, void* data, size_t bytes, ks_error* err);
/* All together: true if it is on any of them. */
bool ks_dist_any(ks_dist* dist, bool flag);
/* All together: true if ok on all of them; what any could not do, none goes on from. Otherwise the code of one that failed is in *err
 * everywhere, and its text in that one alone, so that it is said once. err: filled where not ok, and not NULL. */
bool ks_dist_agree(ks_dist* dist, bool ok, ks_error* err);

#endif
