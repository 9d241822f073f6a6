/* Reading a suite: layers of settings over a config. What stands later wins: the suite's `set`, the domain's, the method's, and what the
 * domain says of the method. */
#include "cli/suite.h"

#include "base/file_yaml.h"
#include "base/number.h"
#include "base/path.h"
#include "base/text_file.h"
#include "cli/option_table.h"
#include "cli/search_space.h"
#include "cli/tune.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LAYERS = 4, ROOM = 1024 };

typedef ks_file_reader reader;
typedef const yaml_node_t* node;

static bool is_map(node n) {
    return n && n->type == YAML_MAPPING_NODE;
}

/* "maml:", with nothing behind it, and what is not there at all */
static bool is_nothing(node n) {
    return !n || (n->type == YAML_SCALAR_NODE && n->data.scalar.length == 0);
}

static bool is_false(node n) {
    return n && n->type == YAML_SCALAR_NODE && strcmp((const char*)n->data.scalar.value, "false") == 0;
}

static size_t count_of(node n) {
    return is_map(n) ? ks_file_count(n) : 0;
}

static node get(const reader* r, node map, const char* key) {
    return is_map(map) ? ks_file_get(r, map, key) : NULL;
}

/* a mapping with no keys but these (NULL: any), or nothing */
static bool only(const reader* r, node map, const char* where, const char* keys) {
    return is_nothing(map) || ks_file_keys(r, map, where, keys);
}

/* a value as `-s` and options take it: "0.1" or "[100, 100]"; one of several, as `--search` takes them: "0.1,0.2" */
static bool value_text(const reader* r, char out[ROOM], node value, const char* key, bool choice) {
    if (value->type == YAML_MAPPING_NODE) {
        return ks_file_fail(r, value, key, "takes a value, or a list of them");
    }
    bool list = value->type == YAML_SEQUENCE_NODE;
    size_t used = (size_t)snprintf(out, ROOM, list && !choice ? "[" : "");
    for (size_t i = 0; i < (list ? ks_file_count(value) : 1); i++) {
        const char* text = ks_file_text(r, ks_file_item(r, value, i), key, ROOM / 2);
        if (!text) {
            return false;
        }
        if (used + strlen(text) + 4 > ROOM) {
            return ks_file_fail(r, value, key, "is too long");
        }
        used += (size_t)snprintf(out + used, ROOM - used, "%s%s", i == 0 ? "" : choice ? "," : ", ", text);
    }
    snprintf(out + used, ROOM - used, list && !choice ? "]" : "");
    return true;
}

/* ---- commands ---------------------------------------------------------------------------------------------------------------- */

/* What the keys of a mapping become in a command. */
typedef struct wording {
    const char* flag;    /* stands before each "key=value"; NULL: they are options, "--key", "value" */
    const char* command; /* whose options; true then stands for an option alone */
    const char* but;     /* keys that are something else */
    bool drops;          /* the value false stands for no word at all */
    bool ends;           /* and false in place of all keys for none of them, nor of those before */
} wording;

static const wording SETTINGS = {.flag = "-s"}, EVALUATION = {.command = "eval", .drops = true},
                     SEARCH = {.command = "tune", .but = "search", .drops = true, .ends = true},
                     SEARCH_KEYS = {.flag = "--search", .drops = true, .ends = true};

