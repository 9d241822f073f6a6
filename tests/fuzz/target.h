/* target.h: what the fuzz targets share. Each target is one file: it hands bytes to one reader and aborts where the reader breaks
 * its word; a crash, a leak and undefined behaviour are found by the sanitizers. libFuzzer drives it (preset fuzz, scripts/fuzz.sh),
 * or replay.c with the corpus (a test of every build). */
#ifndef KS_TESTS_FUZZ_TARGET_H
#define KS_TESTS_FUZZ_TARGET_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

/* A path under which a reader finds these bytes, as a regular file. There are FUZZ_FILES of them at a time. */
enum { FUZZ_FILES = 4 };
const char* fuzz_file(int which, const uint8_t* data, size_t size);

/* An empty folder of this process, removed at its end. */
const char* fuzz_folder(void);

/* Says what is wrong and aborts. */
_Noreturn void fuzz_finding(const char* what);

/* A reader that failed must say why, in one line, and must not blame the program's own state. */
void fuzz_check(bool ok, const ks_error* err);

/* Text with a zero at its end; the caller frees it. */
char* fuzz_text(const uint8_t* data, size_t size);

#endif
