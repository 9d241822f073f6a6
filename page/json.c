#include "page/json.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "bytes are written as they stand in memory");

enum { TEXT_ROOM = 4096, STEPS = 65535 };

void ks_json_init(ks_json* json) {
    *json = (ks_json){.root = cJSON_CreateObject()};
    json->broken = !json->root;
}

void ks_json_free(ks_json* json) {
    cJSON_Delete(json->root);
    json->root = NULL;
}

bool ks_json_ok(const ks_json* json) {
    return !json->broken;
}

/* Takes the item. */
static cJSON* add(ks_json* json, cJSON* to, const char* name, cJSON* item) {
    bool ok = to && item && (name ? cJSON_AddItemToObject(to, name, item) : cJSON_AddItemToArray(to, item));
    if (ok) {
        return item;
    }
    cJSON_Delete(item);
    json->broken = true;
    return NULL;
}

cJSON* ks_json_object(ks_json* json, cJSON* to, const char* name) {
    return add(json, to, name, cJSON_CreateObject());
}

cJSON* ks_json_array(ks_json* json, cJSON* to, const char* name) {
    return add(json, to, name, cJSON_CreateArray());
}

void ks_json_text(ks_json* json, cJSON* to, const char* name, const char* text) {
    char plain[TEXT_ROOM];
    ks_text_escape(plain, sizeof plain, text);
    add(json, to, name, cJSON_CreateString(plain));
}

void ks_json_number(ks_json* json, cJSON* to, const char* name, double value) {
    add(json, to, name, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

void ks_json_flag(ks_json* json, cJSON* to, const char* name, bool value) {
    add(json, to, name, cJSON_CreateBool(value));
}

void ks_json_numbers(ks_json* json, cJSON* to, const char* name, const double* values, size_t count) {
    cJSON* array = ks_json_array(json, to, name);
    for (size_t i = 0; i < count; i++) {
        ks_json_number(json, array, NULL, values[i]);
    }
}

/* ---- numbers in bulk ------------------------------------------------------------------------------------------------------ */

void ks_json_bytes(ks_json* json, cJSON* to, const char* name, const void* bytes, size_t size) {
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char* in = bytes;
    char* text = malloc((size + 2) / 3 * 4 + 1);
    char* out = text;
    for (size_t i = 0; text && i < size; i += 3) {
        size_t left = size - i;
        unsigned a = in[i], b = left > 1 ? in[i + 1] : 0, c = left > 2 ? in[i + 2] : 0;
        *out++ = DIGITS[a >> 2];
        *out++ = DIGITS[(a & 3) << 4 | b >> 4];
        *out++ = left > 1 ? DIGITS[(b & 15) << 2 | c >> 6] : '=';
        *out++ = left > 2 ? DIGITS[c & 63] : '=';
    }
    if (text) {
        *out = 0;
    }
    add(json, to, name, text ? cJSON_CreateString(text) : NULL);
    free(text);
}

void ks_json_floats(ks_json* json, cJSON* to, const char* name, const double* values, size_t count) {
    float* numbers = malloc((count + 1) * sizeof *numbers);
    for (size_t i = 0; numbers && i < count; i++) {
        numbers[i] = (float)values[i];
    }
    if (numbers) {
        ks_json_bytes(json, to, name, numbers, count * sizeof *numbers);
    }
    json->broken = json->broken || !numbers;
    free(numbers);
}

/* The numbers themselves: of n values, stride apart, to 0 … 65535; *low and *high get their range. */
static void quantise(uint16_t* out, double* low, double* high, const double* values, size_t n, size_t stride) {
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        *low = fmin(*low, values[i * stride]);
        *high = fmax(*high, values[i * stride]);
    }
    if (!(*low <= *high)) {
        *low = *high = 0;
    }
    for (size_t i = 0; i < n; i++) {
        double share = *high > *low ? (values[i * stride] - *low) / (*high - *low) : 0;
        out[i * stride] = (uint16_t)lround(STEPS * fmin(fmax(share, 0), 1));
    }
}

void ks_json_points(ks_json* json, cJSON* to, const char* name, const double* points, size_t count) {
    uint16_t* numbers = malloc((3 * count + 1) * sizeof *numbers);
    double low[3], high[3];
    for (int axis = 0; numbers && axis < 3; axis++) {
        quantise(numbers + axis, &low[axis], &high[axis], points + axis, count, 3);
    }
    if (numbers) {
        ks_json_numbers(json, to, "low", low, 3);
        ks_json_numbers(json, to, "high", high, 3);
        ks_json_bytes(json, to, name, numbers, 3 * count * sizeof *numbers);
    }
    json->broken = json->broken || !numbers;
    free(numbers);
}
