#include "base/text.h"

#include <string.h>

/* Bytes of the character at `at`, 0 if it is no well-formed one (also: too long a form, a surrogate, above U+10FFFF). */
static size_t character(unsigned long* code, const unsigned char* at) {
    static const unsigned long LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t bytes = *at < 0x80 ? 1 : *at >> 5 == 6 ? 2 : *at >> 4 == 14 ? 3 : *at >> 3 == 30 ? 4 : 0;
    *code = *at;
    if (bytes < 2) {
        return bytes;
    }
    *code = *at & (0x7fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if (at[i] >> 6 != 2) {
            return 0;
        }
        *code = *code << 6 | (at[i] & 0x3fu);
    }
    return *code < LEAST[bytes] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000) ? 0 : bytes;
}

static bool is_control(unsigned long code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

bool ks_text_is_printable(const char* text) {
    for (const unsigned char* at = (const unsigned char*)text; *at;) {
        unsigned long code;
        size_t bytes = character(&code, at);
        if (bytes == 0 || is_control(code)) {
            return false;
        }
        at += bytes;
    }
    return true;
}

bool ks_text_is_label(const char* text) {
    size_t length = strlen(text);
    return length > 0 && length < KS_LABEL_MAX && *text != ' ' && text[length - 1] != ' ' && !strpbrk(text, ",\"") &&
           ks_text_is_printable(text);
}

/* line and paragraph separators, and what lets a text show in another order than it has */
static bool misleads(unsigned long code) {
    return code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

enum { PIECE = 8 };

/* The next character of the text, escaped if need be, into piece. Returns how many bytes of the text it was. */
static size_t next_piece(char piece[PIECE], const char* text) {
    unsigned long code;
    const unsigned char* at = (const unsigned char*)text;
    size_t bytes = character(&code, at);
    if (*at == '\n' || *at == '\t' || *at == '\r') {
        snprintf(piece, PIECE, "\\%c", *at == '\n' ? 'n' : *at == '\t' ? 't' : 'r');
    } else if (bytes == 0 || (bytes == 1 && is_control(code))) {
        snprintf(piece, PIECE, "\\x%02x", *at);
    } else if (is_control(code) || misleads(code)) {
        snprintf(piece, PIECE, "\\u%04x", (unsigned)code & 0xffffu);
    } else {
        memcpy(piece, text, bytes);
        piece[bytes] = 0;
    }
    return bytes > 0 ? bytes : 1;
}

void ks_text_escape(char* out, size_t room, const char* text) {
    size_t used = 0;
    while (*text) {
        char piece[PIECE];
        text += next_piece(piece, text);
        size_t length = strlen(piece);
        if (used + length >= room) {
            break;
        }
        memcpy(out + used, piece, length);
        used += length;
    }
    out[used] = 0;
}

void ks_text_print(FILE* out, const char* text) {
    while (*text) {
        char piece[PIECE];
        text += next_piece(piece, text);
        fputs(piece, out);
    }
}

void ks_text_to_ascii(char* out, size_t room, const char* text) {
    size_t used = 0;
    for (; *text && used + 1 < room; text++) {
        if (*text >= ' ' && *text <= '~') {
            out[used++] = *text;
        } else if (((unsigned char)*text & 0xc0) != 0x80) { /* not within a character */
            out[used++] = '?';
        }
    }
    out[used] = 0;
}
