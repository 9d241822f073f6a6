/* One table of fields drives everything: parsing, ranges, defaults, printing, help, comparison. Parsing stands on libyaml's
 * document tree, whose nodes know their lines, so that also a value out of range is reported with its line. */
#include "run/config.h"

#include "base/atomic_file.h"
#include "base/names.h"
#include "base/number.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

typedef enum field_type { INT, INT64, DOUBLE, BOOL, CHOICE, TEXT, WIDTHS } field_type;

typedef struct field {
    const char* key; /* "section.name" or "name" */
    field_type type;
    size_t offset;
    double min, max;  /* of INT, INT64, DOUBLE */
    double initial;   /* default of all but TEXT and WIDTHS */
    const char* text; /* default of TEXT; names of CHOICE, separated by | */
    const char* help;
    bool free_on_resume; /* may differ when a run is resumed */
} field;

#define AT(member) offsetof(ks_config, member)
#define BIG 1e9 /* more iterations or timesteps than anybody has time for */
static const field FIELDS[] = {
    {"env", TEXT, AT(env), 0, 0, 0, "point", "environment; `kshot envs` lists them", false},
    {"method", CHOICE, AT(method), 0, 0, KS_MAML, "maml|pretrain|oracle",
     "maml; pretrain: one policy by TRPO over all tasks; oracle: pretrain with the task in the observation", false},
    {"seed", INT64, AT(seed), 0, 0x1p63, 1, NULL, "all randomness follows from it", false},
    {"iterations", INT, AT(iterations), 0, BIG, 100, NULL,
     "meta-updates; 0 writes an untrained policy, the random baseline", true},
    {"tasks", INT, AT(tasks), 1, 1e6, 40, NULL, "tasks per iteration", false},
    {"trajectories", INT, AT(trajectories), 1, 1e6, 20, NULL, "per task, before and after adaptation each", false},
    {"horizon", INT, AT(horizon), 1, 1e6, 200, NULL, "timesteps per trajectory at most", false},
    {"gamma", DOUBLE, AT(gamma), 0, 1, 0.99, NULL, "discount", false},
    {"gae_lambda", DOUBLE, AT(gae_lambda), 0, 1, 1, NULL, "lambda of generalised advantage estimation", false},
    {"checkpoint_every", INT, AT(checkpoint_every), 1, BIG, 10, NULL, "iterations", true},
    {"policy.hidden", WIDTHS, AT(policy), 1, KS_MAX_WIDTH, 0, NULL, "units of the hidden layers; []: linear", false},
    {"policy.activation", CHOICE, AT(policy.activation), 0, 0, KS_RELU, "relu|tanh", "of the hidden layers", false},
    {"policy.log_std_init", DOUBLE, AT(policy.log_std_init), -20, 20, 0, NULL,
     "log of the actions' standard deviation at the start (continuous actions)", false},
    {"policy.log_std_min", DOUBLE, AT(policy.log_std_min), -50, 20, -13.815510557964274, NULL, "its floor", false},
    {"policy.scale_inputs", BOOL, AT(policy.scale_inputs), 0, 1, 0, NULL,
     "start with all observations weighing about alike", false},
    {"inner.steps", INT, AT(inner.steps), 0, KS_MAX_INNER_STEPS, 1, NULL, "gradient steps of a task", false},
    {"inner.lr", DOUBLE, AT(inner.lr), 0, 1e3, 0.1, NULL, "their step size", false},
    {"inner.first_order", BOOL, AT(inner.first_order), 0, 1, 0, NULL, "leave the second derivatives out", false},
    {"inner.sweep", DOUBLE, AT(inner.sweep), 0, 1e6, 0, NULL,
     "before adaptation, also pass through all tasks in an episode: weight; 0: not, as in the paper", false},
    {"trpo.gae_lambda", DOUBLE, AT(trpo.gae_lambda), -1, 1, -1, NULL,
     "lambda of the adapted policies' advantages, that TRPO sees; -1: gae_lambda, as in the paper", false},
    {"trpo.max_kl", DOUBLE, AT(trpo.max_kl), 1e-12, 1e6, 0.01, NULL,
     "mean KL divergence of the adapted policies per meta-update at most, nats", false},
    {"trpo.max_kl_halving", DOUBLE, AT(trpo.max_kl_halving), 0, BIG, 0, NULL,
     "iterations in which max_kl halves, again and again; 0: it stays, as in the paper", false},
    {"trpo.cg_iterations", INT, AT(trpo.cg_iterations), 1, 10000, 10, NULL, "of conjugate gradient, at most", false},
    {"trpo.cg_damping", DOUBLE, AT(trpo.cg_damping), 0, 1e6, 1e-5, NULL, "added to the curvature's diagonal", false},
    {"trpo.cg_warm_start", DOUBLE, AT(trpo.cg_warm_start), 0, 1, 0, NULL,
     "conjugate gradient starts from this share of the last step's solution; 0: from 0, as in the paper", false},
    {"trpo.kfac_damping", DOUBLE, AT(trpo.kfac_damping), 0, 1e6, 0, NULL,
     "conjugate gradient is preconditioned by K-FAC with this damping; 0: not at all, as in the paper", false},
    {"trpo.backtrack_ratio", DOUBLE, AT(trpo.backtrack_ratio), 1e-6, 0.999999, 0.8, NULL,
     "factor from one candidate of the line search to the next", false},
    {"trpo.backtrack_steps", INT, AT(trpo.backtrack_steps), 1, 1000, 15, NULL, "candidates at most", false},
    {"trpo.curvature_fraction", DOUBLE, AT(trpo.curvature_fraction), 1e-6, 1, 1, NULL,
     "share of each task's timesteps that the curvature is measured on", false},
};
enum { NUM_FIELDS = sizeof FIELDS / sizeof *FIELDS };

