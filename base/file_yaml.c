#include "base/file_yaml.h"

#include "base/names.h"
#include "base/number.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef ks_file_reader reader;

bool ks_file_fail(const reader* r, const yaml_node_t* at, const char* key, const char* format, ...) {
    char text[600];
    va_list args;
    va_start(args, format);
    ks_vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return ks_yaml_fail(ks_yaml_place_of(r->source, at, key), r->err, "%s", text);
}

bool ks_file_fail_in(const reader* r, const yaml_node_t* at, const char* key) {
    ks_error inner = *r->err;
    if (inner.code != KS_BAD_INPUT) {
        return false;
    }
    return ks_yaml_fail(ks_yaml_place_of(r->source, at, key), r->err, "%s", inner.text);
}

/* ---- trees ----------------------------------------------------------------------------------------------------------- */

static const yaml_node_t* node_at(const reader* r, int index) {
    return yaml_document_get_node(r->doc, index);
}

size_t ks_file_count(const yaml_node_t* node) {
    return node->type == YAML_MAPPING_NODE ? (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start)
           : node->type == YAML_SEQUENCE_NODE
               ? (size_t)(node->data.sequence.items.top - node->data.sequence.items.start)
               : 0;
}

const yaml_node_t* ks_file_item(const reader* r, const yaml_node_t* list, size_t index) {
    return list->type == YAML_SEQUENCE_NODE ? node_at(r, list->data.sequence.items.start[index]) : list;
}

/* a key's text; "" for one that is none */
static const char* key_text(const yaml_node_t* node) {
    const char* text = node->type == YAML_SCALAR_NODE ? ks_yaml_text(node) : NULL;
    return text ? text : "";
}

const char* ks_file_pair(const reader* r, const yaml_node_t* map, size_t index, const yaml_node_t** value) {
    const yaml_node_pair_t* pair = map->data.mapping.pairs.start + index;
    *value = node_at(r, pair->value);
    return key_text(node_at(r, pair->key));
}

const yaml_node_t* ks_file_get(const reader* r, const yaml_node_t* map, const char* key) {
    const yaml_node_t* value;
    for (size_t i = 0; map->type == YAML_MAPPING_NODE && i < ks_file_count(map); i++) {
        if (strcmp(ks_file_pair(r, map, i, &value), key) == 0) {
            return value;
        }
    }
    return NULL;
}

/* ---- keys ------------------------------------------------------------------------------------------------------------ */

static bool is_among(const char* keys, const char* name, char nearest[64]) {
    size_t best = SIZE_MAX;
    for (const char* k = keys; *k; k += strspn(k, " ")) {
        char key[64];
        size_t length = strcspn(k, " ");
        snprintf(key, sizeof key, "%.*s", (int)length, k);
        size_t distance = ks_edit_distance(name, key);
        if (distance == 0) {
            return true;
        }
        if (distance < best) {
            best = distance;
            snprintf(nearest, 64, "%s", key);
        }
        k += length;
    }
    return false;
}

bool ks_file_keys(const reader* r, const yaml_node_t* map, const char* key, const char* keys) {
    if (map->type != YAML_MAPPING_NODE) {
        return ks_file_fail(r, map, key, "is a section: `key: value` lines below it, or {key: value, …}%s%.200s",
                            keys ? "; keys: " : "", keys ? keys : "");
    }
    for (size_t i = 0; i < ks_file_count(map); i++) {
        const yaml_node_t *name_node = node_at(r, map->data.mapping.pairs.start[i].key), *value;
        const char* name = ks_file_pair(r, map, i, &value);
        char nearest[64] = "";
        if (!*name) {
            return ks_file_fail(r, name_node, key, "a key must be a name");
        }
        if (ks_file_get(r, map, name) != value) {
            return ks_file_fail(r, name_node, key, "%.60s: stands twice", name);
        }
        if (keys && !is_among(keys, name, nearest)) {
            return ks_file_fail(r, name_node, key, "unknown key %.60s; did you mean %s?", name, nearest);
        }
    }
    return true;
}

/* ---- values ---------------------------------------------------------------------------------------------------------- */

const char* ks_file_text(const reader* r, const yaml_node_t* node, const char* key, size_t room) {
    const char* text = node->type == YAML_SCALAR_NODE ? ks_yaml_text(node) : NULL;
    if (node->type != YAML_SCALAR_NODE) {
        ks_file_fail(r, node, key, "takes a single value");
        return NULL;
    }
    if (!text || !*text) {
        ks_file_fail(r, node, key, text ? "is empty" : "has a zero byte");
        return NULL;
    }
    if (room > 0 && strlen(text) >= room) {
        ks_file_fail(r, node, key, "has more than %zu letters", room - 1);
        return NULL;
    }
    return text;
}

