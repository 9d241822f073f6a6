/* Changing the metadata of a tensor file: its header is written anew, the bytes of its tensors, which lie where they lay
 * relative to its end, are copied. */
#include "base/atomic_file.h"
#include "base/safetensors.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* a whole file in memory, and the header that it is to have */
typedef struct copy {
    unsigned char* bytes; /* (length) */
    size_t length, header;
    char* json;
} copy;

static size_t header_length(const unsigned char* bytes) {
    size_t n = 0;
    for (int i = 0; i < 8; i++) {
        n |= (size_t)bytes[i] << (8 * i);
    }
    return n;
}

static bool read_all(copy* c, const char* path, ks_error* err) {
    FILE* file = fopen(path, "rb");
    long length = -1;
    if (file && fseek(file, 0, SEEK_END) == 0) {
        length = ftell(file);
        rewind(file);
    }
    c->bytes = length >= 8 ? malloc((size_t)length) : NULL;
    bool ok = c->bytes && fread(c->bytes, 1, (size_t)length, file) == (size_t)length;
    c->length = ok ? (size_t)length : 0;
    c->header = ok ? header_length(c->bytes) : 0;
    ok = ok && c->header <= c->length - 8;
    if (!ok) {
        ks_fail(err, KS_FAILED, "cannot read %s: %s", path, errno ? strerror(errno) : "it has changed meanwhile");
    }
    if (file) {
        fclose(file);
    }
    return ok;
}

/* the header with the new value, padded so that the data starts on a multiple of 8 */
static bool change_header(copy* c, const char* path, const char* key, const char* value, ks_error* err) {
    static const char META[] = "__metadata__";
    cJSON* header = cJSON_ParseWithLength((const char*)c->bytes + 8, c->header);
    cJSON* meta = cJSON_GetObjectItemCaseSensitive(header, META);
    meta = header && !meta ? cJSON_AddObjectToObject(header, META) : meta;
    cJSON_DeleteItemFromObjectCaseSensitive(meta, key);
    char* text = meta && cJSON_AddStringToObject(meta, key, value) ? cJSON_PrintUnformatted(header) : NULL;
    cJSON_Delete(header);
    size_t length = text ? strlen(text) : 0;
    size_t padded = (length + 7) / 8 * 8;
    c->json = text ? malloc(padded + 1) : NULL;
    if (c->json) {
        memset(c->json, ' ', padded);
        c->json[padded] = 0;
        memcpy(c->json, text, length);
    }
    cJSON_free(text);
    return c->json || ks_fail(err, KS_FAILED, "%s: not enough memory to change its metadata", path);
}

static bool write_copy(void* user, FILE* file) {
    const copy* c = user;
    size_t n = strlen(c->json), data = 8 + c->header;
    unsigned char size[8];
    for (int i = 0; i < 8; i++) {
        size[i] = (unsigned char)(n >> (8 * i));
    }
    return fwrite(size, 1, 8, file) == 8 && fwrite(c->json, 1, n, file) == n &&
           fwrite(c->bytes + data, 1, c->length - data, file) == c->length - data;
}

bool ks_tensor_file_set_meta(const char* path, const char* format, const char* key, const char* value, ks_error* err) {
    ks_tensor_file* f = ks_tensor_file_open(path, format, err);
    if (!f) {
        return false;
    }
    ks_tensor_file_close(f);
    copy c = {0};
    errno = 0;
    bool ok = read_all(&c, path, err) && change_header(&c, path, key, value, err) &&
              ks_replace_file(path, write_copy, &c, err);
    free(c.bytes);
    free(c.json);
    return ok;
}
