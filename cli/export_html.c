/* `export --html`: what is shown of each kind of model, and of which tasks. */
#include "base/text.h"
#include "cli/actor.h"
#include "cli/export.h"
#include "page/page.h"
#include "page/policies.h"
#include "rl/rollout.h"
#include "viewer/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_TASKS = 4, DEFAULT_STEPS = 3, TRIED_TASKS = 256 };
static const double LARGE = 5e6; /* bytes */

/* ---- policies ------------------------------------------------------------------------------------------------------------- */

static bool is_among(const double* tasks, size_t count, const double* task, size_t dim) {
    for (size_t i = 0; i < count; i++) {
        if (memcmp(tasks + i * dim, task, dim * sizeof *task) == 0) {
            return true;
        }
    }
    return false;
}

/* The first held-out tasks that differ: where there are two kinds of tasks, both. */
static size_t held_out_tasks(double* tasks, size_t most, const ks_env_def* def, uint64_t seed) {
    size_t count = 0, dim = (size_t)def->task_dim;
    for (size_t i = 0; i < TRIED_TASKS && count < most; i++) {
        double task[KS_TASK_MAX];
        ks_draw_held_out_tasks(task, def, seed, i, 1);
        if (!is_among(tasks, count, task, dim)) {
            memcpy(tasks + count++ * dim, task, dim * sizeof *task);
        }
    }
    return count;
}

static bool choose_tasks(double* tasks, size_t* count, const ks_export* e, ks_error* err) {
    const ks_env_def* def = e->policy.def;
    *count = (size_t)e->given_tasks;
    for (size_t i = 0; i < *count; i++) {
        if (!ks_cli_task(tasks + i * (size_t)def->task_dim, e->task[i], def, e->seed, err)) {
            return false;
        }
    }
    if (*count == 0) {
        *count = held_out_tasks(tasks, e->tasks > 0 ? (size_t)e->tasks : DEFAULT_TASKS, def, (uint64_t)e->seed);
    }
    return true;
}

static bool tell_returns(void* user, const ks_play* play, ks_error* err) {
    char task[512];
    size_t broken = 0, sampled = 0;
    (void)user;
    (void)err;
    ks_task_text(task, sizeof task, play->def, play->task, KS_TASK_NAMED);
    printf("%s: mean return after 0 … %d gradient steps:", task, play->steps);
    for (int j = 0; j <= play->steps; j++) {
        printf(" %.2f", play->acts[0][j].mean_return);
        broken += play->acts[0][j].broken;
        sampled += play->acts[0][j].num_sampled;
    }
    printf("\n");
    fflush(stdout);
    ks_cli_note_broken(broken, sampled);
    return true;
}

static bool tell_policy(ks_json* json, ks_export* e, ks_error* err) {
    double tasks[KS_EXPORT_MAX_TASKS * KS_TASK_MAX];
    const ks_cli_policy* p = &e->policy;
    int64_t steps = e->steps >= 0 ? e->steps : DEFAULT_STEPS;
    ks_page_policies page = {.settings = ks_theatre_settings_default(), .tasks = tasks, .on_task = tell_returns};
    if (steps > KS_PLAY_MAX_STEPS) {
        return ks_fail(err, KS_BAD_INPUT, "--steps: policies are shown after 0 to %d gradient steps, not %lld",
                       KS_PLAY_MAX_STEPS, (long long)steps);
    }
    size_t trajectories = e->trajectories > 0 ? (size_t)e->trajectories : ks_protocol_trajectories(p->def);
    page.settings.max_steps = (int)steps;
    page.settings.max_trajectories = trajectories;
    page.settings.horizon = page.settings.length = (size_t)p->info.horizon;
    page.settings.threads = (int)e->threads;
    page.request.steps = (int)steps;
    page.request.trajectories = trajectories;
    page.request.lr_factor = 1;
    page.request.seed = (uint64_t)e->seed;
    return ks_cli_actor(&page.actor, p, e->lr, err) && choose_tasks(tasks, &page.num_tasks, e, err) &&
           ks_page_tell_policies(json, &page, err);
}

/* ---- the page ------------------------------------------------------------------------------------------------------------- */

/* What a page shows of a kind of model. */
typedef struct subject {
    const ks_problem_kind* problem;
    const char* kind; /* of page.h */
    unsigned takes;   /* of ks_export_html's, what makes sense for it */
    bool (*tell)(ks_json* json, ks_export* e, ks_error* err);
} subject;

static const subject SUBJECTS[] = {{&ks_problem_rl, "policies", ~0u, tell_policy}};

static bool write_page(ks_export* e, ks_error* err) {
    const ks_cli_policy* p = &e->policy;
    const subject* s = NULL;
    for (size_t i = 0; i < sizeof SUBJECTS / sizeof *SUBJECTS; i++) {
        s = SUBJECTS[i].problem == p->kind ? &SUBJECTS[i] : s;
    }
    if (!s) {
        return ks_fail(err, KS_BAD_INPUT, "%s: it is a model of problem: %s, which nobody has made a page for", p->path,
                       p->kind->name);
    }
    const char* title = p->def ? p->def->name : p->kind->name;
    ks_json json;
    ks_json_init(&json);
    ks_page_tell_about(&json, &(ks_page_about){.kind = s->kind,
                                               .title = title,
                                               .method = p->info.iteration == 0 ? "random" : p->info.method,
                                               .iterations = (double)p->info.iteration,
                                               .version = KS_VERSION});
    size_t size;
    bool ok = s->tell(&json, e, err) && ks_page_write(&size, e->output, e->force, title, &json, err);
    ks_json_free(&json);
    if (ok) {
        ks_text_print(stdout, e->output);
        printf(": %.2f MB\n", (double)size / 1e6);
        if ((double)size > LARGE) {
            fprintf(stderr, "kshot: note: a page of that size loads slowly; fewer tasks or steps make it smaller\n");
        }
    }
    return ok;
}

const ks_export_format ks_export_html = {
    .name = "html",
    .suffix = ".html",
    .summary = "one page for a browser, which shows it adapt: nothing to install, no network",
    .takes = KS_EXPORT_TASK | KS_EXPORT_TASKS | KS_EXPORT_STEPS | KS_EXPORT_LR | KS_EXPORT_TRAJECTORIES |
             KS_EXPORT_SEED | KS_EXPORT_THREADS,
    .write = write_page,
};
