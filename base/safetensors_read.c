#include "base/safetensors_internal.h"

#include "base/number.h"
#include "base/utf8.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_HEADER = 64 << 20 }; /* bytes of JSON that we are willing to parse */

struct ks_tensor_file {
    char* path;
    cJSON* header;
    const cJSON** meta;   /* (meta_count) in the file's order, */
    const cJSON** sorted; /* and by key */
    size_t meta_count;
    ks_tensor* tensors; /* (count) in the order of the data */
    size_t count;
    size_t* shapes;     /* of all tensors, one after the other */
    size_t data_length; /* bytes */
    unsigned char* data;
    unsigned char* aligned; /* copies of the tensors that do not lie as their types must */
};

void ks_tensor_file_close(ks_tensor_file* f) {
    if (f) {
        cJSON_Delete(f->header);
        free(f->path);
        free(f->meta);
        free(f->sorted);
        free(f->tensors);
        free(f->shapes);
        free(f->data);
        free(f->aligned);
        free(f);
    }
}

static bool damaged(const ks_tensor_file* f, const char* what, ks_error* err) {
    return ks_fail(err, KS_BAD_INPUT, "%s: not a safetensors file, or damaged: %s", f->path, what);
}

static bool no_memory(const ks_tensor_file* f, ks_error* err) {
    return ks_fail(err, KS_FAILED, "%s: not enough memory", f->path);
}

/* ---- one tensor's entry ----------------------------------------------------------------------------------------------------- */

/* a whole number of at most 2^53 */
static bool whole_number(const cJSON* item, size_t* value) {
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= 0x1p53) ||
        item->valuedouble != floor(item->valuedouble)) {
        return false;
    }
    *value = (size_t)item->valuedouble;
    return true;
}

/* "F32", "F8_E4M3", "F4": also types that did not exist when this was written */
static bool is_type_name(const char* text) {
    size_t length = strlen(text);
    return isupper((unsigned char)*text) && length <= 16 &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == length;
}

/* bytes of one element; 0: not known */
static size_t read_type(ks_tensor* t, const char* name) {
    t->type = name;
    t->dtype = KS_OTHER;
    for (int i = 0; i < KS_NUM_TENSOR_TYPES; i++) {
        if (strcmp(ks_tensor_types[i].name, name) == 0) {
            t->dtype = i < KS_OTHER ? (ks_dtype)i : KS_OTHER;
            return ks_tensor_types[i].size;
        }
    }
    return 0;
}

static bool read_shape(const ks_tensor_file* f, ks_tensor* t, const cJSON* list, size_t* shape, ks_error* err) {
    const cJSON* item;
    t->shape = shape;
    t->count = 1;
    cJSON_ArrayForEach(item, list) {
        size_t n;
        if (!whole_number(item, &n) || (n > 0 && t->count > SIZE_MAX / 64 / n)) {
            return damaged(f, "a shape that is none", err);
        }
        shape[t->ndim++] = n;
        t->count *= n;
    }
    return true;
}

/* One tensor's entry: its bytes are [begin, end) of the data. *shape: where its shape goes, moved on behind it. */
static bool read_tensor(ks_tensor_file* f, const cJSON* entry, ks_tensor* t, size_t** shape, size_t* begin,
                        ks_error* err) {
    const cJSON* dtype = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    const cJSON* dims = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    const cJSON* offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    if (!cJSON_IsString(dtype) || !cJSON_IsArray(dims) || !cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
        !is_type_name(dtype->valuestring)) {
        return damaged(f, "a tensor without type, shape and offsets", err);
    }
    *t = (ks_tensor){.name = entry->string};
    size_t size = read_type(t, dtype->valuestring);
    if (!read_shape(f, t, dims, *shape, err)) {
        return false;
    }
    *shape += t->ndim;
    size_t end;
    if (!whole_number(offsets->child, begin) || !whole_number(offsets->child->next, &end) || *begin > end) {
        return damaged(f, "offsets that are none", err);
    }
    if (end > f->data_length) {
        return ks_fail(err, KS_BAD_INPUT,
                       "%s: cut off, or damaged: tensor '%.64s' goes on for %zu bytes behind the end", f->path, t->name,
                       end - f->data_length);
    }
    t->bytes = end - *begin;
    if (size > 0 && t->bytes != t->count * size) {
        return damaged(f, "a tensor whose bytes do not fit its shape", err);
    }
    return true;
}

