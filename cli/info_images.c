#include "cli/info_images.h"

#include "base/text.h"
#include "cli/cli.h"
#include "fewshot/image_files.h"
#include "fewshot/image_survey.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has(const char* folder, const char* name) {
    char path[4096];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return stat(path, &info) == 0;
}

static bool is_folder(const char* path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool is_archive(const char* path) {
    struct stat info;
    char begin[4];
    bool regular = stat(path, &info) == 0 && S_ISREG(info.st_mode);
    if (!regular || ks_image_name_ends(path, ".zip")) {
        return regular;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is = fd >= 0 && read(fd, begin, sizeof begin) == sizeof begin && memcmp(begin, "PK\3\4", sizeof begin) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return is;
}

bool ks_cli_is_image_set(const char* path) {
    struct stat info;
    if (is_folder(path)) {
        return !has(path, "policy.safetensors") && !has(path, "config.yaml");
    }
    return is_archive(path) || (strcmp(path, "strokes") == 0 && stat(path, &info) != 0);
}

/* ---- for eyes ----------------------------------------------------------------------------------------------------------------- */

/* "20", or "18 to 20" */
static void print_range(size_t least, size_t most) {
    printf(least == most ? "%zu" : "%zu to %zu", least, most);
}

static void print_count(const char* name, const ks_image_count* c) {
    printf("%-12s %8zu %9zu  ", name, c->classes, c->images);
    print_range(c->fewest, c->most);
    putchar('\n');
}

static void print_survey(const char* path, const ks_image_survey* s) {
    ks_text_print(stdout, path);
    printf(": %s\n%-12s %8s %9s  %s\n", s->kind, "split", "classes", "images", "images a class");
    for (int k = 0; s->has_splits && k < KS_IMAGES_SPLITS; k++) {
        print_count(ks_image_split_names[k], &s->split[k]);
    }
    print_count("all", &s->all);
    if (!s->has_splits) {
        printf(
            "No split of its own: drawn at random, by default %zu classes for training, %zu for validation, %zu for "
            "tests.\n",
            s->split[0].classes, s->split[1].classes, s->split[2].classes);
    }
    printf("%-12s ", "width");
    print_range(s->min_width, s->max_width);
    printf(" pixels\n%-12s ", "height");
    print_range(s->min_height, s->max_height);
    printf(" pixels\n%-12s ", "colours");
    size_t grey = s->all.images - s->coloured;
    if (grey > 0 && s->coloured > 0) {
        printf("%zu images in colour, %zu grey\n", s->coloured, grey);
    } else {
        puts(grey > 0 ? "grey" : "colour");
    }
}

/* ---- for programs ------------------------------------------------------------------------------------------------------------- */

static void add_range(cJSON* object, const char* key, size_t least, size_t most) {
    const double numbers[2] = {(double)least, (double)most};
    cJSON_AddItemToObject(object, key, cJSON_CreateDoubleArray(numbers, 2));
}

/* images: of a random split, it depends on the seed how many there are */
static void add_count(cJSON* object, const ks_image_count* c, bool images) {
    cJSON_AddNumberToObject(object, "classes", (double)c->classes);
    if (images) {
        cJSON_AddNumberToObject(object, "images", (double)c->images);
        add_range(object, "images_per_class", c->fewest, c->most);
    }
}

static int print_json(const char* path, const ks_image_survey* s, ks_error* err) {
    char name[4096];
    ks_text_escape(name, sizeof name, path);
    cJSON* all = cJSON_CreateObject();
    cJSON_AddStringToObject(all, "path", name);
    cJSON_AddStringToObject(all, "format", "images");
    cJSON_AddStringToObject(all, "kind", s->kind);
    add_count(all, &s->all, true);
    cJSON_AddBoolToObject(all, "own_splits", s->has_splits);
    cJSON* splits = cJSON_AddObjectToObject(all, "splits");
    for (int k = 0; k < KS_IMAGES_SPLITS; k++) {
        add_count(cJSON_AddObjectToObject(splits, ks_image_split_names[k]), &s->split[k], s->has_splits);
    }
    add_range(all, "width", s->min_width, s->max_width);
    add_range(all, "height", s->min_height, s->max_height);
    cJSON_AddNumberToObject(all, "coloured", (double)s->coloured);
    cJSON_AddNumberToObject(all, "grey", (double)(s->all.images - s->coloured));
    return ks_cli_print_json(all, err);
}

/* Whoever meant a run directory does not look for images. */
static bool check_images(const char* folder, ks_error* err) {
    ks_image_files* files = ks_image_files_open(folder, err);
    if (!files) {
        return false;
    }
    bool any = false;
    for (size_t i = 0; !any && i < ks_image_files_count(files); i++) {
        any = !ks_image_name_ends(ks_image_files_name(files, i), ".csv");
    }
    ks_image_files_close(files);
    return any ||
           ks_fail(err, KS_BAD_INPUT,
                   "%s: neither a run directory (policy.safetensors) nor an image set (.png, .jpg, .jpeg)", folder);
}

int ks_cli_info_images(const char* path, bool json, ks_error* err) {
    ks_image_survey survey;
    if ((is_folder(path) && !check_images(path, err)) || !ks_image_survey_make(&survey, path, 1, err)) {
        return ks_cli_exit(false, err);
    }
    if (json) {
        return print_json(path, &survey, err);
    }
    print_survey(path, &survey);
    return 0;
}
