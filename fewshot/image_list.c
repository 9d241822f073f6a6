#include "fewshot/image_list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* folders that Omniglot's files are in, and that are no part of a class's name */
static const char* const OMNIGLOT[] = {"images_background/", "images_evaluation/"};

typedef struct item {
    size_t file;
    const char* class_name; /* in the file's name, not ended by a zero */
    size_t length;          /* of it */
    const char* name;
} item;

static bool is_image(const char* name) {
    static const char* const ENDS[] = {".png", ".jpg", ".jpeg"};
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
        size_t length = strlen(name), end = strlen(ENDS[i]);
        if (length > end && strcasecmp(name + length - end, ENDS[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int compare_class(const item* x, const item* y) {
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->class_name, y->class_name, shorter);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static int by_class_and_name(const void* a, const void* b) {
    const item *x = a, *y = b;
    int order = compare_class(x, y);
    return order ? order : strcmp(x->name, y->name);
}

static bool no_memory(ks_error* err) {
    return ks_fail(err, KS_FAILED, "not enough memory for the names of the classes");
}

/* The images among the files, with their classes: folders that they lie in. */
static bool find_images(item* items, size_t* count, bool* omniglot, const ks_image_files* files, ks_error* err) {
    bool seen[2] = {false, false};
    *count = 0;
    for (size_t i = 0; i < ks_image_files_count(files); i++) {
        item it = {.file = i, .name = ks_image_files_name(files, i)};
        if (!is_image(it.name)) {
            continue;
        }
        it.class_name = it.name;
        for (int k = 0; k < 2; k++) {
            if (strncmp(it.name, OMNIGLOT[k], strlen(OMNIGLOT[k])) == 0) {
                it.class_name = it.name + strlen(OMNIGLOT[k]);
                seen[k] = true;
            }
        }
        const char* end = strrchr(it.class_name, '/');
        if (!end) {
            ks_fail(err, KS_BAD_INPUT, "an image that is in no class's folder");
            return ks_image_files_fail_in(files, i, err);
        }
        it.length = (size_t)(end - it.class_name);
        items[(*count)++] = it;
    }
    *omniglot = seen[0] && seen[1];
    return *count > 0 || ks_fail(err, KS_BAD_INPUT, "there is no image in it (.png, .jpg or .jpeg)");
}

static bool make_classes(ks_image_list* list, const item* items, ks_error* err) {
    for (size_t i = 0; i < list->num_files; i++) {
        list->files[i] = items[i].file;
        if (i == 0 || compare_class(&items[i - 1], &items[i]) != 0) {
            char* name = strndup(items[i].class_name, items[i].length);
            if (!name) {
                return no_memory(err);
            }
            list->classes[list->num_classes++] = (ks_image_class){.name = name, .first = i, .split = KS_IMAGES_SPLITS};
        }
        list->classes[list->num_classes - 1].count++;
    }
    return true;
}

bool ks_image_list_make(ks_image_list* list, const ks_image_files* files, ks_error* err) {
    *list = (ks_image_list){0};
    item* items = malloc((ks_image_files_count(files) + 1) * sizeof *items);
    if (!items) {
        return no_memory(err);
    }
    bool ok = find_images(items, &list->num_files, &list->omniglot, files, err);
    if (ok) {
        qsort(items, list->num_files, sizeof *items, by_class_and_name);
        list->files = malloc(list->num_files * sizeof *list->files);
        list->classes = malloc(list->num_files * sizeof *list->classes);
        ok = list->files && list->classes ? make_classes(list, items, err) : no_memory(err);
    }
    free(items);
    if (!ok) {
        ks_image_list_free(list);
    }
    return ok;
}

void ks_image_list_free(ks_image_list* list) {
    for (size_t c = 0; c < list->num_classes; c++) {
        free(list->classes[c].name);
    }
    free(list->classes);
    free(list->files);
    *list = (ks_image_list){0};
}
