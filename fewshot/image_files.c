#define _GNU_SOURCE /* qsort_r */
#include "fewshot/image_files_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MAX_FILES = 1 << 26, MAX_PLACES = 2 };

static const char* const OMNIGLOT[MAX_PLACES] = {"images_background", "images_evaluation"};

typedef struct entry {
    size_t name; /* where it begins in the text */
    uint32_t place;
    uint64_t index;
} entry;

struct ks_image_files {
    char* path;
    char* place[MAX_PLACES]; /* paths of the folder, or of the archives */
    size_t num_places;
    bool archives;
    entry* files; /* (count) sorted by name */
    size_t count, room;
    char* text; /* the names, each with a zero behind it */
    size_t text_length, text_room;
};

/* ---- the list --------------------------------------------------------------------------------------------------------------- */

/* More room in an array of elements, if `needed` of them are more than *room. */
static bool grow(void** array, size_t* room, size_t needed, size_t element, ks_error* err) {
    if (needed <= *room) {
        return true;
    }
    size_t more = needed > *room * 2 ? needed + 256 : *room * 2;
    void* larger = realloc(*array, more * element);
    if (!larger) {
        return ks_fail(err, KS_FAILED, "not enough memory for the names of %zu files", *room);
    }
    *array = larger;
    *room = more;
    return true;
}

/* The next folder or file of a name: its length, 0 at the end of the name. */
static size_t next_part(const char** at, const char* separators) {
    while (**at && (strchr(separators, **at) || (**at == '.' && (*at)[1] && strchr(separators, (*at)[1])))) {
        ++*at;
    }
    return strcspn(*at, separators);
}

static bool left_out(const char* part, size_t length) {
    return *part == '.' || (length == 8 && memcmp(part, "__MACOSX", 8) == 0);
}

bool ks_image_name_ends(const char* name, const char* end) {
    size_t length = strlen(name), ending = strlen(end);
    return length > ending && strcasecmp(name + length - ending, end) == 0;
}

static bool is_of_use(const char* name) {
    return ks_image_name_ends(name, ".png") || ks_image_name_ends(name, ".jpg") || ks_image_name_ends(name, ".jpeg") ||
           ks_image_name_ends(name, ".csv");
}

bool ks_image_files_add(ks_image_files* f, const char* name, size_t place, uint64_t index, ks_error* err) {
    if (!is_of_use(name)) {
        return true;
    }
    void *files = f->files, *text = f->text;
    bool ok = grow(&files, &f->room, f->count + 1, sizeof *f->files, err) &&
              grow(&text, &f->text_room, f->text_length + strlen(name) + 1, 1, err);
    f->files = files;
    f->text = text;
    if (!ok) {
        return false;
    }
    const char* separators =
        f->archives ? "/\\" : "/"; /* the archives of some programs have the first for the second */
    size_t start = f->text_length, length;
    for (const char* at = name; (length = next_part(&at, separators)) > 0; at += length) {
        if (left_out(at, length)) {
            f->text_length = start;
            return true;
        }
        if (f->text_length > start) {
            f->text[f->text_length - 1] = '/';
        }
        memcpy(f->text + f->text_length, at, length);
        f->text[f->text_length + length] = 0;
        f->text_length += length + 1;
    }
    if (f->text_length == start) {
        return true;
    }
    if (f->count == MAX_FILES) {
        return ks_fail(err, KS_BAD_INPUT, "%s: more than %d files", f->place[place], MAX_FILES);
    }
    f->files[f->count++] = (entry){.name = start, .place = (uint32_t)place, .index = index};
    return true;
}

