/* text.h: text from outside (files, names, arguments): what of it may reach a terminal, a figure, or a CSV.
 *
 * Thread rule: pure. */
#ifndef KS_BASE_TEXT_H
#define KS_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A character that is none to be seen: those before the space, and 0x7f to 0x9f. */
bool ks_text_is_control(unsigned long code);

/* Well-formed UTF-8 without control characters. */
bool ks_text_is_printable(const char* text);

/* What a row of an eval CSV may be labelled with by us, so that every reader takes it: printable text of 1 to KS_LABEL_MAX - 1
 * bytes without comma, quote, or a space at either end. */
enum { KS_LABEL_MAX = 128 };
bool ks_text_is_label(const char* text);

/* Text as a terminal may get it: control characters, what turns the direction of writing, and bytes that are no UTF-8 become
 * \n, \t, \x1b, \u009b, …; all else stays.
 * Escape fills out (room bytes, at least 1) as far as whole characters fit, and ends it with 0. */
void ks_text_escape(char* out, size_t room, const char* text);
void ks_text_print(FILE* out, const char* text);

/* The same for letters that are those of ASCII alone (MuJoCo's): every other character becomes a question mark. */
void ks_text_to_ascii(char* out, size_t room, const char* text);

/* Characters, not bytes; of the text's first so many bytes. */
size_t ks_text_length(const char* text);
size_t ks_text_length_of(const char* text, size_t bytes);

#endif
