#include "envs/xml_tags.h"

#include <string.h>

static const char BLANKS[] = " \t\r\n";

static void go_to(ks_xml_reader* r, const char* to) {
    for (; r->at < to; r->at++) {
        r->line += *r->at == '\n';
    }
}

/* Plain loops in place of strspn, strstr and their kin, of which a checked build reads the whole rest of the text at every call. */
static bool is_in(char c, const char* set) {
    for (; *set; set++) {
        if (c == *set) {
            return true;
        }
    }
    return false;
}

/* from `at` on, to the first letter that is in `set`, or the end */
static const char* find_any(const char* at, const char* set) {
    while (*at && !is_in(*at, set)) {
        at++;
    }
    return at;
}

static bool begins(const char* at, const char* with) {
    while (*with && *at == *with) {
        at++;
        with++;
    }
    return !*with;
}

/* behind the next `end`; false if there is none */
static bool skip_past(ks_xml_reader* r, const char* end) {
    const char* found = r->at;
    while (*found && !begins(found, end)) {
        found++;
    }
    if (*found) {
        go_to(r, found + strlen(end));
    }
    return *found != 0;
}

static void skip_blanks(ks_xml_reader* r) {
    const char* to = r->at;
    while (*to && is_in(*to, BLANKS)) {
        to++;
    }
    go_to(r, to);
}

static ks_xml_part name_at(ks_xml_reader* r) {
    const char* end = find_any(r->at, " \t\r\n=/><\"'");
    ks_xml_part part = {r->at, (size_t)(end - r->at)};
    r->at = end;
    return part;
}

/* key = "value" */
static bool read_attribute(ks_xml_reader* r, ks_xml_tag* tag) {
    ks_xml_part key = name_at(r);
    skip_blanks(r);
    if (key.length == 0 || *r->at != '=') {
        return false;
    }
    r->at++;
    skip_blanks(r);
    char quote = *r->at;
    if (quote != '"' && quote != '\'') {
        return false;
    }
    const char* end = find_any(r->at + 1, (const char[]){quote, 0});
    if (!*end) {
        return false;
    }
    if (tag->count < KS_XML_ATTRIBUTES) {
        tag->keys[tag->count] = key;
        tag->values[tag->count] = (ks_xml_part){r->at + 1, (size_t)(end - r->at - 1)};
    }
    tag->count++;
    go_to(r, end + 1);
    return true;
}

/* what stands between the tags: text, comments and the like */
static bool skip_to_tag(ks_xml_reader* r) {
    for (;;) {
        go_to(r, find_any(r->at, "<"));
        const char* end = begins(r->at, "<!--")        ? "-->"
                          : begins(r->at, "<![CDATA[") ? "]]>"
                          : begins(r->at, "<?")        ? "?>"
                          : begins(r->at, "<!")        ? ">"
                                                       : NULL;
        if (!end) {
            return *r->at == '<';
        }
        if (!skip_past(r, end)) {
            return false;
        }
    }
}

bool ks_xml_next(ks_xml_reader* r, ks_xml_tag* tag) {
    if (!skip_to_tag(r)) {
        return false;
    }
    tag->line = r->line;
    tag->count = 0;
    tag->end = r->at[1] == '/';
    r->at += tag->end ? 2 : 1;
    tag->name = name_at(r);
    for (skip_blanks(r); *r->at != '>' && *r->at != '/'; skip_blanks(r)) {
        if (!read_attribute(r, tag)) {
            return false;
        }
    }
    tag->empty = *r->at == '/';
    r->at += tag->empty;
    bool ok = *r->at == '>';
    r->at += ok;
    return ok;
}

bool ks_xml_is(ks_xml_part part, const char* text) {
    return strlen(text) == part.length && memcmp(part.text, text, part.length) == 0;
}

bool ks_xml_get(const ks_xml_tag* tag, const char* key, char* out, size_t room) {
    int kept = tag->count < KS_XML_ATTRIBUTES ? tag->count : KS_XML_ATTRIBUTES;
    *out = 0;
    for (int i = 0; i < kept; i++) {
        if (ks_xml_is(tag->keys[i], key)) {
            size_t length = tag->values[i].length < room ? tag->values[i].length : room - 1;
            memcpy(out, tag->values[i].text, length);
            out[length] = 0;
            return true;
        }
    }
    return false;
}
