/* pace.h: the show of gradient steps: it waits at the start, then goes from step to step, and stays. What keys do with it, too.
 *
 * Thread rule: plain data. */
#ifndef KS_VIEWER_PACE_H
#define KS_VIEWER_PACE_H

#include <stdbool.h>

/* Where the show of so many steps is after so many seconds, in gradient steps; between two of them it moves. */
double ks_pace_position(int steps, double seconds);
/* Seconds until it has arrived. */
double ks_pace_duration(int steps);

/* A show that can be stopped. Starts with {0}. */
typedef struct ks_pace {
    double time; /* s */
    bool paused;
} ks_pace;

/* Lets seconds pass. Has anything moved? */
bool ks_pace_advance(ks_pace* pace, int steps, double seconds);
void ks_pace_end(ks_pace* pace, int steps);
/* To the next whole step in a direction (1 or -1), and stays there. */
void ks_pace_step(ks_pace* pace, int steps, int direction);
/* Stops it or goes on; starts anew where it is over. */
void ks_pace_play(ks_pace* pace, int steps);

#endif
