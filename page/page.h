/* page.h: one page for a browser that shows a model adapt: HTML with its style, its scripts and its data within. It loads nothing from
 * anywhere, which it also forbids itself (Content-Security-Policy), so it works from a disk.
 *
 * The frame, the style and the scripts are the files of page/parts. What the page shows is a JSON document: "kind" names the script
 * that shows it (policies, curves, images), "title" is its name, and the rest is between that script and the file of this room that
 * tells it (policies.h, curves.h, images.h).
 *
 * Thread rule: one call at a time per path. */
#ifndef KS_PAGE_PAGE_H
#define KS_PAGE_PAGE_H

#include "base/error.h"
#include "page/json.h"

/* What every page says of its model. Text may be any bytes. */
typedef struct ks_page_about {
    const char* kind;
    const char* title;
    const char* method; /* how it was trained */
    double iterations;  /* for how long */
    const char* version;
} ks_page_about;
void ks_page_tell_about(ks_json* json, const ks_page_about* about);

/* Writes the page, whole or not at all. *size is its length in bytes. Errors: KS_FAILED (memory, disk). */
bool ks_page_write(size_t* size, const char* path, bool overwrite, const char* title, const ks_json* json,
                   ks_error* err);

#endif
