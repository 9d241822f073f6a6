/* utf8.h: characters of UTF-8 text. Thread rule: pure. */
#ifndef KS_BASE_UTF8_H
#define KS_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The character that starts at `at`, a text that ends with a zero byte: its number, and how many bytes it has (1 to 4); 0 if it is
 * no well-formed one (also: the end of the text, too long a form, a surrogate, above U+10FFFF), and *code is then that of the byte. */
size_t ks_utf8_decode(unsigned long* code, const char* at);
size_t ks_utf8_bytes(const char* at);
/* Well-formed from start to end. */
bool ks_utf8_is_valid(const char* text);

/* What a character of several bytes is called, if it is one that is easily taken for a plain one: "a no-break space", "a curly
 * quotation mark", …; otherwise NULL. */
const char* ks_utf8_lookalike(const char* at);

#endif
