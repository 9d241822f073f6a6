/* file_yaml.h: keys, numbers and names of the YAML tree of a file, every error with its line.
 *
 * Thread rule: a reader is used by one thread at a time. */
#ifndef KS_BASE_FILE_YAML_H
#define KS_BASE_FILE_YAML_H

#include "base/yaml.h"

typedef struct ks_file_reader {
    const ks_yaml_source* source;
    yaml_document_t* doc;
    ks_error* err;
} ks_file_reader;

/* KS_BAD_INPUT at a node, "FILE:LINE: KEY: …"; key may be "". Returns false. */
bool ks_file_fail(const ks_file_reader* r, const yaml_node_t* at, const char* key, const char* format, ...)
    __attribute__((format(printf, 4, 5)));
/* Puts the line and key before what is in r->err already. Returns false. */
bool ks_file_fail_in(const ks_file_reader* r, const yaml_node_t* at, const char* key);

/* That a node is a mapping, whose keys are all among `keys` (names separated by blanks; NULL: any), each once. */
bool ks_file_keys(const ks_file_reader* r, const yaml_node_t* map, const char* key, const char* keys);
/* The value of a key; NULL if the map has none. */
const yaml_node_t* ks_file_get(const ks_file_reader* r, const yaml_node_t* map, const char* key);
/* The number of pairs of a mapping, or of items of a list; 0 for a scalar. */
size_t ks_file_count(const yaml_node_t* node);
/* An item of a list; a scalar or a mapping is a list of itself. */
const yaml_node_t* ks_file_item(const ks_file_reader* r, const yaml_node_t* list, size_t index);
/* The index-th key of a mapping, and its value. */
const char* ks_file_pair(const ks_file_reader* r, const yaml_node_t* map, size_t index, const yaml_node_t** value);

/* A scalar's text, not empty, shorter than `room` (0: any). NULL on errors. Lives as long as the document. */
const char* ks_file_text(const ks_file_reader* r, const yaml_node_t* node, const char* key, size_t room);
/* A finite number from min to max; a whole one; true or false. */
bool ks_file_double(const ks_file_reader* r, const yaml_node_t* node, const char* key, double min, double max,
                    double* out);
bool ks_file_int(const ks_file_reader* r, const yaml_node_t* node, const char* key, int min, int max, int* out);
bool ks_file_bool(const ks_file_reader* r, const yaml_node_t* node, const char* key, bool* out);
/* Exactly `count` numbers. */
bool ks_file_doubles(const ks_file_reader* r, const yaml_node_t* node, const char* key, size_t count, double* out);
/* The number of one of the names (separated by |). */
bool ks_file_choice(const ks_file_reader* r, const yaml_node_t* node, const char* key, const char* names, int* out);
/* A name or a list of names: at most `most`, *count of them. They live as long as the document. */
bool ks_file_names(const ks_file_reader* r, const yaml_node_t* node, const char* key, const char** names, int most,
                   int* count);

/* The same for a key that may be missing, where *out stays as it is. */
bool ks_file_get_double(const ks_file_reader* r, const yaml_node_t* map, const char* key, double min, double max,
                        double* out);
bool ks_file_get_int(const ks_file_reader* r, const yaml_node_t* map, const char* key, int min, int max, int* out);
bool ks_file_get_bool(const ks_file_reader* r, const yaml_node_t* map, const char* key, bool* out);
/* Copies a text of at most room - 1 letters. */
bool ks_file_get_text(const ks_file_reader* r, const yaml_node_t* map, const char* key, char* out, size_t room);

#endif
