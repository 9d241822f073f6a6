/* Of an environment's file: lists of terms. A term is a word, alone ("- joint_vel"), or with names ("- joint_pos: [knee, hip]"), or
 * with settings ("- track_lin_vel: {weight: 1, std: 0.5}"), or an expression ("- expr: …"). */
#include "base/names.h"
#include "base/number.h"
#include "envs/file_parts.h"
#include "envs/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef ks_file_reader reader;

static bool no_memory(const reader* r) {
    return ks_fail(r->err, KS_FAILED, "%s: not enough memory", r->source->name);
}

/* ---- what names in expressions mean ------------------------------------------------------------------------------------- */

typedef struct scope {
    const reader* r;
    ks_file_env* f;
} scope;

static bool find_quantity(scope* s, const char* name, const char* const* args, int num_args, ks_expression_name* found,
                          ks_error* err) {
    ks_file_env* f = s->f;
    ks_quantity* q = ks_quantity_create(f->m, f->root, name, args, num_args, err);
    if (!q) {
        return false;
    }
    if (f->num_quantities == f->room_quantities) {
        int room = 2 * f->room_quantities + 16;
        ks_quantity** grown = realloc(f->quantities, (size_t)room * sizeof *grown);
        if (!grown) {
            ks_quantity_destroy(q);
            return no_memory(s->r);
        }
        f->quantities = grown;
        f->room_quantities = room;
    }
    f->quantities[f->num_quantities] = q;
    f->needs |= ks_quantity_needs(q);
    *found = (ks_expression_name){KS_TASK_MAX + 2 + f->num_quantities++, ks_quantity_size(q)};
    return true;
}

static bool find_name(void* context, const char* name, const char* const* args, int num_args, ks_expression_name* found,
                      ks_error* err) {
    scope* s = context;
    for (int i = 0; i < s->f->def.task_dim; i++) {
        if (strcmp(name, s->f->number_names[i]) == 0 && num_args == 0) {
            *found = (ks_expression_name){i, 1};
            return true;
        }
    }
    bool now = strcmp(name, "action") == 0;
    if ((now || strcmp(name, "last_action") == 0) && num_args == 0) {
        *found = (ks_expression_name){KS_TASK_MAX + (now ? 0 : 1), s->f->def.act_dim};
        return true;
    }
    if (find_quantity(s, name, args, num_args, found, err)) {
        return true;
    }
    for (int i = 0; err->code == KS_BAD_INPUT && i < s->f->def.task_dim; i++) { /* a number of the task, mistyped? */
        if (ks_edit_distance(name, s->f->number_names[i]) <= 2) {
            return ks_fail(err, KS_BAD_INPUT, "there is no \"%.60s\"; the task has a number \"%s\"", name,
                           s->f->number_names[i]);
        }
    }
    return false;
}

static ks_expression* parse_text(const reader* r, ks_file_env* f, const char* text) {
    scope s = {r, f};
    return ks_expression_parse(text, &(ks_expression_scope){&s, find_name}, r->err);
}

/* what a file has under `expr` */
static ks_expression* parse(const reader* r, ks_file_env* f, const yaml_node_t* node) {
    const char* text = ks_file_text(r, node, "expr", 0);
    ks_expression* e = text ? parse_text(r, f, text) : NULL;
    if (text && !e) {
        ks_file_fail_in(r, node, "expr");
    }
    return e;
}

/* ---- one term ------------------------------------------------------------------------------------------------------------ */

typedef struct term {
    const yaml_node_t* node;     /* for messages */
    const char* word;            /* or "expr" */
    const yaml_node_t* value;    /* of the word: names, or settings, or the expression; NULL: it stands alone */
    const yaml_node_t* settings; /* the word's mapping of settings, or NULL */
    const yaml_node_t* beside;   /* the mapping that the word is a key of, or NULL */
} term;

static bool is_expression(const term* t) {
    return strcmp(t->word, "expr") == 0;
}

static bool is_common(const char* common, const char* key) {
    size_t length = strlen(key);
    for (const char* at = common; (at = strstr(at, key)); at += length) {
        if ((at == common || at[-1] == ' ') && (at[length] == ' ' || at[length] == 0)) {
            return true;
        }
    }
    return false;
}

