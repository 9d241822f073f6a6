/* tensors.c: how libFuzzer changes an input that is a tensor file. Most changes are to the tree of its JSON header, and are put
 * back into a file whose lengths, and often offsets, fit again: what is wrong is then one thing, past the first checks. The rest
 * are changes of the header's text, of the data alone, and of any byte. */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed);

/* ---- chance --------------------------------------------------------------------------------------------------------- */

static unsigned draw(uint64_t* state, unsigned below) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*state >> 33) % below;
}

/* ---- the header's tree ------------------------------------------------------------------------------------------------ */

/* the index-th node below `item`, counted through the whole tree; *index counts down */
static cJSON* node_at(cJSON* item, unsigned* index) {
    for (cJSON* child = item->child; child; child = child->next) {
        if ((*index)-- == 0) {
            return child;
        }
        cJSON* found = node_at(child, index);
        if (found) {
            return found;
        }
    }
    return NULL;
}

static unsigned count_nodes(const cJSON* item) {
    unsigned count = 0;
    for (const cJSON* child = item->child; child; child = child->next) {
        count += 1 + count_nodes(child);
    }
    return count;
}

static cJSON* parent_of(cJSON* item, const cJSON* node) {
    for (cJSON* child = item->child; child; child = child->next) {
        cJSON* found = child == node ? item : parent_of(child, node);
        if (found) {
            return found;
        }
    }
    return NULL;
}

static cJSON* random_value(uint64_t* state) {
    static const double NUMBERS[] = {0, 1, -1, 2, 3, 8, 0.5, 1e-300, 65536, 2147483648.0, 0x1p53, 0x1p63, 1e308, -0.0};
    static const char* const TEXTS[] = {"",
                                        "F32",
                                        "F64",
                                        "I64",
                                        "U8",
                                        "BF16",
                                        "F16",
                                        "I32",
                                        "BOOL",
                                        "0",
                                        "-1",
                                        "1e999",
                                        "nan",
                                        "100,100",
                                        "2147483648",
                                        "point",
                                        "maml",
                                        "tanh",
                                        "gaussian",
                                        "categorical",
                                        "kshot.policy.1",
                                        "kshot.checkpoint.1"};
    switch (draw(state, 6)) {
        case 0:
        case 1:
            return cJSON_CreateNumber(NUMBERS[draw(state, sizeof NUMBERS / sizeof *NUMBERS)]);
        case 2:
        case 3:
            return cJSON_CreateString(TEXTS[draw(state, sizeof TEXTS / sizeof *TEXTS)]);
        case 4:
            return draw(state, 2) ? cJSON_CreateArray() : cJSON_CreateObject();
        default:
            return draw(state, 2) ? cJSON_CreateNull() : cJSON_CreateTrue();
    }
}

/* a text with some of its bytes changed; the new one is cJSON's to free */
static char* mutate_text(const char* text) {
    size_t length = strlen(text), room = length + 16;
    char* copy = cJSON_malloc(room + 1);
    if (copy) {
        memcpy(copy, text, length);
        copy[LLVMFuzzerMutate((uint8_t*)copy, length, room)] = 0;
    }
    return copy;
}

static void replace(cJSON* parent, cJSON* node, cJSON* value) {
    if (value) {
        cJSON_free(value->string); /* it takes the other's name */
        value->string = node->string;
        node->string = NULL;
        cJSON_ReplaceItemViaPointer(parent, node, value);
    }
}

static void mutate_tree(cJSON* header, uint64_t* state) {
    unsigned count = count_nodes(header);
    unsigned index = count ? draw(state, count) : 0, other = count ? draw(state, count) : 0;
    cJSON* node = node_at(header, &index);
    cJSON* from = node_at(header, &other);
    cJSON* parent = node ? parent_of(header, node) : NULL;
    if (!parent) {
        cJSON_AddItemToObject(header, "t", random_value(state));
        return;
    }
    switch (draw(state, 6)) {
        case 0:
            replace(parent, node, random_value(state));
            break;
        case 1:
            cJSON_Delete(cJSON_DetachItemViaPointer(parent, node));
            break;
        case 2: /* another entry, a copy of one that is there, under its name or a new one */
            if (cJSON_IsObject(parent)) {
                char* name = draw(state, 4) ? mutate_text(node->string) : NULL;
                cJSON_AddItemToObject(parent, name ? name : node->string, cJSON_Duplicate(from, true));
                cJSON_free(name);
            } else {
                cJSON_AddItemToArray(parent, cJSON_Duplicate(from, true));
            }
            break;
        case 3:
            if (node->string) {
                char* name = mutate_text(node->string);
                cJSON_free(node->string);
                node->string = name;
            }
            break;
        case 4:
            replace(parent, node, cJSON_Duplicate(from, true));
            break;
        default:
            if (cJSON_IsString(node)) {
                char* text = mutate_text(node->valuestring);
                cJSON_free(node->valuestring);
                node->valuestring = text;
            } else if (cJSON_IsNumber(node)) {
                cJSON_SetNumberValue(node, node->valuedouble + (draw(state, 2) ? 1 : -1));
            }
    }
}

