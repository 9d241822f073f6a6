/* image_each.h: the same with every image, on several threads.
 *
 * Thread rule: one call uses as many threads as it is told. */
#ifndef KS_FEWSHOT_IMAGE_EACH_H
#define KS_FEWSHOT_IMAGE_EACH_H

#include "fewshot/image_files.h"

#include <stdbool.h>

/* What is done with item i, on a thread from 0 (base/parallel.h) whose reader it may use; false with *err filled. */
typedef bool (*ks_image_job)(void* user, size_t i, int thread, ks_image_reader* reader, ks_error* err);

/* Does items 0 … count-1. If some fail, *err is that of the first, whatever the threads: items behind it may then be left out.
 * Errors: also KS_FAILED (memory). */
bool ks_image_each(const ks_image_files* files, size_t count, int threads, ks_image_job job, void* user, ks_error* err);

#endif
