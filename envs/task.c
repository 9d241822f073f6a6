/* What a task may be, by the environment's own word. */
#include "base/number.h"
#include "envs/env.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_VALUES = 4 }; /* that are listed one by one */

static double nearest(const ks_task_number* n, double x) {
    return n->step > 0 ? n->known[0] + n->step * round((x - n->known[0]) / n->step) : x;
}

static bool knows(const ks_task_number* n, double x) {
    return x >= n->known[0] && x <= n->known[1] && nearest(n, x) == x;
}

/* " m/s", or nothing */
static const char* space(const ks_task_number* n) {
    return *n->unit ? " " : "";
}

void ks_env_known_text(char text[KS_TASK_TEXT], const ks_env_def* def, int i) {
    const ks_task_number* n = &def->task_numbers[i];
    int values = n->step > 0 ? 1 + (int)floor((n->known[1] - n->known[0]) / n->step) : 0;
    size_t used = 0;
    if (values == 0 || values > MOST_VALUES) {
        used = (size_t)ks_snprintf(text, KS_TASK_TEXT, values ? "%g, %g … %g" : "%g to %g", n->known[0],
                                   values ? n->known[0] + n->step : n->known[1], n->known[1]);
    }
    for (int k = 0; values <= MOST_VALUES && k < values; k++) {
        const char* between = k == 0 ? "" : k + 1 < values ? ", " : " or ";
        used += (size_t)ks_snprintf(text + used, KS_TASK_TEXT - used, "%s%g", between, n->known[0] + k * n->step);
    }
    ks_snprintf(text + used, KS_TASK_TEXT - used, "%s%s", space(n), n->unit);
}

bool ks_env_check_task(const ks_env_def* def, const double* task, ks_error* err) {
    for (int i = 0; i < def->task_dim; i++) {
        if (!def->task_numbers) {
            if (!(fabs(task[i]) <= (double)FLT_MAX)) {
                return ks_fail(err, KS_BAD_INPUT, "%s: number %d of a task is %g, which single precision does not hold",
                               def->name, i + 1, task[i]);
            }
        } else if (!knows(&def->task_numbers[i], task[i])) {
            char known[KS_TASK_TEXT], number[KS_NUMBER_ROOM];
            ks_env_known_text(known, def, i);
            return ks_fail(err, KS_BAD_INPUT, "%s knows no %s %s; it must be %s", def->name, def->task_numbers[i].name,
                           ks_print_double(number, task[i]), known);
        }
    }
    return true;
}

bool ks_env_task_is_trained(const ks_env_def* def, const double* task, char text[KS_TASK_TEXT]) {
    for (int i = 0; def->task_numbers && i < def->task_dim; i++) {
        const ks_task_number* n = &def->task_numbers[i];
        if (!(task[i] >= n->trained[0] && task[i] <= n->trained[1])) {
            if (text) {
                ks_snprintf(text, KS_TASK_TEXT, "%s %.9g is outside of the training range, %g to %g%s%s", n->name,
                            task[i], n->trained[0], n->trained[1], space(n), n->unit);
            }
            return false;
        }
    }
    return true;
}

ks_env_goal ks_env_goal_of(const ks_env_def* def) {
    return def->look ? def->look->goal : KS_GOAL_NONE;
}

bool ks_env_is_plane(const ks_env_def* def) {
    return def->look && def->look->paths && def->nq == 0 && def->obs_dim >= 2 && def->reset_uniforms == 0 &&
           def->reset_normals == 0;
}
