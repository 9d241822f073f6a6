#define _GNU_SOURCE /* O_PATH */
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

static const char NAME[] = ".kshot.lock";
enum { HOST = 65, NAME_ROOM = 64 };

typedef struct holder {
    long pid; /* 0: it is not known */
    char host[HOST];
} holder;

struct ks_lock {
    int fd;
    int directory; /* opened with O_PATH: it stays the same, whatever it is called later */
    bool excludes;
    holder self;
    char name[NAME_ROOM]; /* of its file */
    char path[];          /* what it was called when it was locked */
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

static bool same(const struct stat* a, const struct stat* b) {
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* whether the open file is what stands in the directory */
static bool stands_there(const ks_lock* lock) {
    struct stat a, b;
    return fstat(lock->fd, &a) == 0 && fstatat(lock->directory, lock->name, &b, 0) == 0 && same(&a, &b);
}

static int open_file(int directory, const char* name) {
    int fd = openat(directory, name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EACCES) { /* another user's, whose process was killed */
        fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
        errno = fd < 0 && errno == ENOENT ? EACCES : errno; /* there is none, and none may be made */
    }
    return fd;
}

/* Who only looks holds it together with others for a moment, and is waited for. */
static bool lock_alone(int fd) {
    enum { LOOKS = 200 };
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        if (errno != EWOULDBLOCK || i == LOOKS || flock(fd, LOCK_SH | LOCK_NB) != 0) {
            return false;
        }
        flock(fd, LOCK_UN);
        nanosleep(&(struct timespec){.tv_nsec = 500000 + 10000 * (getpid() % 50)}, NULL);
    }
    return true;
}

ks_lock_state ks_lock_look(const char* directory) {
    int folder = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = folder < 0 ? -1 : openat(folder, NAME, O_RDONLY | O_CLOEXEC);
    ks_lock_state state = KS_LOCK_NONE;
    if (fd >= 0) {
        struct stat info;
        bool held = flock(fd, LOCK_SH | LOCK_NB) != 0;
        bool removed = fstat(fd, &info) == 0 && info.st_nlink == 0; /* by its holder, since it was opened */
        state = held ? KS_LOCK_HELD : removed ? KS_LOCK_NONE : KS_LOCK_LEFT;
        close(fd);
    }
    if (folder >= 0) {
        close(folder);
    }
    return state;
}

/* Locks the file that stands in the directory: between opening and locking, its last holder may have removed it. */
static bool acquire(ks_lock* lock, ks_error* err) {
    enum { TRIES = 100 }; /* where inodes have no lasting numbers, the last one counts */
    for (int i = 0; i < TRIES; i++) {
        lock->fd = open_file(lock->directory, lock->name);
        if (lock->fd < 0) {
            return ks_fail(err, KS_FAILED, "cannot write %s/%s: %s", lock->path, lock->name, strerror(errno));
        }
        lock->excludes = lock_alone(lock->fd);
        if (!lock->excludes && errno == EWOULDBLOCK) {
            refuse(lock->fd, lock->path, err);
            close(lock->fd);
            return false;
        }
        if (stands_there(lock) || i == TRIES - 1) {
            break;
        }
        close(lock->fd);
    }
    sign(lock->fd, &lock->self);
    return true;
}

ks_lock* ks_lock_directory(const char* directory, ks_error* err) {
    return ks_lock_named(directory, NAME, err);
}

ks_lock* ks_lock_named(const char* directory, const char* name, ks_error* err) {
    size_t room = strlen(directory) + 1;
    ks_lock* lock = calloc(1, sizeof *lock + room);
    if (!lock) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    lock->self = ourselves();
    snprintf(lock->name, sizeof lock->name, "%s", name);
    memcpy(lock->path, directory, room);
    lock->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (lock->directory < 0) {
        ks_fail(err, KS_FAILED, "cannot write %s: %s", directory, strerror(errno));
        free(lock);
        return NULL;
    }
    if (!acquire(lock, err)) {
        close(lock->directory);
        free(lock);
        return NULL;
    }
    return lock;
}

bool ks_lock_excludes(const ks_lock* lock) {
    return lock->excludes;
}

bool ks_lock_held(const ks_lock* lock, ks_error* err) {
    if (!lock->excludes || stands_there(lock)) {
        return true;
    }
    int fd = openat(lock->directory, lock->name,
                    O_RDONLY | O_CLOEXEC); /* the same under another number, on some file systems */
    holder h = {0};
    if (fd >= 0) {
        h = read_holder(fd);
        close(fd);
    }
    return (h.pid == lock->self.pid && strcmp(h.host, lock->self.host) == 0) ||
           ks_fail(err, KS_FAILED, "cannot write %s: it, or the %s in it, was removed or replaced meanwhile",
                   lock->path, lock->name);
}

bool ks_lock_follow(const ks_lock* lock, char* path, size_t room, bool* moved, ks_error* err) {
    struct stat ours, there;
    char link[64], now[PATH_MAX];
    *moved = false;
    if (fstat(lock->directory, &ours) != 0 || (stat(path, &there) == 0 && same(&ours, &there)) || !lock->excludes) {
        return true; /* what cannot be asked is not doubted */
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", lock->directory);
    ssize_t length = readlink(link, now, sizeof now - 1);
    now[length > 0 ? length : 0] = 0;
    if (length <= 0 || (size_t)length >= room || stat(now, &there) != 0 || !same(&ours, &there)) {
        return ks_fail(err, KS_FAILED, "cannot write %s: it was moved, removed or replaced meanwhile", path);
    }
    memcpy(path, now, (size_t)length + 1);
    return *moved = true;
}

void ks_lock_release(ks_lock* lock) {
    if (lock) {
        holder h = read_holder(lock->fd);
        bool ours = lock->excludes || (h.pid == lock->self.pid && strcmp(h.host, lock->self.host) == 0);
        if (ours && stands_there(lock)) {
            unlinkat(lock->directory, lock->name, 0);
        }
        close(lock->fd);
        close(lock->directory);
        free(lock);
    }
}
