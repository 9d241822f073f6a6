/* Texts that say where images belong: split files (fewshot/image_split.h) and tables (SPLIT.csv). The first byte chooses. */
#include "fewshot/image_split.h"
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_file(const char* name, const void* data, size_t size) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    FILE* file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        fuzz_finding("a file in memory cannot be written");
    }
}

/* Images a.png to c.png, which nobody decodes here, and the table beside them. */
static void read_table(const uint8_t* data, size_t size) {
    static const char* const IMAGES[] = {"a.png", "b.png", "c.png"};
    for (int i = 0; i < 3; i++) {
        write_file(IMAGES[i], "", 0);
    }
    write_file("train.csv", data, size);
    ks_error err = {0};
    ks_image_list list;
    ks_image_files* files = ks_image_files_open(fuzz_folder(), &err);
    bool ok = files && ks_image_list_make(&list, files, &err);
    fuzz_check(ok, &err);
    if (ok && (list.num_files > 3 || list.num_classes > list.num_files || list.num_classes < 1)) {
        fuzz_finding("more images than there are");
    }
    if (ok) {
        ks_image_list_free(&list);
    }
    ks_image_files_close(files);
}

static void read_split(const uint8_t* data, size_t size, ks_image_layout layout, ks_image_split split) {
    char names[4][16] = {"Greek/alpha", "Greek/beta", "ant", "bee"};
    ks_image_class classes[4];
    for (int c = 0; c < 4; c++) {
        classes[c] = (ks_image_class){.name = names[c], .count = 1, .split = KS_IMAGES_SPLITS};
    }
    ks_image_list list = {.classes = classes, .num_classes = 4, .layout = layout};
    ks_error err = {0};
    fuzz_check(ks_image_split_by_file(&list, fuzz_file(0, data, size), split, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) {
        return 0;
    }
    if (data[0] & 1) {
        read_table(data + 1, size - 1);
    } else {
        read_split(data + 1, size - 1, data[0] & 2 ? KS_LAYOUT_OMNIGLOT : KS_LAYOUT_CLASSES,
                   data[0] & 4 ? KS_IMAGES_TRAIN : KS_IMAGES_SPLITS);
    }
    return 0;
}
