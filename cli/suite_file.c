/* Reading a suite: layers of settings over a config. What stands later wins: the suite's `set`, the domain's, the method's, and what the
 * domain says of the method. */
#include "cli/suite.h"

#include "base/names.h"
#include "base/number.h"
#include "base/path.h"
#include "base/text_file.h"
#include "base/yaml.h"
#include "cli/option_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 4, ROOM = 1024 };

typedef struct reader {
    ks_yaml_source source;
    yaml_document_t doc;
    const char* folder; /* configs' paths are relative to it */
    ks_error* err;
} reader;

static bool fail(reader* r, const yaml_node_t* at, const char* key, const char* text) {
    return ks_yaml_fail(ks_yaml_place_of(&r->source, at, key), r->err, "%s", text);
}

static bool no_memory(ks_error* err) {
    return ks_fail(err, KS_FAILED, "not enough memory");
}

/* ---- nodes ---------------------------------------------------------------------------------------------------------------- */

static yaml_node_t* node(reader* r, int index) {
    return yaml_document_get_node(&r->doc, index);
}

static bool is_map(const yaml_node_t* n) {
    return n && n->type == YAML_MAPPING_NODE;
}

static size_t count_of(const yaml_node_t* n) {
    return is_map(n) ? (size_t)(n->data.mapping.pairs.top - n->data.mapping.pairs.start) : 0;
}

/* the i-th key of a mapping, which is a text, with its value */
static const char* pair(reader* r, const yaml_node_t* map, size_t i, yaml_node_t** value) {
    const yaml_node_pair_t* p = &map->data.mapping.pairs.start[i];
    const yaml_node_t* key = node(r, p->key);
    *value = node(r, p->value);
    return key->type == YAML_SCALAR_NODE && ks_yaml_text(key) ? ks_yaml_text(key) : "";
}

static yaml_node_t* get(reader* r, const yaml_node_t* map, const char* key) {
    yaml_node_t* value;
    for (size_t i = 0; i < count_of(map); i++) {
        if (strcmp(pair(r, map, i, &value), key) == 0) {
            return value;
        }
    }
    return NULL;
}

/* a mapping (NULL is an empty one) with no keys but these, separated by blanks */
static bool only(reader* r, const yaml_node_t* map, const char* where, const char* keys) {
    yaml_node_t* value;
    bool empty = !map || (map->type == YAML_SCALAR_NODE && map->data.scalar.length == 0);
    if (!empty && !is_map(map)) {
        return fail(r, map, where, "takes keys, each on a line of its own");
    }
    for (size_t i = 0; i < count_of(map); i++) {
        const char* key = pair(r, map, i, &value);
        const char* at = strstr(keys, key);
        size_t length = strlen(key);
        if (length == 0 || !at || (at != keys && at[-1] != ' ') || (at[length] != ' ' && at[length] != 0)) {
            char text[160];
            snprintf(text, sizeof text, "unknown key; here are %s", keys);
            return fail(r, value, key, text);
        }
    }
    return true;
}

/* a value as `-s` and options take it: "0.1" or "[100, 100]" */
static bool value_text(reader* r, char out[ROOM], const yaml_node_t* value, const char* key) {
    if (value->type == YAML_SCALAR_NODE && ks_yaml_text(value)) {
        snprintf(out, ROOM, "%s", ks_yaml_text(value));
        return strlen(ks_yaml_text(value)) < ROOM || fail(r, value, key, "is too long");
    }
    if (value->type != YAML_SEQUENCE_NODE) {
        return fail(r, value, key, "takes a value, or a list of them");
    }
    size_t used = (size_t)snprintf(out, ROOM, "[");
    for (yaml_node_item_t* i = value->data.sequence.items.start; i < value->data.sequence.items.top; i++) {
        const char* text = node(r, *i)->type == YAML_SCALAR_NODE ? ks_yaml_text(node(r, *i)) : NULL;
        if (!text || used + strlen(text) + 4 > ROOM) {
            return fail(r, value, key, "is no list of values");
        }
        used += (size_t)snprintf(out + used, ROOM - used, "%s%s", used > 1 ? ", " : "", text);
    }
    snprintf(out + used, ROOM - used, "]");
    return true;
}

/* ---- commands ---------------------------------------------------------------------------------------------------------------- */

/* The layers' value of a key as they are put on each other; NULL: none has it. */
static yaml_node_t* top_value(reader* r, yaml_node_t* const maps[LAYERS], const char* key) {
    yaml_node_t* found = NULL;
    for (int i = 0; i < LAYERS; i++) {
        yaml_node_t* value = get(r, maps[i], key);
        found = value ? value : found;
    }
    return found;
}

static bool in_earlier(reader* r, yaml_node_t* const maps[LAYERS], int layer, const char* key) {
    for (int i = 0; i < layer; i++) {
        if (get(r, maps[i], key)) {
            return true;
        }
    }
    return false;
}

