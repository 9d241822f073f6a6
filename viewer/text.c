#include "viewer/text.h"

/* Bytes of the character at `at`, 0 if it is no well-formed one (also: too long a form, a surrogate, above U+10FFFF). */
static size_t character(const unsigned char* at) {
    static const unsigned long LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t bytes = *at < 0x80 ? 1 : *at >> 5 == 6 ? 2 : *at >> 4 == 14 ? 3 : *at >> 3 == 30 ? 4 : 0;
    if (bytes < 2) {
        return bytes;
    }
    unsigned long code = *at & (0x7fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if (at[i] >> 6 != 2) {
            return 0;
        }
        code = code << 6 | (at[i] & 0x3fu);
    }
    return code < LEAST[bytes] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : bytes;
}

bool ks_text_is_printable(const char* text) {
    for (const unsigned char* at = (const unsigned char*)text; *at;) {
        size_t bytes = character(at);
        bool control = *at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0);
        if (bytes == 0 || control) {
            return false;
        }
        at += bytes;
    }
    return true;
}

void ks_text_quote(FILE* out, const char* text, size_t most) {
    bool cut = ks_text_length(text) > most;
    size_t left = cut ? most - 1 : most;
    for (; *text == '\'' && left > 0; text++, left--) { /* gnuplot 5.4 takes ''' at the start for an empty text */
        fputs("\"'\".", out);
    }
    fputc('\'', out);
    for (; *text; text++) {
        bool starts = ((unsigned char)*text & 0xc0) != 0x80;
        if (starts && left-- == 0) {
            break;
        }
        if (*text == '\'') { /* the one character that means something between these quotes */
            fputc('\'', out);
        }
        fputc(*text, out);
    }
    fputs(cut ? "…'" : "'", out);
}

size_t ks_text_length(const char* text) {
    size_t length = 0;
    for (; *text; text++) {
        length += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return length;
}
