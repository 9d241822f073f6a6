#include "fewshot/image_files_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>
#include <zlib.h>

/* The library does not always say that it was memory that it lacked. Is there so little that a reader's could not be had? */
static bool memory_is_short(int zip_code, int system_code) {
    void* probe = malloc(1 << 16);
    free(probe);
    return !probe || zip_code == ZIP_ER_MEMORY || (zip_code == ZIP_ER_ZLIB && system_code == Z_MEM_ERROR) ||
           (zip_code != ZIP_ER_ZLIB && system_code == ENOMEM);
}

ks_image_zip* ks_image_zip_open(const char* path, ks_error* err) {
    int code = 0;
    zip_t* archive = NULL;
    for (int attempt = 0; !archive && attempt < 2;
         attempt++) { /* one allocation that fails is called no zip file, too */
        errno = 0;
        archive = zip_open(path, ZIP_RDONLY, &code);
    }
    if (!archive && memory_is_short(code, errno)) {
        ks_fail(err, KS_FAILED, "%s: not enough memory", path);
    } else if (!archive && code == ZIP_ER_NOZIP) {
        ks_fail(err, KS_BAD_INPUT, "%s: not a zip file, or cut off", path);
    } else if (!archive) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        ks_fail(err, KS_BAD_INPUT, "%s: cannot be read as a zip file: %s", path, zip_error_strerror(&error));
        zip_error_fini(&error);
    }
    return archive;
}

void ks_image_zip_close(ks_image_zip* archive) {
    if (archive) {
        zip_discard(archive);
    }
}

bool ks_image_zip_list(ks_image_files* files, size_t place, const char* path, ks_error* err) {
    zip_t* archive = ks_image_zip_open(path, err);
    if (!archive) {
        return false;
    }
    zip_int64_t count = zip_get_num_entries(archive, 0);
    bool ok = true;
    for (zip_int64_t i = 0; ok && i < count; i++) {
        const char* name = zip_get_name(archive, (zip_uint64_t)i, 0);
        if (!name) {
            ok = ks_fail(err, KS_BAD_INPUT, "%s: a damaged zip file: its entry %lld has no name", path, (long long)i);
        } else if (*name && name[strlen(name) - 1] != '/') {
            ok = ks_image_files_add(files, name, place, (uint64_t)i, err);
        }
    }
    zip_discard(archive);
    return ok;
}

static bool failed(zip_error_t* error, ks_error* err) {
    return memory_is_short(zip_error_code_zip(error), zip_error_code_system(error))
               ? ks_fail(err, KS_FAILED, "not enough memory")
               : ks_fail(err, KS_BAD_INPUT, "cannot be read from the zip file: %s", zip_error_strerror(error));
}

/* All bytes; where there are to be no more, to the end, at which libzip compares the checksum. */
static bool read_open(ks_image_bytes* bytes, zip_file_t* file, bool whole, ks_error* err) {
    size_t at = 0;
    zip_int64_t got = 1;
    while (at < bytes->length && (got = zip_fread(file, bytes->data + at, bytes->length - at)) > 0) {
        at += (size_t)got;
    }
    char more;
    zip_int64_t behind = got < 0 ? got : whole ? zip_fread(file, &more, 1) : 0;
    if (got < 0 || behind < 0) {
        return failed(zip_file_get_error(file), err);
    }
    return (at == bytes->length && behind == 0) ||
           ks_fail(err, KS_BAD_INPUT, "damaged in the zip file: its length is not the one that is noted");
}

bool ks_image_zip_read(ks_image_bytes* bytes, ks_image_zip* archive, uint64_t index, uint64_t most, ks_error* err) {
    zip_stat_t info;
    zip_stat_init(&info);
    if (zip_stat_index(archive, index, 0, &info) != 0) {
        return failed(zip_get_error(archive), err);
    }
    if (!(info.valid & ZIP_STAT_SIZE)) {
        return ks_fail(err, KS_BAD_INPUT, "damaged in the zip file: it has no length");
    }
    if (!ks_image_bytes_resize(bytes, info.size < most ? info.size : most, err)) {
        return false;
    }
    zip_file_t* file = zip_fopen_index(archive, index, 0);
    if (!file) {
        return failed(zip_get_error(archive), err);
    }
    bool ok = read_open(bytes, file, info.size <= most, err);
    zip_fclose(file);
    return ok;
}