/* whether `kshot eval` has an option of that name */
static bool is_option(reader* r, const yaml_node_t* at, const char* key) {
    const ks_command* eval = ks_command_find("eval");
    for (const ks_option_group* g = eval->groups; g->rows; g++) {
        for (const ks_option* o = g->rows; o->name; o++) {
            if (strcmp(o->name, key) == 0) {
                return true;
            }
        }
    }
    return fail(r, at, key, "is no option of `kshot eval`");
}

/* "-s", "key=value" each; or, of options, "--key", "value", where true stands for the option alone and false for none */
static bool add_layers(reader* r, ks_command_line* c, yaml_node_t* const maps[LAYERS], bool options) {
    char text[ROOM], word[ROOM + 128];
    for (int layer = 0; layer < LAYERS; layer++) {
        for (size_t i = 0; i < count_of(maps[layer]); i++) {
            yaml_node_t* value;
            const char* key = pair(r, maps[layer], i, &value);
            if (in_earlier(r, maps, layer, key)) {
                continue;
            }
            value = top_value(r, maps, key);
            if ((options && !is_option(r, value, key)) || !value_text(r, text, value, key)) {
                return false;
            }
            bool alone = options && strcmp(text, "true") == 0, none = options && strcmp(text, "false") == 0;
            snprintf(word, sizeof word, options ? "--%s" : "%s=%s", key, text);
            if (!none &&
                ((!options && !ks_command_line_add(c, "-s", r->err)) || !ks_command_line_add(c, word, r->err) ||
                 (options && !alone && !ks_command_line_add(c, text, r->err)))) {
                return false;
            }
        }
    }
    return true;
}

/* ---- lines ---------------------------------------------------------------------------------------------------------------------- */

/* Where settings of a line stand: the file itself, its domain, its method, and what the domain says of the method. */
typedef struct layers {
    yaml_node_t* at[LAYERS];
} layers;

static bool collect(reader* r, ks_command_line* c, const layers* l, const char* key, bool options) {
    yaml_node_t* maps[LAYERS];
    for (int i = 0; i < LAYERS; i++) {
        maps[i] = get(r, l->at[i], key);
        if (maps[i] && !is_map(maps[i])) {
            return fail(r, maps[i], key, "takes keys with values");
        }
    }
    return add_layers(r, c, maps, options);
}

static bool fill_line(reader* r, ks_suite_line* line, const layers* l, const char* config, int64_t seed) {
    char path[KS_PATH_ROOM], text[64];
    line->seed = seed;
    snprintf(line->name, sizeof line->name, "%s/%s/%lld", line->domain, line->method, (long long)seed);
    snprintf(text, sizeof text, "seed=%lld", (long long)seed);
    if (!ks_path_absolute(path, r->folder, config, r->err) || !ks_command_line_add(&line->train, "train", r->err) ||
        !ks_command_line_add(&line->train, path, r->err) || !collect(r, &line->train, l, "set", false) ||
        !ks_command_line_add(&line->train, "-s", r->err) || !ks_command_line_add(&line->train, text, r->err) ||
        !collect(r, &line->eval, l, "evaluate", true)) {
        return false;
    }
    ks_config unused;
    return ks_suite_config(&unused, line, r->err) || ks_fail_in(r->err, line->name);
}

static bool name_is_good(reader* r, const yaml_node_t* at, const char* name) {
    bool good = *name && *name != '.' && strlen(name) < KS_SUITE_NAME;
    for (const char* c = name; *c; c++) {
        good = good &&
               (strchr("-_.", *c) || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9'));
    }
    return good || fail(r, at, name, "becomes a folder: letters, digits, -, _ and . are right");
}

/* the seeds of one domain and method */
static bool add_seeds(reader* r, ks_suite* s, const layers* l, const char* domain, const char* method,
                      const yaml_node_t* config) {
    const yaml_node_t* seeds = get(r, l->at[0], "seeds");
    size_t count = seeds && seeds->type == YAML_SEQUENCE_NODE
                       ? (size_t)(seeds->data.sequence.items.top - seeds->data.sequence.items.start)
                       : 0;
    if (count == 0 || count > KS_SUITE_SEEDS) {
        return fail(r, seeds ? seeds : l->at[0], "seeds", "takes a list of seeds, as [1, 2, 3]");
    }
    ks_suite_line* grown = realloc(s->lines, (s->count + count) * sizeof *grown);
    if (!grown) {
        return no_memory(r->err);
    }
    s->lines = grown;
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t* item = node(r, seeds->data.sequence.items.start[i]);
        const char* text = item->type == YAML_SCALAR_NODE ? ks_yaml_text(item) : NULL;
        int64_t seed;
        if (!text || !ks_parse_int(text, 0, INT64_MAX, &seed)) {
            return fail(r, item, "seeds", "a seed is a whole number from 0 on");
        }
        ks_suite_line* line = &s->lines[s->count++];
        *line = (ks_suite_line){0};
        snprintf(line->domain, sizeof line->domain, "%s", domain);
        snprintf(line->method, sizeof line->method, "%s", method);
        if (!fill_line(r, line, l, ks_yaml_text(config), seed)) {
            return false;
        }
    }
    return true;
}