/* ---- the header --------------------------------------------------------------------------------------------------------------- */

static int by_name(const void* a, const void* b) {
    return strcmp((*(const cJSON* const*)a)->string, (*(const cJSON* const*)b)->string);
}

/* The members of an object, of which there are *count, sorted by name; none may stand twice, since readers would disagree on which
 * one counts. NULL on errors. The caller frees it. */
static const cJSON** sort_members(const ks_tensor_file* f, const cJSON* object, size_t* count, ks_error* err) {
    *count = (size_t)cJSON_GetArraySize(object);
    const cJSON** members = calloc(*count + 1, sizeof *members);
    if (!members) {
        no_memory(f, err);
        return NULL;
    }
    const cJSON* item;
    size_t n = 0;
    cJSON_ArrayForEach(item, object) {
        members[n++] = item;
    }
    qsort(members, n, sizeof *members, by_name);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(members[i - 1]->string, members[i]->string) == 0) {
            free(members);
            damaged(f, "a name stands twice in its header", err);
            return NULL;
        }
    }
    return members;
}

static bool read_meta(ks_tensor_file* f, const cJSON* object, ks_error* err) {
    if (!cJSON_IsObject(object)) {
        return damaged(f, "its metadata is not one object", err);
    }
    f->sorted = sort_members(f, object, &f->meta_count, err);
    if (!f->sorted) {
        return false;
    }
    f->meta = calloc(f->meta_count + 1, sizeof *f->meta);
    if (!f->meta) {
        return no_memory(f, err);
    }
    const cJSON* item;
    size_t n = 0;
    cJSON_ArrayForEach(item, object) {
        if (!cJSON_IsString(item)) {
            return damaged(f, "metadata that is not a string", err);
        }
        f->meta[n++] = item;
    }
    return true;
}

/* a tensor and where its data begins */
typedef struct placed {
    ks_tensor tensor;
    size_t begin;
} placed;

static int by_place(const void* a, const void* b) {
    const placed *x = a, *y = b;
    return x->begin != y->begin ? (x->begin < y->begin ? -1 : 1)
                                : (x->tensor.bytes > y->tensor.bytes) - (x->tensor.bytes < y->tensor.bytes);
}

/* All entries, in the header's order. */
static bool read_entries(ks_tensor_file* f, placed* all, ks_error* err) {
    size_t* shape = f->shapes;
    const cJSON* entry;
    cJSON_ArrayForEach(entry, f->header) {
        if (strcmp(entry->string, "__metadata__") == 0) {
            continue;
        }
        placed* p = &all[f->count];
        if (!read_tensor(f, entry, &p->tensor, &shape, &p->begin, err)) {
            return false;
        }
        f->count++;
    }
    return true;
}

/* Tensors must lie one after the other from the first byte to the last. Puts them in that order; data counts from NULL yet. */
static bool check_layout(ks_tensor_file* f, placed* all, ks_error* err) {
    qsort(all, f->count, sizeof *all, by_place);
    size_t at = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (all[i].begin != at) {
            return damaged(f, "tensors that overlap or leave a gap", err);
        }
        at += all[i].tensor.bytes;
        f->tensors[i] = all[i].tensor;
    }
    return at == f->data_length ? true : damaged(f, "data that belongs to no tensor", err);
}

