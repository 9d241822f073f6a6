/* replay.c: runs a fuzz target on files without libFuzzer: on each as it is, on every beginning of it, and with every byte changed
 * in a few ways. With the argument -1 before them, only as they are: to replay a finding.
 *
 * usage: fuzz_TARGET [-1] FILE-OR-FOLDER… */
#include "target.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST = 4096 }; /* bytes of a file that are damaged one by one */

static size_t runs;

static void run(const uint8_t* data, size_t size) {
    uint8_t* copy = malloc(size ? size : 1); /* of exactly its length, so that reading beyond it is seen */
    if (!copy) {
        fuzz_finding("not enough memory");
    }
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    runs++;
}

static void damage(uint8_t* data, size_t size) {
    static const uint8_t OTHERS[] = {0x00, 0x80, '"', ',', '9'};
    size_t most = size < MOST ? size : MOST;
    for (size_t length = 0; length < most; length++) {
        run(data, length);
    }
    for (size_t i = 0; i < most; i++) {
        uint8_t old = data[i];
        for (size_t k = 0; k < sizeof OTHERS; k++) {
            data[i] = OTHERS[k];
            run(data, size);
        }
        data[i] = old ^ 1;
        run(data, size);
        data[i] = old;
    }
}

static bool replay_file(const char* path, bool only) {
    FILE* file = fopen(path, "rb");
    struct stat info;
    if (!file || fstat(fileno(file), &info) != 0) {
        fprintf(stderr, "cannot read %s\n", path);
        return false;
    }
    size_t size = (size_t)info.st_size;
    uint8_t* data = malloc(size + 1);
    bool ok = data && fread(data, 1, size, file) == size;
    fclose(file);
    if (ok) {
        run(data, size);
        if (!only) {
            damage(data, size);
        }
    }
    free(data);
    return ok;
}

static bool replay(const char* path, bool only) {
    DIR* folder = opendir(path);
    if (!folder) {
        return replay_file(path, only);
    }
    bool ok = true;
    for (const struct dirent* entry; (entry = readdir(folder));) {
        char name[4096];
        if (*entry->d_name != '.') {
            snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
            ok = replay_file(name, only) && ok;
        }
    }
    closedir(folder);
    return ok;
}

int main(int argc, char** argv) {
    bool only = argc > 1 && strcmp(argv[1], "-1") == 0, ok = true;
    for (int i = only ? 2 : 1; i < argc; i++) {
        ok = replay(argv[i], only) && ok;
    }
    fprintf(stderr, "%zu runs\n", runs);
    return ok && runs > 0 ? 0 : 1;
}
