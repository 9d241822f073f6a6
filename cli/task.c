/* Tasks as they are typed: held to what the environment knows, and told where training never went. */
#include "cli/cli.h"

#include "rl/rollout.h"

#include <stdio.h>

bool ks_cli_task(double* task, const char* text, const ks_env_def* def, int64_t seed, ks_error* err) {
    size_t count;
    if (!text) {
        ks_draw_held_out_tasks(task, def, (uint64_t)seed, 0, 1);
        return true;
    }
    if (!ks_cli_numbers("--task", text, KS_TASK_MAX, task, &count, err)) {
        return false;
    }
    if (count != (size_t)def->task_dim) {
        return ks_fail(err, KS_BAD_INPUT, "--task: '%s' has %zu number%s; a task of %s has %d (%s)", text, count,
                       count == 1 ? "" : "s", def->name, def->task_dim, def->task_summary);
    }
    if (!ks_env_check_task(def, task, err)) {
        return ks_fail_in(err, "--task");
    }
    char outside[KS_TASK_TEXT];
    if (!ks_env_task_is_trained(def, task, outside)) {
        fprintf(stderr, "kshot: note: --task: %s\n", outside);
    }
    return true;
}

bool ks_cli_check_goal(const double* task, const ks_env_def* def, const char* path, size_t line, ks_error* err) {
    char where[512];
    snprintf(where, sizeof where, "%.480s:%zu", path, line);
    return ks_env_check_task(def, task, err) || ks_fail_in(err, where);
}

void ks_cli_note_goals(const double* tasks, size_t count, const ks_env_def* def, const char* path) {
    size_t outside = 0;
    char text[KS_TASK_TEXT], first[KS_TASK_TEXT] = "";
    for (size_t i = 0; i < count; i++) {
        if (!ks_env_task_is_trained(def, tasks + i * (size_t)def->task_dim, outside == 0 ? first : text)) {
            outside++;
        }
    }
    if (outside > 0) {
        fprintf(stderr, "kshot: note: %s: %zu of %zu tasks are not of the training distribution, the first: %s\n", path,
                outside, count, first);
    }
}
