#include "viewer/pace.h"

#include <math.h>

static const double WAIT_S = 0.6;  /* before the first step */
static const double STEP_S = 0.45; /* of a step, where there are few */
static const double ALL_S = 6;     /* of all of them at most */

static double step_seconds(int steps) {
    return steps > 0 ? fmin(STEP_S, ALL_S / steps) : 0;
}

double ks_pace_position(int steps, double seconds) {
    double at = steps > 0 ? (seconds - WAIT_S) / step_seconds(steps) : 0;
    at = fmin(fmax(at, 0), steps);
    double within = at - floor(at);
    return floor(at) + within * within * (3 - 2 * within); /* it rests at every step */
}

double ks_pace_duration(int steps) {
    return steps > 0 ? WAIT_S + steps * step_seconds(steps) : 0;
}

bool ks_pace_advance(ks_pace* p, int steps, double seconds) {
    double end = ks_pace_duration(steps);
    bool moves = !p->paused && p->time < end;
    p->time = moves ? fmin(p->time + seconds, end) : p->time;
    return moves;
}

void ks_pace_end(ks_pace* p, int steps) {
    p->time = ks_pace_duration(steps);
}

void ks_pace_step(ks_pace* p, int steps, int direction) {
    double at = ks_pace_position(steps, p->time);
    double to = direction > 0 ? floor(at + 1e-6) + 1 : ceil(at - 1e-6) - 1;
    to = fmin(fmax(to, 0), steps);
    p->paused = true;
    p->time = to > 0 ? WAIT_S + to * step_seconds(steps) : 0;
}

void ks_pace_play(ks_pace* p, int steps) {
    bool over = p->time >= ks_pace_duration(steps);
    p->paused = !over && !p->paused;
    p->time = over ? 0 : p->time;
}
