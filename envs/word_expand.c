/* From a word and its settings to the expression that it stands for. In the text of a word
 *
 *   {x}       is a setting: its value or, if it has several, [a, b]; names as ("a", "b"), or nothing if there are
 *             none; what a choice stands for
 *   {x.part}  is as many parts as x has values: [0], [0:2], [0:3]
 *   " | "     is between alternatives. Each is there if the settings that it needs are given. Those that are there
 *             become one expression with `or` in between, of a reward with +. */
#include "base/names.h"
#include "base/number.h"
#include "envs/words.h"

#include <stdint.h>
#include <string.h>

/* A piece of a text. */
typedef struct slice {
    const char* text;
    size_t length;
} slice;

/* A setting as it is for this expansion: given, by default, or not there (given NULL, and no initial). */
typedef struct bound {
    const ks_word_setting* setting;
    const ks_word_given* given;
} bound;

typedef struct expansion {
    const ks_word* word;
    bound settings[KS_WORD_SETTINGS];
    int num_settings;
    char* out;
    size_t room, used; /* used may be more than there is room for */
} expansion;

/* ---- settings ---------------------------------------------------------------------------------------------------- */

static bound* find_setting(expansion* e, slice name) {
    for (int i = 0; i < e->num_settings; i++) {
        const char* own = e->settings[i].setting->name;
        if (strlen(own) == name.length && memcmp(own, name.text, name.length) == 0) {
            return &e->settings[i];
        }
    }
    return NULL;
}

