/* director.h: what a viewer of policies does with keys, mouse and time: asks for adaptations, plays what is ready, moves the
 * camera, draws. It knows events and rectangles, but no window system.
 *
 * Thread rule: as the scene's; its adaptations run beside (rehearsal.h). */
#ifndef KS_VIEWER_DIRECTOR_H
#define KS_VIEWER_DIRECTOR_H

#include "viewer/content.h"
#include "viewer/picture.h"
#include "viewer/theatre.h"

typedef struct ks_director_settings {
    const ks_env_model* model;
    ks_theatre* theatre;        /* not to be used by others meanwhile */
    ks_theatre_settings limits; /* of that theatre */
    ks_theatre_request request; /* to begin with */
    ks_view view;
    ks_caption caption;
    double speed;
    /* Is told of every adaptation that is shown, or why one failed; may be NULL. latency (s): since it was asked for. */
    void (*on_play)(void* user, const ks_play* play, double latency, const ks_error* failed);
    void* user;
} ks_director_settings;

/* Of a ks_director_settings. Errors: KS_FAILED. */
extern const ks_content ks_director;

#endif
