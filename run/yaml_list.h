/* yaml_list.h: a YAML list of mappings as JSON, for settings that are lists of objects. Internal to this room.
 * Thread rule: pure. */
#ifndef KS_RUN_YAML_LIST_H
#define KS_RUN_YAML_LIST_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

/* out: "[{\"type\": \"conv\", \"out\": 32}, …]", or "" for an empty list. Values are numbers, true, false or texts.
 * Errors: KS_BAD_INPUT (no such list, or longer than room), without the key. */
bool ks_yaml_list(char* out, size_t room, yaml_document_t* doc, yaml_node_t* list, ks_error* err);

#endif
