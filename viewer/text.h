/* text.h: text that people typed, on its way into a figure. Thread rule: pure. */
#ifndef KS_VIEWER_TEXT_H
#define KS_VIEWER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Well-formed UTF-8 without control characters. */
bool ks_text_is_printable(const char* text);

/* Writes a text (printable) as a quoted gnuplot string, in which gnuplot interprets nothing; what is longer than `most`
 * characters ends in "…". */
void ks_text_quote(FILE* out, const char* text, size_t most);

/* Characters, not bytes. */
size_t ks_text_length(const char* text);

#endif
