#include "base/safetensors_internal.h"

#include "base/atomic_file.h"
#include "base/number.h"
#include "base/utf8.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

const ks_tensor_type ks_tensor_types[KS_NUM_TENSOR_TYPES] = {
    [KS_F32] = {"F32", 4},
    [KS_F64] = {"F64", 8},
    [KS_I64] = {"I64", 8},
    [KS_U8] = {"U8", 1},
    [KS_F16] = {"F16", 2},
    [KS_BF16] = {"BF16", 2},
    [KS_OTHER] = {"I32", 4},
    {"BOOL", 1},
    {"I8", 1},
    {"I16", 2},
    {"U16", 2},
    {"U32", 4},
    {"U64", 8},
    {"C64", 8},
    {"F8_E4M3", 1},
    {"F8_E5M2", 1},
    {"F8_E8M0", 1},
};

size_t ks_dtype_size(ks_dtype dtype) {
    return dtype < KS_OTHER ? ks_tensor_types[dtype].size : 0;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

typedef struct part {
    cJSON* entry; /* its place in the header */
    const void* data;
    size_t bytes, element_size;
    void* owned; /* freed with the writer */
} part;

typedef struct block {
    struct block* next;
    max_align_t data[];
} block;

struct ks_tensor_writer {
    cJSON* header;
    cJSON* meta;
    part* parts;
    size_t num_parts, room;
    block* blocks; /* of ks_tensor_writer_alloc */
    bool failed;   /* out of memory somewhere on the way */
    char bad[64];  /* the key of a text that is not UTF-8, which no reader would take; "": there is none */
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
        while (w->blocks) {
            block* next = w->blocks->next;
            free(w->blocks);
            w->blocks = next;
        }
        free(w->parts);
        cJSON_Delete(w->header);
        free(w);
    }
}

void ks_tensor_writer_meta(ks_tensor_writer* w, const char* key, const char* value) {
    if (!ks_utf8_is_valid(value)) {
        snprintf(w->bad, sizeof w->bad, "%s", key);
        return;
    }
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
    w->failed |= !dims || !cJSON_AddStringToObject(entry, "dtype", ks_tensor_types[dtype].name);
    for (int i = 0; !w->failed && i < ndim; i++) {
        w->failed |= !cJSON_AddItemToArray(dims, cJSON_CreateNumber((double)shape[i]));
    }
    size_t size = ks_dtype_size(dtype);
    add_part(w, (part){entry, data, count_of(ndim, shape) * size, size, owned});
}

void* ks_tensor_writer_alloc(ks_tensor_writer* w, size_t bytes) {
    block* b = malloc(sizeof *b + bytes);
    if (!b) {
        w->failed = true;
        return NULL;
    }
    b->next = w->blocks;
    w->blocks = b;
    return b->data;
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

unsigned long ks_tensor_checksum(unsigned long sum, const void* data, size_t bytes) {
    for (const unsigned char* at = data; bytes > 0;) {
        size_t some = bytes < (1 << 30) ? bytes : 1 << 30;
        sum = crc32(sum, at, (unsigned)some);
        at += some;
        bytes -= some;
    }
    return sum;
}

bool ks_tensor_writer_save(ks_tensor_writer* w, const char* path, unsigned how, ks_error* err) {
    if (*w->bad) {
        return ks_fail(err, KS_BAD_INPUT, "cannot write %s: its metadata has text, and %s is not UTF-8", path, w->bad);
    }
    lay_out(w);
    if (how & KS_SAVE_CHECKSUM) {
        unsigned long sum = crc32(0, NULL, 0);
        for (size_t i = 0; i < w->num_parts; i++) {
            sum = ks_tensor_checksum(sum, w->parts[i].data, w->parts[i].bytes);
        }
        char text[16];
        snprintf(text, sizeof text, "%08lx", sum);
        ks_tensor_writer_meta(w, "crc32", text);
    }
    content c = {.writer = w, .json = w->failed ? NULL : cJSON_PrintUnformatted(w->header)};
    if (!c.json) {
        return ks_fail(err, KS_FAILED, "cannot write %s: not enough memory", path);
    }
    bool ok = how & KS_SAVE_AGAIN ? ks_replace_file(path, write_content, &c, err)
                                  : ks_write_file(path, !(how & KS_SAVE_NEW), write_content, &c, err);
    cJSON_free((void*)(uintptr_t)c.json);
    return ok;
}
