/* json.h: what pages tell their scripts, as JSON: numbers in bulk as base64 of little-endian bytes, everything else as it is.
 * Internal to this room.
 *
 * Every function works on a part of a document and adds to it. Where memory runs out, the document is marked and adding goes on as a
 * no-op: whoever writes it looks once, at the end (ks_json_ok).
 *
 * Thread rule: distinct documents are independent. */
#ifndef KS_PAGE_JSON_H
#define KS_PAGE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ks_json {
    cJSON* root; /* an object */
    bool broken; /* memory was short */
} ks_json;

/* ks_json_free frees it, also where memory was short. */
void ks_json_init(ks_json* json);
void ks_json_free(ks_json* json);
bool ks_json_ok(const ks_json* json);

/* To an object under a name; to an array where name is NULL. Parts live as long as the document; NULL where memory was short. */
cJSON* ks_json_object(ks_json* json, cJSON* to, const char* name);
cJSON* ks_json_array(ks_json* json, cJSON* to, const char* name);
/* As ks_text_escape has it: what comes from outside may be any bytes. */
void ks_json_text(ks_json* json, cJSON* to, const char* name, const char* text);
/* A number that is not finite becomes null. */
void ks_json_number(ks_json* json, cJSON* to, const char* name, double value);
void ks_json_flag(ks_json* json, cJSON* to, const char* name, bool value);
void ks_json_numbers(ks_json* json, cJSON* to, const char* name, const double* values, size_t count);
/* Base64, and the same of numbers in single precision. */
void ks_json_bytes(ks_json* json, cJSON* to, const char* name, const void* bytes, size_t size);
void ks_json_floats(ks_json* json, cJSON* to, const char* name, const double* values, size_t count);

/* count x 3 points, each number as 16 bits of the way from the lowest to the highest of its axis: "low" and "high" (3 each), and
 * `name` with the bytes (uint16). */
void ks_json_points(ks_json* json, cJSON* to, const char* name, const double* points, size_t count);

#endif
