#define _GNU_SOURCE /* memfd_create */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void fuzz_finding(const char* what) {
    fprintf(stderr, "finding: %s\n", what);
    abort();
}

const char* fuzz_file(int which, const uint8_t* data, size_t size) {
    static char paths[FUZZ_FILES][64];
    static int files[FUZZ_FILES];
    if (!files[which]) {
        files[which] = memfd_create("fuzz", MFD_CLOEXEC);
        if (files[which] < 0) {
            fuzz_finding("memfd_create failed");
        }
        snprintf(paths[which], sizeof paths[which], "/proc/self/fd/%d", files[which]);
    }
    if (ftruncate(files[which], 0) != 0 || pwrite(files[which], data, size, 0) != (ssize_t)size) {
        fuzz_finding("the file in memory cannot be written");
    }
    return paths[which];
}

static char folder[] = "/dev/shm/kshot-fuzz-XXXXXX"; /* in memory */

static void remove_folder(void) {
    char command[sizeof folder + 16];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0) {
        fprintf(stderr, "%s stays\n", folder);
    }
}

const char* fuzz_folder(void) {
    static bool made;
    if (!made) {
        if (!mkdtemp(folder)) {
            fuzz_finding("mkdtemp failed");
        }
        atexit(remove_folder);
        made = true;
    }
    return folder;
}

void fuzz_check(bool ok, const ks_error* err) {
    if (!ok && (err->code == KS_OK || !*err->text)) {
        fuzz_finding("a failure without a word");
    }
    if (strpbrk(err->text, "\n\r")) {
        fuzz_finding("an error of several lines");
    }
}

char* fuzz_text(const uint8_t* data, size_t size) {
    char* text = malloc(size + 1);
    if (!text) {
        fuzz_finding("not enough memory");
    }
    memcpy(text, data, size);
    text[size] = 0;
    return text;
}
