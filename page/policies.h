/* policies.h: what a page tells of a policy: several tasks, each before and after 1 … K gradient steps, as recorded.
 *
 * The theatre adapts (viewer/theatre.h); of every stage, the trajectory with the median return of those that were sampled is told, with
 * the returns of all.
 *
 * Thread rule: one call at a time; it uses its own threads inside. */
#ifndef KS_PAGE_POLICIES_H
#define KS_PAGE_POLICIES_H

#include "page/json.h"
#include "viewer/theatre.h"

typedef struct ks_page_policies {
    ks_theatre_policy actor;
    ks_theatre_settings settings; /* of the theatre; length is the horizon's, ghosts as many as may be told of */
    ks_theatre_request request;   /* but for the task */
    const double* tasks;          /* (num_tasks x task_dim) */
    size_t num_tasks;
    void* user;
    /* Is told of every task once it was adapted to; may be NULL. */
    void (*on_task)(void* user, const ks_play* play);
} ks_page_policies;

/* Into the document. Errors: as ks_theatre_create and ks_theatre_perform. */
bool ks_page_tell_policies(ks_json* json, const ks_page_policies* policies, ks_error* err);

#endif
