#include "figures/fonts.h"

#include "base/child.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* false: fc-list ran, and listed no font */
static bool is_in_a_font(unsigned long code, const volatile sig_atomic_t* stop) {
    char pattern[32];
    snprintf(pattern, sizeof pattern, ":charset=%lx", code);
    const char* const argv[] = {"fc-list", pattern, "family", NULL};
    FILE* found = tmpfile();
    if (!found) {
        return true;
    }
    ks_child_settings settings = {
        .argv = argv, .out = fileno(found), .out_as = 1, .missing = "", .failed = "", .stop = stop};
    ks_child child;
    ks_error unused = {0};
    struct stat info;
    bool none = ks_child_start(&child, &settings, &unused) && ks_child_finish(&child, &unused) &&
                fstat(fileno(found), &info) == 0 && info.st_size == 0;
    fclose(found);
    return !none;
}

bool ks_fonts_have(const char* text, const volatile sig_atomic_t* stop, ks_error* err) {
    unsigned long code;
    size_t bytes;
    for (const char* at = text; (bytes = ks_utf8_decode(&code, at)) > 0; at += bytes) {
        char letter[5] = "";
        memcpy(letter, at, bytes);
        bool seen = code < 0x80 || strstr(text, letter) != at;
        if (!seen && !is_in_a_font(code, stop)) {
            return ks_fail(err, KS_FAILED,
                           "no font here has '%s' (U+%04lX): install one, or draw an .svg, which takes its "
                           "reader's fonts",
                           letter, code);
        }
    }
    return true;
}
