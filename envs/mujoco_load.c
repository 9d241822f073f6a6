#include "envs/mujoco_load.h"

#include "envs/mujoco_guard.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* where this thread goes on if MuJoCo fails; its log handler cannot be given anything */
static _Thread_local jmp_buf* rescue;

/* MuJoCo would print warnings and keep a log file. We read its counters instead. An error while something is tried (ks_mujoco_try) is
 * a lack of memory. Any other is a programming mistake, after which MuJoCo cannot go on: its own handler says which and ends the
 * program, as an assert would. */
static void on_log(const mjLogMessage* message) {
    if (message->level == mjLOG_ERROR) {
        if (rescue) {
            longjmp(*rescue, 1);
        }
        mjLogConfig config = mju_getLogConfig();
        config.logto_file = 0; /* it would stay in the user's folder */
        mju_setLogConfig(config);
        mju_setLogHandler(NULL);
        mjfLogHandler own = mju_setLogHandler(NULL);
        own(message);
        abort();
    }
}

/* ---- what MuJoCo says ------------------------------------------------------------------------------------------------------- */

static void cut_front(char* text, const char* front) {
    size_t length = strlen(front);
    if (strncmp(text, front, length) == 0) {
        memmove(text, text + length, strlen(text + length) + 1);
    }
}

/* blanks and line ends as single blanks, none at the ends */
static void tidy(char* text) {
    char* out = text;
    for (const char* at = text; *at; at++) {
        bool blank = strchr(" \t\r\n", *at) != NULL;
        if (!blank || (out > text && out[-1] != ' ')) {
            *out++ = blank ? ' ' : *at;
        }
    }
    *out = 0;
    while (out > text && out[-1] == ' ') {
        *--out = 0;
    }
}

/* The number behind `mark`, its last place in the text; 0 if there is none. */
static long number_behind(const char* text, const char* mark, char** place) {
    char* last = NULL;
    for (char* at = (char*)(uintptr_t)text; (at = strstr(at, mark)); at++) {
        last = at;
    }
    *place = last;
    return last ? strtol(last + strlen(mark), NULL, 10) : 0;
}

/* where MuJoCo does not say what would be right */
static void say_better(char* text) {
    static const struct {
        const char *theirs, *ours;
        bool all; /* of the text is replaced */
    } WORDS[] = {
        {"empty file", "is empty: a model is wanted, <mujoco> or <robot>", true},
        {"Unrecognized XML model type: ", "is no model, which is a <mujoco> (MJCF) or a <robot> (URDF), but ", false},
        {"Error opening file", "cannot open the file", false},
        {"Could not allocate memory", "the model asks for more memory than there is", false},
        {"mj_stackAlloc: ", "the model needs more memory than its <size memory=\"…\"/> gives it", true},
        {"mj_arenaAlloc: ", "the model needs more memory than its <size memory=\"…\"/> gives it", true},
    };
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        size_t length = strlen(WORDS[i].theirs);
        if (strncmp(text, WORDS[i].theirs, length) == 0) {
            char copy[512];
            snprintf(copy, sizeof copy, "%s%.300s", WORDS[i].ours, WORDS[i].all ? "" : text + length);
            memcpy(text, copy, sizeof copy);
            return;
        }
    }
}

