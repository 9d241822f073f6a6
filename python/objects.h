/* objects.h: what the objects of kshot_api.h are made of, for the files of this room. Thread rule: as there. */
#ifndef KS_PYTHON_OBJECTS_H
#define KS_PYTHON_OBJECTS_H

#include "envs/env.h"
#include "python/kshot_api.h"
#include "run/opened.h"

#include <stdatomic.h>

struct ks_api_env {
    const ks_env_def* def;
    ks_env_model* model;
};

/* What models share that have come of one: the layout, and the environment or the problem. It goes with the last of them. */
typedef struct ks_api_origin {
    ks_opened opened;
    atomic_int models;
} ks_api_origin;

struct ks_api_model {
    ks_api_origin* origin;
    ks_real* params; /* (Q) */
    bool adapted;    /* by steps in the origin's environment, which may be another than the file's */
};

/* A model of an origin, which it takes over, also where it fails; params (Q) are copied. Errors: KS_FAILED (memory). */
ks_api_model* ks_api_model_of(ks_api_origin* origin, const ks_real* params, ks_error* err);
/* The same origin with θ (P) of its own, and what stands behind θ as it is. Errors: KS_FAILED (memory). */
ks_api_model* ks_api_model_with(const ks_api_model* model, const ks_real* theta, ks_error* err);
/* The same, of examples, with an origin of its own, to be given other settings. Errors: KS_FAILED (memory). */
ks_api_model* ks_api_model_apart(const ks_api_model* model, ks_error* err);
/* Whether all of x (n) are finite; if not, a KS_BAD_INPUT with its name. */
bool ks_api_check_finite(const float* x, size_t n, const char* name, ks_error* err);
/* What evaluations take. */
ks_eval_model ks_api_model_evaluated(const ks_api_model* model);

#endif
