#include "cli/interrupt.h"
#include "cli/last_word.h"
#include "cli/show.h"
#include "viewer/director.h"
#include "viewer/task.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { MORE_STEPS = 5, MORE_TRAJECTORIES = 2, MIN_SIDE = 160, MAX_SIDE = 8192 };

typedef struct view_size {
    int width, height;
} view_size;

typedef struct view_options {
    ks_show show;
    view_size size;
    double speed; /* 0: the default */
    const volatile sig_atomic_t* interrupted;
} view_options;

static void tell(void* user, const ks_play* play, double latency, const ks_error* failed) {
    const ks_show* show = user;
    char task[256];
    if (failed) {
        printf("adapting failed: %s\n", failed->text);
    } else {
        ks_task_text(task, sizeof task, play->def, play->task, KS_TASK_NAMED);
        for (int row = 0; row < play->rows; row++) {
            const char* label = show->caption.labels[row];
            printf("%s%s%s: return", label ? label : "", label ? ", " : "", task);
            for (int j = 0; j <= play->steps; j++) {
                printf(" %.1f", play->acts[row][j].mean_return);
            }
            printf(" (%.0f ms)\n", 1e3 * latency);
        }
    }
    fflush(stdout);
}

bool ks_view_policies(ks_show* show, const ks_window_settings* window, double speed, ks_error* err) {
    /* room for what the panel can be set to */
    ks_theatre_settings limits = show->settings;
    limits.max_steps = limits.max_steps > MORE_STEPS ? limits.max_steps : MORE_STEPS;
    limits.max_trajectories *= MORE_TRAJECTORIES;
    ks_theatre* theatre = ks_theatre_create(show->actors, show->count, &limits, err);
    if (!theatre) {
        return false;
    }
    bool timeless = show->policies[0].def->dt <= 0;
    ks_director_settings settings = {.model = show->policies[0].model,
                                     .theatre = theatre,
                                     .limits = limits,
                                     .request = show->request,
                                     .view = show->view,
                                     .caption = show->caption,
                                     .speed = speed > 0  ? speed
                                              : timeless ? 1
                                                         : 0.5,
                                     .on_play = tell,
                                     .user = show};
    ks_window_stats stats;
    bool ok = ks_window_run(&ks_director, &settings, window, &stats, err);
    if (ok) {
        printf("%zu pictures, %.1f ms each\n", stats.frames, 1e3 * stats.frame_s);
    }
    ks_theatre_destroy(theatre);
    return ok;
}

static void tell_file(void* user, const char* name, const ks_error* failed) {
    (void)user;
    printf("%s\n", failed ? failed->text : name);
    fflush(stdout);
}

static bool view(view_options* o, ks_error* err) {
    char title[160];
    ks_show* show = &o->show;
    const ks_cli_policy* first = &show->policies[0];
    snprintf(title, sizeof title, "kshot: %s", first->def ? first->def->name : first->kind->name);
    ks_window_settings window = {
        .title = title, .width = o->size.width, .height = o->size.height, .stop = o->interrupted, .on_file = tell_file};
    return show->kind->view(show, &window, o->speed, err);
}

static bool take_size(void* member, const char* value, ks_error* err) {
    view_size* size = member;
    return ks_show_size(&size->width, &size->height, value, MIN_SIDE, MAX_SIDE, err);
}

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    view_options o = {.show = ks_show_default(), .size = {1280, 720}};
    int code = ks_command_read(&o, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    o.interrupted = ks_cli_catch_interrupts();
    ks_cli_last_word_of_drivers();
    bool ok = ks_show_open(&o.show, argv + optind, argc - optind, err) && view(&o, err);
    ks_show_close(&o.show);
    return ks_cli_exit(ok, err);
}

static const ks_option OPTIONS[] = {
    {"size", 0, "WxH", "of the window (default 1280x720)", KS_OPTION_OWN(view_options, size, take_size)},
    {"speed", 0, "X",
     "of the show, 1 is the simulated world's (default 0.5; 1 where there is no time, and for examples)",
     KS_OPTION_REAL(view_options, speed, 0.01, 100)},
    KS_SHOW_ROWS(view_options),
    {0},
};
static const ks_option OF_POLICIES[] = {KS_SHOW_ROWS_OF_POLICIES(view_options), {0}};

const ks_command ks_command_view = {
    .name = "view",
    .summary = "a window: policies before and after gradient steps, side by side",
    .usage = {"POLICY… [--task V[,V…]] …"},
    .about = {"A window: policies before and after gradient steps on a task, side by side, one row per policy (at most "
              "4). Change the task, and they adapt to it at once. Of models of problem: sinusoid the curve, the "
              "examples, and what they predict: drag an example, and they adapt. Of a model of problem: images the "
              "images of a task and what it takes each for: draw others, or one more that it is to tell. F1 shows the "
              "keys. Every adaptation is also told on standard output."},
    .groups = {{.rows = OPTIONS}, {.heading = "Of policies alone:", .rows = OF_POLICIES}},
    .arguments = {.name = "POLICY", .least = 1, .most = INT_MAX, .completes = KS_COMPLETE_POLICY},
    .examples = {{"kshot view zoo/half-cheetah-dir --best", "the half-cheetah that learns to run forward or backward"}},
    .run = run,
};
