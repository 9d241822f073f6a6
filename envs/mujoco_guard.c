#include "envs/mujoco_guard.h"

#include "base/number.h"
#include "base/path.h"
#include "base/text_file.h"
#include "envs/xml_tags.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    MAX_BYTES = 64 << 20, /* of each file */
    MAX_BODIES = 2000,    /* a model of so many takes MuJoCo seconds, */
    MAX_ELEMENTS = 10000, /* and so does one of so many things */
    MAX_FILES = 100,
    MAX_WITHIN = 8,  /* files within files */
    MAX_DEPTH = 400, /* elements within elements; MuJoCo's parser takes less than 500 */
    MAX_MODELS = 64, /* names of models that are attached */
    NAME = 64
};

/* what a text expands to */
typedef struct expansion {
    double bodies, elements;
} expansion;

/* A model with all of its files. */
typedef struct model {
    const char* folder; /* of its main file, which paths are taken from */
    char asset_folders[3][KS_PATH_ROOM];
    char attached[MAX_MODELS][NAME];
    expansion of_attached[MAX_MODELS];
    int num_attached;
    bool counting; /* the second time through, when folders and attached models are known */
    expansion all;
} model;

typedef struct guard {
    int files, within;
    ks_error* err;
} guard;

/* Where the guard is: a file of a model. */
typedef struct place {
    guard* g;
    model* m;
    const char* file; /* as messages call it */
    const ks_xml_tag* tag;
    double times; /* what is here stands so often in the model */
} place;

static bool fail(const place* p, const char* format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(const place* p, const char* format, ...) {
    char text[600];
    va_list args;
    va_start(args, format);
    ks_vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return ks_fail(p->g->err, KS_BAD_INPUT, "%s:%zu: %.*s: %s", p->file, p->tag->line,
                   (int)fmin(40, (double)p->tag->name.length), p->tag->name.text, text);
}

/* ---- numbers ------------------------------------------------------------------------------------------------------------ */

/* what an attribute's numbers, each and all multiplied, may be at most */
static const struct {
    const char *element, *key;
    double each, product;
} LIMITS[] = {
    {"replicate", "count", 2000, INFINITY},
    {"flexcomp", "count", 2000, 2000},
    {"flexcomp", "cellcount", 100, 1000},
    {"mesh", "params", 360, 40000},
    {"texture", "width", 8192, INFINITY},
    {"texture", "height", 50000, INFINITY},
    {"hfield", "nrow", 4096, INFINITY},
    {"hfield", "ncol", 4096, INFINITY},
    {"camera", "resolution", 8192, INFINITY},
    {"option", "timestep", 1, INFINITY},
    {"option", "iterations", 10000, INFINITY},
    {"option", "ls_iterations", 10000, INFINITY},
    {"option", "noslip_iterations", 10000, INFINITY},
    {"option", "ccd_iterations", 10000, INFINITY},
    {"option", "sdf_iterations", 1000, INFINITY},
    {"option", "sdf_initpoints", 1000, INFINITY},
    {"user", "dim", 10000, INFINITY},
    {"general", "actdim", 1000, INFINITY},
    {"size", "nkey", 10000, INFINITY},
    {"size", "nconmax", 1e6, INFINITY},
    {"size", "njmax", 1e6, INFINITY},
    {"size", "nstack", 1e8, INFINITY},
    {"size", "memory", 1 << 30, INFINITY},
    {"size", "nuser_*", 1000, INFINITY},
};

/* "16K" is a number where memory is asked for */
static bool parse(char* number, double* x) {
    static const char UNITS[] = "KMGTPE";
    size_t length = strlen(number);
    const char* unit = length > 1 ? strchr(UNITS, number[length - 1]) : NULL;
    if (unit) {
        number[length - 1] = 0;
    }
    bool ok = ks_parse_double(number, x);
    if (ok && unit) {
        *x *= pow(1024, (double)(unit - UNITS + 1));
    }
    return ok;
}

/* The numbers of a value, multiplied, and the greatest; what is no number is MuJoCo's to tell. */
static double product_of(const char* value, double* greatest) {
    double product = 1;
    *greatest = 0;
    for (const char* at = value; *at; at += strspn(at, " \t\r\n")) {
        char number[64];
        double x;
        size_t length = strcspn(at, " \t\r\n");
        ks_snprintf(number, sizeof number, "%.*s", (int)(length < 60 ? length : 60), at);
        if (parse(number, &x)) {
            *greatest = fmax(*greatest, x);
            product *= fmax(x, 1);
        }
        at += length;
    }
    return product;
}

static bool key_fits(ks_xml_part key, const char* pattern) {
    size_t length = strlen(pattern);
    return pattern[length - 1] == '*' ? key.length >= length && memcmp(key.text, pattern, length - 1) == 0
                                      : ks_xml_is(key, pattern);
}

static bool check_numbers(const place* p) {
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++) {
        for (int k = 0; ks_xml_is(p->tag->name, LIMITS[i].element) && k < p->tag->count; k++) {
            char key[64], value[256];
            if (!key_fits(p->tag->keys[k], LIMITS[i].key)) {
                continue;
            }
            double greatest;
            ks_snprintf(key, sizeof key, "%.*s", (int)fmin(60, (double)p->tag->keys[k].length), p->tag->keys[k].text);
            ks_xml_get(p->tag, key, value, sizeof value);
            double product = product_of(value, &greatest);
            if (greatest > LIMITS[i].each) {
                return fail(p, "%s must be at most %g, not %.40s", key, LIMITS[i].each, value);
            }
            if (product > LIMITS[i].product) {
                return fail(p, "%s is %.40s, %g in all; at most %g can be taken", key, value, product,
                            LIMITS[i].product);
            }
        }
    }
    return true;
}