static bool add_domain(reader* r, ks_suite* s, yaml_node_t* file, const char* name, yaml_node_t* domain) {
    yaml_node_t *methods = get(r, file, "methods"), *own, *config;
    if (!name_is_good(r, domain, name) || !only(r, domain, name, "config set evaluate methods")) {
        return false;
    }
    own = get(r, domain, "methods");
    config = get(r, domain, "config");
    if (!config || config->type != YAML_SCALAR_NODE || !ks_yaml_text(config)) {
        return fail(r, domain, name, "needs a config: the path of one, relative to this file");
    }
    for (size_t i = 0; i < count_of(own); i++) {
        yaml_node_t* value;
        const char* method = pair(r, own, i, &value);
        if (!get(r, methods, method)) {
            return fail(r, value, method, "is none of the suite's methods");
        }
        if (!only(r, value, method, "set evaluate")) {
            return false;
        }
    }
    for (size_t i = 0; i < count_of(methods); i++) {
        yaml_node_t* method;
        const char* key = pair(r, methods, i, &method);
        layers l = {{file, domain, method, get(r, own, key)}};
        if ((!own || l.at[LAYERS - 1]) && !add_seeds(r, s, &l, name, key, config)) {
            return false;
        }
    }
    return true;
}

static bool read_file(reader* r, ks_suite* s) {
    yaml_node_t *file = yaml_document_get_root_node(&r->doc), *value;
    if (!is_map(file)) {
        return ks_fail(r->err, KS_BAD_INPUT, "%s: a suite has keys: suite, seeds, domains, methods", r->source.name);
    }
    if (!only(r, file, "", "suite seeds set evaluate domains methods")) {
        return false;
    }
    const yaml_node_t *name = get(r, file, "suite"), *domains = get(r, file, "domains"),
                      *methods = get(r, file, "methods");
    if (!name || name->type != YAML_SCALAR_NODE || !ks_yaml_text(name)) {
        return fail(r, file, "suite", "is missing: the suite's name and version");
    }
    snprintf(s->name, sizeof s->name, "%s", ks_yaml_text(name));
    if (count_of(domains) == 0 || count_of(methods) == 0) {
        return fail(r, file, count_of(domains) ? "methods" : "domains", "is missing, or empty");
    }
    for (size_t i = 0; i < count_of(methods); i++) {
        const char* key = pair(r, methods, i, &value);
        if (!name_is_good(r, value, key) || !only(r, value, key, "set evaluate")) {
            return false;
        }
    }
    for (size_t i = 0; i < count_of(domains); i++) {
        const char* key = pair(r, domains, i, &value);
        if (!add_domain(r, s, file, key, value)) {
            return false;
        }
    }
    return true;
}

bool ks_suite_read(ks_suite* s, const char* path, ks_error* err) {
    ks_text_file file;
    char folder[KS_PATH_ROOM];
    *s = (ks_suite){0};
    if (!ks_text_file_read(&file, path, KS_YAML_MAX_BYTES, err)) {
        return false;
    }
    if (!ks_path_folder(folder, path, err)) {
        ks_text_file_free(&file);
        return false;
    }
    reader r = {.source = {.name = path, .text = file.text, .length = file.length}, .folder = folder, .err = err};
    bool ok = ks_yaml_load(&r.doc, &r.source, err);
    if (ok) {
        ok = read_file(&r, s);
        yaml_document_delete(&r.doc);
    }
    ks_text_file_free(&file);
    return ok;
}

void ks_suite_free(ks_suite* s) {
    for (size_t i = 0; i < s->count; i++) {
        ks_command_line_free(&s->lines[i].train);
        ks_command_line_free(&s->lines[i].eval);
    }
    free(s->lines);
    *s = (ks_suite){0};
}

bool ks_suite_config(ks_config* config, const ks_suite_line* line, ks_error* err) {
    const ks_command_line* c = &line->train;
    ks_config_default(config);
    bool ok = ks_config_read(config, c->word[1], err);
    for (int i = 3; ok && i < c->count; i += 2) { /* each behind its -s */
        ok = ks_config_set(config, c->word[i], err);
    }
    return ok && ks_config_check(config, err);
}

/* one part of a pattern, up to the next slash or the end */
static bool part_fits(const char** pattern, const char* text) {
    size_t length = strcspn(*pattern, "/");
    bool fits = (length == 1 && **pattern == '*') || (strlen(text) == length && strncmp(*pattern, text, length) == 0);
    *pattern += length + ((*pattern)[length] == '/');
    return fits;
}

bool ks_suite_is_meant(const ks_suite_line* line, const char* pattern) {
    char seed[32];
    snprintf(seed, sizeof seed, "%lld", (long long)line->seed);
    const char* const parts[] = {line->domain, line->method, seed};
    for (int i = 0; pattern && *pattern && i < 3; i++) {
        if (!part_fits(&pattern, parts[i])) {
            return false;
        }
    }
    return !pattern || !*pattern;
}
