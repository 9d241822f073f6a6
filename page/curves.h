/* curves.h: what a page tells of a model that learns sine curves: several tasks before and after 1 … K gradient steps, and the model
 * itself with its step sizes, so that the page can adapt it anew to examples that somebody moves.
 *
 * Thread rule: one call at a time. */
#ifndef KS_PAGE_CURVES_H
#define KS_PAGE_CURVES_H

#include "page/json.h"
#include "viewer/regression.h"

typedef struct ks_page_curves {
    ks_eval_model model;
    bool oracle;              /* the model's inputs are x, A and φ */
    ks_regression shown;      /* one learner; number and given are set for each task */
    const ks_sinusoid* given; /* (count) the tasks' curves, or NULL: those that the seed draws */
    size_t count;
    void* user;
    void (*on_task)(void* user, const ks_regression* shown); /* is told of every task; may be NULL */
} ks_page_curves;

/* Into the document. Errors: KS_FAILED. */
bool ks_page_tell_curves(ks_json* json, ks_page_curves* curves, ks_error* err);

#endif
