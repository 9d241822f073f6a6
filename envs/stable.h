/* stable.h: the files of envs/stable, compiled into the library so that the command needs no files beside it: bodies (NAME.xml, MJCF)
 * and families of tasks (NAME-TASK.yaml). The bodies of envs/models are among them.
 *
 * A file is known by its name alone: a path that a file says ("../models/ant.xml") is looked for by what follows its last slash.
 * Thread rule: constants. */
#ifndef KS_ENVS_STABLE_H
#define KS_ENVS_STABLE_H

#include <stddef.h>

typedef struct ks_stable_file {
    const char* name;          /* "hopper-vel.yaml" */
    const char* stem;          /* "hopper-vel": of a family, what configs call it */
    const unsigned char* text; /* ends with a zero that size does not count, so it is also a C string */
    size_t size;
} ks_stable_file;

/* In the order of their names: first the bodies of envs/models, then envs/stable (made by cmake/embed_table.cmake). */
extern const ks_stable_file ks_stable_files[];
extern const size_t ks_stable_files_count;

/* The families of tasks alone: how many, and the index-th. */
size_t ks_stable_count(void);
const ks_stable_file* ks_stable_at(size_t index);

/* The file that a path ends in, or NULL. */
const ks_stable_file* ks_stable_find(const char* path);

#endif