/* ---- files that are no XML -------------------------------------------------------------------------------------------------- */

static const char* kind_of(const struct stat* info) {
    return S_ISDIR(info->st_mode) ? "directory" : "pipe or device";
}

/* a pipe would be waited for */
static bool check_asset(const place* p, const char* name) {
    for (int i = -1; i < 3; i++) {
        struct stat info;
        char folder[KS_PATH_ROOM], path[KS_PATH_ROOM];
        const char* within = i < 0 ? "" : p->m->asset_folders[i];
        if (i >= 0 && !*within) {
            continue;
        }
        if (!ks_path_absolute(folder, p->m->folder, *within ? within : ".", p->g->err) ||
            !ks_path_absolute(path, folder, name, p->g->err)) {
            return false;
        }
        if (stat(path, &info) != 0) {
            continue;
        }
        if (!S_ISREG(info.st_mode)) {
            return fail(p, "%.200s is not a file but a %s", name, kind_of(&info));
        }
        if (info.st_size > MAX_BYTES) {
            return fail(p, "%.200s is longer than %d MB", name, MAX_BYTES >> 20);
        }
    }
    return true;
}

static bool check_assets(const place* p) {
    for (int i = 0; i < p->tag->count; i++) {
        ks_xml_part key = p->tag->keys[i], value = p->tag->values[i];
        if (key.length < 4 || memcmp(key.text, "file", 4) != 0) {
            continue; /* file, filename of URDF, fileright of cubes */
        }
        char name[KS_PATH_ROOM];
        if (value.length >= sizeof name) {
            return fail(p, "a path of more than %d letters", KS_PATH_ROOM - 1);
        }
        ks_snprintf(name, sizeof name, "%.*s", (int)value.length, value.text);
        if (*name && !check_asset(p, name)) {
            return false;
        }
    }
    return true;
}

/* ---- elements ------------------------------------------------------------------------------------------------------------------ */

static bool check_texts(place p, const char* path);
static bool check_model(guard* g, const char* path, const char* shown, expansion* all);

/* a file that this one names; includes are part of the model, others models of their own */
static bool check_named(place p, bool included) {
    char name[KS_PATH_ROOM], path[KS_PATH_ROOM];
    if (!ks_xml_get(p.tag, "file", name, sizeof name) || !*name) {
        return true; /* MuJoCo says that it is missing */
    }
    if (p.g->within == MAX_WITHIN) {
        return fail(&p, "more than %d files within each other: does %.200s contain itself?", MAX_WITHIN, name);
    }
    if (!ks_path_absolute(path, p.m->folder, name, p.g->err)) {
        return false;
    }
    struct stat info;
    if (stat(path, &info) != 0) {
        return fail(&p, "there is no file %.200s (paths are taken from the main model's folder)", name);
    }
    if (!S_ISREG(info.st_mode)) {
        return fail(&p, "%.200s is not a file but a %s", name, kind_of(&info));
    }
    p.g->within++;
    bool ok = true;
    if (included) {
        p.file = name;
        ok = check_texts(p, path);
    } else if (p.m->num_attached < MAX_MODELS) {
        int i = p.m->num_attached++;
        ks_xml_get(p.tag, "name", p.m->attached[i], NAME);
        ok = check_model(p.g, path, name, &p.m->of_attached[i]);
    } else {
        ok = fail(&p, "more than %d models to attach", MAX_MODELS);
    }
    p.g->within--;
    return ok;
}

