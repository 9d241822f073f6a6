/* crew.h: jobs that the processes which mpirun has started share out among themselves: who is free takes the next, so that long and short
 * ones balance. The first process hands them out, does some itself, and hears what came of each; it alone tells the user. A process that
 * is alone does one after the other.
 *
 * Thread rule: the main thread. */
#ifndef KS_CLI_CREW_H
#define KS_CLI_CREW_H

#include "cli/child.h"
#include "run/dist.h"

#include <stdint.h>

typedef struct ks_crew ks_crew;

/* A job is a number, which all processes understand alike. */
typedef struct ks_crew_jobs {
    void* user;
    /* Does one. Processes that it starts are given ks_crew_watch. note: what `done` is to be told of it, empty at first. */
    bool (*work)(void* user, int64_t job, char note[256], ks_error* err);
    /* On the first process: the next one; false: there is none at present. */
    bool (*next)(void* user, int64_t* job);
    /* On the first process: what came of one: KS_OK and a note, or work's error. false: all are to stop. Errors: its own. */
    bool (*done)(void* user, int64_t job, const char* note, const ks_error* outcome, ks_error* err);
} ks_crew_jobs;

/* The processes of dist, which may be NULL and must outlive it. jobs: copied. NULL: no memory. */
ks_crew* ks_crew_create(ks_dist* dist, const ks_crew_jobs* jobs, ks_error* err);

/* On the first process: does jobs until there is no next one and all have come back. A job that fails does not end the others; a signal
 * does, and what `done` says. Can be called again, with further jobs. Errors: KS_INTERRUPTED, what `done` said, KS_FAILED. */
bool ks_crew_do(ks_crew* crew, ks_error* err);
/* On the first process, in the end: lets the others go, with an exit code. */
void ks_crew_dismiss(ks_crew* crew, int code);
/* On the other processes: does jobs until they are let go, and returns the exit code. */
int ks_crew_serve(ks_crew* crew);

const ks_child_watch* ks_crew_watch(const ks_crew* crew);
void ks_crew_destroy(ks_crew* crew);

#endif
