#include "run/directory.h"

#include "base/lock.h"
#include "run/event_log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* in the order in which they are removed: while the config is there, so is a run to speak of, and no policy is there without
 * its checkpoint */
static const char* const FILES[] = {"policy.safetensors", "best.safetensors", "checkpoint.safetensors", "progress.csv",
                                    "config.yaml"};
static const char KEPT[] = "images.safetensors"; /* stays where a run begins anew, which may use it */
enum { NUM_FILES = sizeof FILES / sizeof *FILES, ROOM = 64 };

struct ks_run_directory {
    ks_lock* lock;
    char path[KS_RUN_PATH - ROOM]; /* the files in it need some letters, too */
};

void ks_run_directory_file(char* out, const ks_run_directory* d, const char* name) {
    snprintf(out, KS_RUN_PATH, "%s/%s", d->path, name);
}

bool ks_run_directory_has(const ks_run_directory* d, const char* name) {
    char path[KS_RUN_PATH];
    ks_run_directory_file(path, d, name);
    return access(path, F_OK) == 0;
}

bool ks_run_directory_excludes(const ks_run_directory* d) {
    return ks_lock_excludes(d->lock);
}

bool ks_run_directory_held(ks_run_directory* d, bool* moved, ks_error* err) {
    return ks_lock_held(d->lock, err) && ks_lock_follow(d->lock, d->path, sizeof d->path, moved, err);
}

const char* ks_run_directory_path(const ks_run_directory* d) {
    return d->path;
}

/* ---- making it ------------------------------------------------------------------------------------------------------------- */

