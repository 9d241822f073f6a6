/* outer_adam.h: the paper's outer step for supervised problems: one Adam update along the meta-gradient (adam.h). Section `adam` of a
 * config. Thread rule: plain data. */
#ifndef KS_MAML_OUTER_ADAM_H
#define KS_MAML_OUTER_ADAM_H

#include "maml/adam.h"
#include "maml/outer.h"

typedef struct ks_outer_adam_settings {
    ks_adam_settings step; /* of every step; lr: of the first */
    double lr_halving;     /* iterations in which lr halves, again and again; 0: it stays */
} ks_outer_adam_settings;

/* The step size of an iteration: lr · 2^(-iteration / lr_halving). */
double ks_outer_adam_lr(const ks_outer_adam_settings* settings, uint64_t iteration);

extern const ks_outer_kind ks_outer_adam;
extern const ks_settings_rows ks_outer_adam_rows; /* in a ks_outer_adam_settings */

/* (Q) the meta-gradient of the last step, before it was clipped; lives until the next. */
const double* ks_outer_adam_gradient(const void* outer);

#endif
