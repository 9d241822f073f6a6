#include "envs/plugin.h"

#include "base/path.h"
#include "envs/plugin_check.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* An opened plug-in: the def comes first, so that whoever has it finds the rest. */
typedef struct plugin {
    ks_env_def def;
    struct plugin* self; /* what close frees: users have it as const */
    void* library;
    char path[KS_PATH_ROOM];
} plugin;

static const char SYMBOL[] = "ks_env_plugin";

/* What the loader says, without the path that it mostly begins with. */
static const char* loader_says(const char* path) {
    const char* text = dlerror();
    size_t length = strlen(path);
    if (!text) {
        return "nobody knows why";
    }
    return strncmp(text, path, length) == 0 && strncmp(text + length, ": ", 2) == 0 ? text + length + 2 : text;
}

static bool check_stamp(const struct ks_env_plugin* stamp, ks_error* err) {
    if (stamp->magic != KS_ENV_PLUGIN_MAGIC) {
        return ks_fail(err, KS_BAD_INPUT, "its %s is not what KS_ENV_PLUGIN makes", SYMBOL);
    }
    if (stamp->version != KS_ENV_PLUGIN_VERSION) {
        return ks_fail(err, KS_BAD_INPUT,
                       "compiled against version %u of the interface of plug-ins; this is version %d: compile it anew",
                       stamp->version, KS_ENV_PLUGIN_VERSION);
    }
    if (stamp->real_size != sizeof(ks_real)) {
        return ks_fail(err, KS_BAD_INPUT, "compiled for numbers of %u bytes (KS_DOUBLE); here they have %zu",
                       stamp->real_size, sizeof(ks_real));
    }
    if (stamp->def_size != sizeof(ks_env_def) || stamp->rest_size != KS_ENV_PLUGIN_REST) {
        return ks_fail(err, KS_BAD_INPUT,
                       "compiled against headers of another version of kshot (a ks_env_def of %u bytes, and %u of the "
                       "rest; here %zu and %u): compile it anew",
                       stamp->def_size, stamp->rest_size, sizeof(ks_env_def), KS_ENV_PLUGIN_REST);
    }
    return stamp->def != NULL || ks_fail(err, KS_BAD_INPUT, "its %s has no def", SYMBOL);
}

static bool load(plugin* p, ks_error* err) {
    p->library = dlopen(p->path, RTLD_NOW | RTLD_LOCAL);
    if (!p->library) {
        return ks_fail(err, KS_BAD_INPUT, "no shared library that can be loaded: %s", loader_says(p->path));
    }
    const struct ks_env_plugin* stamp = dlsym(p->library, SYMBOL);
    if (!stamp) {
        return ks_fail(err, KS_BAD_INPUT,
                       "no environment of kshot: it exports no %s (KS_ENV_PLUGIN(def) in one of its files does)",
                       SYMBOL);
    }
    if (!check_stamp(stamp, err) || !ks_env_plugin_check(stamp->def, err)) {
        return false;
    }
    p->def = *stamp->def;
    p->def.path = p->path;
    p->def.close = ks_env_plugin_close;
    return true;
}

const ks_env_def* ks_env_plugin_open(const char* path, ks_error* err) {
    plugin* p = calloc(1, sizeof *p);
    if (!p) {
        ks_fail(err, KS_FAILED, "%s: not enough memory", path);
        return NULL;
    }
    p->self = p;
    if (!ks_path_absolute(p->path, NULL, path, err)) {
        free(p);
        return NULL;
    }
    if (!load(p, err)) {
        ks_fail_in(err, path);
        ks_env_plugin_close(&p->def);
        return NULL;
    }
    return &p->def;
}

void ks_env_plugin_close(const ks_env_def* def) {
    if (!def) {
        return;
    }
    plugin* p = ((const plugin*)(const void*)def)->self;
    if (p->library) {
        dlclose(p->library);
    }
    free(p);
}
