#include "nn/layer.h"

#include "base/number.h"

#include <math.h>
#include <string.h>

#define KS_LAYER_ROW(name) &ks_layer_##name,
static const ks_layer_kind* const KINDS[] = {KS_LAYER_KINDS(KS_LAYER_ROW)};
enum { NUM_KINDS = sizeof KINDS / sizeof *KINDS };

const ks_layer_kind* ks_layer_kind_at(int index) {
    return index >= 0 && index < NUM_KINDS ? KINDS[index] : NULL;
}

/* adds a name to a list that is separated by commas, as far as there is room */
static void add_name(char* list, size_t room, const char* name) {
    size_t length = strlen(list);
    ks_snprintf(list + length, room - length, "%s%s", length ? ", " : "", name);
}

bool ks_layer_make(ks_layer* layer, const char* kind, ks_error* err) {
    char names[256] = "";
    for (int i = 0; i < NUM_KINDS; i++) {
        if (strcmp(KINDS[i]->name, kind) != 0) {
            add_name(names, sizeof names, KINDS[i]->name);
            continue;
        }
        *layer = (ks_layer){.kind = KINDS[i]};
        for (int f = 0; f < KS_LAYER_FIELDS; f++) {
            layer->value[f] = KINDS[i]->field[f].from_input ? 0 : KINDS[i]->field[f].initial;
        }
        return true;
    }
    return ks_fail(err, KS_BAD_INPUT, "no layer is called \"%s\": the layers are %s", kind, names);
}

int ks_layer_field_index(const ks_layer_kind* kind, const char* field) {
    for (int i = 0; i < KS_LAYER_FIELDS && kind->field[i].name; i++) {
        if (strcmp(kind->field[i].name, field) == 0) {
            return i;
        }
    }
    return -1;
}

static bool unknown_field(const ks_layer_kind* kind, const char* field, ks_error* err) {
    char names[256] = "";
    for (int i = 0; i < KS_LAYER_FIELDS && kind->field[i].name; i++) {
        add_name(names, sizeof names, kind->field[i].name);
    }
    return ks_fail(err, KS_BAD_INPUT, "%s has no field \"%s\"%s%s", kind->name, field,
                   names[0] ? ": its fields are " : "", names);
}

bool ks_layer_set(ks_layer* layer, const char* field, double value, ks_error* err) {
    int i = ks_layer_field_index(layer->kind, field);
    if (i < 0) {
        return unknown_field(layer->kind, field, err);
    }
    const ks_layer_field* f = &layer->kind->field[i];
    if (!(value >= f->min && value <= f->max) || (f->type != KS_FIELD_NUMBER && value != floor(value))) {
        char min[KS_NUMBER_ROOM], max[KS_NUMBER_ROOM];
        return ks_fail(err, KS_BAD_INPUT, "%s: %s is %s from %s to %s", layer->kind->name, field,
                       f->type == KS_FIELD_NUMBER ? "a number" : "a whole number", ks_print_double(min, f->min),
                       ks_print_double(max, f->max));
    }
    layer->value[i] = value;
    return true;
}

bool ks_layer_infer(ks_layer* layer, int field, size_t actual, ks_error* err) {
    double given = layer->value[field];
    layer->value[field] = (double)actual;
    return given == 0 || given == (double)actual ||
           ks_fail(err, KS_BAD_INPUT, "\"%s\" is %.0f, but %zu come in", layer->kind->field[field].name, given, actual);
}
