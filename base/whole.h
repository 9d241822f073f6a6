/* whole.h: is a file that another program has written there to its last byte? Programs do not always notice that a disk is full,
 * and their exit code says nothing then. Thread rule: one call at a time per descriptor. */
#ifndef KS_BASE_WHOLE_H
#define KS_BASE_WHOLE_H

#include <stdbool.h>
#include <stddef.h>

/* It begins with the one, and has the other within its last bytes: svg, png, pdf. */
bool ks_whole_between(int fd, const char* begin, const char* end);

/* A gif of one to `frames` pictures (equal ones may be joined), up to the byte that ends it. */
bool ks_whole_gif(int fd, size_t frames);

/* An mp4: boxes that fill the file, with an index of `frames` pictures and the bytes that it speaks of. */
bool ks_whole_mp4(int fd, size_t frames);

extern const char ks_png_begin[], ks_png_end[];

#endif
