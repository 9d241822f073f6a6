#include "base/text.h"

#include "base/utf8.h"

#include <string.h>

bool ks_text_is_control(unsigned long code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

bool ks_text_is_printable(const char* text) {
    for (const char* at = text; *at;) {
        unsigned long code;
        size_t bytes = ks_utf8_decode(&code, at);
        if (bytes == 0 || ks_text_is_control(code)) {
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
    size_t bytes = ks_utf8_decode(&code, text);
    if (*text == '\n' || *text == '\t' || *text == '\r') {
        snprintf(piece, PIECE, "\\%c", *text == '\n' ? 'n' : *text == '\t' ? 't' : 'r');
    } else if (bytes == 0 || (bytes == 1 && ks_text_is_control(code))) {
        snprintf(piece, PIECE, "\\x%02x", (unsigned)(unsigned char)*text);
    } else if (ks_text_is_control(code) || misleads(code)) {
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

size_t ks_text_length_of(const char* text, size_t bytes) {
    size_t length = 0;
    for (size_t i = 0; i < bytes; i++) {
        length += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return length;
}

size_t ks_text_length(const char* text) {
    return ks_text_length_of(text, strlen(text));
}