/* MuJoCo's words "XML Error: bad format in attribute 'size' Element 'geom', line 12" as "geom: bad format in attribute 'size'" */
static void explain(char* text, long* line) {
    char *at, *element;
    tidy(text);
    *line = number_behind(text, "Line number=", &at);
    if (at) { /* of the parser: XML parse error 8: Error=XML_ERROR_PARSING_TEXT ErrorID=8 (0x8) Line number=1 */
        snprintf(text, 512, "not XML: a tag does not end, or not where it should");
        return;
    }
    *line = number_behind(text, ", line ", &at);
    if (at) {
        *at = 0;
    }
    static const char* const FRONTS[] = {
        "ParseXML: ", "XML Error: ", "Error: ", "engine error: ", "Schema violation: "};
    for (size_t i = 0; i < sizeof FRONTS / sizeof *FRONTS; i++) {
        cut_front(text, FRONTS[i]);
    }
    say_better(text);
    (void)number_behind(text, " Element '", &element);
    if (element) { /* ' at its end */
        char copy[512];
        *element = 0;
        snprintf(copy, sizeof copy, "%.100s %.400s", element + strlen(" Element '"), text);
        char* quote = strchr(copy, '\'');
        if (quote) {
            *quote = ':';
            memcpy(text, copy, sizeof copy);
        }
        return;
    }
    (void)number_behind(text, " Element name '", &element);
    if (element && strncmp(element, " Element name ''", 16) == 0) {
        *element = 0;
    } else if (element) {
        memmove(element + 2, element + 9, strlen(element + 9) + 1);
        memcpy(element, " (", 2);
        char* quote = strrchr(element, '\'');
        if (quote) {
            memcpy(quote + 1, ")", 2);
        }
    }
}

/* ---- models ---------------------------------------------------------------------------------------------------------------------- */

/* NULL, and then MuJoCo's own words are in `message` */
static mjModel* compile(mjSpec* spec, char message[512]) {
    mjModel* m = NULL;
    if (spec) {
        spec->compiler.usethread = 0; /* threads that cannot be had would end the program */
        m = mj_compile(spec, NULL);
    }
    if (!m && spec) {
        snprintf(message, 512, "%s", mjs_getError(spec));
    }
    mj_deleteSpec(spec);
    return m;
}

mjModel* ks_mujoco_compile(const unsigned char* xml, ks_error* err) {
    char message[512] = "";
    mju_setLogHandler(on_log);
    mjModel* m = compile(mj_parseXMLString((const char*)xml, NULL, message, sizeof message), message);
    if (!m) {
        ks_fail(err, KS_FAILED, "MuJoCo cannot load a model, or has not enough memory for it: %s", message);
    }
    return m;
}

mjModel* ks_mujoco_load_file(const char* path, ks_error* err) {
    char message[512] = "";
    int files;
    long line;
    size_t length = strlen(path);
    if (length > 4 && strcmp(path + length - 4, ".mjb") == 0) {
        ks_fail(err, KS_BAD_INPUT, "%s: is a compiled model; its MJCF or URDF text is wanted", path);
        return NULL;
    }
    if (!ks_mujoco_guard(path, &files, err)) {
        return NULL;
    }
    mju_setLogHandler(on_log);
    mjModel* m = compile(mj_parseXML(path, NULL, message, sizeof message), message);
    if (!m) {
        explain(message, &line);
        if (line > 0 && files == 1) {
            ks_fail(err, KS_BAD_INPUT, "%s:%ld: %s", path, line, message);
        } else if (line > 0) {
            ks_fail(err, KS_BAD_INPUT, "%s: %s (line %ld of it or of a file that it includes)", path, message, line);
        } else {
            ks_fail(err, KS_BAD_INPUT, "%s: %s", path, *message ? message : "MuJoCo cannot load it");
        }
    }
    return m;
}

bool ks_mujoco_try(void (*work)(void* of), void* of) {
    jmp_buf here;
    rescue = &here;
    bool ok = setjmp(here) == 0;
    if (ok) {
        work(of);
    }
    rescue = NULL;
    return ok;
}

typedef struct making {
    const mjModel* m;
    mjData* d;
} making;

static void make(void* of) {
    making* job = of;
    job->d = mj_makeData(job->m);
}

mjData* ks_mujoco_make_data(const mjModel* m, ks_error* err) {
    making job = {m, NULL};
    if (!ks_mujoco_try(make, &job) || !job.d) {
        ks_fail(err, KS_FAILED, "not enough memory for a world of MuJoCo's");
        return NULL;
    }
    return job.d;
}
