/* paper_returns.h: the returns that the authors of MAML measured (Finn, Abbeel, Levine 2017), for comparison in figures.
 * Thread rule: constant. */
#ifndef KS_FIGURES_PAPER_RETURNS_H
#define KS_FIGURES_PAPER_RETURNS_H

#include "base/error.h"

enum { KS_PAPER_STEPS = 3, KS_PAPER_METHODS = 4, KS_PAPER_TASKS = 40 };

/* of one method */
typedef struct ks_paper_line {
    const char* label;               /* as kshot eval labels the method: maml, pretrain, random, oracle */
    int steps;                       /* 3; 0 for the oracle */
    double mean[KS_PAPER_STEPS + 1]; /* return after 0 … steps gradient steps, mean of 40 test tasks */
} ks_paper_line;

typedef struct ks_paper_returns {
    const char* domain; /* the environment's name */
    ks_paper_line lines[KS_PAPER_METHODS];
} ks_paper_returns;

/* By the environment's name; a variant gym/… has the same tasks. Errors: KS_BAD_INPUT naming those that there are. */
const ks_paper_returns* ks_paper_find(const char* domain, ks_error* err);

#endif
