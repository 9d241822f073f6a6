/* director.h: what a viewer does with keys, mouse and time: asks for adaptations, plays what is ready, moves the camera, draws.
 * It knows events and rectangles, but no window system.
 *
 * Thread rule: as the scene's; its adaptations run beside (rehearsal.h). */
#ifndef KS_VIEWER_DIRECTOR_H
#define KS_VIEWER_DIRECTOR_H

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
    void (*wake)(void); /* is called from another thread when something is to be drawn */
} ks_director_settings;

typedef struct ks_director ks_director;

/* scene and *settings' objects must outlive it. `scale`: framebuffer pixels per unit of letters and margins.
 * Errors: KS_FAILED. */
ks_director* ks_director_create(ks_scene* scene, const ks_director_settings* settings, double scale, ks_error* err);
void ks_director_destroy(ks_director* director);

/* The state that events are put into; the window fills it, then calls ks_director_event. */
mjuiState* ks_director_state(ks_director* director);
/* The framebuffer has this size now. */
void ks_director_resize(ks_director* director, int width, int height);
/* Returns false when the user wants to leave. */
bool ks_director_event(ks_director* director);

/* Lets `seconds` of real time pass. Is there something new to draw? */
bool ks_director_advance(ks_director* director, double seconds);
/* Draws everything. drawing_s: what the last picture took, from which it learns whether shadows are affordable. */
void ks_director_draw(ks_director* director, double drawing_s);

#endif
