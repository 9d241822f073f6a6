/* text.h: text that people typed, or that a file holds, on its way into a figure. Thread rule: pure. */
#ifndef KS_FIGURES_TEXT_H
#define KS_FIGURES_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* Writes a text as a quoted gnuplot string, in which gnuplot interprets nothing: a line break, which would end it, and all else that is
 * no printable text is escaped. What is longer than `most` characters ends in "…". */
void ks_text_quote(FILE* out, const char* text, size_t most);

#endif
