#include "page/page.h"

#include "base/atomic_file.h"
#include "base/text.h"
#include "page/parts.h"

#include <assert.h>
#include <string.h>

/* The scripts in the order in which they build on each other; main.js starts what the data asks for. */
static const char* const SCRIPTS[] = {"data.js",     "math.js",   "dom.js",    "chart.js",  "shapes.js",
                                      "renderer.js", "scene.js",  "camera.js", "player.js", "net.js",
                                      "policies.js", "curves.js", "images.js", "main.js"};
enum { NUM_SCRIPTS = sizeof SCRIPTS / sizeof *SCRIPTS, TITLE_ROOM = 256 };

void ks_page_tell_about(ks_json* json, const ks_page_about* about) {
    ks_json_text(json, json->root, "kind", about->kind);
    ks_json_text(json, json->root, "title", about->title);
    ks_json_text(json, json->root, "method", about->method);
    ks_json_number(json, json->root, "iterations", about->iterations);
    ks_json_text(json, json->root, "version", about->version);
}

/* ---- writing -------------------------------------------------------------------------------------------------------------- */

typedef struct page {
    const char *title, *data;
    FILE* file;
    long size; /* bytes, once it is written */
} page;

static void put(FILE* file, const char* text) {
    fwrite(text, 1, strlen(text), file);
}

/* As HTML's text and values have it. */
static void put_text(FILE* file, const char* text) {
    for (const char* c = text; *c; c++) {
        const char* name = *c == '&' ? "&amp;" : *c == '<' ? "&lt;" : *c == '>' ? "&gt;" : *c == '"' ? "&quot;" : NULL;
        if (name) {
            put(file, name);
        } else {
            fputc(*c, file);
        }
    }
}

/* JSON within a script: nothing in it may end the script, or begin a comment. */
static void put_json(FILE* file, const char* json) {
    for (size_t length; *json; json += length) {
        length = strcspn(json, "<");
        fwrite(json, 1, length, file);
        if (json[length] == '<') {
            put(file, "\\u003c");
            length++;
        }
    }
}

static const char* part(const char* name) {
    for (size_t i = 0; i < ks_parts_files_count; i++) {
        if (strcmp(ks_parts_files[i].name, name) == 0) {
            return (const char*)ks_parts_files[i].text;
        }
    }
    assert(!"a part of the page is missing");
    return "";
}

/* What stands in the frame for something else: {{name}}. */
static void put_filled(const page* p, const char* name, size_t length) {
    if (strncmp(name, "title", length) == 0) {
        put_text(p->file, p->title);
    } else if (strncmp(name, "style", length) == 0) {
        put(p->file, part("style.css"));
    } else if (strncmp(name, "data", length) == 0) {
        put_json(p->file, p->data);
    } else if (strncmp(name, "script", length) == 0) {
        for (int i = 0; i < NUM_SCRIPTS; i++) {
            put(p->file, part(SCRIPTS[i]));
        }
    } else {
        assert(!"the frame asks for something unknown");
    }
}

static bool write_all(void* user, FILE* file) {
    page* p = user;
    p->file = file;
    const char* at = part("frame.html");
    for (const char* open; (open = strstr(at, "{{"));) {
        const char* close = strstr(open, "}}");
        assert(close);
        fwrite(at, 1, (size_t)(open - at), file);
        put_filled(p, open + 2, (size_t)(close - open - 2));
        at = close + 2;
    }
    put(file, at);
    p->size = ftell(file);
    return p->size >= 0 && !ferror(file);
}

bool ks_page_write(size_t* size, const char* path, bool overwrite, const char* title, const ks_json* json,
                   ks_error* err) {
    char plain[TITLE_ROOM];
    ks_text_escape(plain, sizeof plain, title);
    char* data = ks_json_ok(json) ? cJSON_PrintUnformatted(json->root) : NULL;
    if (!data) {
        return ks_fail(err, KS_FAILED, "%s: not enough memory for a page", path);
    }
    page p = {.title = plain, .data = data};
    bool ok = ks_write_file(path, overwrite, write_all, &p, err);
    *size = (size_t)p.size;
    cJSON_free(data);
    return ok;
}
