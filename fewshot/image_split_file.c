#include "fewshot/image_split.h"

#include "base/text_file.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 64 << 20, MAX_NAME = 1024 };

/* A file while it is read. */
typedef struct split_file {
    ks_image_list* list;
    const char* path;
    ks_image_split split;
    char name[MAX_NAME]; /* of a class, as far as it is put together */
} split_file;

static ks_image_class* find_class(const ks_image_list* list, const char* name) {
    size_t low = 0, high = list->num_classes;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(list->classes[middle].name, name);
        if (order == 0) {
            return &list->classes[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static bool give(split_file* f, ks_error* err) {
    ks_image_class* c = find_class(f->list, f->name);
    if (!c) {
        return ks_fail(err, KS_BAD_INPUT, "%s: names the class %s, of which there are no images", f->path, f->name);
    }
    if (c->split != KS_IMAGES_SPLITS) {
        return ks_fail(err, KS_BAD_INPUT, "%s: names the class %s, which is in %s already", f->path, f->name,
                       ks_image_split_names[c->split]);
    }
    c->split = f->split;
    return true;
}

/* Puts a folder's or a class's name behind the name so far. */
static bool append(split_file* f, const char* part, ks_error* err) {
    size_t length = strlen(f->name);
    int written = snprintf(f->name + length, MAX_NAME - length, length > 0 ? "/%s" : "%s", part);
    return (size_t)written < MAX_NAME - length ||
           ks_fail(err, KS_BAD_INPUT, "%s: a class's name of more than %d bytes", f->path, MAX_NAME - 1);
}

/* Is an object's key no part of a name? */
static bool is_archive(const split_file* f, const char* key) {
    static const char* const KEYS[] = {"background", "evaluation", "images_background", "images_evaluation"};
    bool is = false;
    for (size_t i = 0; f->list->layout == KS_LAYOUT_OMNIGLOT && !*f->name && i < sizeof KEYS / sizeof *KEYS; i++) {
        is = is || strcmp(key, KEYS[i]) == 0;
    }
    return is;
}

static bool is_tree(const cJSON* item) {
    return cJSON_IsArray(item) || cJSON_IsObject(item);
}

/* A list of names, or an object of such: everything in it is for one split. cJSON limits how deep it goes. */
static bool take(split_file* f, const cJSON* classes, ks_error* err) {
    size_t length = strlen(f->name);
    const cJSON* item;
    bool ok = true;
    cJSON_ArrayForEach(item, classes) {
        bool object = cJSON_IsObject(classes);
        const char* part = object ? item->string : cJSON_GetStringValue(item);
        if (!part || (object && !is_tree(item))) {
            return ks_fail(err, KS_BAD_INPUT, "%s: in %s stands something else than names of classes", f->path,
                           ks_image_split_names[f->split]);
        }
        ok = (object && is_archive(f, part)) || append(f, part, err);
        ok = ok && (object ? take(f, item, err) : give(f, err));
        f->name[length] = 0;
        if (!ok) {
            break;
        }
    }
    return ok;
}

/* The three splits of one file. */
static bool take_splits(split_file* f, const cJSON* all, ks_error* err) {
    const cJSON* item;
    bool ok = cJSON_IsObject(all) || ks_fail(err, KS_BAD_INPUT, "%s: not an object with train, val and test", f->path);
    cJSON_ArrayForEach(item, all) {
        if (!ok) {
            break;
        }
        f->split = ks_image_split_named(item->string, strlen(item->string));
        if (f->split == KS_IMAGES_SPLITS) {
            return ks_fail(err, KS_BAD_INPUT, "%s: '%s' is no split; train, val and test are", f->path, item->string);
        }
        if (!is_tree(item)) {
            return ks_fail(err, KS_BAD_INPUT, "%s: %s is no list of classes", f->path, item->string);
        }
        ok = take(f, item, err);
    }
    return ok;
}

/* NULL on errors. cJSON does not say whether the text is none, or memory has run out: could what such a text takes be had? */
static cJSON* parse(const ks_text_file* text, const char* path, ks_error* err) {
    const char* end = NULL;
    cJSON* json = NULL;
    for (int attempt = 0; !json && attempt < 2; attempt++) {
        json = cJSON_ParseWithOpts(text->text, &end, 1);
    }
    if (!json) {
        void* probe = malloc(4096 + text->length / 2 * (sizeof(cJSON) + 16));
        size_t line = 1;
        for (const char* at = text->text; end && at < end; at++) {
            line += *at == '\n';
        }
        if (probe) {
            ks_fail(err, KS_BAD_INPUT, "%s:%zu: not JSON, or cut off", path, line);
        } else {
            ks_fail(err, KS_FAILED, "%s: not enough memory", path);
        }
        free(probe);
    }
    return json;
}

bool ks_image_split_by_file(ks_image_list* list, const char* path, ks_image_split split, ks_error* err) {
    ks_text_file text;
    if (!ks_text_file_read(&text, path, MAX_BYTES, err)) {
        return false;
    }
    split_file f = {.list = list, .path = path, .split = split};
    cJSON* json = parse(&text, path, err);
    bool ok = json;
    if (ok && split == KS_IMAGES_SPLITS) {
        ok = take_splits(&f, json, err);
    } else if (ok) {
        ok = is_tree(json) ? take(&f, json, err) : ks_fail(err, KS_BAD_INPUT, "%s: no list of classes", path);
    }
    cJSON_Delete(json);
    ks_text_file_free(&text);
    return ok;
}
