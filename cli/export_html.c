/* `export --html`: what is shown of each kind of model, and of which tasks. */
#include "base/text.h"
#include "cli/actor.h"
#include "cli/export.h"
#include "page/curves.h"
#include "page/images.h"
#include "page/page.h"
#include "page/policies.h"
#include "rl/rollout.h"
#include "viewer/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_TASKS = 4, DEFAULT_STEPS = 3, CURVE_STEPS = 10, TRIED_TASKS = 256, MOST_TRAJECTORIES = 1000 };
static const double LARGE = 5e6; /* bytes */

static size_t task_count(const ks_export* e) {
    return e->task.count > 0 ? (size_t)e->task.count : e->tasks > 0 ? (size_t)e->tasks : DEFAULT_TASKS;
}

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
    *count = (size_t)e->task.count;
    for (size_t i = 0; i < *count; i++) {
        if (!ks_cli_task(tasks + i * (size_t)def->task_dim, e->task.text[i], def, e->sampling.seed, e->sampling.quiet,
                         err)) {
            return false;
        }
    }
    if (*count == 0) {
        *count = held_out_tasks(tasks, task_count(e), def, (uint64_t)e->sampling.seed);
    }
    return true;
}

static void tell_returns(void* user, const ks_play* play) {
    char task[512];
    size_t broken = 0, sampled = 0;
    (void)user;
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
}

static bool tell_policy(ks_json* json, ks_export* e, ks_error* err) {
    double tasks[KS_EXPORT_MAX_TASKS * KS_TASK_MAX];
    const ks_cli_policy* p = &e->policy;
    int64_t steps = e->sampling.steps >= 0 ? e->sampling.steps : DEFAULT_STEPS;
    ks_page_policies page = {
        .settings = ks_theatre_settings_default(), .tasks = tasks, .on_task = e->sampling.quiet ? NULL : tell_returns};
    if (steps > KS_PLAY_MAX_STEPS) {
        return ks_fail(err, KS_BAD_INPUT, "--steps: policies are shown after 0 to %d gradient steps, not %lld",
                       KS_PLAY_MAX_STEPS, (long long)steps);
    }
    if (e->sampling.trajectories > MOST_TRAJECTORIES) {
        return ks_fail(err, KS_BAD_INPUT, "--trajectories: a page has room for %d, not %lld", MOST_TRAJECTORIES,
                       (long long)e->sampling.trajectories);
    }
    size_t trajectories =
        e->sampling.trajectories > 0 ? (size_t)e->sampling.trajectories : ks_protocol_trajectories(p->def);
    page.settings.max_steps = (int)steps;
    page.settings.max_trajectories = trajectories;
    page.settings.horizon = page.settings.length = (size_t)p->info.horizon;
    page.settings.threads = (int)e->sampling.threads;
    page.request.steps = (int)steps;
    page.request.trajectories = trajectories;
    page.request.lr_factor = 1;
    page.request.seed = (uint64_t)e->sampling.seed;
    return ks_cli_actor(&page.actor, p, e->sampling.lr, err) && choose_tasks(tasks, &page.num_tasks, e, err) &&
           ks_page_tell_policies(json, &page, err);
}

/* ---- sine curves ---------------------------------------------------------------------------------------------------------- */

static void tell_errors(void* user, const ks_regression* r) {
    char task[64];
    (void)user;
    ks_regression_text(task, sizeof task, r);
    printf("%s: error after 0 … %d gradient steps:", task, r->steps);
    for (int j = 0; j <= r->steps; j++) {
        printf(" %.4g", ks_sinusoid_fit_error(r->learners[0].fit, j));
    }
    printf("\n");
}