static void* at(ks_config* config, const field* f) {
    return (char*)config + f->offset;
}

static const void* at_const(const ks_config* config, const field* f) {
    return (const char*)config + f->offset;
}

/* ---- choices and defaults -------------------------------------------------------------------------------------------- */

/* the index-th of "a|b|c" into out, or false */
static bool choice_name(const char* names, int index, char* out, size_t room) {
    for (; index > 0; index--) {
        names = strchr(names, '|');
        if (!names) {
            return false;
        }
        names++;
    }
    snprintf(out, room, "%.*s", (int)strcspn(names, "|"), names);
    return true;
}

void ks_config_default(ks_config* config) {
    memset(config, 0, sizeof *config);
    for (int i = 0; i < NUM_FIELDS; i++) {
        const field* f = &FIELDS[i];
        switch (f->type) {
            case INT:
            case CHOICE:
                *(int*)at(config, f) = (int)f->initial;
                break;
            case INT64:
                *(int64_t*)at(config, f) = (int64_t)f->initial;
                break;
            case DOUBLE:
                *(double*)at(config, f) = f->initial;
                break;
            case BOOL:
                *(bool*)at(config, f) = f->initial != 0;
                break;
            case TEXT:
                snprintf(config->env, sizeof config->env, "%s", f->text);
                break;
            case WIDTHS:
                config->policy.num_hidden = 2;
                config->policy.hidden[0] = config->policy.hidden[1] = 100;
                break;
        }
    }
}

/* ---- one value ---------------------------------------------------------------------------------------------------------- */

/* where a value stands, for messages: "FILE:LINE: KEY" or "-s KEY=VALUE: KEY" */
typedef struct place {
    const char* source;
    size_t line; /* from 1; 0: none */
    const char* key;
} place;

static bool fail_at(place p, ks_error* err, const char* format, ...) __attribute__((format(printf, 3, 4)));
static bool fail_at(place p, ks_error* err, const char* format, ...) {
    char text[512];
    char line[32] = "";
    va_list args;
    va_start(args, format);
    ks_vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (p.line) {
        snprintf(line, sizeof line, ":%zu", p.line);
    }
    return ks_fail(err, KS_BAD_INPUT, "%s%s: %s%s%s", p.source, line, p.key, *p.key ? ": " : "", text);
}

static bool parse_number(const char* text, bool whole, double* value) {
    return ks_parse_double(text, value) && (!whole || strspn(text, "+-0123456789") == strlen(text));
}

