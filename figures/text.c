#include "figures/text.h"

#include "base/text.h"

void ks_text_quote(FILE* out, const char* raw, size_t most) {
    char escaped[1024];
    ks_text_escape(escaped, sizeof escaped, raw);
    const char* text = escaped;
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