/* common: the settings of every term of the list, which may also stand beside the word */
static bool read_term(const reader* r, const yaml_node_t* node, const char* list, const char* common, term* t) {
    *t = (term){.node = node};
    if (node->type == YAML_SCALAR_NODE) {
        t->word = ks_file_text(r, node, list, KS_FILE_NAME);
        return t->word != NULL;
    }
    if (node->type == YAML_SEQUENCE_NODE) {
        return ks_file_fail(r, node, list, "a term is a word (`- joint_pos`) or an expression (`- expr: \"…\"`)");
    }
    if (!ks_file_keys(r, node, list, NULL)) {
        return false;
    }
    t->beside = node;
    for (size_t i = 0; i < ks_file_count(node); i++) {
        const yaml_node_t* value;
        const char* key = ks_file_pair(r, node, i, &value);
        if (is_common(common, key)) {
            continue;
        }
        if (t->word) {
            return ks_file_fail(r, node, list, "one term a line: here are %s and %.60s", t->word, key);
        }
        t->word = key;
        t->value = value;
    }
    if (!t->word) {
        return ks_file_fail(r, node, list, "a term is a word (`- joint_pos`) or an expression (`- expr: \"…\"`)");
    }
    t->settings = !is_expression(t) && t->value->type == YAML_MAPPING_NODE ? t->value : NULL;
    return true;
}

/* a setting of every term, from the word's own mapping or from beside it */
static const yaml_node_t* setting(const reader* r, const term* t, const char* key) {
    const yaml_node_t* own = t->settings ? ks_file_get(r, t->settings, key) : NULL;
    return own || !t->beside ? own : ks_file_get(r, t->beside, key);
}

static bool get_double(const reader* r, const term* t, const char* key, double min, double max, double* out) {
    const yaml_node_t* node = setting(r, t, key);
    return !node || ks_file_double(r, node, key, min, max, out);
}

static void name_term(const reader* r, const term* t, char name[KS_FILE_NAME], const char* kind, int number) {
    const yaml_node_t* node = setting(r, t, "name");
    const char* text = node && node->type == YAML_SCALAR_NODE ? ks_yaml_text(node) : NULL;
    if (text) {
        snprintf(name, KS_FILE_NAME, "%s", text);
    } else if (is_expression(t)) {
        snprintf(name, KS_FILE_NAME, "%s %d", kind, number + 1);
    } else {
        snprintf(name, KS_FILE_NAME, "%s", t->word);
    }
}

/* ---- observations --------------------------------------------------------------------------------------------------------- */

static const char* const OBSERVATION_COMMON = "name clip scale size";
static const char* const OBJECT_KEYS = "joints bodies geoms sites actuators sensors tendons cameras";

/* the names that a word is bound to: its value, or a setting that says of what they are */
static bool term_names(const reader* r, const term* t, const char** names, int* count) {
    *count = 0;
    if (!t->settings) {
        return !t->value || ks_file_names(r, t->value, t->word, names, KS_FILE_TERMS, count);
    }
    char keys[160];
    snprintf(keys, sizeof keys, "%s %s", OBSERVATION_COMMON, OBJECT_KEYS);
    if (!ks_file_keys(r, t->settings, t->word, keys)) {
        return false;
    }
    for (size_t i = 0; i < ks_file_count(t->settings); i++) {
        const yaml_node_t* value;
        const char* key = ks_file_pair(r, t->settings, i, &value);
        if (!is_common(OBJECT_KEYS, key)) {
            continue;
        }
        if (*count > 0) {
            return ks_file_fail(r, value, t->word, "%s: names stand there already", key);
        }
        if (!ks_file_names(r, value, key, names, KS_FILE_TERMS, count)) {
            return false;
        }
    }
    return true;
}

static bool bind_expression(ks_file_observation* o, ks_expression* e) {
    o->expression = e;
    o->size = e ? ks_expression_size(e) : 0;
    o->usual = 1;
    return e != NULL;
}

