/* tally.h: means over the tasks of all processes, without those that are left out.
 *
 * What the tasks contribute is gathered from all processes first, and summed in the order of tasks, so that the result is the
 * same bit for bit for any number of processes. A task that an inner step was too long for is left out of all means of the
 * iteration: which ones is found from gathered numbers, so that all processes leave out the same.
 *
 * Arrays of `all` have a row for every task (tasks x n), those of `own` for the tasks of this process (groups x n).
 * Thread rule: one call at a time per object. Only init allocates. */
#ifndef KS_MAML_TALLY_H
#define KS_MAML_TALLY_H

#include "maml/team.h"

typedef struct ks_tally {
    ks_team team;
    size_t tasks;   /* M, of all processes */
    size_t first;   /* of them, that is worked on here */
    size_t groups;  /* how many are: M if alone */
    bool* left_out; /* (tasks) */
    size_t counted; /* tasks that are not */
    int threads;    /* that long sums may take; results do not depend on it */
} ks_tally;

/* Owned by the caller (ks_tally_free). Errors: KS_FAILED (memory). */
bool ks_tally_init(ks_tally* tally, ks_team team, size_t tasks, int threads, ks_error* err);
void ks_tally_free(ks_tally* tally);

/* A new iteration: all tasks count. */
void ks_tally_start(ks_tally* tally);
/* One does no more; nothing happens if it did not before. */
void ks_tally_leave_out(ks_tally* tally, size_t task);
/* So does every task that has a number in all (tasks x n) that is not finite. True if one of them counted until now. */
bool ks_tally_leave_out_broken(ks_tally* tally, const double* all, size_t n);

/* all ← what every process has, in the order of tasks; may be own if alone. Errors: KS_FAILED (the team). */
bool ks_tally_gather(const ks_tally* tally, double* all, const double* own, size_t n, ks_error* err);

/* Mean over the tasks that count of one number each. */
double ks_tally_mean(const ks_tally* tally, const double* all);
/* Standard deviation of it, N in the denominator. */
double ks_tally_std(const ks_tally* tally, const double* all);
/* out (n) = mean over the tasks that count of their rows. */
void ks_tally_mean_row(double* out, const ks_tally* tally, const double* all, size_t n);

#endif
