#include "fewshot/image_each.h"

#include "base/parallel.h"

#include <stdlib.h>

/* One thread. */
typedef struct worker {
    ks_image_reader* reader;
    size_t failed; /* the first of its items that did; SIZE_MAX: none */
    ks_error err;  /* what was wrong with it */
} worker;

typedef struct work {
    worker* workers; /* (threads) */
    ks_image_job job;
    void* user;
} work;

/* A thread that has failed tries no later item, but every earlier one, so that the first that is wrong is always the one named. */
static void do_item(void* user, size_t i, int thread) {
    const work* w = user;
    worker* own = &w->workers[thread];
    if (i < own->failed && !w->job(w->user, i, thread, own->reader, &own->err)) {
        own->failed = i;
    }
}

bool ks_image_each(const ks_image_files* files, size_t count, int threads, ks_image_job job, void* user,
                   ks_error* err) {
    work w = {.workers = calloc((size_t)threads, sizeof *w.workers), .job = job, .user = user};
    bool ok = w.workers || ks_fail(err, KS_FAILED, "not enough memory");
    for (int t = 0; ok && t < threads; t++) {
        w.workers[t].failed = SIZE_MAX;
        w.workers[t].reader = ks_image_reader_create(files, err);
        ok = w.workers[t].reader;
    }
    if (ok) {
        ks_parallel_for(threads, count, do_item, &w);
        const worker* first = w.workers;
        for (int t = 0; t < threads; t++) {
            first = w.workers[t].failed < first->failed ? &w.workers[t] : first;
        }
        ok = first->failed == SIZE_MAX;
        if (!ok && err) {
            *err = first->err;
        }
    }
    for (int t = 0; w.workers && t < threads; t++) {
        ks_image_reader_destroy(w.workers[t].reader);
    }
    free(w.workers);
    return ok;
}
