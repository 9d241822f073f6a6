/* text_file.h: the one loader of the texts that kshot reads: configs, goals, CSV.
 *
 * A text is UTF-8, with a byte-order mark (which is dropped) or without. Its lines end with LF, CR LF or CR, the last one with
 * or without. A zero byte, UTF-16 and bytes that are not UTF-8 are refused, so that nothing is ever half read. Regular files
 * and pipes are read; a directory or a device is not.
 *
 * Thread rule: an object is used by one thread at a time. */
#ifndef KS_BASE_TEXT_FILE_H
#define KS_BASE_TEXT_FILE_H

#include "base/error.h"

#include <stddef.h>

enum { KS_TEXT_MAX_BYTES = 256 << 20 }; /* of a table; other texts have less */

typedef struct ks_text_file {
    char* text;    /* all of it without the mark; ends with a zero byte */
    size_t length; /* bytes of it */
    char* next;    /* the line that comes next */
    size_t line;   /* number of the line that was last given, from 1 */
} ks_text_file;

/* Reads a whole file of at most max_bytes. Free it with ks_text_file_free. Errors, after which there is nothing to free:
 * KS_BAD_INPUT naming path and line (missing, not a file, too long, not UTF-8 text), KS_FAILED (memory). */
bool ks_text_file_read(ks_text_file* file, const char* path, size_t max_bytes, ks_error* err);
/* The same of bytes that are in memory already, as those of a file in an archive; errors call them by that name. */
bool ks_text_file_copy(ks_text_file* file, const char* name, const void* bytes, size_t length, ks_error* err);
void ks_text_file_free(ks_text_file* file);

/* The next line, without its end, which is cut off in place; NULL after the last. *ended: it had an end. Lives as long as the
 * file. */
char* ks_text_file_line(ks_text_file* file, bool* ended);

/* Is there nothing in a line but blanks and commas (as spreadsheets leave them below a table)? */
bool ks_text_is_blank(const char* line);

/* Cuts a line of CSV in place: fields of commas between, blanks around them dropped; a field may stand in double quotes, and
 * a quote within is doubled. At most room fields are noted, *count is how many there were. Returns NULL, or what is wrong. */
const char* ks_text_cut(char* line, char** fields, size_t room, size_t* count);

/* The first character of a line that is easily taken for another, as a no-break space is for a space: what it is, and *column
 * from 1 (in characters). NULL if there is none. */
const char* ks_text_lookalike(const char* line, size_t* column);

#endif
