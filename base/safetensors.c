#include "base/safetensors.h"

#include "base/atomic_file.h"
#include "base/number.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum { MAX_HEADER = 64 << 20 }; /* bytes of JSON that we are willing to parse */

static const struct {
    const char* name;
    size_t size;
} DTYPES[] = {[KS_F32] = {"F32", 4}, [KS_F64] = {"F64", 8}, [KS_I64] = {"I64", 8}, [KS_U8] = {"U8", 1}};
enum { NUM_DTYPES = sizeof DTYPES / sizeof *DTYPES };

size_t ks_dtype_size(ks_dtype dtype) {
    return DTYPES[dtype].size;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

typedef struct part {
    cJSON* entry; /* its place in the header */
    const void* data;
    size_t bytes, element_size;
    void* owned; /* freed with the writer */
} part;

struct ks_tensor_writer {
    cJSON* header;
    cJSON* meta;
    part* parts;
    size_t num_parts, room;
    bool failed; /* out of memory somewhere on the way */
};

ks_tensor_writer* ks_tensor_writer_create(ks_error* err) {
    ks_tensor_writer* w = calloc(1, sizeof *w);
    if (w) {
        w->header = cJSON_CreateObject();
        w->meta = w->header ? cJSON_AddObjectToObject(w->header, "__metadata__") : NULL;
    }
    if (!w || !w->meta) {
        ks_fail(err, KS_FAILED, "not enough memory");
        ks_tensor_writer_destroy(w);
        return NULL;
    }
    ks_tensor_writer_meta(w, "kshot_version", KS_VERSION);
    return w;
}

void ks_tensor_writer_destroy(ks_tensor_writer* w) {
    if (w) {
        for (size_t i = 0; i < w->num_parts; i++) {
            free(w->parts[i].owned);
        }
        free(w->parts);
        cJSON_Delete(w->header);
        free(w);
    }
}

void ks_tensor_writer_meta(ks_tensor_writer* w, const char* key, const char* value) {
    cJSON_DeleteItemFromObjectCaseSensitive(w->meta, key);
    w->failed |= !cJSON_AddStringToObject(w->meta, key, value);
}

void ks_tensor_writer_meta_double(ks_tensor_writer* w, const char* key, double value) {
    char text[KS_NUMBER_ROOM];
    ks_tensor_writer_meta(w, key, ks_print_double(text, value));
}

void ks_tensor_writer_meta_int(ks_tensor_writer* w, const char* key, int64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    ks_tensor_writer_meta(w, key, text);
}

static size_t count_of(int ndim, const size_t* shape) {
    size_t count = 1;
    for (int i = 0; i < ndim; i++) {
        count *= shape[i];
    }
    return count;
}

static void add_part(ks_tensor_writer* w, part p) {
    if (w->num_parts == w->room) {
        size_t room = w->room ? 2 * w->room : 16;
        part* parts = realloc(w->parts, room * sizeof *parts);
        if (!parts) {
            w->failed = true;
            free(p.owned);
            return;
        }
        w->parts = parts;
        w->room = room;
    }
    w->parts[w->num_parts++] = p;
}

static void add_tensor(ks_tensor_writer* w, const char* name, ks_dtype dtype, int ndim, const size_t* shape,
                       const void* data, void* owned) {
    assert(ndim <= KS_TENSOR_MAX_DIMS);
    assert(!cJSON_GetObjectItemCaseSensitive(w->header, name));
    cJSON* entry = cJSON_AddObjectToObject(w->header, name);
    cJSON* dims = entry ? cJSON_AddArrayToObject(entry, "shape") : NULL;
    w->failed |= !dims || !cJSON_AddStringToObject(entry, "dtype", DTYPES[dtype].name);
    for (int i = 0; !w->failed && i < ndim; i++) {
        w->failed |= !cJSON_AddItemToArray(dims, cJSON_CreateNumber((double)shape[i]));
    }
    size_t size = ks_dtype_size(dtype);
    add_part(w, (part){entry, data, count_of(ndim, shape) * size, size, owned});
}

void ks_tensor_writer_add(ks_tensor_writer* w, const char* name, ks_dtype dtype, int ndim, const size_t* shape,
                          const void* data) {
    add_tensor(w, name, dtype, ndim, shape, data, NULL);
}

void ks_tensor_writer_add_real(ks_tensor_writer* w, const char* name, int ndim, const size_t* shape, const void* data,
                               size_t element_size) {
    if (element_size == sizeof(float)) {
        add_tensor(w, name, KS_F32, ndim, shape, data, NULL);
        return;
    }
    size_t count = count_of(ndim, shape);
    const double* from = data;
    float* copy = malloc((count ? count : 1) * sizeof *copy);
    if (!copy) {
        w->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        copy[i] = (float)from[i];
    }
    add_tensor(w, name, KS_F32, ndim, shape, copy, copy);
}

typedef struct content {
    const ks_tensor_writer* writer;
    const char* json;
} content;

static bool write_content(void* user, FILE* file) {
    const content* c = user;
    size_t length = strlen(c->json);
    size_t padded = (length + 7) / 8 * 8;
    unsigned char size[8];
    for (int i = 0; i < 8; i++) {
        size[i] = (unsigned char)((uint64_t)padded >> (8 * i));
    }
    bool ok = fwrite(size, 1, 8, file) == 8 && fwrite(c->json, 1, length, file) == length;
    for (size_t i = length; ok && i < padded; i++) {
        ok = fputc(' ', file) != EOF;
    }
    for (size_t i = 0; ok && i < c->writer->num_parts; i++) {
        const part* p = &c->writer->parts[i];
        ok = p->bytes == 0 || fwrite(p->data, 1, p->bytes, file) == p->bytes;
    }
    return ok;
}

/* Gives every tensor its place. Wide types come first, so that all are aligned; within a type the order stays. */
static void lay_out(ks_tensor_writer* w) {
    for (size_t i = 1; i < w->num_parts; i++) { /* insertion sort: stable, and there are few */
        part p = w->parts[i];
        size_t j = i;
        for (; j > 0 && w->parts[j - 1].element_size < p.element_size; j--) {
            w->parts[j] = w->parts[j - 1];
        }
        w->parts[j] = p;
    }
    size_t offset = 0;
    for (size_t i = 0; !w->failed && i < w->num_parts; i++) {
        const part* p = &w->parts[i];
        cJSON_DeleteItemFromObjectCaseSensitive(p->entry, "data_offsets");
        cJSON* offsets = cJSON_AddArrayToObject(p->entry, "data_offsets");
        w->failed |= !cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)offset));
        offset += p->bytes;
        w->failed |= !cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)offset));
    }
}

