/* Reading configs. It stands on libyaml's document tree (base/yaml.h), so that also a value out of range is reported with its line. */
#include "base/path.h"
#include "base/text_file.h"
#include "base/yaml.h"
#include "run/config.h"
#include "run/config_table.h"
#include "run/yaml_list.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- one value ---------------------------------------------------------------------------------------------------------- */

typedef ks_yaml_place place;
typedef ks_yaml_source source;

static bool set_scalar(ks_config* config, int row, const char* text, place p, ks_error* err) {
    ks_error inner = {0};
    return ks_settings_set(&ks_config_table, row, config, text, &inner) || ks_yaml_fail(p, err, "%s", inner.text);
}

static bool set_widths(ks_config* config, int row, yaml_document_t* doc, yaml_node_t* list, place p, ks_error* err) {
    ks_settings_set_widths(&ks_config_table, row, config);
    for (yaml_node_item_t* i = list->data.sequence.items.start; i < list->data.sequence.items.top; i++) {
        yaml_node_t* node = yaml_document_get_node(doc, *i);
        const char* text = node->type == YAML_SCALAR_NODE ? ks_yaml_text(node) : "a list";
        ks_error inner = {0};
        if (!text) {
            return ks_yaml_fail(p, err, "has a zero byte");
        }
        if (!ks_settings_add_width(&ks_config_table, row, config, text, &inner)) {
            return ks_yaml_fail(p, err, "%s", inner.text);
        }
    }
    return true;
}

/* ---- documents ------------------------------------------------------------------------------------------------------------ */

typedef struct reader {
    ks_config* config;
    const char* source;
    bool lines; /* whether the source has lines */
    yaml_document_t* doc;
    bool seen[KS_SETTINGS_MAX]; /* row by row */
} reader;

static bool read_mapping(reader* r, yaml_node_t* map, const char* section, ks_error* err);

static bool set_list(reader* r, int row, yaml_node_t* value, place p, ks_error* err) {
    char json[KS_NETWORK_TEXT];
    ks_error inner = {0};
    if (!ks_yaml_list(json, sizeof json, r->doc, value, &inner)) {
        return ks_yaml_fail(p, err, "%s", inner.text);
    }
    ks_config_note(r->config, row);
    return set_scalar(r->config, row, json, p, err);
}

/* the value of the key p.key, which is whole: "name" or "section.name" */
static bool read_value(reader* r, yaml_node_t* value, place p, ks_error* err) {
    int row = ks_settings_find(&ks_config_table, p.key);
    if (row < 0 && !strchr(p.key, '.') && ks_settings_is_section(&ks_config_table, p.key)) {
        if (value->type == YAML_MAPPING_NODE) {
            return read_mapping(r, value, p.key, err);
        }
        return ks_yaml_fail(p, err, "is a section: its keys stand below it, indented");
    }
    if (row < 0) {
        return ks_yaml_fail(p, err, "unknown key; did you mean %s?", ks_settings_nearest(&ks_config_table, p.key));
    }
    assert(row < KS_SETTINGS_MAX);
    if (r->seen[row]) {
        return ks_yaml_fail(p, err, "stands twice");
    }
    r->seen[row] = true;
    ks_setting_type type = ks_settings_row(&ks_config_table, row)->type;
    if (type == KS_SETTING_WIDTHS && value->type == YAML_SEQUENCE_NODE) {
        ks_config_note(r->config, row);
        return set_widths(r->config, row, r->doc, value, p, err);
    }
    if (type == KS_SETTING_LIST) {
        return set_list(r, row, value, p, err);
    }
    if (value->type != YAML_SCALAR_NODE) {
        return ks_yaml_fail(p, err,
                            type == KS_SETTING_WIDTHS ? "takes a list, as [100, 100] is" : "takes a single value");
    }
    const char* text = ks_yaml_text(value);
    if (!text) {
        return ks_yaml_fail(p, err, "has a zero byte");
    }
    bool fits =
        type == KS_SETTING_TEXT || type == KS_SETTING_CHOICE || value->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (!fits) {
        return ks_yaml_fail(p, err, "'%.40s' in quotes is a text, not a value of this key", text);
    }
    if (!set_scalar(r->config, row, text, p, err)) {
        return false;
    }
    ks_config_note(r->config, row);
    return true;
}

