/* watch_run.h: a run directory as `kshot watch` sees it: files are read, nothing is written. Internal to this room.
 * Thread rule: the main thread. */
#ifndef KS_CLI_WATCH_RUN_H
#define KS_CLI_WATCH_RUN_H

#include "figures/live_rows.h"

#include <stdint.h>
#include <sys/stat.h>

typedef enum ks_watch_state {
    KS_WATCH_WAITING, /* nothing is there yet */
    KS_WATCH_RUNNING, /* a process holds the directory */
    KS_WATCH_KILLED,  /* it was ended before it could say so */
    KS_WATCH_STOPPED,
    KS_WATCH_DONE,
} ks_watch_state;

typedef struct ks_watch_run {
    char path[4096];
    ks_watch_state state;
    char task[160];    /* "maml on point, seed 1"; "": it is not known yet */
    int64_t total;     /* iterations that it is to have, as far as it can be told; 0: not known */
    bool done;         /* by its config */
    ks_live_rows rows; /* of progress.csv */
    char trouble[256]; /* why it cannot be read, else "" */
    struct stat seen[2];
    double next_look; /* (s of ks_clock) files that take long to read are read less often */
} ks_watch_run;

/* Errors: KS_BAD_INPUT (a name too long; there is something, but no directory). */
bool ks_watch_run_open(ks_watch_run* run, const char* path, ks_error* err);
/* Reads what has changed. Returns whether anything has. */
bool ks_watch_run_look(ks_watch_run* run);
void ks_watch_run_close(ks_watch_run* run);

const char* ks_watch_state_name(ks_watch_state state);
/* Whether more may come of it. */
bool ks_watch_run_goes_on(const ks_watch_run* run);
/* Iterations done, and seconds until the last one; INFINITY where that is not known. */
int64_t ks_watch_run_iterations(const ks_watch_run* run);
double ks_watch_run_left(const ks_watch_run* run);

#endif