static unsigned long checksum(unsigned long sum, const void* data, size_t bytes) {
    for (const unsigned char* at = data; bytes > 0;) {
        size_t some = bytes < (1 << 30) ? bytes : 1 << 30;
        sum = crc32(sum, at, (unsigned)some);
        at += some;
        bytes -= some;
    }
    return sum;
}

bool ks_tensor_writer_save(ks_tensor_writer* w, const char* path, unsigned how, ks_error* err) {
    lay_out(w);
    if (how & KS_SAVE_CHECKSUM) {
        unsigned long sum = crc32(0, NULL, 0);
        for (size_t i = 0; i < w->num_parts; i++) {
            sum = checksum(sum, w->parts[i].data, w->parts[i].bytes);
        }
        char text[16];
        snprintf(text, sizeof text, "%08lx", sum);
        ks_tensor_writer_meta(w, "crc32", text);
    }
    content c = {.writer = w, .json = w->failed ? NULL : cJSON_PrintUnformatted(w->header)};
    if (!c.json) {
        return ks_fail(err, KS_FAILED, "cannot write %s: not enough memory", path);
    }
    bool ok = ks_write_file(path, !(how & KS_SAVE_NEW), write_content, &c, err);
    cJSON_free((void*)(uintptr_t)c.json);
    return ok;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

struct ks_tensor_file {
    char* path;
    unsigned char* data;
    size_t bytes;
    cJSON* header;
    const cJSON* meta;
    ks_tensor* tensors;
    size_t count;
};

void ks_tensor_file_close(ks_tensor_file* f) {
    if (f) {
        cJSON_Delete(f->header);
        free(f->path);
        free(f->data);
        free(f->tensors);
        free(f);
    }
}

static bool damaged(const ks_tensor_file* f, const char* what, ks_error* err) {
    return ks_fail(err, KS_BAD_INPUT, "%s: not a safetensors file, or damaged: %s", f->path, what);
}

/* a whole number of at most 2^53 */
static bool whole_number(const cJSON* item, size_t* value) {
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= 0x1p53) ||
        item->valuedouble != floor(item->valuedouble)) {
        return false;
    }
    *value = (size_t)item->valuedouble;
    return true;
}

