/* regression_director.h: what a viewer of models on one sine curve does with keys and mouse: other tasks, steps and step sizes,
 * examples that are dragged. A model adapts in well under a millisecond, so that every event is answered with the next picture.
 *
 * Thread rule: as the scene's. */
#ifndef KS_VIEWER_REGRESSION_DIRECTOR_H
#define KS_VIEWER_REGRESSION_DIRECTOR_H

#include "viewer/content.h"
#include "viewer/regression_picture.h"

typedef struct ks_regression_director_settings {
    ks_regression regression; /* to begin with; its models are not to be used by others meanwhile */
    int max_steps;            /* that the models have room for */
    double speed;             /* of the show: gradient steps per second, as a factor of the usual ones */
    /* Is told of every task, and of every change that is over; may be NULL. */
    void (*on_adapted)(void* user, const ks_regression* regression);
    void* user;
} ks_regression_director_settings;

/* Of a ks_regression_director_settings. Errors: KS_FAILED. */
extern const ks_content ks_regression_director;

#endif
