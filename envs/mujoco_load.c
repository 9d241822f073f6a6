#include "envs/mujoco_load.h"

#include <setjmp.h>
#include <stdlib.h>

/* where this thread goes on if MuJoCo fails; its log handler cannot be given anything */
static _Thread_local jmp_buf* rescue;

/* MuJoCo would print warnings and keep a log file. We read its counters instead. An error while something is made is a lack of
 * memory. Any other is a programming mistake, after which MuJoCo cannot go on: its own handler says which and ends the program,
 * as an assert would. */
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

mjModel* ks_mujoco_compile(const unsigned char* xml, ks_error* err) {
    char message[512] = "";
    mju_setLogHandler(on_log);
    mjSpec* spec = mj_parseXMLString((const char*)xml, NULL, message, sizeof message);
    mjModel* m = NULL;
    if (spec) {
        spec->compiler.usethread = 0; /* our models are small, and threads that cannot be had would end the program */
        m = mj_compile(spec, NULL);
    }
    if (!m) {
        ks_fail(err, KS_FAILED, "MuJoCo cannot load a model, or has not enough memory for it: %s",
                spec ? mjs_getError(spec) : message);
    }
    mj_deleteSpec(spec);
    return m;
}

mjData* ks_mujoco_make_data(const mjModel* m, ks_error* err) {
    jmp_buf here;
    mjData* volatile d = NULL;
    rescue = &here;
    if (setjmp(here) == 0) {
        d = mj_makeData(m);
    }
    rescue = NULL;
    if (!d) {
        ks_fail(err, KS_FAILED, "not enough memory for a world of MuJoCo's");
    }
    return d;
}