static bool read_header(ks_tensor_file* f, ks_error* err) {
    if (!cJSON_IsObject(f->header)) {
        return damaged(f, "its header is not JSON", err);
    }
    size_t entries = 0, dims = 0;
    const cJSON** names = sort_members(f, f->header, &entries, err);
    if (!names) {
        return false;
    }
    free(names);
    const cJSON* entry;
    cJSON_ArrayForEach(entry, f->header) {
        const cJSON* shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
        dims += shape ? (size_t)cJSON_GetArraySize(shape) : 0;
    }
    f->tensors = calloc(entries + 1, sizeof *f->tensors);
    f->shapes = calloc(dims + 1, sizeof *f->shapes);
    placed* all = calloc(entries + 1, sizeof *all);
    const cJSON* meta = cJSON_GetObjectItemCaseSensitive(f->header, "__metadata__");
    bool ok = (f->tensors && f->shapes && all) || no_memory(f, err);
    ok = ok && (!meta || read_meta(f, meta, err)) && read_entries(f, all, err) && check_layout(f, all, err);
    free(all);
    return ok;
}

/* cJSON gives NULL for a text that is no JSON and for memory that has run out. Could what such a text takes at most be had? */
static bool memory_suffices(size_t length) {
    void* probe = malloc(4096 + length / 2 * (sizeof(cJSON) + 16) + length);
    free(probe);
    return probe != NULL;
}

/* Is there a zero byte, which would end a text early, as a byte or as \u0000 (but not \\u0000, a text of six letters)? */
static bool has_zero(const char* json, size_t length) {
    for (const char* at = json; (at = strchr(at, '\\')) && at[1]; at += 2) {
        if (strncmp(at, "\\u0000", 6) == 0) {
            return true;
        }
    }
    return strlen(json) != length;
}

static bool parse_header(ks_tensor_file* f, const char* json, size_t length, ks_error* err) {
    if (has_zero(json, length)) {
        return damaged(f, "its header holds a zero byte", err);
    }
    if (!ks_utf8_is_valid(json)) {
        return damaged(f, "its header is not UTF-8", err);
    }
    const char* end = NULL;
    for (int attempt = 0; !f->header && attempt < 2; attempt++) {
        f->header = cJSON_ParseWithOpts(json, &end, 0);
    }
    if (!f->header) {
        return memory_suffices(length) ? damaged(f, "its header is not JSON", err) : no_memory(f, err);
    }
    return end[strspn(end, " \t\r\n")] ? damaged(f, "its header goes on after the JSON", err) : true;
}

/* ---- the data ---------------------------------------------------------------------------------------------------------------- */

/* Copies the tensors that do not lie as their types must; says of every tensor where its data is. */
static bool place_data(ks_tensor_file* f, ks_error* err) {
    const unsigned char* at = f->data;
    size_t needed = 0;
    for (size_t i = 0; i < f->count; i++) {
        ks_tensor* t = &f->tensors[i];
        size_t size = ks_dtype_size(t->dtype);
        t->data = at;
        needed += size > 0 && (uintptr_t)at % size != 0 ? (t->bytes + 7) / 8 * 8 : 0;
        at += t->bytes;
    }
    unsigned char* copy = f->aligned = malloc(needed + 1);
    if (!copy) {
        return no_memory(f, err);
    }
    for (size_t i = 0; i < f->count; i++) {
        ks_tensor* t = &f->tensors[i];
        size_t size = ks_dtype_size(t->dtype);
        if (size > 0 && (uintptr_t)t->data % size != 0) {
            t->data = memcpy(copy, t->data, t->bytes);
            copy += (t->bytes + 7) / 8 * 8;
        }
    }
    return true;
}

