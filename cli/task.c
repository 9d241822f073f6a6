/* Tasks as they are typed: held to what the environment knows, and told where training never went. */
#include "cli/cli.h"

#include "base/names.h"
#include "base/number.h"
#include "rl/rollout.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { NAME_ROOM = 64 };

/* The number of a task with that name, or -1 with the nearest one told. */
static int find_number(const ks_env_def* def, const char* name, ks_error* err) {
    const char* nearest = "none";
    size_t best = SIZE_MAX;
    for (int i = 0; def->task_numbers && i < def->task_dim; i++) {
        size_t distance = ks_edit_distance(name, def->task_numbers[i].name);
        if (distance == 0) {
            return i;
        }
        if (distance < best) {
            best = distance;
            nearest = def->task_numbers[i].name;
        }
    }
    ks_fail(err, KS_BAD_INPUT, "--task: tasks of %s have no number '%s'; the nearest is '%s'", def->name, name,
            nearest);
    return -1;
}

/* "NAME=V,NAME=V": these numbers, the others as they are. */
static bool take_named(double* task, const char* text, const ks_env_def* def, ks_error* err) {
    for (const char* at = text;;) {
        char name[NAME_ROOM];
        at += strspn(at, " \t");
        size_t length = strcspn(at, "=,");
        if (at[length] != '=' || length == 0 || length >= sizeof name) {
            return ks_fail(err, KS_BAD_INPUT, "--task: '%s' is neither numbers nor NAME=VALUE with commas between",
                           text);
        }
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        for (size_t end = length; end > 0 && strchr(" \t", name[end - 1]); end--) {
            name[end - 1] = 0;
        }
        int i = find_number(def, name, err);
        if (i < 0) {
            return false;
        }
        at += length + 1;
        at += strspn(at, " \t");
        bool ok = ks_scan_double(&at, &task[i]);
        at += strspn(at, " \t");
        if (!ok || (*at && *at != ',')) {
            return ks_fail(err, KS_BAD_INPUT, "--task: '%s': what stands for '%s' is not a number", text, name);
        }
        if (!*at++) {
            return true;
        }
    }
}

static bool take_all(double* task, const char* text, const ks_env_def* def, ks_error* err) {
    size_t count;
    if (!ks_cli_numbers("--task", text, KS_TASK_MAX, task, &count, err)) {
        return false;
    }
    return count == (size_t)def->task_dim ||
           ks_fail(err, KS_BAD_INPUT, "--task: '%s' has %zu number%s; a task of %s has %d (%s)", text, count,
                   count == 1 ? "" : "s", def->name, def->task_dim, def->task_summary);
}

bool ks_cli_task(double* task, const char* text, const ks_env_def* def, int64_t seed, bool quiet, ks_error* err) {
    bool named = text && strchr(text, '=');
    if (!text || named) {
        ks_draw_held_out_tasks(task, def, (uint64_t)seed, 0, 1);
    }
    if (!text) {
        return true;
    }
    if (!(named ? take_named(task, text, def, err) : take_all(task, text, def, err))) {
        return false;
    }
    if (!ks_env_check_task(def, task, err)) {
        return ks_fail_in(err, "--task");
    }
    char outside[KS_TASK_TEXT];
    if (!quiet && !ks_env_task_is_trained(def, task, outside)) {
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