static int by_name(const void* a, const void* b, void* text) {
    const entry *x = a, *y = b;
    int order = strcmp((const char*)text + x->name, (const char*)text + y->name);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

/* Sorts the list; within an archive a name may stand once only. */
static bool finish(ks_image_files* f, ks_error* err) {
    if (f->count > 0) {
        qsort_r(f->files, f->count, sizeof *f->files, by_name, f->text);
    }
    for (size_t i = 1; i < f->count; i++) {
        if (strcmp(ks_image_files_name(f, i - 1), ks_image_files_name(f, i)) == 0) {
            ks_fail(err, KS_BAD_INPUT, "it is there twice");
            return ks_image_files_fail_in(f, i, err);
        }
    }
    return true;
}

/* ---- where the files are ---------------------------------------------------------------------------------------------------- */

static bool add_place(ks_image_files* f, const char* path, const char* folder, ks_error* err) {
    size_t room = strlen(path) + strlen(folder) + 8;
    char* text = malloc(room);
    if (!text) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    snprintf(text, room, *folder ? "%s/%s.zip" : "%s", path, folder);
    f->place[f->num_places++] = text;
    return true;
}

/* Are Omniglot's archives in the folder? Then they are the places. */
static bool find_omniglot(ks_image_files* f, const char* path, ks_error* err) {
    struct stat info;
    int there = 0;
    for (int i = 0; i < MAX_PLACES; i++) {
        if (!add_place(f, path, OMNIGLOT[i], err)) {
            return false;
        }
        there += stat(f->place[i], &info) == 0 && S_ISREG(info.st_mode) ? 1 << i : 0;
    }
    f->archives = there == 3;
    if (there == 1 || there == 2) {
        return ks_fail(err, KS_BAD_INPUT, "%s has %s.zip, but not %s.zip; Omniglot is in both", path,
                       OMNIGLOT[there - 1], OMNIGLOT[2 - there]);
    }
    for (int i = 0; !f->archives && i < MAX_PLACES; i++) {
        free(f->place[i]);
        f->place[i] = NULL;
    }
    f->num_places = f->archives ? MAX_PLACES : 0;
    return true;
}

/* A folder's path without slashes at its end, which would be doubled. */
static void trim(char* path) {
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) {
        path[n - 1] = 0;
    }
}

