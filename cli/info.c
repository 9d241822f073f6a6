#include "base/safetensors.h"
#include "base/text.h"
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char* const HELP =
    "usage: kshot info FILE\n"
    "\n"
    "Says what a .safetensors file is (policy, checkpoint, rollout, audit) and lists its metadata and tensors; of a "
    "run\n"
    "directory, its policy.\n";

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

int ks_cli_info(int argc, char** argv, ks_error* err) {
    static const struct option OPTIONS[] = {{"help", no_argument, NULL, 'h'}, {0}};
    static const char* const NAMES[] = {"FILE"};
    optind = 0;
    for (int c; (c = ks_cli_option(argc, argv, "h", OPTIONS, err)) != -1;) {
        if (c != 'h') {
            return KS_BAD_INPUT;
        }
        fputs(HELP, stdout);
        return 0;
    }
    if (!ks_cli_arguments(argc, argv, 1, NAMES, err)) {
        return KS_BAD_INPUT;
    }
    char path[4096];
    struct stat info;
    bool directory = stat(argv[optind], &info) == 0 && S_ISDIR(info.st_mode);
    snprintf(path, sizeof path, directory ? "%s/policy.safetensors" : "%s", argv[optind]);
    ks_tensor_file* f = ks_tensor_file_open(path, NULL, err);
    if (!f) {
        return ks_cli_exit(false, err);
    }
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
    ks_tensor_file_close(f);
    return 0;
}
