#include "run/unison.h"

#include <stdlib.h>
#include <string.h>

/* ---- settings ---------------------------------------------------------------------------------------------------------------- */

/* "version: …" and the config as YAML; the caller frees it. *size counts the 0 at its end. NULL: no memory */
static char* write_down(const ks_config* config, size_t* size) {
    char* text = NULL;
    FILE* f = open_memstream(&text, size);
    bool ok = f && fprintf(f, "version: %s\n", KS_VERSION) > 0 && ks_config_write(config, f, false);
    if (f && fclose(f) != 0) {
        ok = false;
    }
    if (!ok) {
        free(text);
        return NULL;
    }
    ++*size;
    return text;
}

/* the next line of *text: its length, and *text is behind it */
static int next_line(const char** text, const char** line) {
    *line = *text;
    size_t length = strcspn(*text, "\n");
    *text += length + ((*text)[length] != 0);
    return (int)length;
}

/* what stands behind "key: " in a line of that length */
static const char* value_of(const char* line, int length, int* value_length) {
    int before = (int)strcspn(line, ":\n");
    before += before + 1 < length ? 2 : 0;
    *value_length = length - before;
    return line + before;
}

/* Names the first key whose value is another in process 0's text than in the one here. */
static bool compare(const char* theirs, const char* ours, size_t rank, ks_error* err) {
    const char *a, *b, *section = "";
    int section_length = 0;
    while (*theirs || *ours) {
        int length_a = next_line(&theirs, &a), length_b = next_line(&ours, &b);
        int indent = (int)strspn(b, " "), key_length = (int)strcspn(b, ":\n");
        if (length_a != length_b || memcmp(a, b, (size_t)length_a) != 0) {
            int value_a_length, value_b_length;
            const char *value_a = value_of(a, length_a, &value_a_length),
                       *value_b = value_of(b, length_b, &value_b_length);
            return ks_fail(err, KS_BAD_INPUT,
                           "%.*s%s%.*s is %.*s in process %zu and %.*s in process 0; all processes of a run are given "
                           "the same",
                           indent ? section_length : 0, section, indent ? "." : "", key_length - indent, b + indent,
                           value_b_length, value_b, rank, value_a_length, value_a);
        }
        if (indent == 0) {
            section = b;
            section_length = key_length;
        }
    }
    return true;
}

bool ks_unison_config(ks_dist* dist, const ks_config* config, ks_error* err) {
    if (!dist) {
        return true;
    }
    size_t size = 0, leaders_size = 0;
    char* ours = write_down(config, &size);
    if (!ks_dist_agree(dist, ours || ks_fail(err, KS_FAILED, "not enough memory"), err)) {
        free(ours);
        return false;
    }
    leaders_size = size;
    bool ok = ks_dist_broadcast(dist, &leaders_size, sizeof leaders_size, err);
    char* theirs = ok ? malloc(leaders_size) : NULL;
    ok = ks_dist_agree(dist, theirs || ks_fail(err, KS_FAILED, "not enough memory"), err);
    if (ok) {
        if (ks_dist_leads(dist)) {
            memcpy(theirs, ours, size);
        }
        ok = ks_dist_broadcast(dist, theirs, leaders_size, err);
        ok = ks_dist_agree(dist, ok && compare(theirs, ours, ks_dist_team(dist).rank, err), err);
    }
    free(theirs);
    free(ours);
    return ok;
}

/* ---- parameters ------------------------------------------------------------------------------------------------------------------ */

/* FNV-1a: 64 bits stand for all */
static uint64_t digest(const void* data, size_t bytes) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (const unsigned char* c = data; c < (const unsigned char*)data + bytes; c++) {
        hash = (hash ^ *c) * 0x100000001b3u;
    }
    return hash;
}

bool ks_unison_theta(ks_dist* dist, const ks_real* theta, size_t n, int64_t iterations, ks_error* err) {
    if (!dist) {
        return true;
    }
    uint64_t ours = digest(theta, n * sizeof *theta), theirs = ours;
    bool ok = ks_dist_broadcast(dist, &theirs, sizeof theirs, err);
    if (ok && ours != theirs) {
        ok = ks_fail(err, KS_FAILED,
                     "process %zu came to other parameters than process 0 in iteration %lld: are they different "
                     "builds, or on different kinds of processors?",
                     ks_dist_team(dist).rank, (long long)iterations - 1);
    }
    return ks_dist_agree(dist, ok, err);
}
