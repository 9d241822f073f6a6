/* watch_page.h: what `kshot watch` shows: a table of runs, and below it their curves. Internal to this room.
 * Thread rule: the main thread. */
#ifndef KS_CLI_WATCH_PAGE_H
#define KS_CLI_WATCH_PAGE_H

#include "cli/watch_run.h"

#include <stdio.h>

typedef struct ks_watch_look {
    int columns, rows; /* characters of the page */
    bool colour, ascii;
    bool keys;            /* it says which key leaves */
    const char* line_end; /* of every line: "\n", or with what clears the rest of it */
} ks_watch_look;

/* One frame of at most `rows` lines, each with its end but the last one. Errors: KS_FAILED (memory). */
bool ks_watch_page(FILE* out, const ks_watch_run* runs, size_t count, const ks_watch_look* look, ks_error* err);
/* One run in one line, without its end: for what is no screen. */
void ks_watch_line(FILE* out, const ks_watch_run* run);

#endif