/* One tensor's entry: its bytes are [begin, end) of the data. */
static bool read_tensor(ks_tensor_file* f, const cJSON* entry, ks_tensor* t, ks_error* err) {
    const cJSON* dtype = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    const cJSON* shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    const cJSON* offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    if (!cJSON_IsString(dtype) || !cJSON_IsArray(shape) || !cJSON_IsArray(offsets) ||
        cJSON_GetArraySize(offsets) != 2) {
        return damaged(f, "a tensor without type, shape and offsets", err);
    }
    int type = 0;
    while (type < NUM_DTYPES && strcmp(DTYPES[type].name, dtype->valuestring) != 0) {
        type++;
    }
    if (type == NUM_DTYPES || cJSON_GetArraySize(shape) > KS_TENSOR_MAX_DIMS) {
        return ks_fail(err, KS_BAD_INPUT,
                       "%s: tensor '%.64s' is of type %.16s with %d dimensions; kshot reads F32, F64, I64 "
                       "and U8 with up to %d",
                       f->path, entry->string, dtype->valuestring, cJSON_GetArraySize(shape), KS_TENSOR_MAX_DIMS);
    }
    *t = (ks_tensor){.name = entry->string, .dtype = (ks_dtype)type, .count = 1};
    const cJSON* item;
    cJSON_ArrayForEach(item, shape) {
        size_t n;
        if (!whole_number(item, &n) || (n > 0 && t->count > SIZE_MAX / 64 / n)) {
            return damaged(f, "a shape that is impossible", err);
        }
        t->shape[t->ndim++] = n;
        t->count *= n;
    }
    size_t begin = 0, end = 0;
    if (!whole_number(cJSON_GetArrayItem(offsets, 0), &begin) || !whole_number(cJSON_GetArrayItem(offsets, 1), &end) ||
        begin > end || end > f->bytes || end - begin != t->count * ks_dtype_size(t->dtype)) {
        return damaged(f, "a tensor whose offsets do not fit its shape, or the file", err);
    }
    t->data = f->data + begin;
    return true;
}

static int by_offset(const void* a, const void* b) {
    const ks_tensor* x = a;
    const ks_tensor* y = b;
    uintptr_t p = (uintptr_t)x->data, q = (uintptr_t)y->data;
    return p != q ? (p < q ? -1 : 1) : (x->count > y->count) - (x->count < y->count);
}

/* Tensors must lie one after the other from the first byte to the last. */
static bool check_layout(ks_tensor_file* f, ks_error* err) {
    qsort(f->tensors, f->count, sizeof *f->tensors, by_offset);
    const unsigned char* at = f->data;
    for (size_t i = 0; i < f->count; i++) {
        if (f->tensors[i].data != at) {
            return damaged(f, "tensors that overlap or leave a gap", err);
        }
        if ((uintptr_t)at % ks_dtype_size(f->tensors[i].dtype) != 0) {
            return damaged(f, "a tensor that is not aligned", err);
        }
        at += f->tensors[i].count * ks_dtype_size(f->tensors[i].dtype);
    }
    return at == f->data + f->bytes ? true : damaged(f, "data that belongs to no tensor", err);
}

static int by_name(const void* a, const void* b) {
    return strcmp(*(char* const*)a, *(char* const*)b);
}

/* No name may stand twice in an object: readers would disagree on which one counts. */
static bool check_names(const ks_tensor_file* f, const cJSON* object, ks_error* err) {
    size_t n = 0;
    const char** names = calloc((size_t)cJSON_GetArraySize(object) + 1, sizeof *names);
    if (!names) {
        return ks_fail(err, KS_FAILED, "%s: not enough memory", f->path);
    }
    const cJSON* item;
    cJSON_ArrayForEach(item, object) {
        names[n++] = item->string;
    }
    qsort(names, n, sizeof *names, by_name);
    bool ok = true;
    for (size_t i = 1; ok && i < n; i++) {
        ok = strcmp(names[i - 1], names[i]) != 0 || damaged(f, "a name stands twice in its header", err);
    }
    free(names);
    return ok;
}

