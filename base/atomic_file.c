#define _GNU_SOURCE /* renameat2, statx, O_TMPFILE, O_PATH */
#include "base/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* ---- where a file goes --------------------------------------------------------------------------------------------------- */

enum { MOST_LINKS = 40, MOST_PATH_SHOWN = 600 };

/* Where the content goes in the end. */
typedef struct place {
    int directory;    /* opened with O_PATH */
    char* path;       /* behind all links */
    const char* name; /* its last part */
    bool exists;
    struct stat info; /* of what exists */
} place;

/* A path longer than a message has room for is shown by its end. */
static bool cannot(const char* path, ks_code code, const char* why, ks_error* err) {
    size_t length = strlen(path);
    bool cut = length > MOST_PATH_SHOWN;
    const char* shown = cut ? path + length - MOST_PATH_SHOWN : path;
    while (cut && ((unsigned char)*shown & 0xc0) == 0x80) {
        shown++;
    }
    return ks_fail(err, code, "cannot write %s%s: %s", cut ? "…" : "", shown, why);
}

static void leave(place* p) {
    if (p->directory >= 0) {
        close(p->directory);
    }
    free(p->path);
    *p = (place){.directory = -1};
}

/* Opens the directory of p->path. False with errno. */
static bool enter(place* p) {
    char* slash = strrchr(p->path, '/');
    p->name = slash ? slash + 1 : p->path;
    char kept = *p->name;
    if (slash) {
        slash[1] = 0; /* DIRECTORY/ for a moment */
    }
    p->directory = open(slash ? p->path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (slash) {
        slash[1] = kept;
    }
    return p->directory >= 0;
}

/* From a link to what it names. False with errno. */
static bool follow(place* p) {
    char target[PATH_MAX];
    ssize_t length = readlinkat(p->directory, p->name, target, sizeof target);
    if (length < 0 || length == sizeof target) {
        errno = length < 0 ? errno : ENAMETOOLONG;
        return false;
    }
    size_t stem = *target == '/' ? 0 : (size_t)(p->name - p->path);
    char* path = malloc(stem + (size_t)length + 1);
    if (!path) {
        return false;
    }
    memcpy(path, p->path, stem);
    memcpy(path + stem, target, (size_t)length);
    path[stem + (size_t)length] = 0;
    leave(p);
    p->path = path;
    return enter(p);
}

static bool is_proc(int directory) {
    struct statfs info;
    return fstatfs(directory, &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

/* Whatever is there, at the end of all links or on the way, is nothing that must not be touched. A directory is not taken away by
 * a file, in any case. */
static bool check_kind(const place* p, const char* path, ks_error* err) {
    struct stat behind;
    bool reaches = fstatat(p->directory, p->name, &behind, 0) == 0;
    if (S_ISLNK(p->info.st_mode) && is_proc(p->directory)) { /* a name is behind it, but perhaps of another file */
        return cannot(path, KS_BAD_INPUT, "it is an open descriptor, as /dev/stdout is; name a file", err);
    }
    if (reaches && !S_ISREG(behind.st_mode) && !S_ISDIR(behind.st_mode)) {
        return cannot(path, KS_BAD_INPUT, "it is not a regular file; name a file", err);
    }
    return true;
}

/* Opens the directory that the path itself says. */
static bool open_place(place* p, const char* path, ks_error* err) {
    *p = (place){.directory = -1, .path = strdup(path)};
    size_t length = strlen(path);
    if (!p->path) {
        return cannot(path, KS_FAILED, "not enough memory", err);
    }
    if (length == 0 || path[length - 1] == '/') {
        return ks_fail(err, KS_BAD_INPUT, "'%.600s' is not the name of a file", path);
    }
    return enter(p) || cannot(path, KS_FAILED, errno == ENOENT ? "there is no such directory" : strerror(errno), err);
}

/* The same, and on to where its links lead. */
static bool find_place(place* p, const char* path, ks_error* err) {
    bool ok = open_place(p, path, err);
    for (int links = 0; ok; links++) {
        if (fstatat(p->directory, p->name, &p->info, AT_SYMLINK_NOFOLLOW) != 0) {
            return errno == ENOENT || cannot(path, KS_FAILED, strerror(errno), err);
        }
        if (!check_kind(p, path, err)) {
            return false;
        }
        if (!S_ISLNK(p->info.st_mode)) {
            p->exists = S_ISREG(p->info.st_mode);
            return true;
        }
        errno = ELOOP;
        if (links == MOST_LINKS || !follow(p)) {
            return cannot(path, KS_FAILED, errno == ENOENT ? "its link leads into no directory" : strerror(errno), err);
        }
        ok = *p->name || cannot(path, KS_BAD_INPUT, "its link does not lead to a file", err);
    }
    return false;
}

/* Whether what is there can be replaced, which a temporary file beside it does not show. */
static bool check_replaceable(const place* p, const char* path, ks_error* err) {
    struct statx extra;
    struct stat directory;
    if (S_ISDIR(p->info.st_mode)) {
        return cannot(path, KS_BAD_INPUT, "it is a directory; name a file", err);
    }
    if (!p->exists) {
        return true;
    }
    if (statx(p->directory, p->name, AT_SYMLINK_NOFOLLOW, 0, &extra) == 0 &&
        extra.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) {
        return cannot(path, KS_FAILED, "it is marked as not to be changed (lsattr shows it, chattr takes it off)", err);
    }
    uid_t self = geteuid();
    bool sticky = fstat(p->directory, &directory) == 0 && directory.st_mode & S_ISVTX;
    return !sticky || self == 0 || self == p->info.st_uid || self == directory.st_uid ||
           cannot(path, KS_FAILED, "it is another user's, and in its directory only that one may replace it", err);
}

/* Nothing of this name may be there, not even a link to nothing. What --force could not replace either is said first. */
static bool find_free_place(place* p, const char* path, ks_error* err) {
    if (!open_place(p, path, err)) {
        return false;
    }
    if (fstatat(p->directory, p->name, &p->info, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT || cannot(path, KS_FAILED, strerror(errno), err);
    }
    leave(p);
    return find_place(p, path, err) && check_replaceable(p, path, err) &&
           ks_fail(err, KS_BAD_INPUT, "%.600s exists already%s; --force replaces it", path,
                   p->exists ? "" : ", as a link to nothing");
}

/* ---- the temporary file --------------------------------------------------------------------------------------------------- */

typedef struct temporary {
    int fd;
    char name[NAME_MAX + 1]; /* empty: it has none */
} temporary;

/* NAME.XXXXXX.tmp, or as much of NAME as leaves room for the rest */
static void draw_name(temporary* t, const place* p) {
    static const char LETTERS[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    enum { RANDOM = 6, REST = sizeof ".XXXXXX.tmp" - 1 };
    unsigned char bytes[RANDOM];
    char letters[RANDOM + 1] = "";
    if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) != sizeof bytes) {
        memset(bytes, getpid() & 0xff, sizeof bytes); /* the file is made with O_EXCL in any case */
    }
    for (int i = 0; i < RANDOM; i++) {
        letters[i] = LETTERS[bytes[i] % (sizeof LETTERS - 1)];
    }
    long most = fpathconf(p->directory, _PC_NAME_MAX);
    most = (most > REST && most < NAME_MAX ? most : NAME_MAX) - REST;
    size_t stem = strlen(p->name);
    stem = stem > (size_t)most ? (size_t)most : stem;
    while (stem < strlen(p->name) && stem > 0 && ((unsigned char)p->name[stem] & 0xc0) == 0x80) {
        stem--; /* not within a character */
    }
    snprintf(t->name, sizeof t->name, "%.*s.%s.tmp", (int)stem, p->name, letters);
}

enum { TRIES = 100 };

/* Does the file system give a name to a file without one later? These are known to. */
static bool names_later(const place* p) {
    struct statfs info;
    return fstatfs(p->directory, &info) == 0 &&
           (info.f_type == EXT4_SUPER_MAGIC || info.f_type == XFS_SUPER_MAGIC || info.f_type == BTRFS_SUPER_MAGIC ||
            info.f_type == TMPFS_MAGIC) &&
           access("/proc/self/fd", X_OK) == 0;
}

/* Makes it; the kernel takes the umask off. What is to replace a file belongs to us alone until it has that file's mode.
 * False with errno. */
static bool open_temporary(temporary* t, const place* p) {
    mode_t mode = p->exists ? 0600 : 0666;
    *t = (temporary){.fd = -1};
    if (names_later(p)) {
        t->fd = openat(p->directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    }
    for (int i = 0; t->fd < 0 && i < TRIES; i++) {
        draw_name(t, p);
        t->fd = openat(p->directory, t->name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, mode);
        if (t->fd < 0 && errno != EEXIST) {
            t->name[0] = 0;
            break;
        }
    }
    return t->fd >= 0;
}

static void discard(temporary* t, const place* p) {
    if (t->name[0]) {
        unlinkat(p->directory, t->name, 0);
    }
    t->name[0] = 0;
}

/* Gives a file without a name one. */
static bool link_unnamed(const temporary* t, const place* p, const char* name) {
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", t->fd);
    return linkat(AT_FDCWD, self, p->directory, name, AT_SYMLINK_FOLLOW) == 0;
}

/* Puts it where nothing is. False with errno, EEXIST if there is something after all. */
static bool put_new(temporary* t, const place* p, const char* name) {
    if (!t->name[0]) {
        return link_unnamed(t, p, name);
    }
    bool ok = renameat2(p->directory, t->name, p->directory, name, RENAME_NOREPLACE) == 0;
    if (!ok && errno != EEXIST) { /* not every file system can do that; most have hard links */
        ok = linkat(p->directory, t->name, p->directory, name, 0) == 0;
        if (ok) {
            unlinkat(p->directory, t->name, 0);
        }
    }
    if (!ok && errno != EEXIST) { /* with neither, the name is taken first, and then replaced by us alone */
        int claim = openat(p->directory, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
        if (claim >= 0) {
            close(claim);
            ok = renameat(p->directory, t->name, p->directory, name) == 0;
            if (!ok) {
                int reason = errno;
                unlinkat(p->directory, name, 0);
                errno = reason;
            }
        }
    }
    if (ok) {
        t->name[0] = 0;
    }
    return ok;
}

/* Puts it in place of whatever is there. False with errno. */
static bool put_over(temporary* t, const place* p) {
    for (int i = 0; !t->name[0]; i++) {
        draw_name(t, p);
        if (!link_unnamed(t, p, t->name)) {
            t->name[0] = 0;
            if (errno != EEXIST || i == TRIES) {
                return false;
            }
        }
    }
    if (renameat(p->directory, t->name, p->directory, p->name) != 0) {
        return false;
    }
    t->name[0] = 0;
    return true;
}

/* Beside what has appeared meanwhile: NAME.1.SUFFIX, or the next number that is free. Writes its name to out. */
static bool put_beside(char out[NAME_MAX + 1], temporary* t, const place* p) {
    const char* dot = strrchr(p->name, '.');
    int stem = dot && dot > p->name ? (int)(dot - p->name) : (int)strlen(p->name);
    for (int i = 1; i < TRIES; i++) {
        int length = snprintf(out, NAME_MAX + 1, "%.*s.%d%s", stem, p->name, i, p->name + stem);
        if (length > NAME_MAX) {
            return false;
        }
        if (put_new(t, p, out)) {
            return true;
        }
        if (errno != EEXIST) {
            return false;
        }
    }
    return false;
}

/* The mode of the file that it replaces, and its owner if we may. Nobody may read more of it than before. */
static bool take_rights(int fd, const place* p) {
    struct stat now;
    mode_t mode = p->info.st_mode & 07777;
    if (!p->exists) {
        return true;
    }
    if (fstat(fd, &now) != 0) {
        return false;
    }
    if (now.st_uid != p->info.st_uid && fchown(fd, p->info.st_uid, (gid_t)-1) != 0) {
        mode &= 0777;
    }
    if (now.st_gid != p->info.st_gid && fchown(fd, (uid_t)-1, p->info.st_gid) != 0) {
        mode &= 0707u | (mode & 07u) << 3;
    }
    return fchmod(fd, mode) == 0;
}

/* makes the new name itself last; a file system that cannot sync directories is not an error */
static void sync_directory(const place* p) {
    int fd = openat(p->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* ---- all of it -------------------------------------------------------------------------------------------------------------- */

/* Fills the temporary file. False with errno, or 0 if what failed has none. */
static bool fill(temporary* t, const place* p, bool (*write)(void* user, FILE* file), void* user) {
    int fd = fcntl(t->fd, F_DUPFD_CLOEXEC, 3); /* never one of the standard streams, which a program may lack */
    FILE* file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (!file) {
        int reason = errno;
        if (fd >= 0) {
            close(fd);
        }
        errno = reason;
        return false;
    }
    errno = 0;
    bool ok = write(user, file) && fflush(file) == 0 && !ferror(file) && take_rights(fd, p) && fsync(fd) == 0;
    int reason = errno;
    if (fclose(file) != 0 && ok) {
        ok = false;
        reason = errno;
    }
    errno = reason;
    return ok;
}

/* What cannot be put where it belongs is work all the same, perhaps of hours: it goes beside it. */
static bool put(temporary* t, const place* p, const char* path, bool overwrite, bool beside, ks_error* err) {
    char other[NAME_MAX + 1];
    if (overwrite ? put_over(t, p) : put_new(t, p, p->name)) {
        sync_directory(p);
        return true;
    }
    int reason = errno;
    bool appeared = !overwrite && reason == EEXIST;
    if (!beside || !put_beside(other, t, p)) {
        return cannot(path, KS_FAILED,
                      appeared ? "it has appeared meanwhile, and is kept; --force replaces it" : strerror(reason), err);
    }
    sync_directory(p);
    return ks_fail(err, KS_FAILED, "%s%.400s%s%s; what was to go there is in %.*s%s", appeared ? "" : "cannot write ",
                   path, appeared ? " has appeared meanwhile, and is kept" : ": ", appeared ? "" : strerror(reason),
                   (int)(p->name - p->path), p->path, other);
}

static bool write_file(const char* path, bool overwrite, bool beside, bool (*write)(void* user, FILE* file), void* user,
                       ks_error* err) {
    place p;
    temporary t;
    bool ok = overwrite ? find_place(&p, path, err) : open_place(&p, path, err);
    if (!ok && err) {
        err->code = KS_FAILED;
    } else if (ok && !open_temporary(&t, &p)) {
        ok = cannot(path, KS_FAILED, strerror(errno), err);
    } else if (ok) {
        ok = fill(&t, &p, write, user) || cannot(path, KS_FAILED, errno ? strerror(errno) : "the write failed", err);
        ok = ok && put(&t, &p, path, overwrite, beside, err);
        discard(&t, &p);
        close(t.fd);
    }
    leave(&p);
    return ok;
}

bool ks_write_file(const char* path, bool overwrite, bool (*write)(void* user, FILE* file), void* user, ks_error* err) {
    return write_file(path, overwrite, true, write, user, err);
}

bool ks_replace_file(const char* path, bool (*write)(void* user, FILE* file), void* user, ks_error* err) {
    return write_file(path, true, false, write, user, err);
}

bool ks_check_output(const char* path, bool overwrite, ks_error* err) {
    place p;
    temporary t;
    bool ok = overwrite ? find_place(&p, path, err) : find_free_place(&p, path, err);
    ok = ok && check_replaceable(&p, path, err);
    if (ok && open_temporary(&t, &p)) {
        discard(&t, &p);
        close(t.fd);
    } else if (ok) {
        ok = cannot(path, KS_FAILED, strerror(errno), err);
    }
    leave(&p);
    return ok;
}
