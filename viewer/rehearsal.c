#include "viewer/rehearsal.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>

struct ks_rehearsal {
    ks_theatre* theatre;
    void (*wake)(void);
    pthread_t thread;
    pthread_mutex_t mutex; /* over all that follows */
    pthread_cond_t changed;
    bool quit, asked, busy, ready; /* ready: the thread waits until its play is taken */
    ks_theatre_request request;
    double asked_at;
    ks_play* plays[2];
    int shown; /* which of them the other side reads; the thread writes the other */
    bool ok;
    double latency;
    ks_error err;
};

static void* work(void* user) {
    ks_rehearsal* r = user;
    pthread_mutex_lock(&r->mutex);
    while (!r->quit) {
        if (!r->asked || r->ready) {
            pthread_cond_wait(&r->changed, &r->mutex);
            continue;
        }
        ks_theatre_request request = r->request;
        ks_play* play = r->plays[1 - r->shown];
        double since = r->asked_at;
        ks_error err = {0};
        r->asked = false;
        r->busy = true;
        pthread_mutex_unlock(&r->mutex);
        bool ok = ks_theatre_perform(r->theatre, play, &request, &err);
        pthread_mutex_lock(&r->mutex);
        r->busy = false;
        r->ready = true;
        r->ok = ok;
        r->err = err;
        r->latency = ks_clock() - since;
        if (r->wake) {
            r->wake();
        }
    }
    pthread_mutex_unlock(&r->mutex);
    return NULL;
}

ks_rehearsal* ks_rehearsal_create(ks_theatre* theatre, void (*wake)(void), ks_error* err) {
    ks_rehearsal* r = calloc(1, sizeof *r);
    if (!r) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    r->theatre = theatre;
    r->wake = wake;
    r->plays[0] = ks_theatre_make_play(theatre, err);
    r->plays[1] = r->plays[0] ? ks_theatre_make_play(theatre, err) : NULL;
    pthread_mutex_init(&r->mutex, NULL); /* neither can fail with default attributes on Linux */
    pthread_cond_init(&r->changed, NULL);
    if (r->plays[1] && pthread_create(&r->thread, NULL, work, r) == 0) {
        return r;
    }
    if (r->plays[1]) {
        ks_fail(err, KS_FAILED, "the system gives no further thread");
    }
    ks_play_destroy(r->plays[0]);
    ks_play_destroy(r->plays[1]);
    free(r);
    return NULL;
}

void ks_rehearsal_destroy(ks_rehearsal* r) {
    if (!r) {
        return;
    }
    pthread_mutex_lock(&r->mutex);
    r->quit = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->mutex);
    pthread_join(r->thread, NULL);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->mutex);
    ks_play_destroy(r->plays[0]);
    ks_play_destroy(r->plays[1]);
    free(r);
}

void ks_rehearsal_ask(ks_rehearsal* r, const ks_theatre_request* request) {
    pthread_mutex_lock(&r->mutex);
    r->request = *request;
    r->asked = true;
    r->asked_at = ks_clock();
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->mutex);
}

bool ks_rehearsal_is_busy(ks_rehearsal* r, ks_theatre_request* request, double* seconds) {
    pthread_mutex_lock(&r->mutex);
    bool busy = r->asked || r->busy || r->ready;
    if (busy && request) {
        *request = r->request;
    }
    if (busy && seconds) {
        *seconds = ks_clock() - r->asked_at;
    }
    pthread_mutex_unlock(&r->mutex);
    return busy;
}

ks_rehearsal_news ks_rehearsal_take(ks_rehearsal* r, const ks_play** play, double* latency, ks_error* err) {
    ks_rehearsal_news news = KS_NO_NEWS;
    pthread_mutex_lock(&r->mutex);
    if (r->ready) {
        news = r->ok ? KS_NEW_PLAY : KS_PLAY_FAILED;
        r->shown = r->ok ? 1 - r->shown : r->shown;
        *latency = r->latency;
        *err = r->err;
        r->ready = false;
        pthread_cond_signal(&r->changed);
    }
    if (news == KS_NEW_PLAY) {
        *play = r->plays[r->shown];
    }
    pthread_mutex_unlock(&r->mutex);
    return news;
}
