/* event_log.h: the numbers of progress.csv as TensorBoard reads them (`log: tensorboard`): a file events.out.tfevents.* for every
 * start of a run (docs/files.md).
 *
 * A file is a sequence of records: the length (8 bytes, little-endian), its checksum, an Event (event.proto), its checksum.
 * Checksums are CRC-32C, rotated and shifted as TensorFlow does. A step is an iteration, from 0 as in progress.csv.
 *
 * Thread rule: one call at a time per object. */
#ifndef KS_RUN_EVENT_LOG_H
#define KS_RUN_EVENT_LOG_H

#include "run/progress.h"

typedef struct ks_event_log ks_event_log;

/* Begins a file in the directory, which says that what earlier ones have from this iteration on does not count. Owned by the caller.
 * NULL on errors: KS_BAD_INPUT (the directory's name is too long), KS_FAILED. */
ks_event_log* ks_event_log_open(const char* directory, ks_progress_layout layout, int64_t iteration, ks_error* err);
/* The text of a file (config.yaml), for people; `iteration` comes next. Errors: KS_FAILED, KS_BAD_INPUT (it cannot be read). */
bool ks_event_log_text(ks_event_log* log, int64_t iteration, const char* tag, const char* path, ks_error* err);
/* As ks_progress_row: it reaches the file at once; where iterations take less than a tenth of a second, with one of the next rows
 * or the next checkpoint. Errors: KS_FAILED. */
bool ks_event_log_row(ks_event_log* log, const ks_progress_now* now, ks_error* err);
/* Makes all rows so far last. Errors: KS_FAILED. */
bool ks_event_log_sync(ks_event_log* log, ks_error* err);
/* NULL is none. */
void ks_event_log_close(ks_event_log* log);

/* Whether a file of that name was written by kshot. */
bool ks_event_log_owns(const char* name);

#endif
