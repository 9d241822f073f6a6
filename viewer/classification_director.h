/* classification_director.h: what a viewer of a model of images does with keys and mouse: other tasks, steps and step sizes, a pen for
 * the images of the support, and for one more, which is told as it is drawn.
 *
 * A change of the support is learned from with the next picture, where that takes no longer than a picture may; else when the
 * stroke ends.
 *
 * Thread rule: as the scene's. */
#ifndef KS_VIEWER_CLASSIFICATION_DIRECTOR_H
#define KS_VIEWER_CLASSIFICATION_DIRECTOR_H

#include "viewer/classification_picture.h"
#include "viewer/content.h"

typedef struct ks_classification_director_settings {
    ks_classification classification; /* to begin with; its fit is not to be used by others meanwhile */
    double speed;                     /* of the show: gradient steps per second, as a factor of the usual ones */
    /* Are told of every task and every change that is over, the second if there is a sketch; may be NULL. */
    void (*on_adapted)(void* user, const ks_classification* classification);
    void (*on_sketch)(void* user, const ks_classification* classification);
    void* user;
} ks_classification_director_settings;

/* Of a ks_classification_director_settings. Errors: KS_FAILED. */
extern const ks_content ks_classification_director;

#endif
