#include "envs/xml_tags.h"

#include <string.h>

static const char BLANKS[] = " \t\r\n";

static void go_to(ks_xml_reader* r, const char* to) {
    for (; r->at < to; r->at++) {
        r->line += *r->at == '\n';
    }
}

/* behind the next `end`; false if there is none */
static bool skip_past(ks_xml_reader* r, const char* end) {
    const char* found = strstr(r->at, end);
    if (found) {
        go_to(r, found + strlen(end));
    }
    return found != NULL;
}

static void skip_blanks(ks_xml_reader* r) {
    go_to(r, r->at + strspn(r->at, BLANKS));
}

static ks_xml_part name_at(ks_xml_reader* r) {
    ks_xml_part part = {r->at, strcspn(r->at, " \t\r\n=/><\"'")};
    r->at += part.length;
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
    const char* end = quote == '"' || quote == '\'' ? strchr(r->at + 1, quote) : NULL;
    if (!end) {
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
        go_to(r, r->at + strcspn(r->at, "<"));
        const char* end = strncmp(r->at, "<!--", 4) == 0        ? "-->"
                          : strncmp(r->at, "<![CDATA[", 9) == 0 ? "]]>"
                          : strncmp(r->at, "<?", 2) == 0        ? "?>"
                          : strncmp(r->at, "<!", 2) == 0        ? ">"
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
