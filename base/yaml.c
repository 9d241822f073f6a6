#include "base/yaml.h"

#include "base/number.h"
#include "base/text_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 16, MAX_ANCHORS = MAX_DEPTH };

typedef ks_yaml_source source;

/* ---- messages ---------------------------------------------------------------------------------------------------------------- */

ks_yaml_place ks_yaml_place_in(const ks_yaml_source* s, size_t line) {
    return (ks_yaml_place){s->name, s->key ? 0 : line, s->key ? s->key : ""};
}

ks_yaml_place ks_yaml_place_of(const ks_yaml_source* s, const yaml_node_t* node, const char* key) {
    return (ks_yaml_place){s->name, s->key || !node ? 0 : node->start_mark.line + 1, key};
}

bool ks_yaml_fail(ks_yaml_place p, ks_error* err, const char* format, ...) {
    char text[800];
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

const char* ks_yaml_text(const yaml_node_t* node) {
    const char* text = (const char*)node->data.scalar.value;
    return strlen(text) == node->data.scalar.length ? text : NULL;
}

/* ---- texts -------------------------------------------------------------------------------------------------------------------- */

static bool no_memory(const source* s, ks_error* err) {
    return ks_fail(err, KS_FAILED, "%s: not enough memory", s->name);
}

/* what libyaml says of a text that is no YAML */
static bool syntax_error(const yaml_parser_t* parser, const source* s, ks_error* err) {
    if (parser->error == YAML_MEMORY_ERROR || !parser->problem) { /* some of its copies fail without a word */
        return no_memory(s, err);
    }
    return ks_yaml_fail(ks_yaml_place_in(s, parser->problem_mark.line + 1), err, "not YAML: %s", parser->problem);
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
            ok = ks_yaml_fail(ks_yaml_place_in(s, event.start_mark.line + 1), err, "more than %d %s", MAX_DEPTH,
                              depth > MAX_DEPTH ? "lists or sections within each other" : "anchors");
        }
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return ok;
}

/* Looks whether anything follows the document. */
static bool check_last(yaml_parser_t* parser, const source* s, ks_error* err) {
    yaml_document_t next;
    if (!yaml_parser_load(parser, &next)) {
        return syntax_error(parser, s, err);
    }
    bool ok = !yaml_document_get_root_node(&next) ||
              ks_yaml_fail(ks_yaml_place_in(s, next.start_mark.line + 1), err,
                           "one YAML document is wanted, and here a second one starts");
    yaml_document_delete(&next);
    return ok;
}

bool ks_yaml_load(yaml_document_t* doc, const ks_yaml_source* s, ks_error* err) {
    yaml_parser_t parser;
    if (!check_events(s, err) || !parser_start(&parser, s, err)) {
        return false;
    }
    bool ok = yaml_parser_load(&parser, doc) || syntax_error(&parser, s, err);
    if (ok && yaml_document_get_root_node(doc) && !check_last(&parser, s, err)) {
        yaml_document_delete(doc);
        ok = false;
    }
    yaml_parser_delete(&parser);
    return ok;
}

/* ---- what cannot be seen in an editor ------------------------------------------------------------------------------------------ */

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

void ks_yaml_explain(const ks_yaml_source* s, ks_error* err) {
    if (err->code != KS_BAD_INPUT) {
        return;
    }
    size_t number = 1, column;
    for (const char* line = s->text; *line; number++) {
        char copy[512];
        size_t length = strcspn(line, "\r\n");
        snprintf(copy, sizeof copy, "%.*s", length < sizeof copy ? (int)length : (int)sizeof copy - 1, line);
        const char* odd = odd_character(copy, &column);
        if (odd) {
            ks_yaml_fail(ks_yaml_place_in(s, number), err, "column %zu%s is %s", column, s->key ? " of the value" : "",
                         odd);
            return;
        }
        line += length;
        line += (*line == '\r' && line[1] == '\n') + (*line != 0);
    }
}

void ks_yaml_clear_blank_lines(char* text) {
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