bool ks_file_double(const reader* r, const yaml_node_t* node, const char* key, double min, double max, double* out) {
    const char* text = ks_file_text(r, node, key, 0);
    double x;
    if (!text) {
        return false;
    }
    if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || !ks_parse_double(text, &x) || !isfinite(x)) {
        return ks_file_fail(r, node, key, "'%.40s' is not a number", text);
    }
    if (!(x >= min && x <= max)) {
        return ks_file_fail(r, node, key, "must be %g to %g, not %.40s", min, max, text);
    }
    *out = x;
    return true;
}

bool ks_file_int(const reader* r, const yaml_node_t* node, const char* key, int min, int max, int* out) {
    double x = 0;
    if (!ks_file_double(r, node, key, min, max, &x)) {
        return false;
    }
    if (x != floor(x)) {
        return ks_file_fail(r, node, key, "must be a whole number, not %g", x);
    }
    *out = (int)x;
    return true;
}

bool ks_file_bool(const reader* r, const yaml_node_t* node, const char* key, bool* out) {
    int value = 0;
    if (!ks_file_choice(r, node, key, "false|true", &value)) {
        return false;
    }
    *out = value == 1;
    return true;
}

bool ks_file_doubles(const reader* r, const yaml_node_t* node, const char* key, size_t count, double* out) {
    if (node->type != YAML_SEQUENCE_NODE || ks_file_count(node) != count) {
        return ks_file_fail(r, node, key, "takes a list of %zu number%s, and has %zu", count, count == 1 ? "" : "s",
                            node->type == YAML_SEQUENCE_NODE ? ks_file_count(node) : 1);
    }
    for (size_t i = 0; i < count; i++) {
        if (!ks_file_double(r, ks_file_item(r, node, i), key, -1e10, 1e10, &out[i])) {
            return false;
        }
    }
    return true;
}

bool ks_file_choice(const reader* r, const yaml_node_t* node, const char* key, const char* names, int* out) {
    const char* text = ks_file_text(r, node, key, 0);
    if (!text) {
        return false;
    }
    int number = 0;
    for (const char* n = names;; n++, number++) {
        size_t length = strcspn(n, "|");
        if (strlen(text) == length && strncmp(n, text, length) == 0) {
            *out = number;
            return true;
        }
        n += length;
        if (!*n) {
            return ks_file_fail(r, node, key, "is one of %s, not '%.40s'", names, text);
        }
    }
}

bool ks_file_names(const reader* r, const yaml_node_t* node, const char* key, const char** names, int most,
                   int* count) {
    size_t items = node->type == YAML_SEQUENCE_NODE ? ks_file_count(node) : 1;
    if (items == 0 || items > (size_t)most) {
        return ks_file_fail(r, node, key, items ? "has more than %d names" : "has no names (at most %d)", most);
    }
    for (size_t i = 0; i < items; i++) {
        names[i] = ks_file_text(r, ks_file_item(r, node, i), key, 64);
        if (!names[i]) {
            return false;
        }
    }
    *count = (int)items;
    return true;
}

/* ---- keys that may be missing ---------------------------------------------------------------------------------------- */

bool ks_file_get_double(const reader* r, const yaml_node_t* map, const char* key, double min, double max, double* out) {
    const yaml_node_t* node = ks_file_get(r, map, key);
    return !node || ks_file_double(r, node, key, min, max, out);
}

bool ks_file_get_int(const reader* r, const yaml_node_t* map, const char* key, int min, int max, int* out) {
    const yaml_node_t* node = ks_file_get(r, map, key);
    return !node || ks_file_int(r, node, key, min, max, out);
}

bool ks_file_get_bool(const reader* r, const yaml_node_t* map, const char* key, bool* out) {
    const yaml_node_t* node = ks_file_get(r, map, key);
    return !node || ks_file_bool(r, node, key, out);
}

bool ks_file_get_text(const reader* r, const yaml_node_t* map, const char* key, char* out, size_t room) {
    const yaml_node_t* node = ks_file_get(r, map, key);
    const char* text = node ? ks_file_text(r, node, key, room) : NULL;
    if (text) {
        snprintf(out, room, "%s", text);
    }
    return !node || text;
}
