#include "fewshot/image_items.h"

#include <stdlib.h>

bool ks_image_items_add(ks_image_items* items, ks_image_item item, ks_error* err) {
    if (items->count == items->room) {
        size_t room = items->room * 2 + 1024;
        ks_image_item* larger = realloc(items->item, room * sizeof *larger);
        if (!larger) {
            return ks_fail(err, KS_FAILED, "not enough memory for the list of images");
        }
        items->item = larger;
        items->room = room;
    }
    items->item[items->count++] = item;
    return true;
}

void ks_image_items_free(ks_image_items* items) {
    for (size_t i = 0; i < items->num_tables; i++) {
        ks_text_file_free(&items->tables[i]);
    }
    free(items->item);
    *items = (ks_image_items){0};
}
