#include "viewer/task.h"

#include "base/number.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

static const char SQUARED[] = "\u00b2";

/* ---- what can be chosen ----------------------------------------------------------------------------------------------------- */

/* By asking the training distribution at its ends, where numbers say nothing themselves. */
static bool sampled_range(double range[2], const ks_env_def* def, int i) {
    double uniform[KS_TASK_DRAWS], normal[KS_TASK_MAX] = {0}, task[KS_TASK_MAX];
    range[0] = -1;
    range[1] = 1;
    for (int end = 0; end < 2; end++) {
        for (int k = 0; k < KS_TASK_DRAWS; k++) {
            uniform[k] = end == 0 ? 1e-12 : 1 - 1e-12;
        }
        def->sample_task(def, task, (ks_env_noise){.uniform = uniform, .normal = normal});
        range[end] = task[i];
    }
    return range[0] < range[1];
}

bool ks_task_range(double range[2], const ks_env_def* def, int i) {
    if (!def->task_numbers) {
        return sampled_range(range, def, i);
    }
    const ks_task_number* n = &def->task_numbers[i];
    range[0] = fmax(n->trained[0], n->known[0]);
    range[1] = fmin(n->trained[1], n->known[1]);
    return range[0] < range[1] && isfinite(range[0]) && isfinite(range[1]);
}

double ks_task_nearest(const ks_env_def* def, int i, double x) {
    const ks_task_number* n = def->task_numbers ? &def->task_numbers[i] : NULL;
    return n && n->step > 0 ? n->known[0] + n->step * round((x - n->known[0]) / n->step) : x;
}

int ks_task_first(const ks_env_def* def) {
    double range[2];
    if (ks_env_goal_of(def) != KS_GOAL_NONE && ks_env_goal_of(def) != KS_GOAL_OTHER) {
        return def->look->goal_numbers[0];
    }
    for (int i = 0; i < def->task_dim; i++) {
        if (ks_task_range(range, def, i)) {
            return i;
        }
    }
    return 0;
}

/* ---- in words ---------------------------------------------------------------------------------------------------------------- */

void ks_task_unit(char unit[KS_TASK_UNIT], const ks_env_def* def, int i) {
    const char* from = def->task_numbers ? def->task_numbers[i].unit : "";
    size_t used = 0;
    while (*from && used + 2 < KS_TASK_UNIT) {
        if (strncmp(from, SQUARED, strlen(SQUARED)) == 0) {
            unit[used++] = '^';
            unit[used++] = '2';
            from += strlen(SQUARED);
        } else {
            unit[used++] = *from++;
        }
    }
    unit[used] = 0;
}

/* "mass torso 0.7 kg"; without names "0.7" */
static void number_text(char* out, size_t room, const ks_env_def* def, int i, double value) {
    const char* name = def->task_numbers ? def->task_numbers[i].name : "";
    char unit[KS_TASK_UNIT], text[KS_TASK_TEXT];
    ks_task_unit(unit, def, i);
    ks_snprintf(text, sizeof text, "%s%s%.4g%s%s", name, *name ? " " : "", value, *unit ? " " : "", unit);
    ks_text_to_ascii(out, room, text);
}

/* What the goal says of the task; *first and *last are the numbers that it has spoken of. Returns its length. */
static size_t goal_text(char* out, size_t room, const ks_env_def* def, const double* task, int* first, int* last) {
    const ks_env_look* l = def->look;
    *first = *last = -1;
    switch (ks_env_goal_of(def)) {
        case KS_GOAL_DIRECTION:
            *first = *last = l->goal_numbers[0];
            return (size_t)ks_snprintf(out, room, task[*first] < 0 ? "go backward" : "go forward");
        case KS_GOAL_VELOCITY:
            *first = *last = l->goal_numbers[0];
            return (size_t)ks_snprintf(out, room, "go at %.2f m/s", task[*first]);
        case KS_GOAL_PLACE:
            *first = l->goal_numbers[0];
            *last = l->goal_numbers[1];
            return (size_t)ks_snprintf(out, room, "go to (%.2f, %.2f)", task[*first], task[*last]);
        case KS_GOAL_NONE:
        case KS_GOAL_OTHER:
            break;
    }
    return (size_t)ks_snprintf(out, room, def->task_numbers ? "" : "task ");
}

void ks_task_text(char* out, size_t room, const ks_env_def* def, const double* task, int most) {
    int first, last, named = 0, left = 0;
    size_t used = goal_text(out, room, def, task, &first, &last);
    const char* between = first >= 0 ? "; " : "";
    for (int i = 0; i < def->task_dim; i++) {
        double range[2];
        if (i == first || i == last || (def->task_numbers && !ks_task_range(range, def, i))) {
            continue;
        }
        if (named == most || used >= room) {
            left++;
            continue;
        }
        char text[KS_TASK_TEXT];
        number_text(text, sizeof text, def, i, task[i]);
        used += (size_t)ks_snprintf(out + used, room - used, "%s%s", between, text);
        between = ", ";
        named++;
    }
    if (left > 0 && used < room) {
        ks_snprintf(out + used, room - used, named > 0 ? "%s... (%d numbers)" : "%s%d numbers", between, def->task_dim);
    }
}
