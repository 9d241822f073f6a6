/* task.h: tasks as people see them: in words, and as numbers to choose.
 *
 * Thread rule: pure functions. */
#ifndef KS_VIEWER_TASK_H
#define KS_VIEWER_TASK_H

#include "envs/env.h"

enum { KS_TASK_NAMED = 3 };
/* A task in a line of ASCII, however many numbers it has: "go backward", "go at 1.50 m/s", "go to (0.30, -0.10)";
 * "go forward; mass torso 0.7, mass leg 1.3, ... (14 numbers)". At most so many are named (usually KS_TASK_NAMED) beside the goal's;
 * those that training never changes are not spoken of. */
void ks_task_text(char* out, size_t room, const ks_env_def* def, const double* task, int most);

enum { KS_TASK_UNIT = 24 };
/* The unit of number i of a task in letters that MuJoCo has: "m/s^2". */
void ks_task_unit(char unit[KS_TASK_UNIT], const ks_env_def* def, int i);

/* What number i of a task may be set to: the training range. False: there is nothing to choose. */
bool ks_task_range(double range[2], const ks_env_def* def, int i);
/* The nearest to x that number i can be, where only some values make sense. */
double ks_task_nearest(const ks_env_def* def, int i, double x);
/* The number that stands for the task where one must: the goal's, or the first that there is a choice of. */
int ks_task_first(const ks_env_def* def);

#endif
