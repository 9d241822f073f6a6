/* charts.h: texts, bars and curves, drawn with MuJoCo's two-dimensional functions. Internal to this room.
 * Thread rule: as the scene's. Only create allocates. */
#ifndef KS_VIEWER_CHARTS_H
#define KS_VIEWER_CHARTS_H

#include "viewer/play.h"

#include <mujoco/mujoco.h>

typedef struct ks_charts ks_charts;
/* unit: as the picture's. context must outlive it. Errors: KS_FAILED (memory). */
ks_charts* ks_charts_create(const mjrContext* context, double unit, ks_error* err);
void ks_charts_destroy(ks_charts* charts);

/* Width in pixels; letters outside of ASCII have none. */
int ks_charts_text_width(const ks_charts* charts, const char* text);
/* From `left`, its middle at the height `middle`. */
void ks_charts_text(const ks_charts* charts, int left, int middle, const char* text, const float rgb[3]);
/* Large letters, in the middle of a place. */
void ks_charts_headline(const ks_charts* charts, mjrRect where, const char* text, const float rgb[3]);
/* A text at each end of a strip; the right one goes where there is no room for both, then the left one. */
void ks_charts_text_ends(const ks_charts* charts, mjrRect strip, const char* left, const char* right,
                         const float rgb[3]);

/* Mean return after each number of gradient steps: a bar per act, grouped by policy; thin lines are the returns of the trajectories,
 * a dark one that of the trajectory shown. labels (rows) may hold NULL. */
void ks_charts_returns(ks_charts* charts, mjrRect where, const ks_play* play, const char* const* labels);
/* Reward of every act until `time`, averaged over the timesteps around each: a chart per policy, side by side on one scale. */
void ks_charts_rewards(ks_charts* charts, mjrRect where, const ks_play* play, const char* const* labels, double time);

#endif