static bool is_directory(const char* path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Why `part` of the path cannot be made a directory; error is mkdir's. */
static bool no_directory(const char* path, const char* part, int error, ks_error* err) {
    struct stat info;
    if (error != EEXIST) {
        return ks_fail(err, KS_FAILED, "cannot make the run directory %s: %s", path, strerror(error));
    }
    return ks_fail(err, strcmp(path, part) == 0 ? KS_BAD_INPUT : KS_FAILED,
                   "cannot make the run directory %s: %s is %s; name another with -o", path, part,
                   stat(part, &info) == 0 ? "a file" : "a link that leads nowhere");
}

/* mkdir -p */
bool ks_run_directory_make(const char* path, ks_error* err) {
    char part[KS_RUN_PATH];
    snprintf(part, sizeof part, "%s", path);
    for (char* c = part + 1;; c++) {
        if (*c && *c != '/') {
            continue;
        }
        char old = *c;
        *c = 0;
        if (mkdir(part, 0777) != 0) {
            int error = errno;
            if (!is_directory(part)) {
                return no_directory(path, part, error, err);
            }
        }
        *c = old;
        if (!old) {
            return true;
        }
    }
}

/* ---- what is in it --------------------------------------------------------------------------------------------------------- */

static bool cannot_replace(const char* path, ks_error* err) {
    return ks_fail(err, KS_FAILED, "cannot replace %s: %s", path, strerror(errno));
}

/* Event files of the run before. */
static bool remove_events(const ks_run_directory* d, ks_error* err) {
    DIR* directory = opendir(d->path);
    bool ok = directory || cannot_replace(d->path, err);
    for (const struct dirent* entry; ok && (entry = readdir(directory));) {
        if (ks_event_log_owns(entry->d_name) && unlinkat(dirfd(directory), entry->d_name, 0) != 0) {
            ok = cannot_replace(entry->d_name, err);
        }
    }
    if (directory) {
        closedir(directory);
    }
    return ok;
}

bool ks_run_directory_clear(const ks_run_directory* d, ks_error* err) {
    if (!remove_events(d, err)) {
        return false;
    }
    for (size_t i = 0; i < NUM_FILES; i++) {
        char path[KS_RUN_PATH];
        ks_run_directory_file(path, d, FILES[i]);
        if (unlink(path) != 0 && errno != ENOENT) {
            return cannot_replace(path, err);
        }
    }
    return true;
}

static bool settle(const ks_run_directory* d, ks_run_start start, bool* resumes, ks_error* err) {
    bool wanted = start == KS_RUN_RESUME || start == KS_RUN_RESUME_OR_NEW;
    const char* rest = NULL; /* something of a run, other than its config */
    for (size_t i = 0; i < NUM_FILES - 1; i++) {
        rest = ks_run_directory_has(d, FILES[i]) ? FILES[i] : rest;
    }
    bool config = ks_run_directory_has(d, "config.yaml");
    *resumes = wanted && config;
    if (wanted && !config && rest) {
        return ks_fail(err, KS_BAD_INPUT, "%s: config.yaml is missing beside %s; a run is resumed by its config",
                       d->path, rest);
    }
    const char* policy = ks_run_directory_has(d, FILES[0])   ? FILES[0]
                         : ks_run_directory_has(d, FILES[1]) ? FILES[1]
                                                             : NULL;
    if (*resumes && policy && !ks_run_directory_has(d, FILES[2])) { /* to start over would replace it */
        return ks_fail(err, KS_BAD_INPUT,
                       "%s: %s is missing beside %s; put it back to go on, or start anew with --force", d->path,
                       FILES[2], policy);
    }
    if (start == KS_RUN_RESUME && !config) {
        return ks_fail(err, KS_BAD_INPUT, "%s: no run to resume is there; --resume=auto starts one", d->path);
    }
    if (start == KS_RUN_NEW && (config || rest)) {
        return ks_fail(err, KS_BAD_INPUT,
                       "%s holds a run already: --resume goes on with it, --force starts anew, -o DIR goes "
                       "elsewhere",
                       d->path);
    }
    return true;
}

void ks_run_directory_tidy(const ks_run_directory* d) {
    static const char END[] = ".tmp";
    DIR* directory = opendir(d->path);
    for (const struct dirent* entry; directory && (entry = readdir(directory));) {
        size_t length = strlen(entry->d_name);
        bool ours = false;
        for (size_t i = 0; i <= NUM_FILES; i++) { /* FILE.XXXXXX.tmp */
            const char* name = i < NUM_FILES ? FILES[i] : KEPT;
            size_t stem = strlen(name);
            ours = ours || (length == stem + 11 && strncmp(entry->d_name, name, stem) == 0 &&
                            entry->d_name[stem] == '.' && strcmp(entry->d_name + stem + 7, END) == 0);
        }
        if (ours) {
            unlinkat(dirfd(directory), entry->d_name, 0); /* if it cannot be removed, it does no harm */
        }
    }
    if (directory) {
        closedir(directory);
    }
}

/* ---- opening ---------------------------------------------------------------------------------------------------------------- */

ks_run_directory* ks_run_directory_open(const char* path, ks_run_start start, bool* resumes, ks_error* err) {
    bool going_on;
    if (strlen(path) >= KS_RUN_PATH - ROOM) {
        ks_fail(err, KS_BAD_INPUT, "the run directory's name is too long");
        return NULL;
    }
    struct stat info;
    if (start == KS_RUN_RESUME && stat(path, &info) != 0 && errno == ENOENT) {
        ks_fail(err, KS_BAD_INPUT, "%s: no run to resume is there; --resume=auto starts one", path);
        return NULL;
    }
    ks_run_directory* d = calloc(1, sizeof *d);
    if (!d) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    snprintf(d->path, sizeof d->path, "%s", path);
    d->lock = ks_run_directory_make(path, err) ? ks_lock_directory(path, err) : NULL;
    if (!d->lock || !settle(d, start, resumes ? resumes : &going_on, err)) {
        ks_run_directory_close(d);
        return NULL;
    }
    return d;
}

void ks_run_directory_close(ks_run_directory* d) {
    if (d) {
        ks_lock_release(d->lock);
        free(d);
    }
}
