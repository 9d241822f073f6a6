/* lock.h: one process at a time writes a directory.
 *
 * A lock is held on the file .kshot.lock in it, which says who holds it. The kernel gives it back when its process ends, however it
 * ends; the file, if a killed process has left one, means nothing by itself. It works between machines on NFS.
 * Thread rule: one call at a time per lock; two locks of one process exclude each other as those of two processes do. */
#ifndef KS_BASE_LOCK_H
#define KS_BASE_LOCK_H

#include "base/error.h"

#include <stddef.h>

typedef struct ks_lock ks_lock;

/* Locks `directory`, which exists. Owned by the caller. NULL on errors: KS_BAD_INPUT naming the process that holds it, KS_FAILED
 * (the directory cannot be written, memory). */
ks_lock* ks_lock_directory(const char* directory, ks_error* err);
/* The same by another file in it, of less than 64 letters, for something else than writing the directory. */
ks_lock* ks_lock_named(const char* directory, const char* name, ks_error* err);

/* Whether it keeps others out: some network file systems know no locks. */
bool ks_lock_excludes(const ks_lock* lock);

/* Whether the directory is still there and ours: it may have been moved, but not removed, and the file in it not taken away.
 * Errors: KS_FAILED saying so. */
bool ks_lock_held(const ks_lock* lock, ks_error* err);

/* If `path`, a name of the directory (room bytes), leads there no more, since something was moved, it becomes the name that the
 * directory has now. *moved: whether that was so. Errors: KS_FAILED (no such name can be found). */
bool ks_lock_follow(const ks_lock* lock, char* path, size_t room, bool* moved, ks_error* err);

/* Whether somebody holds a directory's lock; an answer of this moment. It keeps nobody from locking. */
typedef enum ks_lock_state {
    KS_LOCK_NONE, /* there is no such directory, or nobody holds it */
    KS_LOCK_LEFT, /* nobody holds it, but its file is there: its last holder was killed */
    KS_LOCK_HELD, /* or it cannot be told here */
} ks_lock_state;
ks_lock_state ks_lock_look(const char* directory);

/* Removes the file and gives the lock back. NULL is no lock. */
void ks_lock_release(ks_lock* lock);

#endif