static bool read_entries(ks_tensor_file* f, ks_error* err) {
    if (!cJSON_IsObject(f->header)) {
        return damaged(f, "its header is not JSON", err);
    }
    f->tensors = calloc((size_t)cJSON_GetArraySize(f->header) + 1, sizeof *f->tensors);
    if (!f->tensors) {
        return ks_fail(err, KS_FAILED, "%s: not enough memory", f->path);
    }
    const cJSON* entry;
    cJSON_ArrayForEach(entry, f->header) {
        if (strcmp(entry->string, "__metadata__") == 0) {
            if (f->meta || !cJSON_IsObject(entry)) {
                return damaged(f, "its metadata is not one object", err);
            }
            f->meta = entry;
            continue;
        }
        if (!read_tensor(f, entry, &f->tensors[f->count], err)) {
            return false;
        }
        f->count++;
    }
    cJSON_ArrayForEach(entry, f->meta) {
        if (!cJSON_IsString(entry)) {
            return damaged(f, "metadata that is not a string", err);
        }
    }
    return check_names(f, f->header, err) && check_names(f, f->meta, err) && check_layout(f, err);
}

/* Reads size, header and data of a file of `length` bytes. */
static bool read_content(ks_tensor_file* f, FILE* file, size_t length, ks_error* err) {
    unsigned char size[8];
    if (length < 8 || fread(size, 1, 8, file) != 8) {
        return damaged(f, "shorter than its own length field", err);
    }
    uint64_t n = 0;
    for (int i = 0; i < 8; i++) {
        n |= (uint64_t)size[i] << (8 * i);
    }
    if (n > length - 8 || n > MAX_HEADER) {
        return damaged(f, "its header would be longer than the file", err);
    }
    f->bytes = length - 8 - (size_t)n;
    char* json = malloc((size_t)n + 1);
    f->data = malloc(f->bytes ? f->bytes : 1);
    bool ok = json && f->data;
    if (!ok) {
        ks_fail(err, KS_FAILED, "%s: not enough memory", f->path);
    } else if (fread(json, 1, (size_t)n, file) != n || fread(f->data, 1, f->bytes, file) != f->bytes) {
        ok = damaged(f, "it cannot be read to its end", err);
    } else if (json[n] = 0, strlen(json) != n || strstr(json, "\\u0000")) {
        ok = damaged(f, "its header holds a zero byte", err);
    } else {
        const char* end = NULL;
        f->header = cJSON_ParseWithOpts(json, &end, 0);
        if (f->header && end[strspn(end, " ")] != 0) {
            ok = damaged(f, "its header goes on after the JSON", err);
        }
    }
    free(json);
    return ok && read_entries(f, err);
}

static bool check_meta(const ks_tensor_file* f, const char* format, ks_error* err) {
    const char* found = ks_tensor_file_meta(f, "format");
    if (format && (!found || strcmp(found, format) != 0)) {
        return ks_fail(err, KS_BAD_INPUT, "%s: its format is %s, not %s", f->path, found ? found : "not one of kshot's",
                       format);
    }
    const char* sum = ks_tensor_file_meta(f, "crc32");
    char text[16] = "";
    if (sum) {
        snprintf(text, sizeof text, "%08lx", checksum(crc32(0, NULL, 0), f->data, f->bytes));
    }
    if (sum && strcmp(sum, text) != 0) {
        return ks_fail(err, KS_BAD_INPUT, "%s: damaged: its content does not have the checksum that it names", f->path);
    }
    return true;
}

