/* error.h: how the library reports what can fail at run time.
 *
 * A function that can fail returns false (or NULL) and fills the caller's ks_error with one line of text
 * that names the file, line or key, and says what would be right. Programming mistakes are asserts.
 * The library never prints and never exits. */
#ifndef KS_BASE_ERROR_H
#define KS_BASE_ERROR_H

#include <stdbool.h>

typedef enum ks_code {
    KS_OK = 0,
    KS_FAILED = 1,     /* failed while running: disk, memory, physics */
    KS_BAD_INPUT = 2,  /* wrong usage, config or input file */
    KS_BROKE_DOWN = 3, /* numbers are not finite, or physics are unstable, for the settings' sake: a search goes on */
    KS_INTERRUPTED = 130, /* stopped by the user; the state was saved */
} ks_code;

/* One error. Owned by the caller; start it with {0}. */
typedef struct ks_error {
    ks_code code;    /* also the exit code of the command, but for KS_BROKE_DOWN, which is 1 to others */
    char text[1024]; /* one line, no newline at the end */
} ks_error;

/* Fills *err (which may be NULL) with code and a printf-formatted line; newlines become spaces, and what a terminal must not get
 * is escaped (base/text.h), since much of what errors cite comes from files.
 * Always returns false, so that `return ks_fail(err, …)` reads well. Thread-safe on distinct errors. */
bool ks_fail(ks_error* err, ks_code code, const char* format, ...) __attribute__((format(printf, 3, 4)));

/* Puts `prefix: ` before the text that is already in *err, to name the file that was being read. Returns false. */
bool ks_fail_in(ks_error* err, const char* prefix);

#endif
