#include "cli/interrupt.h"
#include "cli/last_word.h"
#include "cli/show.h"
#include "viewer/director.h"
#include "viewer/task.h"

#include <stdio.h>
#include <string.h>

static const char* const HELP =
    "usage: kshot view MODEL… [--task V[,V…]] …\n"
    "\n"
    "A window: policies before and after gradient steps on a task, side by side, one row per policy (at most 4). "
    "Change the\n"
    "task, and they adapt to it at once. Of models of problem: sinusoid the curve, the examples, and what they "
    "predict: "
    "drag\n"
    "an example, and they adapt. Of a model of problem: images the images of a task and what it takes each for: draw "
    "others,\n"
    "or one more that it is to tell. F1 shows the keys. Every adaptation is also told on standard output.\n"
    "\n"
    "  --size WxH         of the window (default 1280x720)\n"
    "  --speed X          of the show, 1 is the simulated world's (default 0.5; 1 where there is no time, and for "
    "examples)\n";

enum { MORE_STEPS = 5, MORE_TRAJECTORIES = 2, MIN_SIDE = 160, MAX_SIDE = 8192 };

typedef struct view_options {
    int width, height;
    double speed;
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

static bool view(const view_options* o, ks_show* show, ks_error* err) {
    char title[160];
    const ks_cli_policy* first = &show->policies[0];
    snprintf(title, sizeof title, "kshot: %s", first->def ? first->def->name : first->kind->name);
    ks_window_settings window = {.title = title, .width = o->width, .height = o->height, .stop = o->interrupted};
    return show->kind->view(show, &window, o->speed, err);
}

enum { SIZE = KS_SHOW_END, SPEED };
static const struct option OPTIONS[] = {
    KS_SHOW_OPTIONS, {"size", required_argument, NULL, SIZE}, {"speed", required_argument, NULL, SPEED}, {0}};

static bool parse_option(view_options* o, ks_show* show, int option, const char* value, ks_error* err) {
    switch (option) {
        case SIZE:
            return ks_show_size(&o->width, &o->height, value, MIN_SIDE, MAX_SIDE, err);
        case SPEED:
            return ks_show_speed(&o->speed, value, err);
        default:
            return ks_show_option(show, option, value, err);
    }
}

int ks_cli_view(int argc, char** argv, ks_error* err) {
    view_options o = {.width = 1280, .height = 720};
    ks_show show = ks_show_default();
    optind = 0;
    for (int c; (c = ks_cli_option(argc, argv, KS_SHOW_LETTERS, OPTIONS, err)) != -1;) {
        if (c == 'h') {
            fputs(HELP, stdout);
            fputs(KS_SHOW_HELP, stdout);
            return 0;
        }
        if (!parse_option(&o, &show, c, optarg, err)) {
            return KS_BAD_INPUT;
        }
    }
    o.interrupted = ks_cli_catch_interrupts();
    ks_cli_last_word_of_drivers();
    bool ok = ks_show_open(&show, argv + optind, argc - optind, err) && view(&o, &show, err);
    ks_show_close(&show);
    return ks_cli_exit(ok, err);
}
