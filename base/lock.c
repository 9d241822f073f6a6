#include "base/lock.h"

#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char NAME[] = "/.kshot.lock";
enum { HOST = 65 };

typedef struct holder {
    long pid; /* 0: it is not known */
    char host[HOST];
} holder;

struct ks_lock {
    int fd;
    bool excludes;
    holder self;
    size_t directory; /* letters of the path that are the directory's */
    char path[];
};

/* ---- who ------------------------------------------------------------------------------------------------------------- */

static holder ourselves(void) {
    holder h = {.pid = getpid()};
    gethostname(h.host, sizeof h.host - 1);
    return h;
}

/* "PID HOST"; a full disk cannot take it, and the lock holds all the same */
static void sign(int fd, const holder* h) {
    char text[128];
    int length = snprintf(text, sizeof text, "%ld %s\n", h->pid, h->host);
    if (ftruncate(fd, 0) == 0) {
        (void)!pwrite(fd, text, (size_t)length, 0);
    }
}

static holder read_holder(int fd) {
    char text[128] = "";
    holder h = {0};
    const char* at = text;
    int64_t pid;
    if (pread(fd, text, sizeof text - 1, 0) > 0 && ks_scan_int(&at, 1, LONG_MAX, &pid)) {
        h.pid = (long)pid;
        at += strspn(at, " ");
        snprintf(h.host, sizeof h.host, "%.*s", (int)strcspn(at, " \n"), at);
    }
    return h;
}

/* Says who holds the lock. The first thing that a holder does is to sign. */
static bool refuse(int fd, const char* directory, ks_error* err) {
    holder self = ourselves(), h = read_holder(fd);
    for (int i = 0; h.pid == 0 && i < 20; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        h = read_holder(fd);
    }
    if (h.pid == 0) {
        return ks_fail(err, KS_BAD_INPUT, "%s: another process is writing it", directory);
    }
    bool elsewhere = strcmp(h.host, self.host) != 0;
    return ks_fail(err, KS_BAD_INPUT,
                   "%s: process %ld%s%s is writing it; wait for that one to end, or name another directory", directory,
                   h.pid, elsewhere ? " on " : "", elsewhere ? h.host : "");
}

/* ---- the lock --------------------------------------------------------------------------------------------------------------- */

/* whether the open file is what stands at the path */
static bool stands_there(int fd, const char* path) {
    struct stat a, b;
    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static int open_file(const char* path) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EACCES) { /* another user's, whose process was killed */
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    return fd;
}

/* Locks the file that stands at the path: between opening and locking, its last holder may have removed it. */
static bool acquire(ks_lock* lock, const char* directory, ks_error* err) {
    enum { TRIES = 100 }; /* where inodes have no lasting numbers, the last one counts */
    for (int i = 0; i < TRIES; i++) {
        lock->fd = open_file(lock->path);
        if (lock->fd < 0) {
            return ks_fail(err, KS_FAILED, "cannot write %s: %s", lock->path, strerror(errno));
        }
        lock->excludes = flock(lock->fd, LOCK_EX | LOCK_NB) == 0;
        if (!lock->excludes && errno == EWOULDBLOCK) {
            refuse(lock->fd, directory, err);
            close(lock->fd);
            return false;
        }
        if (stands_there(lock->fd, lock->path) || i == TRIES - 1) {
            break;
        }
        close(lock->fd);
    }
    sign(lock->fd, &lock->self);
    return true;
}

ks_lock* ks_lock_directory(const char* directory, ks_error* err) {
    size_t length = strlen(directory);
    ks_lock* lock = calloc(1, sizeof *lock + length + sizeof NAME);
    if (!lock) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    lock->self = ourselves();
    lock->directory = length;
    memcpy(lock->path, directory, length);
    memcpy(lock->path + length, NAME, sizeof NAME);
    if (!acquire(lock, directory, err)) {
        free(lock);
        return NULL;
    }
    return lock;
}

bool ks_lock_excludes(const ks_lock* lock) {
    return lock->excludes;
}

bool ks_lock_held(const ks_lock* lock, ks_error* err) {
    if (!lock->excludes || stands_there(lock->fd, lock->path)) {
        return true;
    }
    int fd = open(lock->path, O_RDONLY | O_CLOEXEC); /* the same file under another number, on some file systems */
    holder h = {0};
    if (fd >= 0) {
        h = read_holder(fd);
        close(fd);
    }
    return (h.pid == lock->self.pid && strcmp(h.host, lock->self.host) == 0) ||
           ks_fail(err, KS_FAILED,
                   "cannot write %.*s: it was moved, removed or replaced since this process began to write it",
                   (int)lock->directory, lock->path);
}

void ks_lock_release(ks_lock* lock) {
    if (lock) {
        if (lock->excludes && stands_there(lock->fd, lock->path)) {
            unlink(lock->path);
        }
        close(lock->fd);
        free(lock);
    }
}