/* "MIN to MAX"; 2^63 - 1 is no double, so that a 64-bit field's own largest number stands for 2^63 */
static void print_range(char* out, size_t room, const field* f) {
    if (f->type == INT64) {
        ks_snprintf(out, room, "%.16g to %lld", f->min, (long long)INT64_MAX);
    } else {
        ks_snprintf(out, room, "%.16g to %.16g", f->min, f->max);
    }
}

static bool set_number(ks_config* config, const field* f, const char* text, place p, ks_error* err) {
    bool whole = f->type != DOUBLE;
    double value;
    if (!parse_number(text, whole, &value)) {
        return fail_at(p, err, "'%.40s' is not a %s", text, whole ? "whole number" : "number");
    }
    int64_t integer = 0; /* a double has not enough digits */
    bool fits = f->type != INT64 || ks_parse_int(text, INT64_MIN, INT64_MAX, &integer);
    if (!fits || !(value >= f->min && value <= f->max)) {
        char range[64];
        print_range(range, sizeof range, f);
        return fail_at(p, err, "%.40s is out of range; it must be from %s", text, range);
    }
    if (f->type == INT) {
        *(int*)at(config, f) = (int)value;
    } else if (f->type == INT64) {
        *(int64_t*)at(config, f) = integer;
    } else {
        *(double*)at(config, f) = value;
    }
    return true;
}

static bool set_choice(ks_config* config, const field* f, const char* text, place p, ks_error* err) {
    char name[32];
    for (int i = 0; choice_name(f->text, i, name, sizeof name); i++) {
        if (strcmp(name, text) == 0) {
            *(int*)at(config, f) = i;
            return true;
        }
    }
    return fail_at(p, err, "'%.40s' is not one of %s", text, f->text);
}

static bool set_scalar(ks_config* config, const field* f, const char* text, place p, ks_error* err) {
    switch (f->type) {
        case INT:
        case INT64:
        case DOUBLE:
            return set_number(config, f, text, p, err);
        case CHOICE:
            return set_choice(config, f, text, p, err);
        case BOOL:
            if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
                return fail_at(p, err, "'%.40s' is not true or false", text);
            }
            *(bool*)at(config, f) = *text == 't';
            return true;
        case TEXT: {
            ks_error inner = {0};
            if (!ks_env_find(text, &inner)) {
                return fail_at(p, err, "%s", inner.text);
            }
            snprintf(config->env, sizeof config->env, "%s", text);
            return true;
        }
        case WIDTHS:
            break;
    }
    return fail_at(p, err, "'%.40s' is not a list, as [100, 100] is", text);
}

static bool set_widths(ks_config* config, const field* f, yaml_document_t* doc, yaml_node_t* list, place p,
                       ks_error* err) {
    int count = 0;
    for (yaml_node_item_t* i = list->data.sequence.items.start; i < list->data.sequence.items.top; i++) {
        yaml_node_t* node = yaml_document_get_node(doc, *i);
        const char* text = node->type == YAML_SCALAR_NODE ? (const char*)node->data.scalar.value : "a list";
        double width;
        if (!parse_number(text, true, &width) || width < f->min || width > f->max) {
            return fail_at(p, err, "'%.40s' is not a width from %g to %g", text, f->min, f->max);
        }
        if (count == KS_MAX_HIDDEN) {
            return fail_at(p, err, "more than %d layers", KS_MAX_HIDDEN);
        }
        config->policy.hidden[count++] = (int)width;
    }
    config->policy.num_hidden = count;
    return true;
}

/* ---- documents ------------------------------------------------------------------------------------------------------------ */

static const field* find_field(const char* key) {
    for (int i = 0; i < NUM_FIELDS; i++) {
        if (strcmp(FIELDS[i].key, key) == 0) {
            return &FIELDS[i];
        }
    }
    return NULL;
}

static bool is_section(const char* key) {
    size_t length = strlen(key);
    for (int i = 0; i < NUM_FIELDS; i++) {
        if (strncmp(FIELDS[i].key, key, length) == 0 && FIELDS[i].key[length] == '.') {
            return true;
        }
    }
    return false;
}

