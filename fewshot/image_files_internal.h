/* image_files_internal.h: what a list of files is made of: a folder (image_files_folder.c) or zip files (image_files_zip.c). */
#ifndef KS_FEWSHOT_IMAGE_FILES_INTERNAL_H
#define KS_FEWSHOT_IMAGE_FILES_INTERNAL_H

#include "fewshot/image_files.h"

#include <stdio.h>

/* FNV-1a: what goes on from a sum with more bytes. */
#define KS_IMAGE_HASH_START UINT64_C(0xcbf29ce484222325)
static inline uint64_t ks_image_hash(uint64_t sum, const void* bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        sum = (sum ^ ((const uint8_t*)bytes)[i]) * UINT64_C(0x100000001b3);
    }
    return sum;
}

/* Bytes that are read again and again. */
typedef struct ks_image_bytes {
    uint8_t* data; /* (room) */
    size_t length, room;
} ks_image_bytes;

/* Makes data[0 … length-1] memory; what stood there may be gone. Errors: KS_BAD_INPUT (above KS_IMAGE_MAX_BYTES), KS_FAILED. */
bool ks_image_bytes_resize(ks_image_bytes* bytes, uint64_t length, ks_error* err);

/* Adds a file; its name is made plain, and nothing is added if it is one to be left out. place: which folder or archive it is in;
 * index: its number in the archive; in a folder, a number that its length and time of change make. Errors: KS_FAILED (memory), KS_BAD_INPUT (too many). */
bool ks_image_files_add(ks_image_files* files, const char* name, size_t place, uint64_t index, ks_error* err);

/* Everything below a folder. */
bool ks_image_folder_list(ks_image_files* files, size_t place, const char* path, ks_error* err);
/* Its first `most` bytes. Errors: what is wrong, without a name. */
bool ks_image_folder_read(ks_image_bytes* bytes, const char* path, uint64_t most, ks_error* err);

/* An open archive, of one thread. Errors name the path. */
typedef struct zip ks_image_zip;
ks_image_zip* ks_image_zip_open(const char* path, ks_error* err);
void ks_image_zip_close(ks_image_zip* archive);
bool ks_image_zip_list(ks_image_files* files, size_t place, const char* path, ks_error* err);
bool ks_image_zip_read(ks_image_bytes* bytes, ks_image_zip* archive, uint64_t index, uint64_t most, ks_error* err);

#endif
