/* `view` and `record` of a model that learns to tell images apart. */
#include "base/text.h"
#include "cli/record.h"
#include "viewer/classification_director.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_STEPS = 3, VIEW_STEPS = 10 /* that the window has room for, at least */ };

static bool open_images(ks_show* s, ks_error* err) {
    ks_classification* c = &s->classification;
    int64_t number = 0;
    if (!ks_show_check_options(s, err)) {
        return false;
    }
    if (s->count > 1) {
        return ks_fail(err, KS_BAD_INPUT, "models of images are shown one at a time, and %d are named", s->count);
    }
    if (s->task && !ks_cli_int("--task", s->task, 0, UINT32_MAX, &number, err)) {
        return false;
    }
    s->steps = s->steps >= 0 ? s->steps : DEFAULT_STEPS;
    ks_examples_data_name(s->data, sizeof s->data, &s->policies[0]);
    *c = (ks_classification){.label = ks_show_label(s, 0),
                             .data = s->data,
                             .split = s->split >= 0 ? (ks_split)s->split : KS_SPLIT_TEST,
                             .seed = (uint64_t)s->seed,
                             .number = (size_t)number,
                             .steps = (int)s->steps,
                             .lr_factor = 1};
    ks_examples_own_lr(c->lr, &s->policies[0]);
    if (s->lr && !ks_cli_lr(s->lr, c->lr, err)) {
        return false;
    }
    int room = s->steps > VIEW_STEPS ? (int)s->steps : VIEW_STEPS;
    c->fit = ks_examples_images_fit(&s->policies[0], room, err);
    return c->fit != NULL;
}

static void close_images(ks_show* s) {
    ks_images_fit_destroy(s->classification.fit);
    s->classification.fit = NULL;
}

void ks_show_tell_accuracy(const ks_classification* c) {
    char task[64];
    ks_classification_text(task, sizeof task, c);
    printf("%s, %s%s", c->label, task, c->own ? "" : ": accuracy");
    for (int j = 0; j <= c->steps && !c->own; j++) {
        printf(" %.4g", ks_images_fit_accuracy(c->fit, j));
    }
    printf("\n");
}

static void tell_adapted(void* user, const ks_classification* c) {
    (void)user;
    ks_show_tell_accuracy(c);
    fflush(stdout);
}

static void tell_sketch(void* user, const ks_classification* c) {
    (void)user;
    size_t ways = ks_images_fit_form(c->fit).ways;
    printf("drawn:");
    for (int j = 0; j <= c->steps; j++) {
        char name[KS_CLASS_LETTERS];
        ks_guess guess = ks_classification_guess(c, (ks_question){.sketch = true}, j);
        ks_class_letters(name, guess.way, ways);
        printf(" %s %.3f", name, guess.probability);
    }
    printf("\n");
    fflush(stdout);
}

static bool view_images(ks_show* show, const ks_window_settings* window, double speed, ks_error* err) {
    ks_classification_director_settings settings = {.classification = show->classification,
                                                    .speed = speed > 0 ? speed : 1,
                                                    .on_adapted = tell_adapted,
                                                    .on_sketch = tell_sketch};
    ks_window_stats stats;
    bool ok = ks_window_run(&ks_classification_director, &settings, window, &stats, err);
    if (ok) {
        printf("%zu pictures, %.1f ms each\n", stats.frames, 1e3 * stats.frame_s);
    }
    return ok;
}

const ks_show_kind ks_show_images = {.problem = &ks_problem_images,
                                     .open = open_images,
                                     .close = close_images,
                                     .view = view_images,
                                     .record = ks_record_images};