/* the name that was probably meant: the nearest key, whole or without its section */
static bool unknown_key(place p, ks_error* err) {
    const char* nearest = FIELDS[0].key;
    size_t best = SIZE_MAX;
    const char* dot = strrchr(p.key, '.');
    for (int i = 0; i < NUM_FIELDS; i++) {
        const char* field_dot = strchr(FIELDS[i].key, '.');
        size_t whole = ks_edit_distance(p.key, FIELDS[i].key);
        size_t name = ks_edit_distance(dot ? dot + 1 : p.key, field_dot ? field_dot + 1 : FIELDS[i].key);
        size_t distance = 2 * name < whole ? 2 * name : whole;
        if (distance < best) {
            best = distance;
            nearest = FIELDS[i].key;
        }
    }
    return fail_at(p, err, "unknown key; did you mean %s?", nearest);
}

typedef struct reader {
    ks_config* config;
    const char* source;
    bool lines; /* whether the source has lines */
    yaml_document_t* doc;
    bool seen[NUM_FIELDS];
} reader;

static bool read_mapping(reader* r, yaml_node_t* map, const char* section, ks_error* err);

/* the value of the key p.key, which is whole: "name" or "section.name" */
static bool read_value(reader* r, yaml_node_t* value, place p, ks_error* err) {
    const field* f = find_field(p.key);
    if (!f && !strchr(p.key, '.') && is_section(p.key)) {
        if (value->type == YAML_MAPPING_NODE) {
            return read_mapping(r, value, p.key, err);
        }
        return fail_at(p, err, "is a section: its keys stand below it, indented");
    }
    if (!f) {
        return unknown_key(p, err);
    }
    if (r->seen[f - FIELDS]) {
        return fail_at(p, err, "stands twice");
    }
    r->seen[f - FIELDS] = true;
    if (f->type == WIDTHS && value->type == YAML_SEQUENCE_NODE) {
        return set_widths(r->config, f, r->doc, value, p, err);
    }
    if (value->type != YAML_SCALAR_NODE) {
        return fail_at(p, err, "takes a single value");
    }
    const char* text = (const char*)value->data.scalar.value;
    if (f->type != TEXT && f->type != CHOICE && value->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
        return fail_at(p, err, "'%.40s' in quotes is a text, not a value of this key", text);
    }
    return set_scalar(r->config, f, text, p, err);
}

