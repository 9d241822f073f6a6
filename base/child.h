/* child.h: a program that gets bytes through its standard input and writes a file (gnuplot, ffmpeg), watched so that it cannot
 * hold us up for ever: one that neither takes bytes nor writes any nor computes for half a minute is ended, as is one that only
 * computes for ten, or for as long as is set.
 *
 * It runs without a shell, in the locale C, in a process group of its own: Ctrl-C is for us, who then end it. A socket, unlike a
 * pipe, tells by an error, not by a signal, that it does not listen any more.
 * Thread rule: an object is used by one thread at a time. */
#ifndef KS_BASE_CHILD_H
#define KS_BASE_CHILD_H

#include "base/error.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

typedef struct ks_child_settings {
    const char* const* argv; /* ends with NULL; argv[0] is searched for as a shell does */
    int out, out_as;         /* the file, and the descriptor that the program has it as, 1 to 3; out -1: none */
    const char* missing;     /* said if it is not installed */
    const char* failed;      /* said if it fails, before its own words */
    const char* (*words)(const char*); /* what to cite of a line of its messages; NULL: all of it */
    double patience_s;                 /* how long it may compute without a byte; 0: ten minutes */
    const volatile sig_atomic_t* stop; /* not 0: it is to end, as set by a signal handler; NULL: never */
} ks_child_settings;

typedef struct ks_child {
    const ks_child_settings* settings;
    pid_t pid;
    int to;         /* its standard input */
    FILE* messages; /* its standard output and error, as far as the file is not there */
    enum { KS_CHILD_WELL, KS_CHILD_DEAF, KS_CHILD_HANGS, KS_CHILD_STOPPED } state;
    /* since it last took or wrote something */
    double idle_s;      /* in all */
    double quiet_s;     /* since the processor time was looked at */
    double processor_s; /* then */
    long long written;  /* bytes of the file */
} ks_child;

/* Starts it; settings must outlive the object. Nothing to end if it fails. Errors: KS_FAILED. */
bool ks_child_start(ks_child* child, const ks_child_settings* settings, ks_error* err);

/* Sends bytes. False if it takes no more, for whatever reason: ks_child_finish tells. */
bool ks_child_send(ks_child* child, const void* bytes, size_t size);

/* Ends its input, and waits for its end. Errors: KS_FAILED (it has failed, or hangs, and why), KS_INTERRUPTED (stop). */
bool ks_child_finish(ks_child* child, ks_error* err);

/* Ends it at once; what it has written is of no use. */
void ks_child_abandon(ks_child* child);

#endif
