/* keepsake.h: pictures and videos of what a window shows, into files kshot-1.png, kshot-2.mp4, … of the working directory, each with
 * the first number that no such file has. A video has the times that its pictures were given at.
 *
 * Thread rule: one thread; ffmpeg is fed from one of its own. */
#ifndef KS_VIEWER_KEEPSAKE_H
#define KS_VIEWER_KEEPSAKE_H

#include "base/error.h"

enum { KS_KEEPSAKE_NAME = 32 };

/* One picture (height x width x 3, from the top). Errors: KS_FAILED. */
bool ks_keepsake_picture(char name[KS_KEEPSAKE_NAME], int width, int height, const unsigned char* rgb, ks_error* err);

typedef struct ks_keepsake ks_keepsake;

/* Begins a video of pictures of that size; where it is odd, the last column or row is left out. Errors: KS_FAILED (memory, ffmpeg is
 * not installed). */
ks_keepsake* ks_keepsake_begin(int width, int height, ks_error* err);
/* The picture from `time` (s) on, until the next. It is copied. */
void ks_keepsake_add(ks_keepsake* keepsake, double time, const unsigned char* rgb);
/* Ends it at `time`, and frees it in any case. Errors: those of ks_video_write. */
bool ks_keepsake_end(char name[KS_KEEPSAKE_NAME], ks_keepsake* keepsake, double time, ks_error* err);

#endif
