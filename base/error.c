#include "base/error.h"

#include "base/number.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

bool ks_fail(ks_error* err, ks_code code, const char* format, ...) {
    if (!err) {
        return false;
    }
    char text[sizeof err->text];
    va_list args;
    va_start(args, format);
    ks_vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char* c = text; *c; c++) {
        if (*c == '\n' || *c == '\r') {
            *c = ' ';
        }
    }
    ks_text_escape(err->text, sizeof err->text, text);
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