static bool read_pair(reader* r, yaml_node_t* key_node, yaml_node_t* value, const char* section, ks_error* err) {
    char key[128];
    place p = {r->source, r->lines ? key_node->start_mark.line + 1 : 0, ""};
    if (key_node->type != YAML_SCALAR_NODE) {
        return fail_at(p, err, "a key must be a name");
    }
    snprintf(key, sizeof key, "%s%s%.60s", section, *section ? "." : "", (const char*)key_node->data.scalar.value);
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

/* what libyaml says of a text that is no YAML */
static bool syntax_error(const yaml_parser_t* parser, const char* source, bool lines, ks_error* err) {
    place p = {source, lines ? parser->problem_mark.line + 1 : 0, ""};
    return fail_at(p, err, "not YAML: %s", parser->problem ? parser->problem : "it cannot be read");
}

/* The one document of a config or, with key, of that key's value alone. */
static bool read_document(ks_config* config, yaml_parser_t* parser, const char* source, const char* key,
                          ks_error* err) {
    bool lines = !key;
    yaml_document_t doc;
    if (!yaml_parser_load(parser, &doc)) {
        return syntax_error(parser, source, lines, err);
    }
    reader r = {.config = config, .source = source, .lines = lines, .doc = &doc};
    yaml_node_t* root = yaml_document_get_root_node(&doc);
    bool ok = true;
    place p = {source, lines && root ? root->start_mark.line + 1 : 0, key ? key : ""};
    bool empty = !root || (root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0);
    if (key) {
        ok = root ? read_value(&r, root, p, err) : fail_at(p, err, "has no value");
    } else if (!empty && root->type != YAML_MAPPING_NODE) {
        ok = fail_at(p, err, "a config is a list of `key: value` lines");
    } else if (!empty) {
        ok = read_mapping(&r, root, "", err);
    }
    yaml_document_delete(&doc);
    if (!ok || !root) {
        return ok;
    }
    yaml_document_t next;
    if (!yaml_parser_load(parser, &next)) {
        return syntax_error(parser, source, lines, err);
    }
    if (yaml_document_get_root_node(&next)) {
        p.line = lines ? next.start_mark.line + 1 : 0;
        ok = fail_at(p, err, "one YAML document is wanted, and here a second one starts");
    }
    yaml_document_delete(&next);
    return ok;
}

bool ks_config_read(ks_config* config, const char* path, ks_error* err) {
    FILE* file = fopen(path, "rb");
    if (!file) {
        return ks_fail(err, KS_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        fclose(file);
        return ks_fail(err, KS_FAILED, "%s: not enough memory", path);
    }
    yaml_parser_set_input_file(&parser, file);
    ks_config read = *config; /* all or nothing */
    errno = 0;
    bool ok = read_document(&read, &parser, path, NULL, err);
    if (!ok && ferror(file)) { /* a directory, for one */
        ks_fail(err, KS_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    }
    yaml_parser_delete(&parser);
    fclose(file);
    if (ok) {
        *config = read;
    }
    return ok;
}

bool ks_config_set(ks_config* config, const char* assignment, ks_error* err) {
    char source[160], key[128];
    snprintf(source, sizeof source, "-s %.140s", assignment);
    const char* equals = strchr(assignment, '=');
    if (!equals || equals == assignment) {
        return ks_fail(err, KS_BAD_INPUT, "%s: write it as KEY=VALUE, as in trpo.max_kl=0.02", source);
    }
    snprintf(key, sizeof key, "%.*s", (int)(equals - assignment), assignment);
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    yaml_parser_set_input_string(&parser, (const unsigned char*)equals + 1, strlen(equals + 1));
    ks_config read = *config;
    bool ok = read_document(&read, &parser, source, key, err);
    yaml_parser_delete(&parser);
    if (ok) {
        *config = read;
    }
    return ok;
}

bool ks_config_check(const ks_config* config, ks_error* err) {
    if (config->policy.log_std_init < config->policy.log_std_min) {
        return ks_fail(err, KS_BAD_INPUT, "policy.log_std_init (%g) must not be below policy.log_std_min (%g)",
                       config->policy.log_std_init, config->policy.log_std_min);
    }
    if (config->trpo.gae_lambda < 0 && config->trpo.gae_lambda > -1) {
        return ks_fail(err, KS_BAD_INPUT, "trpo.gae_lambda must be 0 to 1, or -1 for that of gae_lambda, not %g",
                       config->trpo.gae_lambda);
    }
    if ((double)config->tasks * config->trajectories * config->horizon > BIG) {
        return ks_fail(err, KS_BAD_INPUT, "tasks x trajectories x horizon must not be above %g timesteps", BIG);
    }
    return ks_env_find(config->env, err) != NULL;
}

/* ---- printing ----------------------------------------------------------------------------------------------------------------- */

static void print_value(FILE* file, const ks_config* config, const field* f) {
    char name[32] = "", number[KS_NUMBER_ROOM];
    const void* value = at_const(config, f);
    switch (f->type) {
        case INT:
            fprintf(file, "%d", *(const int*)value);
            break;
        case INT64:
            fprintf(file, "%lld", (long long)*(const int64_t*)value);
            break;
        case DOUBLE:
            fputs(ks_print_double(number, *(const double*)value), file);
            break;
        case BOOL:
            fputs(*(const bool*)value ? "true" : "false", file);
            break;
        case CHOICE:
            choice_name(f->text, *(const int*)value, name, sizeof name);
            fputs(name, file);
            break;
        case TEXT:
            fputs(config->env, file);
            break;
        case WIDTHS:
            fputc('[', file);
            for (int i = 0; i < config->policy.num_hidden; i++) {
                fprintf(file, i ? ", %d" : "%d", config->policy.hidden[i]);
            }
            fputc(']', file);
            break;
    }
}

static void print_comment(FILE* file, const field* f) {
    fprintf(file, "  # %s", f->help);
    if (f->type == CHOICE) {
        fprintf(file, " (%s)", f->text);
    } else if (f->type == INT || f->type == INT64 || f->type == DOUBLE) {
        char range[64];
        print_range(range, sizeof range, f);
        fprintf(file, " (%s)", range);
    }
}

bool ks_config_write(const ks_config* config, FILE* file, bool comments) {
    char section[32] = "";
    for (int i = 0; i < NUM_FIELDS; i++) {
        const field* f = &FIELDS[i];
        const char* dot = strchr(f->key, '.');
        if (dot && strncmp(section, f->key, (size_t)(dot - f->key)) != 0) {
            snprintf(section, sizeof section, "%.*s", (int)(dot - f->key), f->key);
            fprintf(file, "%s:\n", section);
        }
        fprintf(file, "%s%s: ", dot ? "  " : "", dot ? dot + 1 : f->key);
        print_value(file, config, f);
        if (comments) {
            print_comment(file, f);
        }
        fputc('\n', file);
    }
    return !ferror(file);
}

static bool write_config(void* user, FILE* file) {
    return ks_config_write(user, file, true);
}

bool ks_config_save(const ks_config* config, const char* path, ks_error* err) {
    ks_config copy = *config;
    return ks_replace_file(path, write_config, &copy, err);
}

static bool same_value(const ks_config* a, const ks_config* b, const field* f) {
    static const size_t SIZES[] = {[INT] = sizeof(int),
                                   [CHOICE] = sizeof(int),
                                   [INT64] = sizeof(int64_t),
                                   [DOUBLE] = sizeof(double),
                                   [BOOL] = sizeof(bool)};
    if (f->type == TEXT) {
        return strcmp(a->env, b->env) == 0;
    }
    if (f->type == WIDTHS) {
        return a->policy.num_hidden == b->policy.num_hidden &&
               memcmp(a->policy.hidden, b->policy.hidden, (size_t)a->policy.num_hidden * sizeof(int)) == 0;
    }
    return memcmp(at_const(a, f), at_const(b, f), SIZES[f->type]) == 0;
}

const char* ks_config_difference(const ks_config* a, const ks_config* b) {
    for (int i = 0; i < NUM_FIELDS; i++) {
        if (!FIELDS[i].free_on_resume && !same_value(a, b, &FIELDS[i])) {
            return FIELDS[i].key;
        }
    }
    return NULL;
}

/* ---- what follows from a config ---------------------------------------------------------------------------------- */

ks_maml_settings ks_config_maml(const ks_config* c, int threads) {
    ks_maml_settings s = ks_maml_settings_default();
    s.method = (ks_method)c->method;
    s.seed = (uint64_t)c->seed;
    s.tasks = (size_t)c->tasks;
    s.trajectories = (size_t)c->trajectories;
    s.horizon = (size_t)c->horizon;
    s.inner_steps = c->inner.steps;
    s.inner_lr = c->inner.lr;
    s.first_order = c->inner.first_order;
    s.sweep = c->inner.sweep;
    s.advantage = (ks_advantage_settings){.gamma = c->gamma, .gae_lambda = c->gae_lambda};
    s.trpo.max_kl = c->trpo.max_kl;
    s.trpo_gae_lambda = c->trpo.gae_lambda;
    s.max_kl_halving = c->trpo.max_kl_halving;
    s.trpo.cg_iterations = c->trpo.cg_iterations;
    s.trpo.cg_damping = c->trpo.cg_damping;
    s.trpo.cg_warm_start = c->trpo.cg_warm_start;
    s.kfac_damping = c->trpo.kfac_damping;
    s.trpo.backtrack_ratio = c->trpo.backtrack_ratio;
    s.trpo.backtrack_steps = c->trpo.backtrack_steps;
    s.curvature_fraction = c->trpo.curvature_fraction;
    s.threads = threads;
    return s;
}

ks_policy_settings ks_config_policy(const ks_config* c, const ks_env_model* model) {
    const ks_env_def* def = ks_env_model_def(model);
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = ks_env_model_obs_dim(model);
    s.act_dim = def->num_actions > 0 ? def->num_actions : def->act_dim;
    s.head = def->num_actions > 0 ? KS_CATEGORICAL : KS_GAUSSIAN;
    s.num_hidden = c->policy.num_hidden;
    memcpy(s.hidden, c->policy.hidden, sizeof s.hidden);
    s.activation = (ks_activation)c->policy.activation;
    s.log_std_min = c->policy.log_std_min;
    return s;
}
