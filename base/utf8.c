#include "base/utf8.h"

#include <string.h>

size_t ks_utf8_decode(unsigned long* code, const char* text) {
    static const unsigned long LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char* at = (const unsigned char*)text;
    size_t bytes = *at == 0 ? 0 : *at < 0x80 ? 1 : *at >> 5 == 6 ? 2 : *at >> 4 == 14 ? 3 : *at >> 3 == 30 ? 4 : 0;
    *code = *at;
    if (bytes < 2) {
        return bytes;
    }
    unsigned long number = *at & (0x7fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if (at[i] >> 6 != 2) {
            return 0;
        }
        number = number << 6 | (at[i] & 0x3fu);
    }
    if (number < LEAST[bytes] || number > 0x10ffff || (number >= 0xd800 && number < 0xe000)) {
        return 0;
    }
    *code = number;
    return bytes;
}

size_t ks_utf8_bytes(const char* at) {
    unsigned long code;
    return ks_utf8_decode(&code, at);
}

bool ks_utf8_is_valid(const char* text) {
    size_t bytes;
    while ((bytes = ks_utf8_bytes(text)) > 0) {
        text += bytes;
    }
    return *text == 0;
}

const char* ks_utf8_lookalike(const char* at) {
    static const struct {
        const char *bytes, *name;
    } LOOKALIKES[] = {
        {"\u00a0", "a no-break space"},
        {"\u202f", "a narrow no-break space"},
        {"\u2007", "a figure space"},
        {"\u2003", "an em space"},
        {"\u2009", "a thin space"},
        {"\u3000", "an ideographic space"},
        {"\u200b", "a zero-width space"},
        {"\u200e", "a left-to-right mark"},
        {"\u2060", "a word joiner"},
        {"\ufeff", "a byte-order mark"},
        {"\u00ad", "a soft hyphen"},
        {"\u2028", "a line separator"},
        {"\xc2\x85", "a next-line character"},
        {"\u2212", "a minus sign (U+2212)"},
        {"\u2013", "an en dash"},
        {"\u2014", "an em dash"},
        {"\u2010", "a hyphen (U+2010)"},
        {"\u2018", "a curly quotation mark"},
        {"\u2019", "a curly quotation mark"},
        {"\u201c", "a curly quotation mark"},
        {"\u201d", "a curly quotation mark"},
        {"\uff0c", "a full-width comma"},
        {"\uff1a", "a full-width colon"},
    };
    for (size_t i = 0; (unsigned char)*at >= 0x80 && i < sizeof LOOKALIKES / sizeof *LOOKALIKES; i++) {
        if (strncmp(at, LOOKALIKES[i].bytes, strlen(LOOKALIKES[i].bytes)) == 0) {
            return LOOKALIKES[i].name;
        }
    }
    return NULL;
}
