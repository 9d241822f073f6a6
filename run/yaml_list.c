#include "run/yaml_list.h"

#include "base/number.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cJSON* value_of(const yaml_node_t* node) {
    const char* text = (const char*)node->data.scalar.value;
    bool plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    double number;
    if (plain && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        return cJSON_CreateBool(*text == 't');
    }
    return plain && ks_parse_double(text, &number) ? cJSON_CreateNumber(number) : cJSON_CreateString(text);
}

static bool add_pair(cJSON* object, yaml_document_t* doc, const yaml_node_pair_t* pair, ks_error* err) {
    const yaml_node_t* key = yaml_document_get_node(doc, pair->key);
    const yaml_node_t* value = yaml_document_get_node(doc, pair->value);
    if (key->type != YAML_SCALAR_NODE || value->type != YAML_SCALAR_NODE) {
        return ks_fail(err, KS_BAD_INPUT, "each entry is a mapping of names to single values");
    }
    cJSON* item = value_of(value);
    return (item && cJSON_AddItemToObject(object, (const char*)key->data.scalar.value, item)) ||
           ks_fail(err, KS_FAILED, "not enough memory");
}

static bool add_entry(cJSON* array, yaml_document_t* doc, const yaml_node_t* node, ks_error* err) {
    if (node->type != YAML_MAPPING_NODE) {
        return ks_fail(err, KS_BAD_INPUT, "each entry is a mapping, as {type: dense, out: 64} is");
    }
    cJSON* object = cJSON_CreateObject();
    if (!object || !cJSON_AddItemToArray(array, object)) {
        cJSON_Delete(object);
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    const yaml_node_pair_t* end = node->data.mapping.pairs.top;
    for (const yaml_node_pair_t* pair = node->data.mapping.pairs.start; pair < end; pair++) {
        if (!add_pair(object, doc, pair, err)) {
            return false;
        }
    }
    return true;
}

bool ks_yaml_list(char* out, size_t room, yaml_document_t* doc, yaml_node_t* list, ks_error* err) {
    if (list->type != YAML_SEQUENCE_NODE) {
        return ks_fail(err, KS_BAD_INPUT, "takes a list, as [{type: dense, out: 64}, {type: relu}] is");
    }
    cJSON* array = cJSON_CreateArray();
    bool ok = array || ks_fail(err, KS_FAILED, "not enough memory");
    for (const yaml_node_item_t* i = list->data.sequence.items.start; ok && i < list->data.sequence.items.top; i++) {
        ok = add_entry(array, doc, yaml_document_get_node(doc, *i), err);
    }
    char* text = ok ? cJSON_PrintUnformatted(array) : NULL;
    if (ok && !text) {
        ok = ks_fail(err, KS_FAILED, "not enough memory");
    } else if (ok && strlen(text) >= room) {
        ok = ks_fail(err, KS_BAD_INPUT, "is longer than %zu characters", room - 1);
    } else if (ok) {
        snprintf(out, room, "%s", strcmp(text, "[]") == 0 ? "" : text);
    }
    cJSON_free(text);
    cJSON_Delete(array);
    return ok;
}