/* Gives every tensor the place that its shape asks for, one after the other. Returns the bytes that this takes. */
static size_t lay_out(cJSON* header, size_t most) {
    static const struct {
        const char* name;
        size_t size;
    } TYPES[] = {{"F64", 8}, {"I64", 8}, {"F32", 4}, {"I32", 4}, {"F16", 2}, {"BF16", 2}, {"U8", 1}};
    double end = 0;
    for (cJSON* entry = header->child; entry; entry = entry->next) {
        const cJSON* type = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
        const cJSON* shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
        cJSON* offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
        double bytes = 0;
        for (size_t i = 0; cJSON_IsString(type) && i < sizeof TYPES / sizeof *TYPES; i++) {
            bytes = strcmp(type->valuestring, TYPES[i].name) == 0 ? (double)TYPES[i].size : bytes;
        }
        const cJSON* item;
        cJSON_ArrayForEach(item, shape) {
            bytes *= item->valuedouble;
        }
        if (cJSON_GetArraySize(offsets) == 2 && bytes >= 0 && end + bytes <= (double)most) {
            cJSON_SetNumberValue(cJSON_GetArrayItem(offsets, 0), end);
            cJSON_SetNumberValue(cJSON_GetArrayItem(offsets, 1), end + bytes);
            end += bytes;
        }
    }
    return (size_t)end;
}

/* ---- files ---------------------------------------------------------------------------------------------------------------- */

/* Header and data as a file in out, cut where it is full. Returns its length. */
static size_t put_together(uint8_t* out, size_t room, const char* json, const uint8_t* data, size_t bytes,
                           bool padded) {
    size_t length = strlen(json), whole = padded ? (length + 7) / 8 * 8 : length, at = 8;
    if (room < 8 + whole) {
        return 0;
    }
    for (int i = 0; i < 8; i++) {
        out[i] = (uint8_t)((uint64_t)whole >> 8 * i);
    }
    memcpy(out + at, json, length);
    memset(out + at + length, ' ', whole - length);
    at += whole;
    bytes = bytes < room - at ? bytes : room - at;
    memcpy(out + at, data, bytes);
    return at + bytes;
}

/* The data of the old file, as long as is asked for: cut, or with zeros behind. */
static uint8_t* resize(const uint8_t* data, size_t size, size_t wanted) {
    uint8_t* copy = calloc(wanted + 1, 1);
    if (copy) {
        memcpy(copy, data, size < wanted ? size : wanted);
    }
    return copy;
}

static size_t mutate_header(uint8_t* out, size_t room, const char* text, const uint8_t* data, size_t bytes,
                            uint64_t* state) {
    cJSON* header = cJSON_Parse(text);
    if (!cJSON_IsObject(header)) {
        cJSON_Delete(header);
        header = cJSON_Parse(
            "{\"__metadata__\":{\"format\":\"x\"},\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}");
    }
    for (unsigned changes = 1 + draw(state, 3); header && changes > 0; changes--) {
        mutate_tree(header, state);
    }
    size_t wanted = header && draw(state, 4) ? lay_out(header, room) : bytes;
    char* json = header ? cJSON_PrintUnformatted(header) : NULL;
    uint8_t* copy = resize(data, bytes, wanted);
    size_t size = json && copy ? put_together(out, room, json, copy, wanted, draw(state, 8) != 0) : 0;
    free(copy);
    cJSON_free(json);
    cJSON_Delete(header);
    return size;
}

static size_t mutate_text_of_header(uint8_t* out, size_t room, const char* text, const uint8_t* data, size_t bytes) {
    char* json = mutate_text(text);
    size_t size = json ? put_together(out, room, json, data, bytes, true) : 0;
    cJSON_free(json);
    return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
    uint64_t state = seed, header = 0;
    for (int i = 7; i >= 0 && size >= 8; i--) {
        header = header << 8 | data[i];
    }
    unsigned kind = draw(&state, 8);
    if (size < 8 || header > size - 8 || kind == 0) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    size_t start = 8 + (size_t)header;
    if (kind == 1) {
        return start + LLVMFuzzerMutate(data + start, size - start, max_size - start);
    }
    char* text = calloc(header + 1, 1);
    uint8_t* rest = resize(data + start, size - start, size - start);
    size_t changed = 0;
    if (text && rest) {
        memcpy(text, data + 8, header);
        changed = kind <= 3 ? mutate_text_of_header(data, max_size, text, rest, size - start)
                            : mutate_header(data, max_size, text, rest, size - start, &state);
    }
    free(text);
    free(rest);
    return changed ? changed : LLVMFuzzerMutate(data, size, max_size);
}
