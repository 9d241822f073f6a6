/* rehearsal.h: a theatre that adapts in a thread of its own, while the last play is shown.
 *
 * The one who shows asks whenever something changes and takes what is ready once per picture; neither ever waits for an
 * adaptation. Of several things asked for while one is being worked on, the last is done.
 *
 * Thread rule: all functions from one thread, the one that shows. */
#ifndef KS_VIEWER_REHEARSAL_H
#define KS_VIEWER_REHEARSAL_H

#include "viewer/theatre.h"

typedef struct ks_rehearsal ks_rehearsal;

/* Starts the thread. theatre must outlive it and is not to be used meanwhile. `wake` (may be NULL) is called from the thread
 * when a play is ready. Errors: KS_FAILED (memory, no thread). */
ks_rehearsal* ks_rehearsal_create(ks_theatre* theatre, void (*wake)(void), ks_error* err);
/* Ends the thread, after the adaptation that it is at, if any. */
void ks_rehearsal_destroy(ks_rehearsal* rehearsal);

/* Asks for a play (copied). */
void ks_rehearsal_ask(ks_rehearsal* rehearsal, const ks_theatre_request* request);
/* Has something been asked for that was not taken yet? Then *request (may be NULL) is the last that was, and *seconds (may be NULL)
 * the time since. */
bool ks_rehearsal_is_busy(ks_rehearsal* rehearsal, ks_theatre_request* request, double* seconds);

typedef enum ks_rehearsal_news { KS_NO_NEWS, KS_NEW_PLAY, KS_PLAY_FAILED } ks_rehearsal_news;

/* What is new. KS_NEW_PLAY: *play is it, to be read until the next KS_NEW_PLAY; *latency (s) is the time since it was asked for.
 * KS_PLAY_FAILED: *err says why, and the play before stays. */
ks_rehearsal_news ks_rehearsal_take(ks_rehearsal* rehearsal, const ks_play** play, double* latency, ks_error* err);

#endif
