#include "fewshot/image_items.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_COLUMNS = 64 };

/* One table while it is read. */
typedef struct table {
    ks_image_items* items;
    const ks_image_files* files;
    ks_image_split split;
    ks_text_file* text;
    const char* label; /* of the file, for messages */
    const char* root;  /* root_length bytes of folders, with a slash behind, that it is in */
    size_t root_length;
    size_t filename, class; /* columns */
} table;

/* The split that a file is a table of. *folder: bytes of the folders before its name. */
static ks_image_split table_of(const char* name, size_t* folder) {
    const char* slash = strrchr(name, '/');
    *folder = slash ? (size_t)(slash + 1 - name) : 0;
    return ks_image_name_ends(name, ".csv") ? ks_image_split_named(name + *folder, strlen(name + *folder) - 4)
                                            : KS_IMAGES_SPLITS;
}

static bool wrong(const table* t, const char* what, const char* cited, ks_error* err) {
    return ks_fail(err, KS_BAD_INPUT, "%s:%zu: %s%s", t->label, t->text->line, what, cited);
}

static bool read_head(table* t, ks_error* err) {
    bool ended;
    char *line = ks_text_file_line(t->text, &ended), *field[MAX_COLUMNS];
    size_t count = 0;
    const char* says = line ? ks_text_cut(line, field, MAX_COLUMNS, &count) : NULL;
    if (says) {
        return wrong(t, says, "", err);
    }
    t->filename = t->class = SIZE_MAX;
    for (size_t i = 0; i < count && i < MAX_COLUMNS; i++) {
        t->filename = strcasecmp(field[i], "filename") == 0 ? i : t->filename;
        t->class = strcasecmp(field[i], "label") == 0 ? i : t->class;
    }
    return (t->filename != SIZE_MAX && t->class != SIZE_MAX) ||
           ks_fail(err, KS_BAD_INPUT, "%s: its first line does not name the columns filename and label", t->label);
}

/* The file of a row: beside the table, or in the folder images beside it. */
static size_t find_file(const table* t, const char* name) {
    static const char* const FOLDERS[] = {"", "images/"};
    size_t found = SIZE_MAX;
    for (size_t i = 0; found == SIZE_MAX && i < 2; i++) {
        char path[4096];
        int written = snprintf(path, sizeof path, "%.*s%s%s", (int)t->root_length, t->root, FOLDERS[i], name);
        found = (size_t)written < sizeof path ? ks_image_files_find(t->files, path) : SIZE_MAX;
    }
    return found;
}

static bool read_row(const table* t, char* line, ks_error* err) {
    char* field[MAX_COLUMNS];
    size_t count;
    const char* says = ks_text_cut(line, field, MAX_COLUMNS, &count);
    if (says) {
        return wrong(t, says, "", err);
    }
    if (t->filename >= count || t->class >= count) {
        return wrong(t, "fewer columns than the first line has", "", err);
    }
    ks_image_item item = {.class_name = field[t->class], .length = strlen(field[t->class]), .split = t->split};
    item.file = find_file(t, field[t->filename]);
    if (item.length == 0) {
        return wrong(t, "an empty label", "", err);
    }
    return item.file != SIZE_MAX ? ks_image_items_add(t->items, item, err)
                                 : wrong(t, "no such image here, nor in the folder images: ", field[t->filename], err);
}

static bool read_table(ks_image_items* items, const ks_image_files* files, size_t i, ks_image_reader* reader,
                       ks_error* err) {
    char label[KS_IMAGE_LABEL];
    size_t length;
    const uint8_t* bytes = ks_image_reader_read(reader, i, &length, err);
    table t = {.items = items, .files = files, .root = ks_image_files_name(files, i)};
    t.label = ks_image_files_label(label, files, i);
    t.split = table_of(t.root, &t.root_length);
    t.text = &items->tables[items->num_tables];
    if (!bytes || !ks_text_file_copy(t.text, t.label, bytes, length, err)) {
        return false;
    }
    items->num_tables++;
    bool ok = read_head(&t, err), ended;
    for (char* line; ok && (line = ks_text_file_line(t.text, &ended));) {
        ok = ks_text_is_blank(line) || read_row(&t, line, err);
    }
    return ok;
}

/* Bytes of the folders around the outermost tables, which are those that are meant; SIZE_MAX: there are none. */
static size_t find_tables(const ks_image_files* files) {
    size_t root = SIZE_MAX, folder;
    for (size_t i = 0; i < ks_image_files_count(files); i++) {
        if (table_of(ks_image_files_name(files, i), &folder) != KS_IMAGES_SPLITS) {
            root = folder < root ? folder : root;
        }
    }
    return root;
}

bool ks_image_has_tables(const ks_image_files* files) {
    return find_tables(files) != SIZE_MAX;
}

bool ks_image_items_of_tables(ks_image_items* items, const ks_image_files* files, ks_error* err) {
    size_t root = find_tables(files), folder;
    items->layout = KS_LAYOUT_TABLES;
    ks_image_reader* reader = ks_image_reader_create(files, err);
    bool ok = reader;
    for (size_t i = 0; ok && i < ks_image_files_count(files); i++) {
        if (table_of(ks_image_files_name(files, i), &folder) != KS_IMAGES_SPLITS && folder == root) {
            ok = items->num_tables < KS_IMAGE_MAX_TABLES ? read_table(items, files, i, reader, err)
                                                         : ks_fail(err, KS_BAD_INPUT, "%s: more than %d tables",
                                                                   ks_image_files_path(files), KS_IMAGE_MAX_TABLES);
        }
    }
    ks_image_reader_destroy(reader);
    return ok;
}