static bool bind_observation(const reader* r, ks_file_env* f, const term* t, ks_file_observation* o) {
    const char* names[KS_FILE_TERMS];
    int count;
    if (is_expression(t)) {
        return bind_expression(o, parse(r, f, t->value));
    }
    /* the last action taken is what every framework calls so when it is observed */
    bool action = strcmp(t->word, "action") == 0 || strcmp(t->word, "last_action") == 0;
    if (action && (!t->value || t->settings)) {
        return (!t->settings || ks_file_keys(r, t->settings, t->word, OBSERVATION_COMMON)) &&
               bind_expression(o, parse_text(r, f, "action"));
    }
    if (!term_names(r, t, names, &count)) {
        return false;
    }
    o->quantity = ks_quantity_create(f->m, f->root, t->word, names, count, r->err);
    if (!o->quantity) {
        return ks_file_fail_in(r, t->node, "observations");
    }
    o->size = ks_quantity_size(o->quantity);
    f->needs |= ks_quantity_needs(o->quantity);
    return true;
}

static bool read_observation(const reader* r, ks_file_env* f, const yaml_node_t* node) {
    term t;
    ks_file_observation* o = &f->observations[f->num_observations];
    *o = (ks_file_observation){.scale = 1, .low = -INFINITY, .high = INFINITY};
    if (!read_term(r, node, "observations", OBSERVATION_COMMON, &t)) {
        return false;
    }
    name_term(r, &t, o->name, "observation", f->num_observations++);
    const yaml_node_t* clip = setting(r, &t, "clip");
    double range[2];
    if (!bind_observation(r, f, &t, o) || !get_double(r, &t, "scale", -1e6, 1e6, &o->scale) ||
        !get_double(r, &t, "size", 1e-9, 1e9, &o->usual) || (clip && !ks_file_doubles(r, clip, "clip", 2, range))) {
        return false;
    }
    if (o->scale == 0) {
        return ks_file_fail(r, node, "scale", "%s would always be 0; leave it out instead", o->name);
    }
    if (clip) {
        o->low = range[0];
        o->high = range[1];
        if (!(o->low < o->high)) {
            return ks_file_fail(r, clip, "clip", "is [lowest, highest], and %g is not below %g", o->low, o->high);
        }
    }
    if (o->size > KS_EXPRESSION_SIZE_MAX || f->def.obs_dim + o->size > KS_FILE_OBS_MAX) {
        return ks_file_fail(r, node, "observations", "%s has %d numbers; a term has at most %d, all together %d",
                            o->name, o->size, KS_EXPRESSION_SIZE_MAX, KS_FILE_OBS_MAX);
    }
    f->def.obs_dim += o->size;
    return true;
}

/* the list of a key, which must be there; NULL on errors */
static const yaml_node_t* list_of(const reader* r, const yaml_node_t* file, const char* key) {
    const yaml_node_t* list = ks_file_get(r, file, key);
    if (!list) {
        ks_file_fail(r, file, "", "%s are missing: a list of terms", key);
        return NULL;
    }
    if (list->type != YAML_SEQUENCE_NODE || ks_file_count(list) == 0 || ks_file_count(list) > KS_FILE_TERMS) {
        ks_file_fail(r, list, key, "takes a list of 1 to %d terms, as `- joint_pos` lines", KS_FILE_TERMS);
        return NULL;
    }
    return list;
}

bool ks_file_read_observations(const reader* r, ks_file_env* f, const yaml_node_t* file) {
    const yaml_node_t* list = list_of(r, file, "observations");
    size_t count = list ? ks_file_count(list) : 0;
    f->observations = calloc(count + 1, sizeof *f->observations);
    bool ok = list && (f->observations || no_memory(r));
    for (size_t i = 0; ok && i < count; i++) {
        ok = read_observation(r, f, ks_file_item(r, list, i));
    }
    return ok;
}

/* ---- rewards and terminations ----------------------------------------------------------------------------------------------- */

enum { MAX_VALUES = 64 };

