#include "base/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* makes the rename itself last; a file system that cannot sync directories is not an error */
static void sync_directory(const char* path) {
    char* copy = strdup(path);
    if (!copy) {
        return;
    }
    char* slash = strrchr(copy, '/');
    const char* directory = slash == copy ? "/" : slash ? copy : ".";
    if (slash && slash != copy) {
        *slash = 0;
    }
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

bool ks_replace_file(const char* path, bool (*write)(void* user, FILE* file), void* user, ks_error* err) {
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) { /* renaming over a device would destroy it */
        return ks_fail(err, KS_FAILED, "cannot write %s: it is not a regular file", path);
    }
    size_t length = strlen(path) + sizeof ".XXXXXX.tmp";
    char* temporary = malloc(length);
    if (!temporary) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    snprintf(temporary, length, "%s.XXXXXX.tmp", path);
    int fd = mkstemps(temporary, 4);
    FILE* file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (!file) {
        ks_fail(err, KS_FAILED, "cannot write %s: %s", path, strerror(errno));
        if (fd >= 0) {
            close(fd);
            unlink(temporary);
        }
        free(temporary);
        return false;
    }
    errno = 0;
    /* mkstemps makes files for the owner alone; give the usual permissions */
    bool ok = fchmod(fd, 0644) == 0 && write(user, file) && fflush(file) == 0 && fsync(fd) == 0;
    int reason = errno;
    if (fclose(file) != 0 && ok) {
        ok = false;
        reason = errno;
    }
    if (ok && rename(temporary, path) != 0) {
        ok = false;
        reason = errno;
    }
    if (ok) {
        sync_directory(path);
    } else {
        unlink(temporary);
        ks_fail(err, KS_FAILED, "cannot write %s: %s", path, reason ? strerror(reason) : "the write failed");
    }
    free(temporary);
    return ok;
}
