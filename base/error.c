#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool ks_fail(ks_error* err, ks_code code, const char* format, ...) {
    if (!err) {
        return false;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    for (char* c = err->text; *c; c++) {
        if (*c == '\n' || *c == '\r') {
            *c = ' ';
        }
    }
    err->code = code;
    return false;
}

bool ks_fail_in(ks_error* err, const char* prefix) {
    if (!err) {
        return false;
    }
    ks_error inner = *err;
    return ks_fail(err, inner.code, "%s: %s", prefix, inner.text);
}
