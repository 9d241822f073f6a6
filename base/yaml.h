/* yaml.h: YAML texts as libyaml's document trees, whose nodes know their lines, so that whatever is wrong is told with its line.
 * Before a tree is built the text's events are looked through, since libyaml works for minutes on texts that nest deeply or have
 * many anchors.
 *
 * Thread rule: distinct objects are independent. */
#ifndef KS_BASE_YAML_H
#define KS_BASE_YAML_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

enum { KS_YAML_MAX_BYTES = 1 << 20 };

/* A text that holds one document, or the value of one key. */
typedef struct ks_yaml_source {
    const char* name; /* for messages: FILE, or -s KEY=VALUE */
    const char* key;  /* NULL: a whole document, whose lines are told */
    const char* text;
    size_t length;
} ks_yaml_source;

/* Where a value stands, for messages: "FILE:LINE: KEY" or "-s KEY=VALUE: KEY". */
typedef struct ks_yaml_place {
    const char* source;
    size_t line;     /* from 1; 0: none */
    const char* key; /* may be "" */
} ks_yaml_place;

ks_yaml_place ks_yaml_place_in(const ks_yaml_source* source, size_t line);
/* The place of a node of a document. */
ks_yaml_place ks_yaml_place_of(const ks_yaml_source* source, const yaml_node_t* node, const char* key);
/* KS_BAD_INPUT at a place. Returns false. */
bool ks_yaml_fail(ks_yaml_place place, ks_error* err, const char* format, ...) __attribute__((format(printf, 3, 4)));

/* libyaml takes a tab on a line with nothing or only a comment behind it for an error, which it is not: clears it in place. */
void ks_yaml_clear_blank_lines(char* text);

/* The one document of a text; to be deleted (yaml_document_delete). Its root is NULL if there is nothing in it. Errors, after which there
 * is nothing to delete: KS_BAD_INPUT (no YAML, a second document, nested too deeply), KS_FAILED (memory). */
bool ks_yaml_load(yaml_document_t* doc, const ks_yaml_source* source, ks_error* err);

/* Where an editor does not show what is wrong with a text that was not understood (a tab, a no-break space), says so in place of what
 * came of it. Only errors of KS_BAD_INPUT are changed. */
void ks_yaml_explain(const ks_yaml_source* source, ks_error* err);

/* A scalar's text; NULL if it has a zero byte ("\0" in quotes), behind which nobody would read on. */
const char* ks_yaml_text(const yaml_node_t* node);

#endif
