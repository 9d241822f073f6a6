/* image_files.h: the images (.png, .jpg, .jpeg) and tables (.csv) below a folder or in a zip file, as one list of names, and their bytes.
 *
 * In a folder, images_background.zip and images_evaluation.zip (Omniglot's) stand for what is in them. Hidden files, __MACOSX and what
 * is in such folders are left out; links are followed. Names have / between folders and are sorted by their bytes, so that they do not
 * depend on the order of an archive or of a file system.
 *
 * Thread rule: a list is read-only after creation and may be shared; each thread reads by a reader of its own. */
#ifndef KS_FEWSHOT_IMAGE_FILES_H
#define KS_FEWSHOT_IMAGE_FILES_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { KS_IMAGE_MAX_BYTES = 256 << 20 }; /* of one file */

typedef struct ks_image_files ks_image_files;

/* Owned by the caller. Errors: KS_BAD_INPUT naming the path (missing, neither folder nor zip file, damaged), KS_FAILED. */
ks_image_files* ks_image_files_open(const char* path, ks_error* err);
void ks_image_files_close(ks_image_files* files);

/* Text by which one state of what is at a path is told from another: names, lengths and times of change of the files in a folder, or of
 * the archives. Errors: as open. */
bool ks_image_files_stamp(char* stamp, size_t room, const char* path, ks_error* err);

/* As it was given to open. */
const char* ks_image_files_path(const ks_image_files* files);
size_t ks_image_files_count(const ks_image_files* files);
/* Lives as long as the list. */
const char* ks_image_files_name(const ks_image_files* files, size_t i);

/* Does a name end so, in small letters or capitals? */
bool ks_image_name_ends(const char* name, const char* end);
/* The file of that name, or SIZE_MAX. */
size_t ks_image_files_find(const ks_image_files* files, const char* name);
/* Where it is, for messages: "FOLDER/NAME", or "ARCHIVE: NAME". */
enum { KS_IMAGE_LABEL = 1024 };
const char* ks_image_files_label(char label[KS_IMAGE_LABEL], const ks_image_files* files, size_t i);

/* What one thread reads with: archives that it has opened, and memory for one file. The list must outlive it. */
typedef struct ks_image_reader ks_image_reader;
ks_image_reader* ks_image_reader_create(const ks_image_files* files, ks_error* err);
void ks_image_reader_destroy(ks_image_reader* reader);

/* The bytes of file i, until the next call. Errors: KS_BAD_INPUT naming it (cannot be read, damaged, longer than KS_IMAGE_MAX_BYTES),
 * KS_FAILED (memory). */
const uint8_t* ks_image_reader_read(ks_image_reader* reader, size_t i, size_t* length, ks_error* err);

/* The same of its first `most` bytes alone, whose checksum, if there is one, is not compared. */
const uint8_t* ks_image_reader_begin(ks_image_reader* reader, size_t i, size_t most, size_t* length, ks_error* err);

/* Puts that of file i before the text of *err. Returns false. */
bool ks_image_files_fail_in(const ks_image_files* files, size_t i, ks_error* err);

#endif