/* what is attached counts as often as it is */
static expansion attached(const place* p) {
    char name[NAME];
    expansion most = {0, 0};
    ks_xml_get(p->tag, "model", name, sizeof name);
    for (int i = 0; i < p->m->num_attached; i++) {
        if (strcmp(p->m->attached[i], name) == 0) {
            return p->m->of_attached[i];
        }
        if (p->m->of_attached[i].elements > most.elements) {
            most = p->m->of_attached[i];
        }
    }
    return most;
}

/* adds it to what there is */
static bool count(const place* p) {
    expansion *all = &p->m->all, more = {0, 1};
    more.bodies = ks_xml_is(p->tag->name, "body") || ks_xml_is(p->tag->name, "link");
    if (ks_xml_is(p->tag->name, "attach")) {
        more = attached(p);
    }
    all->bodies += p->times * more.bodies;
    all->elements += p->times * more.elements;
    if (all->bodies > MAX_BODIES) {
        return fail(p, "here are more than %d bodies, more than can be taken", MAX_BODIES);
    }
    return all->elements <= MAX_ELEMENTS ||
           fail(p, "here the model has more than %d elements, more than can be taken", MAX_ELEMENTS);
}

static void note_folders(const place* p) {
    static const char* const KEYS[] = {"meshdir", "texturedir", "assetdir"};
    for (int i = 0; i < 3; i++) {
        char folder[KS_PATH_ROOM];
        if (ks_xml_get(p->tag, KEYS[i], folder, sizeof folder)) {
            memcpy(p->m->asset_folders[i], folder, sizeof folder);
        }
    }
}

static bool check_tag(const place* p) {
    bool included = ks_xml_is(p->tag->name, "include"), is_model = ks_xml_is(p->tag->name, "model");
    if (p->tag->count > KS_XML_ATTRIBUTES) {
        return fail(p, "has more than %d attributes", KS_XML_ATTRIBUTES);
    }
    if (ks_xml_is(p->tag->name, "compiler")) {
        note_folders(p);
    }
    if (included || (is_model && !p->m->counting)) {
        return check_named(*p, included);
    }
    return !p->m->counting || (check_numbers(p) && (is_model || check_assets(p)) && count(p));
}

/* ---- files of a model ---------------------------------------------------------------------------------------------------------- */

static bool check_elements(place p, const char* text) {
    double times[MAX_DEPTH + 1] = {p.times};
    int depth = 0;
    ks_xml_reader r = {text, 1};
    ks_xml_tag tag;
    p.tag = &tag;
    while (ks_xml_next(&r, &tag)) {
        if (tag.end) {
            depth -= depth > 0;
            continue;
        }
        p.times = times[depth];
        if (!check_tag(&p)) {
            return false;
        }
        if (tag.empty) {
            continue;
        }
        if (depth == MAX_DEPTH) {
            return fail(&p, "more than %d elements within each other", MAX_DEPTH);
        }
        times[++depth] = p.times;
        char value[64];
        double copies;
        if (ks_xml_is(tag.name, "replicate") && ks_xml_get(&tag, "count", value, sizeof value)) {
            product_of(value, &copies);
            times[depth] = p.times * fmax(1, copies);
        }
    }
    return true;
}

static bool check_texts(place p, const char* path) {
    ks_text_file file;
    if (++p.g->files > MAX_FILES) {
        return ks_fail(p.g->err, KS_BAD_INPUT, "%s: with it the model has more than %d files", p.file, MAX_FILES);
    }
    struct stat info; /* a pipe could be read but once, and MuJoCo is to read it as well */
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        return ks_fail(p.g->err, KS_BAD_INPUT, "%s: is not a file but a %s", p.file, kind_of(&info));
    }
    if (!ks_text_file_read(&file, path, MAX_BYTES, p.g->err)) {
        return false;
    }
    bool ok = check_elements(p, file.text);
    ks_text_file_free(&file);
    return ok;
}

static bool check_model(guard* g, const char* path, const char* shown, expansion* all) {
    char folder[KS_PATH_ROOM];
    model* m = calloc(1, sizeof *m);
    if (!m) {
        return ks_fail(g->err, KS_FAILED, "%s: not enough memory", shown);
    }
    bool ok = ks_path_folder(folder, path, g->err);
    m->folder = folder;
    place p = {.g = g, .m = m, .file = shown, .times = 1};
    int before = g->files;
    ok = ok && check_texts(p, path);
    m->counting = true;
    int after = g->files;
    g->files = before;
    ok = ok && check_texts(p, path);
    g->files = after;
    *all = m->all;
    free(m);
    return ok;
}

bool ks_mujoco_guard(const char* path, int* files, ks_error* err) {
    guard g = {.err = err};
    expansion all;
    bool ok = check_model(&g, path, path, &all);
    *files = g.files;
    return ok;
}
