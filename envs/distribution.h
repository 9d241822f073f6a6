/* distribution.h: how one number of a task is drawn: uniform, log_uniform, normal, choice, fixed.
 *
 * One table (distribution.c), one row a word. A draw is a function of uniforms that the caller has, made of arithmetic
 * alone: the same bytes on every machine. Each distribution has a lowest and a highest number; a normal one is cut at
 * four standard deviations, beyond which one draw in 16,000 would lie.
 *
 * Thread rule: everything here is pure. */
#ifndef KS_ENVS_DISTRIBUTION_H
#define KS_ENVS_DISTRIBUTION_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    KS_CHOICE_MAX = 64,        /* most values that a choice may have */
    KS_DISTRIBUTION_TEXT = 160 /* room for what is said of one */
};

typedef enum ks_distribution_kind {
    KS_UNIFORM,     /* numbers: lowest, highest */
    KS_LOG_UNIFORM, /* numbers: lowest, highest; the logarithm is uniform */
    KS_NORMAL,      /* numbers: mean, standard deviation */
    KS_CHOICE,      /* numbers: the values, each as likely as any other; one that stands twice is twice as likely */
    KS_FIXED        /* numbers: the one that there is */
} ks_distribution_kind;

enum { KS_DISTRIBUTION_KINDS = KS_FIXED + 1 };

typedef struct ks_distribution {
    ks_distribution_kind kind;
    int count; /* how many numbers it is given by */
    double numbers[KS_CHOICE_MAX];
} ks_distribution;

/* "log_uniform", and what its numbers are: "lowest, highest". */
const char* ks_distribution_word(ks_distribution_kind kind);
const char* ks_distribution_numbers(ks_distribution_kind kind);
/* By its word. Errors: KS_BAD_INPUT that shows the nearest word. */
bool ks_distribution_find(ks_distribution_kind* kind, const char* word, ks_error* err);

/* Whether it can be drawn from; everything below needs that. Errors: KS_BAD_INPUT: too few or too many numbers, one
 * that is not finite or that single precision does not hold, bounds that are not in order, a log_uniform of what is
 * not positive, a standard deviation that is not positive. */
bool ks_distribution_check(const ks_distribution* distribution, ks_error* err);

/* How many uniforms a draw reads: 0 or 1. */
int ks_distribution_uniforms(const ks_distribution* distribution);
/* Draws a number from uniforms in (0, 1). */
double ks_distribution_draw(const ks_distribution* distribution, const double* uniform);
/* The lowest and the highest number that may be drawn. */
void ks_distribution_range(double range[2], const ks_distribution* distribution);
/* For ks_task_number: how far apart the values of a choice are if they are evenly spaced; else 0. */
double ks_distribution_step(const ks_distribution* distribution);
/* For people: "U[0, 2] m/s", "-1 or 1, equally likely". Returns text. */
const char* ks_distribution_text(char text[KS_DISTRIBUTION_TEXT], const ks_distribution* distribution,
                                 const char* unit);

#endif
