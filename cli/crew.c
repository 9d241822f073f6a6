#include "cli/crew.h"

#include "cli/interrupt.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* in place of a job */
enum { NO_JOB = -1, STOP = -2, DISMISSED = -3 };

/* To the first process: what came of a job, or that there was none yet. From it: the next job, or one of the words above. */
typedef struct message {
    int64_t job, code;
    char note[256];
    char text[sizeof((ks_error){0}.text)]; /* of an error */
} message;
_Static_assert(sizeof(message) <= KS_DIST_MESSAGE, "a message is short");

/* The first process's view of the others. */
typedef enum state { UNHEARD, IDLE, BUSY } state;

struct ks_crew {
    ks_dist* dist;
    ks_crew_jobs jobs;
    ks_child_watch watch;
    const volatile sig_atomic_t* interrupted;
    size_t size;   /* processes */
    bool stopping; /* no further jobs */
    ks_error why;  /* of the first process: the first error that stops all */
    state* others; /* (size) */
};

static void pause_briefly(void) { /* MPI itself would wait at full speed, on a core that others can use */
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

/* ---- the first process ----------------------------------------------------------------------------------------------------- */

static void send_word(ks_crew* c, size_t to, int64_t word, int code) {
    message m = {.job = word, .code = code};
    ks_error err = {0};
    if (!ks_dist_send(c->dist, to, &m, sizeof m, &err) && c->why.code == KS_OK) {
        c->why = err;
        c->stopping = true;
    }
}

/* Nobody begins anything any more, and those who are at work end it in good order. */
static void stop_all(ks_crew* c, const ks_error* why) {
    if (c->stopping) {
        return;
    }
    c->why = *why;
    c->stopping = true;
    for (size_t i = 1; i < c->size; i++) {
        if (c->others[i] == BUSY) {
            send_word(c, i, STOP, 0);
        }
    }
}

static void take_result(ks_crew* c, const message* m) {
    ks_error err = {0}, outcome = {.code = (ks_code)m->code};
    memcpy(outcome.text, m->text, sizeof outcome.text);
    if (m->job >= 0 && !c->jobs.done(c->jobs.user, m->job, m->note, &outcome, &err)) {
        stop_all(c, &err);
    }
    if (m->code == KS_INTERRUPTED) {
        stop_all(c, &outcome);
    }
}

/* Hears from the others, and gives those who are free something to do. */
static void attend(ks_crew* c) {
    message m;
    size_t from;
    bool there = true;
    ks_error err = {0};
    while (there && ks_dist_receive(c->dist, &there, &from, &m, sizeof m, &err)) {
        if (there) {
            c->others[from] = m.job == NO_JOB && m.code != KS_OK ? c->others[from] : IDLE;
            take_result(c, &m);
        }
    }
    if (err.code != KS_OK) {
        stop_all(c, &err);
    }
    for (size_t i = 1; i < c->size; i++) {
        int64_t job;
        if (!c->stopping && c->others[i] == IDLE && c->jobs.next(c->jobs.user, &job)) {
            c->others[i] = BUSY;
            send_word(c, i, job, 0);
        }
    }
}

static size_t count(const ks_crew* c, state s) {
    size_t n = 0;
    for (size_t i = 1; i < c->size; i++) {
        n += c->others[i] == s;
    }
    return n;
}

static void work(ks_crew* c, message* m) {
    ks_error err = {0};
    *m = (message){.job = m->job};
    m->code = c->jobs.work(c->jobs.user, m->job, m->note, &err) ? KS_OK : err.code;
    memcpy(m->text, err.text, sizeof m->text);
}

bool ks_crew_do(ks_crew* c, ks_error* err) {
    for (;;) {
        message m;
        if (*c->interrupted) {
            stop_all(c, &(ks_error){KS_INTERRUPTED, ""});
        }
        if (!c->stopping && c->jobs.next(c->jobs.user, &m.job)) {
            work(c, &m);
            take_result(c, &m);
        } else if (count(c, BUSY) > 0) {
            pause_briefly();
        } else {
            break;
        }
        attend(c);
    }
    if (c->stopping) {
        *err = c->why;
    }
    return !c->stopping;
}

void ks_crew_dismiss(ks_crew* c, int code) {
    c->stopping = true;
    while (count(c, IDLE) + 1 < c->size) {
        pause_briefly();
        attend(c);
    }
    for (size_t i = 1; i < c->size; i++) {
        send_word(c, i, DISMISSED, code);
    }
}

/* ---- the others -------------------------------------------------------------------------------------------------------------- */

/* What the first process says next, or NO_JOB. */
static message hear(ks_crew* c) {
    message m = {.job = NO_JOB};
    size_t from;
    bool there;
    ks_error err = {0};
    if (!ks_dist_receive(c->dist, &there, &from, &m, sizeof m, &err)) {
        return (message){.job = DISMISSED, .code = KS_FAILED};
    }
    if (!there) {
        m.job = NO_JOB;
    }
    return m;
}

int ks_crew_serve(ks_crew* c) {
    message m = {.job = NO_JOB};
    bool told = false;
    for (;;) {
        ks_error err = {0};
        if (!ks_dist_send(c->dist, 0, &m, sizeof m, &err)) {
            return KS_FAILED;
        }
        while ((m = hear(c)).job == NO_JOB || m.job == STOP) {
            if (*c->interrupted && !told) { /* a signal that reached this process alone */
                message word = {.job = NO_JOB, .code = KS_INTERRUPTED};
                told = ks_dist_send(c->dist, 0, &word, sizeof word, &err);
            }
            pause_briefly();
        }
        if (m.job == DISMISSED) {
            return (int)m.code;
        }
        c->stopping = false;
        work(c, &m);
    }
}

/* ---- both -------------------------------------------------------------------------------------------------------------------- */

static bool should_stop(void* user) {
    ks_crew* c = user;
    if (ks_dist_leads(c->dist)) {
        attend(c);
    } else {
        c->stopping = c->stopping || hear(c).job == STOP;
    }
    return c->stopping;
}

const ks_child_watch* ks_crew_watch(const ks_crew* c) {
    return &c->watch;
}

ks_crew* ks_crew_create(ks_dist* dist, const ks_crew_jobs* jobs, ks_error* err) {
    ks_crew* c = calloc(1, sizeof *c);
    if (c) {
        size_t size = ks_dist_team(dist).size;
        *c = (ks_crew){.dist = dist, .jobs = *jobs, .size = size > 0 ? size : 1};
        c->watch = (ks_child_watch){should_stop, c};
        c->interrupted = ks_cli_catch_interrupts();
        c->others = calloc(c->size, sizeof *c->others);
    }
    if (!c || !c->others) {
        ks_fail(err, KS_FAILED, "not enough memory");
        ks_crew_destroy(c);
        return NULL;
    }
    return c;
}

void ks_crew_destroy(ks_crew* c) {
    if (c) {
        free(c->others);
        free(c);
    }
}
