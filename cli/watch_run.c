#include "cli/watch_run.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/text.h"
#include "run/config.h"

#include <math.h>
#include <string.h>

static const char* const STATES[] = {"waiting", "running", "killed", "stopped", "done"};

const char* ks_watch_state_name(ks_watch_state state) {
    return STATES[state];
}

bool ks_watch_run_goes_on(const ks_watch_run* run) {
    return run->state == KS_WATCH_WAITING || run->state == KS_WATCH_RUNNING;
}

/* A count from a file, where any number may stand. */
static int64_t whole(double number) {
    return (int64_t)fmin(fmax(number, 0), 1e15);
}

int64_t ks_watch_run_iterations(const ks_watch_run* run) {
    const ks_live_rows* r = &run->rows;
    return r->count > 0 ? whole(r->rows[r->count - 1].iteration + 1) : 0;
}

double ks_watch_run_left(const ks_watch_run* run) {
    bool known = run->total > 0 && run->rows.count > 0 && isfinite(run->rows.seconds);
    return known ? run->rows.seconds * (double)(run->total - ks_watch_run_iterations(run)) : INFINITY;
}

bool ks_watch_run_open(ks_watch_run* run, const char* path, ks_error* err) {
    struct stat info;
    size_t length = strlen(path);
    *run = (ks_watch_run){0};
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    if (length == 0 || length > sizeof run->path - 16) {
        return ks_fail(err, KS_BAD_INPUT, "the name of a run directory is %s", length ? "too long" : "empty");
    }
    memcpy(run->path, path, length);
    if (stat(run->path, &info) == 0 && !S_ISDIR(info.st_mode)) {
        return ks_fail(err, KS_BAD_INPUT, "%s: it is a file; `kshot watch` takes run directories", path);
    }
    return true;
}

void ks_watch_run_close(ks_watch_run* run) {
    ks_live_rows_free(&run->rows);
}

/* ---- looking --------------------------------------------------------------------------------------------------------------- */

static void file_of(char* out, size_t room, const ks_watch_run* run, const char* name) {
    snprintf(out, room, "%s/%s", run->path, name);
}

/* Whether a file is another than the last time. */
static bool changed(struct stat* seen, const char* path) {
    struct stat now;
    if (stat(path, &now) != 0) {
        memset(&now, 0, sizeof now);
    }
    bool same = now.st_ino == seen->st_ino && now.st_size == seen->st_size &&
                now.st_mtim.tv_sec == seen->st_mtim.tv_sec && now.st_mtim.tv_nsec == seen->st_mtim.tv_nsec;
    *seen = now;
    return !same;
}

/* What the config says, if there is one that can be read. Returns whether the run is done by it. */
static bool read_config(ks_watch_run* run) {
    char path[4200];
    ks_config config;
    ks_error unused;
    file_of(path, sizeof path, run, "config.yaml");
    ks_config_default(&config);
    run->total = 0;
    *run->task = 0;
    if (run->seen[1].st_ino == 0 || !ks_config_read(&config, path, &unused)) {
        return false;
    }
    int64_t iterations = ks_watch_run_iterations(run);
    double steps = run->rows.env_steps, limit = (double)config.rl.env_steps;
    double all = limit > 0 && steps > 0 ? ceil(limit * (double)iterations / steps) : INFINITY;
    bool done = ks_config_is_done(&config, iterations, (uint64_t)whole(steps));
    run->total = done ? iterations : all < config.iterations ? (int64_t)all : config.iterations;
    snprintf(run->task, sizeof run->task, "%s on %s, seed %lld", ks_method_name((ks_method)config.method),
             ks_config_name(&config), (long long)config.seed);
    return done;
}

static ks_watch_state find_state(const ks_watch_run* run, ks_lock_state lock) {
    return lock == KS_LOCK_HELD                                   ? KS_WATCH_RUNNING
           : run->done                                            ? KS_WATCH_DONE
           : lock == KS_LOCK_LEFT                                 ? KS_WATCH_KILLED
           : run->seen[0].st_ino == 0 && run->seen[1].st_ino == 0 ? KS_WATCH_WAITING
                                                                  : KS_WATCH_STOPPED;
}

bool ks_watch_run_look(ks_watch_run* run) {
    char path[4200], config[4200];
    double now = ks_clock();
    bool moved = false;
    ks_lock_state lock = ks_lock_look(run->path); /* before the files: whoever has let it go has written all of them */
    bool let_go = run->state == KS_WATCH_RUNNING && lock != KS_LOCK_HELD;
    file_of(path, sizeof path, run, "progress.csv");
    file_of(config, sizeof config, run, "config.yaml");
    if (now >= run->next_look || let_go) {
        bool other_rows = changed(&run->seen[0], path), other_config = changed(&run->seen[1], config);
        moved = other_rows || other_config;
        ks_error err = {0};
        if (other_rows) {
            bool ok = ks_live_rows_read(&run->rows, path, &err);
            ks_text_escape(run->trouble, sizeof run->trouble, ok ? "" : err.text);
        }
        if (moved) {
            run->done = read_config(run);
        }
        double took = ks_clock() - now;
        run->next_look = now + 10 * took;
    }
    if (moved && lock != KS_LOCK_HELD) { /* it may have begun since */
        lock = ks_lock_look(run->path);
    }
    ks_watch_state state = find_state(run, lock);
    moved = moved || state != run->state;
    run->state = state;
    return moved;
}