static bool read_pair(reader* r, yaml_node_t* key_node, yaml_node_t* value, const char* section, ks_error* err) {
    char key[128];
    place p = {r->source, r->lines ? key_node->start_mark.line + 1 : 0, ""};
    if (key_node->type != YAML_SCALAR_NODE) {
        return ks_yaml_fail(p, err, "a key must be a name");
    }
    const char* name = ks_yaml_text(key_node);
    if (!name) {
        return ks_yaml_fail(p, err, "a key has a zero byte");
    }
    if (strcmp(name, "<<") == 0) {
        return ks_yaml_fail(p, err, "merge keys (<<) are not understood; write the keys out");
    }
    snprintf(key, sizeof key, "%s%s%.60s", section, *section ? "." : "", name);
    p.key = key;
    return read_value(r, value, p, err);
}

static bool read_mapping(reader* r, yaml_node_t* map, const char* section, ks_error* err) {
    for (yaml_node_pair_t* pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top; pair++) {
        if (!read_pair(r, yaml_document_get_node(r->doc, pair->key), yaml_document_get_node(r->doc, pair->value),
                       section, err)) {
            return false;
        }
    }
    return true;
}

/* ---- texts ---------------------------------------------------------------------------------------------------------------- */

/* The one document of a config or, with key, of that key's value alone. */
static bool read_document(ks_config* config, const source* s, ks_error* err) {
    yaml_document_t doc;
    if (!ks_yaml_load(&doc, s, err)) {
        return false;
    }
    reader r = {.config = config, .source = s->name, .lines = !s->key, .doc = &doc};
    yaml_node_t* root = yaml_document_get_root_node(&doc);
    bool ok = true;
    place p = ks_yaml_place_in(s, root ? root->start_mark.line + 1 : 0);
    bool empty = !root || (root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0);
    if (s->key) {
        ok = root ? read_value(&r, root, p, err) : ks_yaml_fail(p, err, "has no value");
    } else if (!empty && root->type != YAML_MAPPING_NODE) {
        ok = ks_yaml_fail(p, err, "a config is a list of `key: value` lines");
    } else if (!empty) {
        ok = read_mapping(&r, root, "", err);
    }
    yaml_document_delete(&doc);
    return ok;
}

/* Paths are taken from `folder` (NULL: the working directory). */
static bool read_source(ks_config* config, const source* s, const char* folder, ks_error* err) {
    ks_config read = *config; /* all or nothing */
    ks_error inner = {0};
    if (read_document(&read, s, &inner) && ks_config_resolve(&read, folder, &inner)) {
        *config = read;
        return true;
    }
    ks_yaml_explain(s, &inner);
    return ks_fail(err, inner.code, "%s", inner.text);
}

bool ks_config_read(ks_config* config, const char* path, ks_error* err) {
    ks_text_file file;
    char folder[KS_PATH_ROOM];
    if (!ks_text_file_read(&file, path, KS_YAML_MAX_BYTES, err)) {
        return false;
    }
    ks_yaml_clear_blank_lines(file.text);
    source whole = {.name = path, .text = file.text, .length = file.length};
    bool ok = ks_path_folder(folder, path, err) && read_source(config, &whole, folder, err);
    ks_text_file_free(&file);
    return ok;
}

bool ks_config_set(ks_config* config, const char* assignment, ks_error* err) {
    char name[160], key[128];
    snprintf(name, sizeof name, "-s %.140s", assignment);
    const char* equals = strchr(assignment, '=');
    if (!equals || equals == assignment) {
        return ks_fail(err, KS_BAD_INPUT, "%s: write it as KEY=VALUE, as in trpo.max_kl=0.02", name);
    }
    snprintf(key, sizeof key, "%.*s", (int)(equals - assignment), assignment);
    source value = {.name = name, .key = key, .text = equals + 1, .length = strlen(equals + 1)};
    return read_source(config, &value, NULL, err);
}
