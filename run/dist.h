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

/* ---- messages, for what is not done together -------------------------------------------------------------------------------- */

/* Sends some bytes, as many as every message of the program has, at most KS_DIST_MESSAGE. Errors: KS_FAILED. */
enum { KS_DIST_MESSAGE = 2048 };
bool ks_dist_send(ks_dist* dist, size_t to, const void* message, size_t bytes, ks_error* err);
/* Takes the next message that has come, from whomever; *there: whether one had. It does not wait. Errors: KS_FAILED. */
bool ks_dist_receive(ks_dist* dist, bool* there, size_t* from, void* message, size_t bytes, ks_error* err);

/* All together: how many threads each is to have so that all cores of its machine are busy: processes that may run on the same cores
 * share them. At least 1. */
int ks_dist_threads(ks_dist* dist);

#endif