static bool fail_to_find(const expansion* e, const char* name, ks_error* err) {
    if (e->num_settings == 0) {
        return ks_fail(err, KS_BAD_INPUT, "%s: it has no settings, and so no \"%.60s\"", e->word->name, name);
    }
    const char* nearest = NULL;
    size_t shortest = SIZE_MAX;
    for (int i = 0; i < e->num_settings; i++) {
        size_t distance = ks_edit_distance(name, e->settings[i].setting->name);
        if (distance < shortest) {
            shortest = distance;
            nearest = e->settings[i].setting->name;
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "%s: it has no setting \"%.60s\"; the nearest is \"%s\"", e->word->name, name,
                   nearest);
}

/* Word number `index` of a text with blanks in between; its length is 0 behind the last. */
static slice split(const char* text, int index) {
    slice s = {text, strcspn(text, " ")};
    for (int i = 0; i < index && s.length > 0; i++) {
        s.text += s.length;
        s.text += strspn(s.text, " ");
        s.length = strcspn(s.text, " ");
    }
    return s;
}

static slice value_of(const bound* b, int index) {
    if (b->given) {
        return (slice){b->given->values[index], strlen(b->given->values[index])};
    }
    return split(b->setting->initial, index);
}

static int count_of(const bound* b) {
    if (b->given) {
        return b->given->count;
    }
    int count = 0;
    while (b->setting->initial && split(b->setting->initial, count).length > 0) {
        count++;
    }
    return count;
}

static bool is_missing(const bound* b) {
    return !b->given && !b->setting->initial && !b->setting->optional;
}

/* ---- whether a value can be -------------------------------------------------------------------------------------- */

/* as expressions have them, whatever the locale's letters are */
static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_identifier(const char* text) {
    bool ok = is_letter(*text);
    for (; ok && *text; text++) {
        ok = is_letter(*text) || (*text >= '0' && *text <= '9');
    }
    return ok;
}

static bool check_number(const ks_word_setting* s, const char* text, ks_error* err) {
    double number;
    if (!ks_parse_double(text, &number)) {
        return is_identifier(text) ||
               ks_fail(err, KS_BAD_INPUT, "%s: \"%.60s\" is neither a number nor the name of one of the task's",
                       s->name, text);
    }
    return !s->positive || number > 0 ||
           ks_fail(err, KS_BAD_INPUT, "%s: it must be above 0, and %.60s is not", s->name, text);
}

/* Names stand in quotes in an expression, which has no way to write a quote in them. */
static bool check_name(const ks_word_setting* s, const char* text, ks_error* err) {
    if (!*text) {
        return ks_fail(err, KS_BAD_INPUT, "%s: a name is empty", s->name);
    }
    for (const char* c = text; *c; c++) {
        if (*c == '"' || (unsigned char)*c < ' ') {
            return ks_fail(err, KS_BAD_INPUT, "%s: \"%.60s\" has a quote or a control character in it", s->name, text);
        }
    }
    return true;
}

/* What a choice stands for: behind "name=" in its list. Text NULL: it is none. */
static slice chosen(const ks_word_setting* s, slice name) {
    for (int i = 0;; i++) {
        slice choice = split(s->choices, i);
        if (choice.length == 0) {
            return (slice){NULL, 0};
        }
        if (choice.length > name.length && choice.text[name.length] == '=' &&
            memcmp(choice.text, name.text, name.length) == 0) {
            return (slice){choice.text + name.length + 1, choice.length - name.length - 1};
        }
    }
}

static bool check_choice(const ks_word_setting* s, const char* text, ks_error* err) {
    if (chosen(s, (slice){text, strlen(text)}).text) {
        return true;
    }
    char all[128] = "";
    for (int i = 0; split(s->choices, i).length > 0; i++) {
        slice choice = split(s->choices, i);
        size_t end = strlen(all);
        ks_snprintf(all + end, sizeof all - end, "%s%.*s", i ? ", " : "", (int)strcspn(choice.text, "="), choice.text);
    }
    return ks_fail(err, KS_BAD_INPUT, "%s: \"%.60s\" is none of %s", s->name, text, all);
}

static bool check_value(const ks_word_setting* s, const char* text, ks_error* err) {
    switch (s->type) {
        case KS_WORD_VALUES:
            return check_number(s, text, err);
        case KS_WORD_NAMES:
            return check_name(s, text, err);
        case KS_WORD_CHOICE:
            return check_choice(s, text, err);
    }
    return true;
}

static bool check_given(const ks_word_setting* s, const ks_word_given* given, ks_error* err) {
    if (given->count < 1) {
        return ks_fail(err, KS_BAD_INPUT, "%s: it has no value", s->name);
    }
    if (s->most > 0 && given->count > s->most) {
        return ks_fail(err, KS_BAD_INPUT, "%s: it takes %s%d value%s, not %d", s->name, s->most > 1 ? "up to " : "",
                       s->most, s->most > 1 ? "s" : "", given->count);
    }
    for (int i = 0; i < given->count; i++) {
        if (!check_value(s, given->values[i], err)) {
            return false;
        }
    }
    return true;
}

static bool bind(expansion* e, const ks_word_given* given, int num_given, ks_error* err) {
    for (int i = 0; i < num_given; i++) {
        bound* b = find_setting(e, (slice){given[i].name, strlen(given[i].name)});
        if (!b) {
            return fail_to_find(e, given[i].name, err);
        }
        if (b->given) {
            return ks_fail(err, KS_BAD_INPUT, "%s: %s is there twice", e->word->name, given[i].name);
        }
        if (!check_given(b->setting, &given[i], err)) {
            return ks_fail_in(err, e->word->name);
        }
        b->given = &given[i];
    }
    return true;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void put(expansion* e, const char* text, size_t length) {
    if (e->used + length < e->room) {
        memcpy(e->out + e->used, text, length);
        e->out[e->used + length] = 0;
    }
    e->used += length;
}

static void put_text(expansion* e, const char* text) {
    put(e, text, strlen(text));
}

/* Numbers as expressions write them, those below 0 in brackets so that nothing before them matters. */
static void put_value(expansion* e, slice value) {
    char text[KS_NUMBER_ROOM + 2];
    double number;
    ks_snprintf(text, sizeof text, "%.*s", (int)value.length, value.text);
    if (value.length >= sizeof text || !ks_parse_double(text, &number)) {
        put(e, value.text, value.length); /* a name */
        return;
    }
    put_text(e, number < 0 ? "(" : "");
    put_text(e, ks_print_double(text, number));
    put_text(e, number < 0 ? ")" : "");
}

static void put_values(expansion* e, const bound* b) {
    int count = count_of(b);
    put_text(e, count > 1 ? "[" : "");
    for (int i = 0; i < count; i++) {
        put_text(e, i ? ", " : "");
        put_value(e, value_of(b, i));
    }
    put_text(e, count > 1 ? "]" : "");
}

static void put_names(expansion* e, const bound* b) {
    int count = count_of(b);
    for (int i = 0; i < count; i++) {
        slice name = value_of(b, i);
        put_text(e, i ? ", \"" : "(\"");
        put(e, name.text, name.length);
        put_text(e, "\"");
    }
    put_text(e, count ? ")" : "");
}

static void put_part(expansion* e, const bound* b) {
    char text[16];
    int count = count_of(b);
    ks_snprintf(text, sizeof text, count > 1 ? "[0:%d]" : "[0]", count);
    put_text(e, text);
}

/* A place is what stands between { and }. */
static void put_place(expansion* e, slice place) {
    const char* dot = memchr(place.text, '.', place.length);
    const bound* b = find_setting(e, (slice){place.text, dot ? (size_t)(dot - place.text) : place.length});
    if (dot) {
        put_part(e, b);
    } else if (b->setting->type == KS_WORD_VALUES) {
        put_values(e, b);
    } else if (b->setting->type == KS_WORD_NAMES) {
        put_names(e, b);
    } else {
        slice choice = chosen(b->setting, value_of(b, 0));
        put(e, choice.text, choice.length);
    }
}

/* The next place of a text; false if there is none any more. What is before it is `before`, and text then stands
 * behind it. */
static bool next_place(slice* text, slice* before, slice* place) {
    const char* open = memchr(text->text, '{', text->length);
    if (!open) {
        return false;
    }
    *before = (slice){text->text, (size_t)(open - text->text)};
    *place = (slice){open + 1, strcspn(open + 1, "}")};
    size_t passed = before->length + place->length + 2;
    *text = (slice){text->text + passed, text->length - passed};
    return true;
}

static void put_alternative(expansion* e, slice text) {
    slice before, place;
    while (next_place(&text, &before, &place)) {
        put(e, before.text, before.length);
        put_place(e, place);
    }
    put(e, text.text, text.length);
}

/* The first setting that an alternative needs and nobody gave; NULL: it is complete. */
static const bound* missing_in(expansion* e, slice text) {
    slice before, place;
    while (next_place(&text, &before, &place)) {
        place.length = strcspn(place.text, ".}");
        const bound* b = find_setting(e, place);
        if (is_missing(b)) {
            return b;
        }
    }
    return NULL;
}

/* The next alternative of a text, which then stands behind it. */
static slice next_alternative(const char** text) {
    const char* bar = strstr(*text, " | ");
    slice alternative = {*text, bar ? (size_t)(bar - *text) : strlen(*text)};
    *text = bar ? bar + 3 : *text + alternative.length;
    return alternative;
}

static bool fail_for_missing(const expansion* e, ks_error* err) {
    char names[128] = "";
    const char* summary = "";
    int count = 0;
    for (int i = 0; i < e->num_settings; i++) {
        if (is_missing(&e->settings[i])) {
            size_t end = strlen(names);
            summary = e->settings[i].setting->summary;
            ks_snprintf(names + end, sizeof names - end, "%s%s", count++ ? " or " : "", e->settings[i].setting->name);
        }
    }
    if (count > 1) {
        return ks_fail(err, KS_BAD_INPUT, "%s: it needs %s", e->word->name, names);
    }
    return ks_fail(err, KS_BAD_INPUT, "%s: it needs %s (%s)", e->word->name, names, summary);
}

bool ks_word_expand(char* out, size_t room, const ks_word* word, const ks_word_given* given, int num_given,
                    ks_error* err) {
    expansion e = {.word = word, .num_settings = ks_word_num_settings(word), .out = out, .room = room};
    for (int i = 0; i < e.num_settings; i++) {
        e.settings[i].setting = &word->settings[i];
    }
    if (!bind(&e, given, num_given, err)) {
        return false;
    }
    for (const char* text = word->text; *text;) {
        slice alternative = next_alternative(&text);
        if (missing_in(&e, alternative)) {
            continue;
        }
        if (e.used > 0) {
            put_text(&e, word->use == KS_WORD_REWARD ? " + " : " or ");
        }
        put_alternative(&e, alternative);
    }
    if (e.used == 0) {
        return fail_for_missing(&e, err);
    }
    return e.used < room || ks_fail(err, KS_BAD_INPUT, "%s: too many names, or too long", word->name);
}
