#include "run/progress.h"

#include "base/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ks_progress {
    FILE* file;
    char path[4096];
    int stages;
};

static const char* const FIRST = "iteration,env_steps";
static const char* const REST =
    ",surrogate_before,surrogate_after,kl,accepted,backtracks,cg_residual,mean_std,rejected_samples,sampling_s,update_"
    "s";

/* the header line for k + 1 stages, without its line break */
static void header(char* out, size_t room, int stages) {
    size_t used = (size_t)snprintf(out, room, "%s", FIRST);
    for (int j = 0; j < stages; j++) {
        used += (size_t)snprintf(out + used, room - used, ",return_%d", j);
    }
    snprintf(out + used, room - used, "%s", REST);
}

/* the next line without its line break; false if there is no whole one */
static bool read_line(char* line, size_t room, FILE* file) {
    bool whole = fgets(line, (int)room, file) && strchr(line, '\n');
    line[whole ? strcspn(line, "\n") : 0] = 0;
    return whole;
}

static bool unexpected(const ks_progress* p, int64_t line, int64_t iteration, ks_error* err) {
    return ks_fail(err, KS_BAD_INPUT,
                   "%s: line %lld is not what the checkpoint of iteration %lld goes on from; put the right file there, "
                   "or take this one away",
                   p->path, (long long)line, (long long)iteration);
}

/* Where the row of `iteration` starts, or would: everything from there on was written after the checkpoint, or is half a row
 * that a crash has left. *first: iteration of the first row before it. False if the header is another, or a row between is
 * missing. */
static bool find_cut(ks_progress* p, int64_t iteration, int64_t* first, long* cut, ks_error* err) {
    char line[4096], want[1024];
    header(want, sizeof want, p->stages);
    *cut = 0;
    *first = iteration;
    if (!read_line(line, sizeof line, p->file)) {
        return true; /* not even a header yet */
    }
    if (strcmp(line, want) != 0) {
        return unexpected(p, 1, iteration, err);
    }
    *cut = ftell(p->file);
    for (int64_t row = -1, number = 2; row < iteration - 1; number++) {
        if (!read_line(line, sizeof line, p->file)) {
            return row < 0 || unexpected(p, number, iteration, err);
        }
        int64_t here = *line >= '0' && *line <= '9' ? strtoll(line, NULL, 10) : -1;
        if (row < 0 ? here < 0 || here > iteration : here != row + 1) {
            return unexpected(p, number, iteration, err);
        }
        if (here == iteration) {
            break;
        }
        *first = row < 0 ? here : *first;
        row = here;
        *cut = ftell(p->file);
    }
    return true;
}

/* The file, at its end: the row of `iteration` comes next. */
static bool prepare(ks_progress* p, bool resume, int64_t iteration, int64_t* first, ks_error* err) {
    char line[1024];
    long cut = 0;
    *first = iteration;
    errno = 0;
    bool found = !resume || find_cut(p, iteration, first, &cut, err);
    if (ferror(p->file)) { /* not the end of the file, which would be cut there */
        return ks_fail(err, KS_FAILED, "cannot read %s: %s", p->path, strerror(errno ? errno : EIO));
    }
    if (!found) {
        return false;
    }
    bool ok = fseek(p->file, cut, SEEK_SET) == 0 && ftruncate(fileno(p->file), cut) == 0;
    if (ok && cut == 0) {
        header(line, sizeof line, p->stages);
        ok = fprintf(p->file, "%s\n", line) >= 0 && fflush(p->file) == 0;
    }
    return ok || ks_fail(err, KS_FAILED, "cannot write %s: %s", p->path, strerror(errno));
}

ks_progress* ks_progress_open(const char* directory, int stages, int64_t iteration, int64_t* first, ks_error* err) {
    ks_progress* p = calloc(1, sizeof *p);
    if (!p) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    p->stages = stages;
    snprintf(p->path, sizeof p->path, "%s/progress.csv", directory);
    p->file = fopen(p->path, "r+");
    bool resume = p->file != NULL;
    if (!resume && errno == ENOENT) { /* for no other reason: what is there is not to be lost */
        p->file = fopen(p->path, "w");
    }
    if (!p->file) {
        ks_fail(err, KS_FAILED, "cannot write %s: %s", p->path, strerror(errno));
        free(p);
        return NULL;
    }
    if (!prepare(p, resume, iteration, first, err)) {
        ks_progress_close(p);
        return NULL;
    }
    return p;
}

bool ks_progress_row(ks_progress* p, int64_t iteration, uint64_t env_steps, const ks_maml_stats* s, ks_error* err) {
    FILE* f = p->file;
    fprintf(f, "%lld,%llu", (long long)iteration, (unsigned long long)env_steps);
    for (int j = 0; j < p->stages; j++) {
        ks_fprintf(f, ",%.9g", s->mean_return[j]);
    }
    ks_fprintf(f, ",%.9g,%.9g,%.9g,%d,%d,%.9g,%.9g,%zu,%.3f,%.3f\n", s->surrogate_before, s->surrogate_after,
               s->trpo.kl, s->trpo.verdict == KS_TRPO_ACCEPTED, s->trpo.backtracks, s->trpo.cg_residual, s->mean_std,
               s->rejected, s->sampling_s, s->update_s);
    if (fflush(f) != 0 || ferror(f)) {
        return ks_fail(err, KS_FAILED, "cannot write %s: %s", p->path, strerror(errno));
    }
    return true;
}

bool ks_progress_sync(ks_progress* p, ks_error* err) {
    if (fflush(p->file) != 0 || fsync(fileno(p->file)) != 0) {
        return ks_fail(err, KS_FAILED, "cannot write %s: %s", p->path, strerror(errno));
    }
    return true;
}

void ks_progress_close(ks_progress* p) {
    if (p) {
        fclose(p->file);
        free(p);
    }
}