static bool find_places(ks_image_files* f, const char* path, ks_error* err) {
    struct stat info;
    if (stat(path, &info) != 0) {
        return ks_fail(err, KS_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    }
    if (S_ISDIR(info.st_mode)) {
        if (!find_omniglot(f, path, err)) {
            return false;
        }
        if (f->num_places > 0) {
            return true;
        }
        if (!add_place(f, path, "", err)) {
            return false;
        }
        trim(f->place[0]);
        return true;
    }
    f->archives = true;
    return S_ISREG(info.st_mode) ? add_place(f, path, "", err)
                                 : ks_fail(err, KS_BAD_INPUT, "cannot read %s: neither a folder nor a zip file", path);
}

static ks_image_files* find(const char* path, ks_error* err) {
    ks_image_files* f = calloc(1, sizeof *f);
    if (!f) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    f->path = strdup(path);
    if (f->path ? find_places(f, path, err) : ks_fail(err, KS_FAILED, "not enough memory")) {
        return f;
    }
    ks_image_files_close(f);
    return NULL;
}

static bool list(ks_image_files* f, ks_error* err) {
    bool ok = true;
    for (size_t i = 0; ok && i < f->num_places; i++) {
        ok = (f->archives ? ks_image_zip_list : ks_image_folder_list)(f, i, f->place[i], err);
    }
    return ok && finish(f, err);
}

ks_image_files* ks_image_files_open(const char* path, ks_error* err) {
    ks_image_files* f = find(path, err);
    if (f && !list(f, err)) {
        ks_image_files_close(f);
        return NULL;
    }
    return f;
}

/* Archives are not opened for it. */
static bool stamp_archives(char* stamp, size_t room, const ks_image_files* f, ks_error* err) {
    size_t length = (size_t)snprintf(stamp, room, "zip");
    for (size_t i = 0; i < f->num_places && length < room; i++) {
        struct stat info;
        if (stat(f->place[i], &info) != 0) {
            return ks_fail(err, KS_BAD_INPUT, "cannot read %s: %s", f->place[i], strerror(errno));
        }
        length += (size_t)snprintf(stamp + length, room - length, " %lld@%lld.%09ld", (long long)info.st_size,
                                   (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
    }
    return true;
}

bool ks_image_files_stamp(char* stamp, size_t room, const char* path, ks_error* err) {
    ks_image_files* f = find(path, err);
    bool ok = f && (f->archives ? stamp_archives(stamp, room, f, err) : list(f, err));
    if (ok && !f->archives) {
        uint64_t sum = KS_IMAGE_HASH_START;
        for (size_t i = 0; i < f->count; i++) {
            const char* name = ks_image_files_name(f, i);
            sum = ks_image_hash(sum, name, strlen(name) + 1);
            sum = ks_image_hash(sum, &f->files[i].index, sizeof f->files[i].index);
        }
        snprintf(stamp, room, "%zu files %016llx", f->count, (unsigned long long)sum);
    }
    ks_image_files_close(f);
    return ok;
}

void ks_image_files_close(ks_image_files* f) {
    if (f) {
        for (int i = 0; i < MAX_PLACES; i++) {
            free(f->place[i]);
        }
        free(f->path);
        free(f->files);
        free(f->text);
        free(f);
    }
}

const char* ks_image_files_path(const ks_image_files* f) {
    return f->path;
}

size_t ks_image_files_count(const ks_image_files* f) {
    return f->count;
}

const char* ks_image_files_name(const ks_image_files* f, size_t i) {
    return f->text + f->files[i].name;
}

size_t ks_image_files_find(const ks_image_files* f, const char* name) {
    size_t low = 0, high = f->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(ks_image_files_name(f, middle), name);
        if (order == 0) {
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return SIZE_MAX;
}

const char* ks_image_files_label(char label[KS_IMAGE_LABEL], const ks_image_files* f, size_t i) {
    const char* place = f->place[f->files[i].place];
    snprintf(label, KS_IMAGE_LABEL, f->archives ? "%s: %s" : "%s/%s", place, ks_image_files_name(f, i));
    return label;
}

bool ks_image_files_fail_in(const ks_image_files* f, size_t i, ks_error* err) {
    char label[KS_IMAGE_LABEL];
    return ks_fail_in(err, ks_image_files_label(label, f, i));
}

/* ---- reading ------------------------------------------------------------------------------------------------------------------ */

struct ks_image_reader {
    const ks_image_files* files;
    ks_image_zip* archive[MAX_PLACES];
    ks_image_bytes bytes;
};

ks_image_reader* ks_image_reader_create(const ks_image_files* files, ks_error* err) {
    ks_image_reader* r = calloc(1, sizeof *r);
    if (!r) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    r->files = files;
    return r;
}

void ks_image_reader_destroy(ks_image_reader* r) {
    if (r) {
        for (int i = 0; i < MAX_PLACES; i++) {
            ks_image_zip_close(r->archive[i]);
        }
        free(r->bytes.data);
        free(r);
    }
}

bool ks_image_bytes_resize(ks_image_bytes* b, uint64_t length, ks_error* err) {
    if (length > KS_IMAGE_MAX_BYTES) {
        return ks_fail(err, KS_BAD_INPUT, "%llu bytes; %d are the most that is read", (unsigned long long)length,
                       KS_IMAGE_MAX_BYTES);
    }
    if (length > b->room) {
        free(b->data);
        b->data = malloc((size_t)length);
        b->room = b->data ? (size_t)length : 0;
    }
    b->length = (size_t)length;
    return b->length <= b->room || ks_fail(err, KS_FAILED, "not enough memory for %zu bytes", b->length);
}

static bool read_file(ks_image_reader* r, const entry* e, uint64_t most, ks_error* err) {
    const ks_image_files* f = r->files;
    if (f->archives) {
        return ks_image_zip_read(&r->bytes, r->archive[e->place], e->index, most, err);
    }
    char path[8192];
    int written = snprintf(path, sizeof path, "%s/%s", f->place[e->place], f->text + e->name);
    return (size_t)written < sizeof path ? ks_image_folder_read(&r->bytes, path, most, err)
                                         : ks_fail(err, KS_BAD_INPUT, "too long a path");
}

static const uint8_t* read_bytes(ks_image_reader* r, size_t i, uint64_t most, size_t* length, ks_error* err) {
    const entry* e = &r->files->files[i];
    if (r->files->archives && !r->archive[e->place]) {
        r->archive[e->place] = ks_image_zip_open(r->files->place[e->place], err);
        if (!r->archive[e->place]) {
            return NULL;
        }
    }
    static const uint8_t NOTHING = 0;
    if (!read_file(r, e, most, err)) {
        ks_image_files_fail_in(r->files, i, err);
        return NULL;
    }
    *length = r->bytes.length;
    return r->bytes.data ? r->bytes.data : &NOTHING;
}

const uint8_t* ks_image_reader_read(ks_image_reader* r, size_t i, size_t* length, ks_error* err) {
    return read_bytes(r, i, UINT64_MAX, length, err);
}

const uint8_t* ks_image_reader_begin(ks_image_reader* r, size_t i, size_t most, size_t* length, ks_error* err) {
    return read_bytes(r, i, most, length, err);
}
