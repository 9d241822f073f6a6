/* picture.h: the whole picture of a play at one moment: a header, panes side by side, bars of the returns, rewards over time.
 *
 * The same for a window, a video and a contact sheet. Rectangles are OpenGL's: pixels, from the bottom left.
 *
 * Thread rule: as the scene's. Only create allocates. */
#ifndef KS_VIEWER_PICTURE_H
#define KS_VIEWER_PICTURE_H

#include "viewer/scene.h"

/* Text around the panes. ASCII; the caller's. */
typedef struct ks_caption {
    const char* title;                    /* of the header: the environment */
    const char* labels[KS_PLAY_MAX_ROWS]; /* of the policies; NULL: none */
    const char* status;                   /* right end of the header; NULL: none */
    const char* awaited; /* what will be shown soon in place of what is, which is pale until then; NULL: nothing */
    double done;         /* share of it that is done, 0 to 1 */
    bool charts;         /* bars and curves below the panes, if there is room */
} ks_caption;

typedef struct ks_picture ks_picture;

/* unit: pixels per unit of length of letters and margins (2 for twice as fine a picture of the same content).
 * scene must outlive it. Errors: KS_FAILED (memory). */
ks_picture* ks_picture_create(ks_scene* scene, double unit, ks_error* err);
void ks_picture_destroy(ks_picture* picture);

/* Draws a moment: `time` is in simulated seconds. */
void ks_picture_draw(ks_picture* picture, mjrRect where, const ks_play* play, double time, const ks_view* view,
                     const ks_caption* caption);

/* A contact sheet: a row per policy and number of gradient steps, `columns` moments at equal distances,
 * the last of which is the end of the play. */
void ks_picture_sheet(ks_picture* picture, mjrRect where, const ks_play* play, int columns, const ks_view* view,
                      const ks_caption* caption);

/* Where the scene of the pane of ks_picture_draw(where) is that a pixel is in; false: it is in none. */
bool ks_picture_find_pane(const ks_picture* picture, mjrRect where, const ks_play* play, const ks_caption* caption,
                          double x, double y, mjrRect* pane, int* row, int* step);

#endif
