#include "base/safetensors.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/info_images.h"
#include "cli/option_table.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* a name from the file, and spaces up to where the next column begins */
static void print_name(const char* name) {
    enum { WIDTH = 24 };
    char shown[WIDTH + 1];
    ks_text_escape(shown, sizeof shown, name);
    printf("  ");
    ks_text_print(stdout, name);
    printf("%*s ", WIDTH - (int)strlen(shown), "");
}

static void print_tensor(const ks_tensor* t) {
    print_name(t->name);
    printf("%s  ", t->type);
    for (int d = 0; d < t->ndim; d++) {
        printf(d ? " x %zu" : "%zu", t->shape[d]);
    }
    putchar('\n');
}

static void print_file(const char* path, const ks_tensor_file* f) {
    const char* format = ks_tensor_file_meta(f, "format");
    ks_text_print(stdout, path);
    printf(": ");
    ks_text_print(stdout, format ? format : "a safetensors file that kshot did not write");
    putchar('\n');
    for (size_t i = 0; i < ks_tensor_file_meta_count(f); i++) {
        const char* key = ks_tensor_file_meta_key(f, i);
        print_name(key);
        ks_text_print(stdout, ks_tensor_file_meta(f, key));
        putchar('\n');
    }
    printf("tensors:\n");
    for (size_t i = 0; i < ks_tensor_file_count(f); i++) {
        ks_tensor t = ks_tensor_file_at(f, i);
        print_tensor(&t);
    }
}

static int print_json(const char* path, const ks_tensor_file* f, ks_error* err) {
    char name[4096];
    ks_text_escape(name, sizeof name, path);
    cJSON* all = cJSON_CreateObject();
    cJSON_AddStringToObject(all, "path", name);
    const char* format = ks_tensor_file_meta(f, "format");
    cJSON_AddItemToObject(all, "format", format ? cJSON_CreateString(format) : cJSON_CreateNull());
    cJSON* metadata = cJSON_AddObjectToObject(all, "metadata");
    for (size_t i = 0; i < ks_tensor_file_meta_count(f); i++) {
        const char* key = ks_tensor_file_meta_key(f, i);
        cJSON_AddStringToObject(metadata, key, ks_tensor_file_meta(f, key));
    }
    cJSON* tensors = cJSON_AddArrayToObject(all, "tensors");
    for (size_t i = 0; i < ks_tensor_file_count(f); i++) {
        ks_tensor t = ks_tensor_file_at(f, i);
        cJSON* tensor = cJSON_CreateObject();
        cJSON_AddItemToArray(tensors, tensor);
        cJSON_AddStringToObject(tensor, "name", t.name);
        cJSON_AddStringToObject(tensor, "dtype", t.type);
        cJSON* shape = cJSON_AddArrayToObject(tensor, "shape");
        for (int d = 0; d < t.ndim; d++) {
            cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)t.shape[d]));
        }
    }
    return ks_cli_print_json(all, err);
}

/* A tensor file, or the policy of a run directory. */
static int info_of_file(const char* argument, bool json, ks_error* err) {
    char path[4096];
    struct stat info;
    bool directory = stat(argument, &info) == 0 && S_ISDIR(info.st_mode);
    snprintf(path, sizeof path, directory ? "%s/policy.safetensors" : "%s", argument);
    ks_tensor_file* f = ks_tensor_file_open(path, NULL, err);
    if (!f) {
        return ks_cli_exit(false, err);
    }
    int code = 0;
    if (json) {
        code = print_json(path, f, err);
    } else {
        print_file(path, f);
    }
    ks_tensor_file_close(f);
    return code;
}

/* ---- the command ------------------------------------------------------------------------------------------------------- */

typedef struct info_options {
    bool json;
} info_options;

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    info_options o = {0};
    int code = ks_command_read(&o, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    return (ks_cli_is_image_set(argv[optind]) ? ks_cli_info_images : info_of_file)(argv[optind], o.json, err);
}

static const ks_option OPTIONS[] = {
    {"json", 0, NULL, "the same as one JSON object", KS_OPTION_FLAG(info_options, json)},
    {0},
};

const ks_command ks_command_info = {
    .name = "info",
    .summary = "say what a file or run directory is",
    .usage = {"FILE|DIR|strokes [--json]"},
    .about = {"Says what a .safetensors file is (policy, checkpoint, rollout, audit) and lists its metadata and "
              "tensors; of a run directory, its policy. Of an image set (a folder, a .zip file, or strokes, which is "
              "drawn), its splits and classes, how many images each has, and their sizes and colours."},
    .groups = {{.rows = OPTIONS}},
    .arguments = {.name = "FILE", .least = 1, .most = 1, .completes = KS_COMPLETE_FILE, .names = "strokes"},
    .examples = {{"kshot info zoo/half-cheetah-dir", "the policy's sizes, and how it was trained"}},
    .run = run,
};
