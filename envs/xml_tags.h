/* xml_tags.h: the tags of an XML text, one after the other, with their attributes and lines. It is as lenient as MuJoCo's own parser and
 * copies nothing. Internal to this room.
 *
 * Thread rule: pure. */
#ifndef KS_ENVS_XML_TAGS_H
#define KS_ENVS_XML_TAGS_H

#include <stdbool.h>
#include <stddef.h>

enum { KS_XML_ATTRIBUTES = 100 }; /* more than any element of a model may have */

/* Part of the text. */
typedef struct ks_xml_part {
    const char* text;
    size_t length;
} ks_xml_part;

typedef struct ks_xml_tag {
    ks_xml_part name;
    ks_xml_part keys[KS_XML_ATTRIBUTES], values[KS_XML_ATTRIBUTES];
    int count;       /* of attributes; those beyond the room are counted, not kept */
    bool end, empty; /* </name>, <name/> */
    size_t line;     /* from 1 */
} ks_xml_tag;

/* Where a text is being read. Begin with {text, 1}. */
typedef struct ks_xml_reader {
    const char* at;
    size_t line;
} ks_xml_reader;

/* The next tag. False at the end, and where the text is no XML. */
bool ks_xml_next(ks_xml_reader* r, ks_xml_tag* tag);

bool ks_xml_is(ks_xml_part part, const char* text);
/* The attribute's value, cut off at room - 1 letters; false, and then out is "", if the tag has none. */
bool ks_xml_get(const ks_xml_tag* tag, const char* key, char* out, size_t room);

#endif
