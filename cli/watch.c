/* `watch`: runs as they learn, on a page of the terminal. */
#include "base/clock.h"
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/option_table.h"
#include "cli/screen.h"
#include "cli/terminal.h"
#include "cli/watch_page.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_RUNS = 64, TICK_MS = 200, CTRL_C = 3, CTRL_D = 4 };
static const double LINES_S = 10; /* between lines of a run, where there is no page */

typedef struct watch_options {
    bool once;
} watch_options;

static bool look_at(ks_watch_run* runs, size_t count) {
    bool changed = false;
    for (size_t i = 0; i < count; i++) {
        changed = ks_watch_run_look(&runs[i]) || changed;
    }
    return changed;
}

static ks_watch_look look_of(const ks_screen_kind* kind, bool live) {
    return (ks_watch_look){.columns = kind->columns,
                           .rows = kind->rows,
                           .colour = kind->colour,
                           .ascii = kind->ascii,
                           .keys = live,
                           .line_end = live ? KS_SCREEN_LINE_END : "\n"};
}

/* ---- a page that moves ----------------------------------------------------------------------------------------------------- */

static bool draw(const ks_watch_run* runs, size_t count, const ks_screen_kind* kind, ks_error* err) {
    char* text = NULL;
    size_t length = 0;
    FILE* frame = open_memstream(&text, &length);
    ks_watch_look look = look_of(kind, true);
    bool ok = frame && ks_watch_page(frame, runs, count, &look, err);
    ok = frame && fclose(frame) == 0 && ok;
    if (ok) {
        ks_screen_put(text, length);
    }
    free(text);
    return ok || ks_fail(err, KS_FAILED, "not enough memory for a page");
}

static bool live(ks_watch_run* runs, size_t count, ks_error* err) {
    const volatile sig_atomic_t* interrupted = ks_cli_catch_interrupts();
    ks_screen_kind drawn = {0};
    bool ok = true;
    double drawn_at = 0;
    ks_screen_enter();
    for (int key = KS_SCREEN_AGAIN; ok && key >= 0 && !strchr("qQ\003\004", key ? key : ' ') && !*interrupted;
         key = ks_screen_key(TICK_MS)) {
        ks_screen_kind now = ks_screen_look();
        bool changed = look_at(runs, count), resized = now.columns != drawn.columns || now.rows != drawn.rows;
        if (changed || resized || key == KS_SCREEN_AGAIN || ks_clock() - drawn_at >= 1) { /* the clock goes on */
            ok = draw(runs, count, &now, err);
            drawn = now;
            drawn_at = ks_clock();
        }
    }
    ks_screen_leave();
    return ok;
}

/* ---- without one ----------------------------------------------------------------------------------------------------------- */

static bool go_on(const ks_watch_run* runs, size_t count) {
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        any = any || ks_watch_run_goes_on(&runs[i]);
    }
    return any;
}

/* One line for each run, and again where something has changed, until all are over. */
static bool lines(ks_watch_run* runs, size_t count) {
    const volatile sig_atomic_t* interrupted = ks_cli_catch_interrupts();
    double told[MAX_RUNS] = {0};
    bool waiting[MAX_RUNS], more = true;
    memset(waiting, true, sizeof waiting);
    while (more && !*interrupted && !ferror(stdout) && !ks_cli_reader_gone(stdout)) {
        for (size_t i = 0; i < count; i++) {
            ks_watch_state was = runs[i].state;
            waiting[i] = ks_watch_run_look(&runs[i]) || waiting[i];
            bool due = told[i] == 0 || runs[i].state != was || ks_clock() - told[i] >= LINES_S;
            if (waiting[i] && due) {
                ks_watch_line(stdout, &runs[i]);
                fputc('\n', stdout);
                fflush(stdout);
                told[i] = ks_clock();
                waiting[i] = false;
            }
        }
        more = go_on(runs, count);
        if (more) {
            nanosleep(&(struct timespec){.tv_nsec = TICK_MS * 1000000L}, NULL);
        }
    }
    return true;
}

static bool once(ks_watch_run* runs, size_t count, const ks_screen_kind* kind, ks_error* err) {
    ks_watch_look look = look_of(kind, false);
    look_at(runs, count);
    return ks_watch_page(stdout, runs, count, &look, err);
}

/* ---- the command ----------------------------------------------------------------------------------------------------------- */

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    watch_options o = {0};
    int code = ks_command_read(&o, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    size_t count = (size_t)(argc - optind), opened = 0;
    ks_watch_run* runs = calloc(count, sizeof *runs);
    bool ok = runs || ks_fail(err, KS_FAILED, "not enough memory");
    while (ok && opened < count) {
        ok = ks_watch_run_open(&runs[opened], argv[optind + (int)opened], err);
        opened += ok ? 1 : 0;
    }
    ks_screen_kind kind = ks_screen_look();
    if (ok) {
        ok = o.once ? once(runs, count, &kind, err) : kind.draws ? live(runs, count, err) : lines(runs, count);
    }
    for (size_t i = 0; i < opened; i++) {
        ks_watch_run_close(&runs[i]);
    }
    free(runs);
    return ks_cli_exit(ok, err);
}

static const ks_option OPTIONS[] = {
    {"once", 0, NULL, "one page, as it is now, and no more: for scripts and pipes",
     KS_OPTION_FLAG(watch_options, once)},
    {0},
};

const ks_command ks_command_watch = {
    .name = "watch",
    .summary = "runs as they learn: a page of curves in the terminal",
    .usage = {"RUN… [--once]"},
    .about = {"Shows curves and the latest numbers of run directories, and whether a process still trains into them. "
              "The page is drawn anew as files change; `q` or Ctrl-C leaves. Runs need not exist yet. Nothing is "
              "written.",
              "A number marks each run's curve at its end. With NO_COLOR in the environment there are no colours. With "
              "TERM=dumb, and where the output is no terminal, there is a line for each run, again as it goes on, "
              "until all are over; `--once` prints a page there too, of COLUMNS and LINES (80 and 24)."},
    .groups = {{.rows = OPTIONS}},
    .arguments = {.name = "RUN", .least = 1, .most = MAX_RUNS, .completes = KS_COMPLETE_FOLDER},
    .examples = {{"kshot watch runs/*", "all runs beside each other"},
                 {"kshot watch --once zoo/half-cheetah-dir", "how it learned, as text"}},
    .run = run,
};
