/* topics.h: what `kshot help` explains beside the commands. Internal to this room.
 * Thread rule: the main thread. */
#ifndef KS_CLI_TOPICS_H
#define KS_CLI_TOPICS_H

#include "base/error.h"

#include <stdio.h>

typedef struct ks_topic {
    const char *name, *summary;
    /* Writes it in lines of at most so many columns. Errors: KS_FAILED (memory). */
    bool (*print)(FILE* out, int width, ks_error* err);
} ks_topic;

extern const ks_topic ks_topics[]; /* one without a name ends them */

/* What exit codes mean: rows of a code and a text; a NULL ends them. */
typedef struct ks_exit_code {
    const char *code, *meaning;
} ks_exit_code;
extern const ks_exit_code ks_exit_codes[];
/* What files kshot reads and writes, likewise. */
typedef struct ks_file_kind {
    const char *name, *content;
} ks_file_kind;
extern const ks_file_kind ks_file_kinds[];

/* A section of the settings, or one of them, of that name; false: there is none. */
bool ks_topic_settings(FILE* out, int width, const char* name);

#endif
