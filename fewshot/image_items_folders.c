#include "fewshot/image_items.h"

#include <stdlib.h>
#include <string.h>

/* folders of Omniglot's that are no part of a class's name */
static const char* const OMNIGLOT[] = {"images_background", "images_evaluation"};

/* What is known of all names at once. */
typedef struct layout {
    size_t start; /* bytes of the folders that are around everything */
    bool splits;  /* the next folder is a split */
    bool omniglot;
} layout;

/* bytes of a name's first folder; 0: it is in none */
static size_t first_folder(const char* name) {
    const char* end = strchr(name, '/');
    return end ? (size_t)(end - name) : 0;
}

static bool is_called(const char* name, size_t length, const char* word) {
    return strlen(word) == length && memcmp(name, word, length) == 0;
}

/* Is there a folder around all images that is neither a class nor a split? Its length with the slash, or 0. */
static size_t outer_folder(const ks_image_files* files, const size_t* image, size_t count, size_t start) {
    const char* first = ks_image_files_name(files, image[0]) + start;
    size_t length = first_folder(first);
    if (length == 0 || ks_image_split_named(first, length) != KS_IMAGES_SPLITS) {
        return 0;
    }
    bool deeper = false;
    for (size_t i = 0; i < count; i++) {
        const char* name = ks_image_files_name(files, image[i]) + start;
        if (strncmp(name, first, length + 1) != 0) {
            return 0;
        }
        deeper = deeper || first_folder(name + length + 1) > 0;
    }
    return deeper ? length + 1 : 0;
}

static layout find_layout(const ks_image_files* files, const size_t* image, size_t count) {
    layout l = {0};
    for (size_t more; (more = outer_folder(files, image, count, l.start)) > 0;) {
        l.start += more;
    }
    bool seen[2] = {false, false};
    for (size_t i = 0; i < count; i++) {
        const char* name = ks_image_files_name(files, image[i]) + l.start;
        size_t length = first_folder(name);
        l.splits =
            l.splits || (ks_image_split_named(name, length) != KS_IMAGES_SPLITS && first_folder(name + length + 1) > 0);
        for (int k = 0; k < 2; k++) {
            seen[k] = seen[k] || is_called(name, length, OMNIGLOT[k]);
        }
    }
    l.omniglot = seen[0] && seen[1];
    return l;
}

/* One image, whose class is the folders that it lies in. */
static bool add_image(ks_image_items* items, const ks_image_files* files, size_t i, const layout* l, ks_error* err) {
    const char* name = ks_image_files_name(files, i) + l->start;
    ks_image_item item = {.file = i, .split = KS_IMAGES_SPLITS};
    size_t length = first_folder(name);
    if (l->splits) {
        item.split = ks_image_split_named(name, length);
        if (item.split == KS_IMAGES_SPLITS) {
            ks_fail(err, KS_BAD_INPUT, "it is in none of the folders train, val and test, though others are");
            return ks_image_files_fail_in(files, i, err);
        }
        name += length + 1;
    } else if (l->omniglot && (is_called(name, length, OMNIGLOT[0]) || is_called(name, length, OMNIGLOT[1]))) {
        name += length + 1;
    }
    const char* end = strrchr(name, '/');
    if (!end) {
        ks_fail(err, KS_BAD_INPUT, "an image that is in no class's folder");
        return ks_image_files_fail_in(files, i, err);
    }
    item.class_name = name;
    item.length = (size_t)(end - name);
    return ks_image_items_add(items, item, err);
}

bool ks_image_items_of_folders(ks_image_items* items, const ks_image_files* files, ks_error* err) {
    size_t count = 0;
    size_t* image = malloc((ks_image_files_count(files) + 1) * sizeof *image);
    if (!image) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    for (size_t i = 0; i < ks_image_files_count(files); i++) {
        if (!ks_image_name_ends(ks_image_files_name(files, i), ".csv")) {
            image[count++] = i;
        }
    }
    bool ok = true;
    if (count > 0) {
        layout l = find_layout(files, image, count);
        items->layout = l.splits ? KS_LAYOUT_SPLITS : l.omniglot ? KS_LAYOUT_OMNIGLOT : KS_LAYOUT_CLASSES;
        for (size_t i = 0; ok && i < count; i++) {
            ok = add_image(items, files, image[i], &l, err);
        }
    }
    free(image);
    return ok;
}
