/* networks as JSON: a list of objects, each the name of a kind and its fields, from the kind's own row */
#include "base/number.h"
#include "nn/net.h"

#include <cjson/cJSON.h>
#include <string.h>

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool read_field(ks_layer* layer, const cJSON* item, ks_error* err) {
    if (strcmp(item->string, "type") == 0) {
        return true;
    }
    int f = ks_layer_field_index(layer->kind, item->string);
    bool flag = f >= 0 && layer->kind->field[f].type == KS_FIELD_FLAG;
    if (f >= 0 && !(flag ? cJSON_IsBool(item) : cJSON_IsNumber(item))) {
        return ks_fail(err, KS_BAD_INPUT, "%s: %s is %s", layer->kind->name, item->string,
                       flag ? "true or false" : "a number");
    }
    return ks_layer_set(layer, item->string, flag ? cJSON_IsTrue(item) : item->valuedouble, err);
}

static bool read_layer(ks_layer* layer, const cJSON* object, ks_error* err) {
    const cJSON* type = cJSON_GetObjectItemCaseSensitive(object, "type");
    if (!cJSON_IsString(type)) {
        return ks_fail(err, KS_BAD_INPUT, "a layer is an object with a \"type\"");
    }
    if (!ks_layer_make(layer, type->valuestring, err)) {
        return false;
    }
    for (const cJSON* item = object->child; item; item = item->next) {
        for (const cJSON* other = item->next; other; other = other->next) {
            if (strcmp(item->string, other->string) == 0) {
                return ks_fail(err, KS_BAD_INPUT, "%s: \"%s\" stands there twice", type->valuestring, item->string);
            }
        }
        if (!read_field(layer, item, err)) {
            return false;
        }
    }
    return true;
}

static bool read_list(ks_layer* layers, int* count, const cJSON* list, ks_error* err) {
    if (!cJSON_IsArray(list)) {
        return ks_fail(err, KS_BAD_INPUT, "a network is a list of layers in JSON");
    }
    int size = cJSON_GetArraySize(list);
    if (size < 1 || size > KS_MAX_LAYERS) {
        return ks_fail(err, KS_BAD_INPUT, "a network has 1 to %d layers, not %d", KS_MAX_LAYERS, size);
    }
    *count = 0;
    for (const cJSON* object = list->child; object; object = object->next) {
        if (!read_layer(&layers[*count], object, err)) {
            char where[32];
            ks_snprintf(where, sizeof where, "layer %d", *count + 1);
            return ks_fail_in(err, where);
        }
        ++*count;
    }
    return true;
}

bool ks_layers_parse(ks_layer layers[KS_MAX_LAYERS], int* count, const char* json, ks_error* err) {
    cJSON* list = cJSON_ParseWithOpts(json, NULL, true);
    bool ok = read_list(layers, count, list, err);
    cJSON_Delete(list);
    return ok;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

typedef struct text {
    char* out;
    size_t room, length;
} text;

static void add(text* t, const char* part) {
    for (; *part; part++, t->length++) {
        if (t->length + 1 < t->room) {
            t->out[t->length] = *part;
        }
    }
}

static void add_layer(text* t, const ks_layer* layer) {
    add(t, "{\"type\": \"");
    add(t, layer->kind->name);
    add(t, "\"");
    for (int f = 0; f < KS_LAYER_FIELDS && layer->kind->field[f].name; f++) {
        char number[KS_NUMBER_ROOM];
        bool flag = layer->kind->field[f].type == KS_FIELD_FLAG;
        add(t, ", \"");
        add(t, layer->kind->field[f].name);
        add(t, "\": ");
        add(t, flag ? (layer->value[f] != 0 ? "true" : "false") : ks_print_double(number, layer->value[f]));
    }
    add(t, "}");
}

size_t ks_net_print(char* out, size_t room, const ks_net* net) {
    text t = {out, room, 0};
    for (int l = 0; l < net->num_layers; l++) {
        add(&t, l == 0 ? "[" : ", ");
        add_layer(&t, &net->layer[l]);
    }
    add(&t, "]");
    if (room > 0) {
        out[t.length < room ? t.length : room - 1] = 0;
    }
    return t.length;
}
