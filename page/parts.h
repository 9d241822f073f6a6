/* parts.h: the files of page/parts, compiled into the command: the frame of a page, its style, its scripts. Internal to this room.
 * Thread rule: constants. */
#ifndef KS_PAGE_PARTS_H
#define KS_PAGE_PARTS_H

#include <stddef.h>

typedef struct ks_parts_file {
    const char *name, *stem;
    const unsigned char* text; /* ends with a zero that size does not count, so it is also a C string */
    size_t size;
} ks_parts_file;

/* In the order of their names (made by cmake/embed_table.cmake). */
extern const ks_parts_file ks_parts_files[];
extern const size_t ks_parts_files_count;

#endif