static bool tell_curves(ks_json* json, ks_export* e, ks_error* err) {
    ks_sinusoid given[KS_EXPORT_MAX_TASKS];
    ks_page_curves page = {.model = ks_opened_model(&e->policy),
                           .oracle = e->policy.config.method == KS_ORACLE,
                           .given = e->task.count > 0 ? given : NULL,
                           .count = task_count(e),
                           .on_task = tell_errors};
    ks_learner* learner = &page.shown.learners[0];
    page.shown.count = 1;
    page.shown.seed = (uint64_t)e->sampling.seed;
    page.shown.steps = (int)(e->sampling.steps >= 0 ? e->sampling.steps : CURVE_STEPS);
    page.shown.lr_factor = 1;
    for (int i = 0; i < e->task.count; i++) {
        if (!ks_examples_curve(&given[i], e->task.text[i], err)) {
            return false;
        }
    }
    ks_examples_own_lr(learner->lr, &e->policy);
    if (e->sampling.lr && !ks_cli_lr(e->sampling.lr, learner->lr, err)) {
        return false;
    }
    learner->fit = ks_examples_fit(&e->policy, page.shown.steps, KS_REGRESSION_POINTS, err);
    bool ok = learner->fit && ks_page_tell_curves(json, &page, err);
    ks_sinusoid_fit_destroy(learner->fit);
    return ok;
}

/* ---- images --------------------------------------------------------------------------------------------------------------- */

static void tell_accuracy(void* user, const ks_classification* c) {
    char task[64];
    (void)user;
    ks_classification_text(task, sizeof task, c);
    printf("%s: accuracy after 0 … %d gradient steps:", task, c->steps);
    for (int j = 0; j <= c->steps; j++) {
        printf(" %.4g", ks_images_fit_accuracy(c->fit, j));
    }
    printf("\n");
}

static bool tell_images(ks_json* json, ks_export* e, ks_error* err) {
    size_t numbers[KS_EXPORT_MAX_TASKS];
    char data[64];
    ks_page_images page = {.numbers = numbers, .count = task_count(e), .on_task = tell_accuracy};
    for (size_t i = 0; i < page.count; i++) {
        int64_t number = (int64_t)i;
        if (e->task.count > 0 && !ks_cli_int("--task", e->task.text[i], 0, UINT32_MAX, &number, err)) {
            return false;
        }
        numbers[i] = (size_t)number;
    }
    ks_examples_data_name(data, sizeof data, &e->policy);
    page.shown = (ks_classification){.label = "",
                                     .data = data,
                                     .split = KS_SPLIT_TEST,
                                     .seed = (uint64_t)e->sampling.seed,
                                     .steps = (int)(e->sampling.steps >= 0 ? e->sampling.steps : DEFAULT_STEPS),
                                     .lr_factor = 1};
    ks_examples_own_lr(page.shown.lr, &e->policy);
    if (e->sampling.lr && !ks_cli_lr(e->sampling.lr, page.shown.lr, err)) {
        return false;
    }
    page.shown.fit = ks_examples_images_fit(&e->policy, page.shown.steps, err);
    bool ok = page.shown.fit && ks_page_tell_images(json, &page, err);
    ks_images_fit_destroy(page.shown.fit);
    return ok;
}

/* ---- the page ------------------------------------------------------------------------------------------------------------- */

/* What a page shows of a kind of model. */
typedef struct subject {
    const ks_problem_kind* problem;
    const char* kind; /* of page.h */
    unsigned not_its; /* of ks_export_html's options, those that mean nothing to it */
    bool (*tell)(ks_json* json, ks_export* e, ks_error* err);
} subject;

static const subject SUBJECTS[] = {{&ks_problem_rl, "policies", 0, tell_policy},
                                   {&ks_problem_sinusoid, "curves", KS_EXPORT_TRAJECTORIES, tell_curves},
                                   {&ks_problem_images, "images", KS_EXPORT_TRAJECTORIES, tell_images}};

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
    if (e->given & s->not_its) {
        return ks_fail(err, KS_BAD_INPUT, "--trajectories is for policies, and %s is a model of problem: %s", p->path,
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
        if ((double)size > LARGE && !e->sampling.quiet) {
            fprintf(stderr, "kshot: note: a page of that size loads slowly; fewer tasks or steps make it smaller\n");
        }
    }
    return ok;
}

const ks_export_format ks_export_html = {
    .name = "html",
    .typed = offsetof(ks_export, html),
    .suffix = ".html",
    .takes = KS_EXPORT_TASK | KS_EXPORT_TASKS | KS_EXPORT_STEPS | KS_EXPORT_LR | KS_EXPORT_TRAJECTORIES,
    .write = write_page,
};