/* Reads size, header and data of a file of `length` bytes. */
static bool read_content(ks_tensor_file* f, FILE* file, size_t length, ks_error* err) {
    unsigned char size[8];
    if (length == 0) {
        return damaged(f, "it is empty", err);
    }
    if (length < 8 || fread(size, 1, 8, file) != 8) {
        return damaged(f, "shorter than its own length field", err);
    }
    uint64_t n = 0;
    for (int i = 0; i < 8; i++) {
        n |= (uint64_t)size[i] << (8 * i);
    }
    if (n > length - 8 || n > MAX_HEADER) {
        if (memcmp(size, "version ", sizeof size) == 0) {
            return ks_fail(err, KS_BAD_INPUT,
                           "%s: a pointer of Git LFS, not the file itself; `git lfs pull` fetches it", f->path);
        }
        return damaged(f, "its header would be longer than the file", err);
    }
    f->data_length = length - 8 - (size_t)n;
    char* json = malloc((size_t)n + 1);
    if (!json) {
        return no_memory(f, err);
    }
    size_t got = fread(json, 1, (size_t)n, file);
    json[got] = 0;
    bool ok = got == n ? parse_header(f, json, (size_t)n, err) : damaged(f, "it cannot be read to its end", err);
    free(json);
    if (!ok || !read_header(f, err)) { /* before memory is asked for, since the file may claim any length */
        return false;
    }
    f->data = malloc(f->data_length + 1);
    if (!f->data) {
        return no_memory(f, err);
    }
    return fread(f->data, 1, f->data_length, file) == f->data_length ? place_data(f, err)
                                                                     : damaged(f, "it cannot be read to its end", err);
}

static bool check_meta(const ks_tensor_file* f, const char* format, ks_error* err) {
    const char* found = ks_tensor_file_meta(f, "format");
    if (format && (!found || strcmp(found, format) != 0)) {
        return ks_fail(err, KS_BAD_INPUT, "%s: its format is %.40s, not %s", f->path,
                       found ? found : "not one of kshot's", format);
    }
    const char* sum = ks_tensor_file_meta(f, "crc32");
    char text[24] = "";
    if (sum) {
        snprintf(text, sizeof text, "%08lx", ks_tensor_checksum(0, f->data, f->data_length));
    }
    if (sum && strcmp(sum, text) != 0) {
        return ks_fail(err, KS_BAD_INPUT, "%s: damaged: its content does not have the checksum that it names", f->path);
    }
    return true;
}

/* Opens a regular file; opening a pipe would wait, and a device would be read for ever. */
static FILE* open_file(const char* path, size_t* length, ks_error* err) {
    struct stat info;
    FILE* file = NULL;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        ks_fail(err, KS_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        ks_fail(err, KS_BAD_INPUT, "cannot read %s: it is %s", path,
                S_ISDIR(info.st_mode) ? "a directory; name a file in it" : "not a regular file");
    } else if (!(file = fdopen(fd, "rb"))) {
        ks_fail(err, KS_FAILED, "cannot read %s: %s", path, strerror(errno));
    } else {
        *length = (size_t)info.st_size;
        return file;
    }
    if (fd >= 0) {
        close(fd);
    }
    return NULL;
}

ks_tensor_file* ks_tensor_file_open(const char* path, const char* format, ks_error* err) {
    size_t length;
    FILE* file = open_file(path, &length, err);
    if (!file) {
        return NULL;
    }
    ks_tensor_file* f = calloc(1, sizeof *f);
    char* copy = strdup(path);
    bool ok = f && copy;
    if (ok) {
        f->path = copy;
        ok = read_content(f, file, length, err) && check_meta(f, format, err);
    } else {
        ks_fail(err, KS_FAILED, "%s: not enough memory", path);
        free(copy);
    }
    fclose(file);
    if (!ok) {
        ks_tensor_file_close(f);
        return NULL;
    }
    return f;
}

/* ---- asking ------------------------------------------------------------------------------------------------------------------- */

const char* ks_tensor_file_meta(const ks_tensor_file* f, const char* key) {
    for (size_t low = 0, high = f->meta_count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key, f->sorted[middle]->string);
        if (order == 0) {
            return f->sorted[middle]->valuestring;
        }
        low = order > 0 ? middle + 1 : low;
        high = order < 0 ? middle : high;
    }
    return NULL;
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

