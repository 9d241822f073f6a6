#include "fewshot/image_list.h"

#include "fewshot/image_items.h"

#include <stdlib.h>
#include <string.h>

static bool no_memory(ks_error* err) {
    return ks_fail(err, KS_FAILED, "not enough memory for the list of images");
}

/* Folders that are splits say all; tables come before folders that are classes only. */
static bool find_items(ks_image_items* items, const ks_image_files* files, ks_error* err) {
    ks_error said = {0};
    bool ok = ks_image_items_of_folders(items, files, &said);
    if (items->layout != KS_LAYOUT_SPLITS && said.code != KS_FAILED && ks_image_has_tables(files)) {
        ks_image_items_free(items);
        return ks_image_items_of_tables(items, files, err);
    }
    if (!ok && err) {
        *err = said;
    }
    return ok;
}

/* ---- classes ------------------------------------------------------------------------------------------------------------------ */

static int by_class(const ks_image_item* x, const ks_image_item* y) {
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->class_name, y->class_name, shorter);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static int by_class_and_file(const void* a, const void* b) {
    const ks_image_item *x = a, *y = b;
    int order = by_class(x, y);
    return order ? order : (x->file > y->file) - (x->file < y->file);
}

/* A class's examples are to be news to a model that has been trained, so it cannot be in two splits. */
static bool check_split(const ks_image_files* files, const ks_image_item* a, const ks_image_item* b, ks_error* err) {
    if (a->split == b->split) {
        return true;
    }
    const ks_image_item *x = a->split < b->split ? a : b, *y = x == a ? b : a;
    ks_fail(err, KS_BAD_INPUT, "class %.*s is in %s and in %s; each class may be in one only", (int)a->length,
            a->class_name, ks_image_split_names[x->split], ks_image_split_names[y->split]);
    return ks_image_files_fail_in(files, y->file, err);
}

static bool make_classes(ks_image_list* list, const ks_image_items* items, const ks_image_files* files, ks_error* err) {
    for (size_t i = 0; i < items->count; i++) {
        const ks_image_item *it = &items->item[i], *before = it - 1;
        if (i == 0 || by_class(before, it) != 0) {
            char* name = strndup(it->class_name, it->length);
            if (!name) {
                return no_memory(err);
            }
            list->classes[list->num_classes++] = (ks_image_class){.name = name, .first = i, .split = it->split};
        } else if (!check_split(files, before, it, err)) {
            return false;
        }
        list->files[i] = it->file;
        list->classes[list->num_classes - 1].count++;
    }
    return true;
}

/* No image may stand in two rows of tables: what is learned from must not be what is asked for. */
static bool check_once(const ks_image_items* items, const ks_image_files* files, ks_error* err) {
    bool* seen = calloc(ks_image_files_count(files) + 1, sizeof *seen);
    if (!seen) {
        return no_memory(err);
    }
    bool ok = true;
    for (size_t i = 0; ok && i < items->count; i++) {
        size_t file = items->item[i].file;
        if (seen[file]) {
            ks_fail(err, KS_BAD_INPUT, "it stands in the tables twice");
            ok = ks_image_files_fail_in(files, file, err);
        }
        seen[file] = true;
    }
    free(seen);
    return ok;
}

bool ks_image_list_make(ks_image_list* list, const ks_image_files* files, ks_error* err) {
    *list = (ks_image_list){0};
    ks_image_items items = {0};
    bool ok = find_items(&items, files, err) && check_once(&items, files, err);
    ok = ok && (items.count > 0 || ks_fail(err, KS_BAD_INPUT, "%s: there is no image in it (.png, .jpg, .jpeg)",
                                           ks_image_files_path(files)));
    if (ok) {
        qsort(items.item, items.count, sizeof *items.item, by_class_and_file);
        list->layout = items.layout;
        list->num_files = items.count;
        list->files = malloc(items.count * sizeof *list->files);
        list->classes = malloc(items.count * sizeof *list->classes);
        ok = list->files && list->classes ? make_classes(list, &items, files, err) : no_memory(err);
    }
    ks_image_items_free(&items);
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