/* Options of `tune` that are the suite's own business. */
static bool is_own(const char* key) {
    static const char* const OWN[] = {"set", "output", "threads", "quiet"};
    for (size_t i = 0; i < sizeof OWN / sizeof *OWN; i++) {
        if (strcmp(key, OWN[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The layers' value of a key as they are put on each other; NULL: none has it. */
static node top_value(const reader* r, node const maps[LAYERS], const char* key) {
    node found = NULL;
    for (int i = 0; i < LAYERS; i++) {
        node value = get(r, maps[i], key);
        found = value ? value : found;
    }
    return found;
}

static bool in_earlier(const reader* r, node const maps[LAYERS], int layer, const char* key) {
    for (int i = 0; i < layer; i++) {
        if (get(r, maps[i], key)) {
            return true;
        }
    }
    return false;
}

static bool add_pair(const reader* r, ks_command_line* c, const wording* w, const char* key, node value) {
    char text[ROOM], word[ROOM + 128];
    if (!value_text(r, text, value, key, w == &SEARCH_KEYS)) {
        return false;
    }
    bool alone = !w->flag && strcmp(text, "true") == 0;
    snprintf(word, sizeof word, w->flag ? "%s=%s" : "--%s", key, text);
    if (!w->flag && (!ks_command_option(ks_command_find(w->command), word) || (w == &SEARCH && is_own(key)))) {
        return ks_file_fail(r, value, key, "is no option of `kshot %s` for a suite", w->command);
    }
    return (w->drops && strcmp(text, "false") == 0) ||
           ((!w->flag || ks_command_line_add(c, w->flag, r->err)) && ks_command_line_add(c, word, r->err) &&
            (w->flag || alone || ks_command_line_add(c, text, r->err)));
}

static bool add_layers(const reader* r, ks_command_line* c, node const maps[LAYERS], const wording* w) {
    for (int layer = 0; layer < LAYERS; layer++) {
        for (size_t i = 0; i < count_of(maps[layer]); i++) {
            node value;
            const char* key = ks_file_pair(r, maps[layer], i, &value);
            if (!in_earlier(r, maps, layer, key) && !(w->but && strcmp(key, w->but) == 0) &&
                !add_pair(r, c, w, key, top_value(r, maps, key))) {
                return false;
            }
        }
    }
    return true;
}

/* ---- lines ---------------------------------------------------------------------------------------------------------------------- */

/* Where settings of a line stand: the file itself, its domain, its method, and what the domain says of the method. */
typedef struct layers {
    node at[LAYERS];
} layers;

/* Key `inner` of what stands under `key`, or that itself (NULL). A layer that says `key: false` does without those below it. */
static bool collect(const reader* r, ks_command_line* c, const layers* l, const char* key, const char* inner,
                    const wording* w) {
    node maps[LAYERS] = {NULL};
    for (int i = 0; i < LAYERS; i++) {
        node outer = get(r, l->at[i], key);
        if (w->ends && is_false(outer)) {
            memset(maps, 0, sizeof maps);
            continue;
        }
        maps[i] = inner ? get(r, outer, inner) : outer;
        if ((outer && !is_map(outer)) || (maps[i] && !is_map(maps[i]))) {
            return ks_file_fail(r, outer, is_map(outer) ? inner : key, "takes keys with values");
        }
    }
    return add_layers(r, c, maps, w);
}

/* Every key that is tried is one of the config. */
static bool check_keys(const reader* r, const ks_suite_line* line) {
    const ks_command_line* c = &line->search;
    ks_search_space space = {0};
    ks_config config;
    char setting[KS_SEARCH_TEXT];
    bool ok = ks_suite_config(&config, line, r->err);
    for (int i = 0; ok && i + 1 < c->count && strcmp(c->word[i], "--search") == 0; i += 2) {
        ok = ks_search_add(&space, c->word[i + 1], r->err);
        if (ok) {
            ks_search_draw(setting, &space, 0, 0, space.count - 1);
            ok = ks_config_set(&config, setting, r->err);
        }
    }
    return ok || ks_fail_in(r->err, line->name);
}

/* The line's seed must not be that of its search, which is one that is not reported. */
static bool check_seed(const reader* r, const ks_suite_line* line, node seeds) {
    int64_t seed = ks_suite_search_option(line, "--seed", KS_TUNE_SEED);
    return line->seed != seed ||
           ks_file_fail(r, seeds, "seeds", "%lld is the seed of the search (tune)", (long long)seed);
}

/* What is searched for, and how. */
static bool collect_search(const reader* r, ks_suite_line* line, const layers* l) {
    ks_command_line* c = &line->search;
    if (!collect(r, c, l, "tune", "search", &SEARCH_KEYS)) {
        return false;
    }
    int keys = c->count;
    if (!collect(r, c, l, "tune", NULL, &SEARCH)) {
        return false;
    }
    if (keys > 0) {
        return check_keys(r, line) && check_seed(r, line, get(r, l->at[0], "seeds"));
    }
    bool says = false;
    for (int i = 0; i < LAYERS; i++) {
        says = says || get(r, get(r, l->at[i], "tune"), "search");
    }
    if (c->count > 0 && !says) {
        return ks_fail(r->err, KS_BAD_INPUT, "%s: %s: tune: needs `search`, which says which settings are tried",
                       r->source->name, line->name);
    }
    ks_command_line_free(c);
    return true;
}

/* A file of tasks, which stands in the suite relative to it. */
static bool find_goals(const reader* r, ks_suite_line* line) {
    char folder[KS_PATH_ROOM];
    for (int i = 0; i + 1 < line->eval.count; i++) {
        if (strcmp(line->eval.word[i], "--goals") != 0) {
            continue;
        }
        if (!ks_path_folder(folder, r->source->name, r->err) ||
            !ks_path_absolute(line->goals, folder, line->eval.word[i + 1], r->err)) {
            return false;
        }
        if (access(line->goals, R_OK) != 0) {
            return ks_fail(r->err, KS_BAD_INPUT,
                           "%s: goals: cannot read %s: %s; its path is relative to the suite's file", line->name,
                           line->goals, strerror(errno));
        }
    }
    return true;
}

/* config: absolute */
static bool fill_line(const reader* r, ks_suite_line* line, const layers* l, const char* config, int64_t seed) {
    line->seed = seed;
    snprintf(line->name, sizeof line->name, "%s/%s/%lld", line->domain, line->method, (long long)seed);
    if (!ks_command_line_add(&line->train, "train", r->err) || !ks_command_line_add(&line->train, config, r->err) ||
        !collect(r, &line->train, l, "set", NULL, &SETTINGS) ||
        !collect(r, &line->eval, l, "evaluate", NULL, &EVALUATION) || !find_goals(r, line) ||
        !collect_search(r, line, l)) {
        return false;
    }
    ks_config read;
    if (!ks_suite_config(&read, line, r->err)) {
        return ks_fail_in(r->err, line->name);
    }
    node data = get(r, l->at[1], "data");
    const char* what = data ? ks_file_text(r, data, "data", sizeof line->data_is) : "";
    if (!what) {
        return false;
    }
    snprintf(line->data_is, sizeof line->data_is, "%s", what);
    return !data || (*what && read.problem == KS_PROBLEM_images) ||
           ks_file_fail(r, data, "data", *what ? "is of domains of images" : "says what images are to be given");
}

static bool name_is_good(const reader* r, node at, const char* key, const char* name) {
    bool good = *name && *name != '.' && strlen(name) < KS_SUITE_NAME;
    for (const char* c = name; *c; c++) {
        good = good &&
               (strchr("-_.", *c) || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9'));
    }
    return good || ks_file_fail(r, at, key, "\"%.60s\" is no name: letters, digits, -, _ and . are right", name);
}

static bool read_seed(int64_t* seed, const reader* r, node item) {
    const char* text = ks_file_text(r, item, "seeds", 0);
    return text && (ks_parse_int(text, 0, INT64_MAX, seed) ||
                    ks_file_fail(r, item, "seeds", "%.40s is no seed, which is a whole number from 0 on", text));
}

/* the seeds of one domain and method */
static bool add_seeds(const reader* r, ks_suite* s, const layers* l, const char* domain, const char* method,
                      const char* config) {
    node seeds = get(r, l->at[0], "seeds");
    size_t count = seeds && seeds->type == YAML_SEQUENCE_NODE ? ks_file_count(seeds) : 0;
    if (count == 0 || count > KS_SUITE_SEEDS) {
        return ks_file_fail(r, seeds ? seeds : l->at[0], "seeds", "takes a list of seeds, as [1, 2, 3]");
    }
    ks_suite_line* grown = realloc(s->lines, (s->count + count) * sizeof *grown);
    if (!grown) {
        return ks_fail(r->err, KS_FAILED, "not enough memory");
    }
    s->lines = grown;
    for (size_t i = 0; i < count; i++) {
        node item = ks_file_item(r, seeds, i);
        int64_t seed;
        if (!read_seed(&seed, r, item)) {
            return false;
        }
        for (size_t k = 1; k <= i; k++) {
            if (s->lines[s->count - k].seed == seed) {
                return ks_file_fail(r, item, "seeds", "%lld stands twice", (long long)seed);
            }
        }
        ks_suite_line* line = &s->lines[s->count++];
        *line = (ks_suite_line){0};
        snprintf(line->domain, sizeof line->domain, "%s", domain);
        snprintf(line->method, sizeof line->method, "%s", method);
        if (!fill_line(r, line, l, config, seed)) {
            return false;
        }
    }
    return true;
}

/* what a domain says of methods, which must be the suite's */
static bool check_own(const reader* r, node own, node methods) {
    if (!only(r, own, "methods", NULL)) {
        return false;
    }
    for (size_t i = 0; i < count_of(own); i++) {
        node value;
        const char* method = ks_file_pair(r, own, i, &value);
        if (!ks_file_get(r, methods, method)) {
            return ks_file_fail(r, value, method, "is none of the suite's methods");
        }
        if (!only(r, value, method, "set evaluate tune")) {
            return false;
        }
    }
    return true;
}

/* The path of what stands under a key, which is relative to the suite's file. */
static bool read_path(const reader* r, char path[KS_PATH_ROOM], node at, const char* key) {
    char folder[KS_PATH_ROOM];
    const char* text = ks_file_text(r, at, key, 0);
    return text && ks_path_folder(folder, r->source->name, r->err) && ks_path_absolute(path, folder, text, r->err);
}

/* The domain's config for a method: of those under `configs`, the one that the method's `config` names; else its `config`. NULL: it has
 * none of that name, and so the method is not for it. */
static node config_for(const reader* r, node domain, node method) {
    node name = get(r, method, "config");
    return name ? get(r, get(r, domain, "configs"), (const char*)name->data.scalar.value) : get(r, domain, "config");
}

/* Every config of a domain is one that a method names. */
static bool check_configs(const reader* r, node configs, node methods) {
    if (!only(r, configs, "configs", NULL)) {
        return false;
    }
    for (size_t i = 0; i < count_of(configs); i++) {
        node value, method;
        const char* key = ks_file_pair(r, configs, i, &value);
        bool named = false;
        for (size_t k = 0; !named && k < count_of(methods); k++) {
            ks_file_pair(r, methods, k, &method);
            node name = get(r, method, "config");
            named = name && strcmp((const char*)name->data.scalar.value, key) == 0;
        }
        if (!named) {
            return ks_file_fail(r, value, key, "no method has `config: %s`", key);
        }
    }
    return true;
}

static bool add_domain(const reader* r, ks_suite* s, node file, const char* name, node domain) {
    char path[KS_PATH_ROOM];
    node methods = get(r, file, "methods"), own = get(r, domain, "methods");
    if (!name_is_good(r, domain, "domains", name) ||
        !only(r, domain, name, "config configs data set evaluate tune methods")) {
        return false;
    }
    if (!get(r, domain, "config")) {
        return ks_file_fail(r, domain, name, "needs a config: the path of one, relative to this file");
    }
    if (!check_configs(r, get(r, domain, "configs"), methods) || !check_own(r, own, methods)) {
        return false;
    }
    for (size_t i = 0; i < count_of(methods); i++) {
        node method;
        const char* key = ks_file_pair(r, methods, i, &method);
        layers l = {{file, domain, method, get(r, own, key)}};
        node config = config_for(r, domain, method);
        if (own && l.at[LAYERS - 1] && !config) {
            return ks_file_fail(r, l.at[LAYERS - 1], key, "needs a config of this domain, under `configs`");
        }
        if (config && (!own || l.at[LAYERS - 1]) &&
            (!read_path(r, path, config, "config") || !add_seeds(r, s, &l, name, key, path))) {
            return false;
        }
    }
    return true;
}

static bool read_methods(const reader* r, node methods) {
    if (!ks_file_keys(r, methods, "methods", NULL)) {
        return false;
    }
    for (size_t i = 0; i < count_of(methods); i++) {
        node value;
        const char* key = ks_file_pair(r, methods, i, &value);
        if (!name_is_good(r, value, "methods", key) || !only(r, value, key, "config set evaluate tune") ||
            (get(r, value, "config") && !ks_file_text(r, get(r, value, "config"), "config", 0))) {
            return false;
        }
    }
    return true;
}

static bool read_file(const reader* r, ks_suite* s) {
    node file = yaml_document_get_root_node(r->doc);
    if (!is_map(file)) {
        return ks_fail(r->err, KS_BAD_INPUT, "%s: a suite has keys: suite, seeds, domains, methods", r->source->name);
    }
    if (!ks_file_keys(r, file, "", "suite seeds set evaluate tune domains methods")) {
        return false;
    }
    node name = get(r, file, "suite"), domains = get(r, file, "domains"), methods = get(r, file, "methods");
    if (!name || count_of(domains) == 0 || count_of(methods) == 0) {
        return ks_file_fail(r, file,
                            !name                    ? "suite"
                            : count_of(domains) == 0 ? "domains"
                                                     : "methods",
                            "is missing, or empty");
    }
    const char* text = ks_file_text(r, name, "suite", sizeof s->name);
    if (!text || !name_is_good(r, name, "suite", text) || !read_methods(r, methods) ||
        !ks_file_keys(r, domains, "domains", NULL)) {
        return false;
    }
    snprintf(s->name, sizeof s->name, "%s", text);
    for (size_t i = 0; i < count_of(domains); i++) {
        node value;
        const char* key = ks_file_pair(r, domains, i, &value);
        if (!add_domain(r, s, file, key, value)) {
            return false;
        }
    }
    return true;
}

bool ks_suite_read(ks_suite* s, const char* path, ks_error* err) {
    ks_text_file file;
    yaml_document_t doc;
    *s = (ks_suite){0};
    if (!ks_text_file_read(&file, path, KS_YAML_MAX_BYTES, err)) {
        return false;
    }
    ks_yaml_source source = {.name = path, .text = file.text, .length = file.length};
    bool ok = ks_yaml_load(&doc, &source, err);
    if (ok) {
        ok = read_file(&(reader){&source, &doc, err}, s);
        yaml_document_delete(&doc);
    }
    ks_text_file_free(&file);
    return ok;
}

void ks_suite_free(ks_suite* s) {
    for (size_t i = 0; i < s->count; i++) {
        ks_command_line_free(&s->lines[i].train);
        ks_command_line_free(&s->lines[i].eval);
        ks_command_line_free(&s->lines[i].search);
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
    char seed[32];
    snprintf(seed, sizeof seed, "seed=%lld", (long long)line->seed);
    ok = ok && ks_config_set(config, seed, err);
    ok = ok && (!*line->data || ks_config_set_text(config, "images.data", line->data, err));
    return ok && ks_config_check(config, err);
}

bool ks_suite_give_data(ks_suite* s, const char* text, ks_error* err) {
    const char* equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : 0;
    bool takes = false;
    char path[KS_PATH_ROOM];
    if (length == 0 || !equals[1]) {
        return ks_fail(err, KS_BAD_INPUT, "--data: '%s' is not DOMAIN=DIR", text);
    }
    if (access(equals + 1, F_OK) != 0) {
        return ks_fail(err, KS_BAD_INPUT, "--data: cannot read %s: %s", equals + 1, strerror(errno));
    }
    if (!ks_path_absolute(path, NULL, equals + 1, err)) {
        return ks_fail_in(err, "--data");
    }
    for (size_t i = 0; i < s->count; i++) {
        ks_suite_line* line = &s->lines[i];
        if (*line->data_is && strlen(line->domain) == length && strncmp(line->domain, text, length) == 0) {
            memcpy(line->data, path, sizeof path);
            takes = true;
        }
    }
    return takes ||
           ks_fail(err, KS_BAD_INPUT, "--data: %s has no domain '%.*s' that takes data", s->name, (int)length, text);
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
