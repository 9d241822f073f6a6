/* Reading configs. It stands on libyaml's document tree, whose nodes know their lines, so that also a value out of range is
 * reported with its line. Before the tree is built, the text's events are looked through: libyaml works for minutes on texts
 * that nest deeply or have many anchors. */
#include "base/number.h"
#include "base/text_file.h"
#include "run/config.h"
#include "run/config_table.h"
#include "run/yaml_list.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum { MAX_BYTES = 1 << 20, MAX_DEPTH = 16, MAX_ANCHORS = MAX_DEPTH };

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

static bool set_scalar(ks_config* config, int row, const char* text, place p, ks_error* err) {
    ks_error inner = {0};
    return ks_settings_set(&ks_config_table, row, config, text, &inner) || fail_at(p, err, "%s", inner.text);
}

/* A scalar's text; NULL if it has a zero byte ("\0" in quotes), behind which nobody would read on. */
static const char* scalar_text(const yaml_node_t* node) {
    const char* text = (const char*)node->data.scalar.value;
    return strlen(text) == node->data.scalar.length ? text : NULL;
}

static bool set_widths(ks_config* config, int row, yaml_document_t* doc, yaml_node_t* list, place p, ks_error* err) {
    ks_settings_set_widths(&ks_config_table, row, config);
    for (yaml_node_item_t* i = list->data.sequence.items.start; i < list->data.sequence.items.top; i++) {
        yaml_node_t* node = yaml_document_get_node(doc, *i);
        const char* text = node->type == YAML_SCALAR_NODE ? scalar_text(node) : "a list";
        ks_error inner = {0};
        if (!text) {
            return fail_at(p, err, "has a zero byte");
        }
        if (!ks_settings_add_width(&ks_config_table, row, config, text, &inner)) {
            return fail_at(p, err, "%s", inner.text);
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
        return fail_at(p, err, "%s", inner.text);
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
        return fail_at(p, err, "is a section: its keys stand below it, indented");
    }
    if (row < 0) {
        return fail_at(p, err, "unknown key; did you mean %s?", ks_settings_nearest(&ks_config_table, p.key));
    }
    assert(row < KS_SETTINGS_MAX);
    if (r->seen[row]) {
        return fail_at(p, err, "stands twice");
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
        return fail_at(p, err, type == KS_SETTING_WIDTHS ? "takes a list, as [100, 100] is" : "takes a single value");
    }
    const char* text = scalar_text(value);
    if (!text) {
        return fail_at(p, err, "has a zero byte");
    }
    bool fits =
        type == KS_SETTING_TEXT || type == KS_SETTING_CHOICE || value->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (!fits) {
        return fail_at(p, err, "'%.40s' in quotes is a text, not a value of this key", text);
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
        return fail_at(p, err, "a key must be a name");
    }
    const char* name = scalar_text(key_node);
    if (!name) {
        return fail_at(p, err, "a key has a zero byte");
    }
    if (strcmp(name, "<<") == 0) {
        return fail_at(p, err, "merge keys (<<) are not understood; write the keys out");
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

/* a text that holds one document, or the value of one key */
typedef struct source {
    const char* name; /* for messages: FILE, or -s KEY=VALUE */
    const char* key;  /* NULL: a whole config */
    const char* text;
    size_t length;
} source;

static place place_in(const source* s, size_t line) {
    return (place){s->name, s->key ? 0 : line, s->key ? s->key : ""};
}

static bool no_memory(const source* s, ks_error* err) {
    return ks_fail(err, KS_FAILED, "%s: not enough memory", s->name);
}

/* what libyaml says of a text that is no YAML */
static bool syntax_error(const yaml_parser_t* parser, const source* s, ks_error* err) {
    if (parser->error == YAML_MEMORY_ERROR || !parser->problem) { /* some of its copies fail without a word */
        return no_memory(s, err);
    }
    return fail_at(place_in(s, parser->problem_mark.line + 1), err, "not YAML: %s", parser->problem);
}

static bool parser_start(yaml_parser_t* parser, const source* s, ks_error* err) {
    if (!yaml_parser_initialize(parser)) {
        return no_memory(s, err);
    }
    yaml_parser_set_input_string(parser, (const unsigned char*)s->text, s->length);
    return true;
}

/* how deep an event leads: 1 into a list or section, -1 out of it */
static int event_depth(const yaml_event_t* e) {
    switch (e->type) {
        case YAML_SEQUENCE_START_EVENT:
        case YAML_MAPPING_START_EVENT:
            return 1;
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
            return -1;
        default:
            return 0;
    }
}

static bool event_has_anchor(const yaml_event_t* e) {
    return (e->type == YAML_SCALAR_EVENT && e->data.scalar.anchor) ||
           (e->type == YAML_SEQUENCE_START_EVENT && e->data.sequence_start.anchor) ||
           (e->type == YAML_MAPPING_START_EVENT && e->data.mapping_start.anchor);
}

/* Looks through a text's events: is it YAML, and no more nested than any config is? */
static bool check_events(const source* s, ks_error* err) {
    yaml_parser_t parser;
    if (!parser_start(&parser, s, err)) {
        return false;
    }
    bool ok = true, end = false;
    int depth = 0, anchors = 0;
    while (ok && !end) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            ok = syntax_error(&parser, s, err);
            break;
        }
        end = event.type == YAML_STREAM_END_EVENT;
        depth += event_depth(&event);
        anchors += event_has_anchor(&event);
        if (depth > MAX_DEPTH || anchors > MAX_ANCHORS) {
            ok = fail_at(place_in(s, event.start_mark.line + 1), err, "more than %d %s", MAX_DEPTH,
                         depth > MAX_DEPTH ? "lists or sections within each other" : "anchors");
        }
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return ok;
}

/* A second document must not be there. */
static bool check_last(yaml_parser_t* parser, const source* s, ks_error* err) {
    yaml_document_t next;
    if (!yaml_parser_load(parser, &next)) {
        return syntax_error(parser, s, err);
    }
    bool ok =
        !yaml_document_get_root_node(&next) || fail_at(place_in(s, next.start_mark.line + 1), err,
                                                       "one YAML document is wanted, and here a second one starts");
    yaml_document_delete(&next);
    return ok;
}

/* The one document of a config or, with key, of that key's value alone. */
static bool read_document(ks_config* config, yaml_parser_t* parser, const source* s, ks_error* err) {
    yaml_document_t doc;
    if (!yaml_parser_load(parser, &doc)) {
        return syntax_error(parser, s, err);
    }
    reader r = {.config = config, .source = s->name, .lines = !s->key, .doc = &doc};
    yaml_node_t* root = yaml_document_get_root_node(&doc);
    bool some = root != NULL;
    bool ok = true;
    place p = place_in(s, root ? root->start_mark.line + 1 : 0);
    bool empty = !root || (root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0);
    if (s->key) {
        ok = root ? read_value(&r, root, p, err) : fail_at(p, err, "has no value");
    } else if (!empty && root->type != YAML_MAPPING_NODE) {
        ok = fail_at(p, err, "a config is a list of `key: value` lines");
    } else if (!empty) {
        ok = read_mapping(&r, root, "", err);
    }
    yaml_document_delete(&doc);
    return ok && (!some || check_last(parser, s, err));
}

/* ---- what cannot be seen in an editor -------------------------------------------------------------------------------------- */

/* A character of a line that explains why it is not understood: a tab in front of all, or one that looks like another; *column
 * from 1. Comments do not count. NULL if there is none. */
static const char* odd_character(const char* line, size_t* column) {
    char code[512];
    const char* comment = *line == '#' ? line : strstr(line, " #");
    size_t blanks = strspn(line, " \t");
    const char* tab = memchr(line, '\t', blanks);
    snprintf(code, sizeof code, "%.*s", comment ? (int)(comment - line) : (int)sizeof code - 1, line);
    if (tab && line[blanks] && line[blanks] != '#') {
        *column = (size_t)(tab - line) + 1;
        return "a tab; YAML indents with spaces";
    }
    return ks_text_lookalike(code, column);
}

/* Names the odd character in place of what came of it, if there is one. Returns false. */
static bool explain(const source* s, ks_error* err) {
    size_t number = 1, column;
    for (const char* line = s->text; *line; number++) {
        char copy[512];
        size_t length = strcspn(line, "\r\n");
        snprintf(copy, sizeof copy, "%.*s", length < sizeof copy ? (int)length : (int)sizeof copy - 1, line);
        const char* odd = odd_character(copy, &column);
        if (odd) {
            return fail_at(place_in(s, number), err, "column %zu%s is %s", column, s->key ? " of the value" : "", odd);
        }
        line += length;
        line += (*line == '\r' && line[1] == '\n') + (*line != 0);
    }
    return false;
}

static bool read_source(ks_config* config, const source* s, ks_error* err) {
    ks_config read = *config; /* all or nothing */
    ks_error inner = {0};
    yaml_parser_t parser;
    bool ok = check_events(s, &inner) && parser_start(&parser, s, &inner);
    if (ok) {
        ok = read_document(&read, &parser, s, &inner);
        yaml_parser_delete(&parser);
    }
    if (ok) {
        *config = read;
        return true;
    }
    if (inner.code == KS_BAD_INPUT) {
        explain(s, &inner);
    }
    return ks_fail(err, inner.code, "%s", inner.text);
}

/* libyaml takes a tab on a line with nothing or only a comment behind it for an error, which it is not */
static void clear_blank_lines(char* text) {
    while (*text) {
        size_t blanks = strspn(text, " \t");
        if (strchr("#\r\n", text[blanks])) { /* or the end */
            memset(text, ' ', blanks);
        }
        while (*text && *text != '\r' && *text != '\n') {
            text++;
        }
        text += *text != 0;
    }
}

bool ks_config_read(ks_config* config, const char* path, ks_error* err) {
    ks_text_file file;
    if (!ks_text_file_read(&file, path, MAX_BYTES, err)) {
        return false;
    }
    clear_blank_lines(file.text);
    bool ok = read_source(config, &(source){.name = path, .text = file.text, .length = file.length}, err);
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
    return read_source(config, &(source){.name = name, .key = key, .text = equals + 1, .length = strlen(equals + 1)},
                       err);
}
