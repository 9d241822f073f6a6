#include "cli/actor.h"
#include "cli/record.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_STEPS = 3 };

ks_show ks_show_default(void) {
    return (ks_show){.steps = -1, .seed = 1, .split = -1, .ghosts = -1, .threads = ks_cores()};
}

/* drawn with MuJoCo's letters, which are those of ASCII */
static bool check_label(const char* label, ks_error* err) {
    size_t length = strlen(label);
    bool plain = length > 0 && length <= 40;
    for (size_t i = 0; i < length; i++) {
        plain = plain && label[i] >= ' ' && label[i] <= '~';
    }
    return plain || ks_fail(err, KS_BAD_INPUT, "--label: '%s' is not 1 to 40 letters of ASCII", label);
}

static bool check_labels(const ks_show* s, int count, ks_error* err) {
    for (int i = 0; i < s->labels.count; i++) {
        if (!check_label(s->labels.text[i], err)) {
            return false;
        }
    }
    return s->labels.count <= count || ks_fail(err, KS_BAD_INPUT, "--label is given %d times for %d polic%s",
                                               s->labels.count, count, count == 1 ? "y" : "ies");
}

bool ks_show_size(int* width, int* height, const char* value, int min, int max, ks_error* err) {
    char end;
    return (sscanf(value, "%5dx%5d%c", width, height, &end) == 2 && *width >= min && *height >= min && *width <= max &&
            *height <= max) ||
           ks_fail(err, KS_BAD_INPUT, "--size: '%s' is not WIDTHxHEIGHT, each from %d to %d pixels", value, min, max);
}

static bool open_policies(ks_show* s, char** arguments, int count, ks_error* err) {
    if (count > KS_PLAY_MAX_ROWS) {
        return ks_fail(err, KS_BAD_INPUT, "at most %d policies are shown together", KS_PLAY_MAX_ROWS);
    }
    if (!check_labels(s, count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (!ks_cli_policy_open(&s->policies[i], arguments[i], s->best, s->env, s->quiet, err)) {
            return false;
        }
        s->count = i + 1;
        if (!ks_problem_options_apply(&s->problem, &s->policies[i], err) ||
            !ks_examples_take_head(&s->policies[i], (uint64_t)s->seed, err)) {
            return false;
        }
        ks_config_set_threads(&s->policies[i].config, (int)s->threads);
        if (s->policies[i].kind != s->policies[0].kind) {
            return ks_fail(err, KS_BAD_INPUT,
                           "%s is a model of problem: %s, and %.400s of problem: %s: they have no task in common",
                           s->policies[0].path, s->policies[0].kind->name, s->policies[i].path,
                           s->policies[i].kind->name);
        }
    }
    return true;
}

const char* ks_show_label(ks_show* s, int i) {
    const ks_policy_info* info = &s->policies[i].info;
    /* what a file says of its method may be anything */
    ks_text_to_ascii(s->own_labels[i], sizeof s->own_labels[i], info->iteration == 0 ? "random" : info->method);
    return i < s->labels.count ? s->labels.text[i] : s->own_labels[i];
}

static bool set_actor(ks_show* s, int i, ks_error* err) {
    const ks_cli_policy* p = &s->policies[i];
    ks_theatre_policy* a = &s->actors[i];
    s->caption.labels[i] = s->count == 1 && s->labels.count == 0 ? NULL : ks_show_label(s, i);
    return ks_cli_actor(a, p, s->lr, err);
}

static bool open_actors(ks_show* s, ks_error* err) {
    if (s->split >= 0) {
        return ks_fail(err, KS_BAD_INPUT, "--split is for models of images, and %s is a policy", s->policies[0].path);
    }
    s->steps = s->steps >= 0 ? s->steps : DEFAULT_STEPS;
    if (s->steps > KS_PLAY_MAX_STEPS) {
        return ks_fail(err, KS_BAD_INPUT, "--steps: policies are shown after 0 to %d gradient steps, not %lld",
                       KS_PLAY_MAX_STEPS, (long long)s->steps);
    }
    const ks_cli_policy* first = &s->policies[0];
    const ks_env_def* def = first->def;
    for (int i = 0; i < s->count; i++) {
        if (!set_actor(s, i, err)) {
            return false;
        }
    }
    size_t trajectories = s->trajectories ? (size_t)s->trajectories : ks_protocol_trajectories(def);
    s->settings = ks_theatre_settings_default();
    s->settings.max_steps = (int)s->steps;
    s->settings.max_trajectories = trajectories;
    s->settings.horizon = (size_t)first->info.horizon;
    s->settings.length = s->length ? (size_t)s->length : (size_t)first->info.horizon;
    s->settings.threads = (int)s->threads;
    s->request.steps = (int)s->steps;
    s->request.trajectories = trajectories;
    s->request.lr_factor = 1;
    s->request.seed = (uint64_t)s->seed;
    s->request.deterministic = s->deterministic;
    s->view = ks_view_default(first->model);
    s->view.ghosts = s->ghosts >= 0 ? (int)s->ghosts : s->view.ghosts;
    s->caption.title = def->name;
    s->caption.charts = true;
    return ks_cli_task(s->request.task, s->task, def, s->seed, s->quiet, err);
}

bool ks_show_check_options(const ks_show* s, ks_error* err) {
    const ks_cli_policy* first = &s->policies[0];
    const char* of_policies = s->trajectories    ? "--trajectories"
                              : s->length        ? "--length"
                              : s->ghosts >= 0   ? "--ghosts"
                              : s->deterministic ? "--deterministic"
                                                 : NULL;
    if (of_policies) {
        return ks_fail(err, KS_BAD_INPUT, "%s is for policies, and %s is a model of problem: %s", of_policies,
                       first->path, first->kind->name);
    }
    return s->split < 0 || s->kind == &ks_show_images ||
           ks_fail(err, KS_BAD_INPUT, "--split is for models of images, and %s is of problem: %s", first->path,
                   first->kind->name);
}

const ks_show_kind ks_show_policies = {
    .problem = &ks_problem_rl, .open = open_actors, .view = ks_view_policies, .record = ks_record_policies};

bool ks_show_open(ks_show* s, char** arguments, int count, ks_error* err) {
    static const ks_show_kind* const KINDS[] = {&ks_show_policies, &ks_show_curves, &ks_show_images};
    if (!open_policies(s, arguments, count, err)) {
        return false;
    }
    const ks_cli_policy* first = &s->policies[0];
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        if (KINDS[i]->problem == first->kind) {
            s->kind = KINDS[i];
            return s->kind->open(s, err);
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "%s is a model of problem: %s, which nobody has drawn a picture for", first->path,
                   first->kind->name);
}

void ks_show_close(ks_show* s) {
    if (s->kind && s->kind->close) {
        s->kind->close(s);
    }
    for (int i = 0; i < s->count; i++) {
        ks_opened_close(&s->policies[i]);
    }
    s->count = 0;
}