/* the expression that a word with its settings stands for */
static bool expand(const reader* r, const term* t, const ks_word* word, const char* common, char out[KS_WORD_ROOM]) {
    const char* values[KS_WORD_SETTINGS][MAX_VALUES];
    ks_word_given given[KS_WORD_SETTINGS];
    int count = 0;
    bool alone = !t->value || (t->value->type == YAML_SCALAR_NODE && t->value->data.scalar.length == 0);
    if (!alone && !t->settings) {
        return ks_file_fail(r, t->value, t->word, "takes settings in braces, as {weight: 1}");
    }
    if (t->settings && !ks_file_keys(r, t->settings, t->word, NULL)) {
        return false;
    }
    for (size_t i = 0; t->settings && i < ks_file_count(t->settings); i++) {
        const yaml_node_t* value;
        const char* key = ks_file_pair(r, t->settings, i, &value);
        if (is_common(common, key)) {
            continue;
        }
        if (strstr(common, "weight") && ks_edit_distance(key, "weight") <= 2 && strcmp(key, "height") != 0) {
            return ks_file_fail(r, value, t->word, "unknown key %.60s; did you mean weight?", key);
        }
        if (count == KS_WORD_SETTINGS) {
            return ks_file_fail(r, value, t->word, "%.60s: has more than %d settings", key, KS_WORD_SETTINGS);
        }
        given[count] = (ks_word_given){.name = key, .values = values[count]};
        if (!ks_file_names(r, value, key, values[count], MAX_VALUES, &given[count].count)) {
            return false;
        }
        count++;
    }
    return ks_word_expand(out, KS_WORD_ROOM, word, given, count, r->err) || ks_file_fail_in(r, t->node, "");
}

static ks_expression* parse_word(const reader* r, ks_file_env* f, const term* t, ks_word_use use, const char* common) {
    char text[KS_WORD_ROOM];
    const ks_word* word = ks_word_find(use, t->word, r->err);
    if (!word) {
        ks_file_fail_in(r, t->node, use == KS_WORD_REWARD ? "rewards" : "terminations");
        return NULL;
    }
    if (!expand(r, t, word, common, text)) {
        return NULL;
    }
    ks_expression* e = parse_text(r, f, text);
    if (!e) {
        ks_error inner = *r->err;
        ks_fail(r->err, inner.code, "stands for `%.200s`: %s", text, inner.text);
        ks_file_fail_in(r, t->node, t->word);
    }
    return e;
}

static bool read_value_term(const reader* r, ks_file_env* f, const yaml_node_t* node, ks_word_use use, int number,
                            ks_file_term* out) {
    static const char* const LISTS[] = {[KS_WORD_REWARD] = "rewards", [KS_WORD_TERMINATION] = "terminations"};
    static const char* const KINDS[] = {[KS_WORD_REWARD] = "reward", [KS_WORD_TERMINATION] = "termination"};
    const char* common = use == KS_WORD_REWARD ? "name weight" : "name";
    term t;
    if (!read_term(r, node, LISTS[use], common, &t)) {
        return false;
    }
    name_term(r, &t, out->name, KINDS[use], number);
    out->weight = 1;
    if (use == KS_WORD_REWARD && !get_double(r, &t, "weight", -1e9, 1e9, &out->weight)) {
        return false;
    }
    if (is_expression(&t)) {
        out->expression = parse(r, f, t.value);
    } else {
        out->expression = parse_word(r, f, &t, use, common);
    }
    if (out->expression && ks_expression_size(out->expression) != 1) {
        return ks_file_fail(r, node, LISTS[use],
                            "%s has %d numbers, and must be one: sum(…), norm(…) or a part, as v[0]", out->name,
                            ks_expression_size(out->expression));
    }
    return out->expression != NULL;
}

bool ks_file_read_rewards(const reader* r, ks_file_env* f, const yaml_node_t* file) {
    const yaml_node_t* list = list_of(r, file, "rewards");
    size_t count = list ? ks_file_count(list) : 0;
    f->rewards = calloc(count + 1, sizeof *f->rewards);
    bool ok = list && (f->rewards || no_memory(r));
    for (size_t i = 0; ok && i < count; i++) {
        ok = read_value_term(r, f, ks_file_item(r, list, i), KS_WORD_REWARD, (int)i, &f->rewards[f->num_rewards++]);
    }
    return ok;
}

bool ks_file_read_terminations(const reader* r, ks_file_env* f, const yaml_node_t* file) {
    const yaml_node_t* list = ks_file_get(r, file, "terminations");
    if (!list || (list->type == YAML_SEQUENCE_NODE && ks_file_count(list) == 0)) {
        return true;
    }
    list = list_of(r, file, "terminations");
    size_t count = list ? ks_file_count(list) : 0;
    f->ends = calloc(count + 1, sizeof *f->ends);
    bool ok = list && (f->ends || no_memory(r));
    for (size_t i = 0; ok && i < count; i++) {
        ok = read_value_term(r, f, ks_file_item(r, list, i), KS_WORD_TERMINATION, (int)i, &f->ends[f->num_ends++]);
    }
    return ok;
}