const ks_tensor* ks_tensor_file_find(const ks_tensor_file* f, const char* name) {
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->tensors[i].name, name) == 0) {
            return &f->tensors[i];
        }
    }
    return NULL;
}

/* "5 x 4", or "1 number" of a tensor without dimensions */
static void print_shape(char* out, size_t room, int ndim, const size_t* shape) {
    snprintf(out, room, "%s", ndim == 0 ? "one number" : "");
    for (int d = 0; d < ndim && strlen(out) + 1 < room; d++) {
        size_t used = strlen(out);
        snprintf(out + used, room - used, d ? " x %zu" : "%zu", shape[d]);
    }
}

static const ks_tensor* find_shape(const ks_tensor_file* f, const char* name, const char* type, bool right_type,
                                   int ndim, const size_t* shape, ks_error* err) {
    const ks_tensor* t = ks_tensor_file_find(f, name);
    if (!t) {
        ks_fail(err, KS_BAD_INPUT, "%s: tensor '%s' is missing", f->path, name);
        return NULL;
    }
    bool right_shape = t->ndim == ndim && (ndim == 0 || memcmp(t->shape, shape, (size_t)ndim * sizeof *shape) == 0);
    if (!right_type || !right_shape) {
        char is[96], wanted[96];
        print_shape(is, sizeof is, t->ndim, t->shape);
        print_shape(wanted, sizeof wanted, ndim, shape);
        ks_fail(err, KS_BAD_INPUT, "%s: tensor '%s' is %s of shape %s; it should be %s of shape %s", f->path, name,
                t->type, is, type, wanted);
        return NULL;
    }
    return t;
}

static bool has_type(const ks_tensor_file* f, const char* name, ks_dtype dtype) {
    const ks_tensor* t = ks_tensor_file_find(f, name);
    return t && t->dtype == dtype;
}

bool ks_tensor_file_get(const ks_tensor_file* f, const char* name, ks_dtype dtype, int ndim, const size_t* shape,
                        const void** data, ks_error* err) {
    const ks_tensor* t = find_shape(f, name, ks_tensor_types[dtype].name, has_type(f, name, dtype), ndim, shape, err);
    *data = t ? t->data : *data;
    return t != NULL;
}

/* a half-precision number: sign, 5 bits of exponent, 10 of fraction */
static float half(uint16_t bits) {
    int exponent = bits >> 10 & 31;
    float fraction = (float)(bits & 1023);
    float size = exponent == 0    ? ldexpf(fraction, -24)
                 : exponent == 31 ? (fraction > 0 ? NAN : INFINITY)
                                  : ldexpf(1024 + fraction, exponent - 25);
    return bits >> 15 ? -size : size;
}

/* the upper half of a float */
static float brain_float(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

bool ks_tensor_file_get_real(const ks_tensor_file* f, const char* name, int ndim, const size_t* shape, ks_real* out,
                             ks_error* err) {
    bool right = has_type(f, name, KS_F32) || has_type(f, name, KS_F64) || has_type(f, name, KS_F16) ||
                 has_type(f, name, KS_BF16);
    const ks_tensor* t = find_shape(f, name, "F32 (or F64, F16, BF16)", right, ndim, shape, err);
    for (size_t i = 0; t && out && i < t->count; i++) {
        switch (t->dtype) {
            case KS_F64:
                out[i] = (ks_real)((const double*)t->data)[i];
                break;
            case KS_F16:
                out[i] = half(((const uint16_t*)t->data)[i]);
                break;
            case KS_BF16:
                out[i] = brain_float(((const uint16_t*)t->data)[i]);
                break;
            default:
                out[i] = ((const float*)t->data)[i];
                break;
        }
    }
    return t != NULL;
}

const char* ks_tensor_file_path(const ks_tensor_file* f) {
    return f->path;
}

size_t ks_tensor_file_meta_count(const ks_tensor_file* f) {
    return f->meta_count;
}

const char* ks_tensor_file_meta_key(const ks_tensor_file* f, size_t index) {
    return f->meta[index]->string;
}