ks_tensor_file* ks_tensor_file_open(const char* path, const char* format, ks_error* err) {
    ks_tensor_file* f = calloc(1, sizeof *f);
    if (f) {
        f->path = strdup(path);
    }
    if (!f || !f->path) {
        ks_fail(err, KS_FAILED, "not enough memory");
        free(f);
        return NULL;
    }
    struct stat info;
    FILE* file = NULL;
    bool ok = false;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) { /* looked at first: opening a pipe would wait */
        ks_fail(err, KS_BAD_INPUT, "cannot read %s: it is not a regular file", path);
    } else if (!(file = fopen(path, "rb")) || fstat(fileno(file), &info) != 0) {
        ks_fail(err, KS_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    } else {
        ok = read_content(f, file, (size_t)info.st_size, err) && check_meta(f, format, err);
    }
    if (file) {
        fclose(file);
    }
    if (!ok) {
        ks_tensor_file_close(f);
        return NULL;
    }
    return f;
}

const char* ks_tensor_file_meta(const ks_tensor_file* f, const char* key) {
    const cJSON* item = cJSON_GetObjectItemCaseSensitive(f->meta, key);
    return item ? item->valuestring : NULL;
}

const char* ks_tensor_file_meta_string(const ks_tensor_file* f, const char* key, ks_error* err) {
    const char* text = ks_tensor_file_meta(f, key);
    if (!text) {
        ks_fail(err, KS_BAD_INPUT, "%s: its metadata lacks '%s'", f->path, key);
    }
    return text;
}

bool ks_tensor_file_meta_double(const ks_tensor_file* f, const char* key, double min, double max, double* value,
                                ks_error* err) {
    const char* text = ks_tensor_file_meta_string(f, key, err);
    if (!text) {
        return false;
    }
    if (!ks_parse_double(text, value)) {
        return ks_fail(err, KS_BAD_INPUT, "%s: metadata '%s' is '%.40s', not a number", f->path, key, text);
    }
    if (!(*value >= min && *value <= max)) {
        return ks_fail(err, KS_BAD_INPUT, "%s: metadata '%s' is %.40s; it must be from %.16g to %.16g", f->path, key,
                       text, min, max);
    }
    return true;
}

bool ks_tensor_file_meta_int(const ks_tensor_file* f, const char* key, int64_t min, int64_t max, int64_t* value,
                             ks_error* err) {
    const char* text = ks_tensor_file_meta_string(f, key, err);
    if (!text) {
        return false;
    }
    if (!ks_parse_int(text, min, max, value)) {
        return ks_fail(err, KS_BAD_INPUT, "%s: metadata '%s' is '%.40s', not a whole number from %lld to %lld", f->path,
                       key, text, (long long)min, (long long)max);
    }
    return true;
}

size_t ks_tensor_file_count(const ks_tensor_file* f) {
    return f->count;
}

ks_tensor ks_tensor_file_at(const ks_tensor_file* f, size_t index) {
    return f->tensors[index];
}

bool ks_tensor_file_get(const ks_tensor_file* f, const char* name, ks_dtype dtype, int ndim, const size_t* shape,
                        const void** data, ks_error* err) {
    for (size_t i = 0; i < f->count; i++) {
        const ks_tensor* t = &f->tensors[i];
        if (strcmp(t->name, name) != 0) {
            continue;
        }
        if (t->dtype != dtype || t->ndim != ndim ||
            (ndim > 0 && memcmp(t->shape, shape, (size_t)ndim * sizeof *shape) != 0)) {
            char want[96] = "";
            for (int d = 0; d < ndim; d++) {
                size_t used = strlen(want);
                snprintf(want + used, sizeof want - used, d ? " x %zu" : "%zu", shape[d]);
            }
            return ks_fail(err, KS_BAD_INPUT, "%s: tensor '%s' should be %s of shape %s", f->path, name,
                           DTYPES[dtype].name, want);
        }
        *data = t->data;
        return true;
    }
    return ks_fail(err, KS_BAD_INPUT, "%s: tensor '%s' is missing", f->path, name);
}

const char* ks_tensor_file_path(const ks_tensor_file* f) {
    return f->path;
}

size_t ks_tensor_file_meta_count(const ks_tensor_file* f) {
    return f->meta ? (size_t)cJSON_GetArraySize(f->meta) : 0;
}

const char* ks_tensor_file_meta_key(const ks_tensor_file* f, size_t index) {
    return cJSON_GetArrayItem(f->meta, (int)index)->string;
}
