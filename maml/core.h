/* core.h: what one meta-iteration works on. Internal to this room: maml.c collects, core.c answers the outer step. */
#ifndef KS_MAML_CORE_H
#define KS_MAML_CORE_H

#include "maml/extra.h"
#include "maml/jacobian.h"
#include "maml/maml.h"
#include "maml/preconditioner.h"
#include "maml/tally.h"

enum { KS_NOTES = 6 }; /* numbers that are told of a task's stage */

struct ks_maml {
    ks_maml_settings settings;
    ks_problem* problem;
    const ks_policy* policy;
    size_t num_params; /* P */
    size_t num_sizes;  /* learned step sizes; Q = P + num_sizes */
    double step_scale; /* of outer steps */
    int inner_steps;   /* k */
    ks_outer_needs needs;

    ks_tally tally; /* means over tasks, and which tasks count; tally.groups: how many are worked on here, M if alone */
    bool redo;      /* during the update a task was found broken: it is left out, and the update begins anew */
    bool recorded;  /* the Jacobians are those of where the core is */
    bool moved;     /* the core is not where the rows were collected */
    bool has_loss;  /* `loss` is that of where the core is */
    uint64_t iteration;

    ks_inner* inner;
    ks_jacobian* jacobian;
    ks_preconditioner* preconditioner; /* or NULL */
    ks_extra* extra;                   /* or NULL */
    void* outer;

    ks_task_rows* rows;   /* (k+1 x groups) */
    ks_real* theta;       /* (k+1 x groups x P) that collected each stage's rows */
    ks_real* moved_theta; /* (k+1 x groups x P) where the core has moved to, or NULL */
    ks_group* stage;      /* (k+1 x groups) the rows, with θ where the core is */
    double* gradients; /* (k x groups x P) of the inner steps, or NULL: nothing reads them; (k x wave x P) if given */
    double* losses;    /* (k+1 x groups) of every stage, where the loss is the metric */
    const ks_real* params;                       /* (Q) of the iteration, while the outer step is taken */
    bool given;                                  /* rows are, and are worked through `wave` tasks at a time (given.c) */
    bool adapted;                                /* given: θ of all stages, and losses, are those of the parameters */
    size_t wave;                                 /* tasks at a time; groups if not given */
    double* accuracy;                            /* (k+1 x groups) given: of every stage */
    double* query_loss;                          /* (wave) given, as what follows: */
    double* query_gradient;                      /* (wave x P) or NULL: the loss of the last stage is all */
    ks_group* query_groups;                      /* (wave) */
    ks_group* wave_groups;                       /* (k+1 x wave) */
    double stage_weight[KS_MAX_INNER_STEPS + 1]; /* of the query's loss at θ_j in the outer loss */
    ks_old_policy* old;                          /* (groups) adapted policies that others are compared with */
    ks_group* candidate;                         /* (groups) */
    ks_real* candidate_theta;                    /* (groups x P) */
    double* u;                                   /* (groups x P) */
    double* da;                                  /* (groups x num_sizes) */
    double* diagonal;                            /* (P) of the Fisher information, roughly, and */
    double* size_rms;       /* (num_sizes) of the tasks' derivatives by step sizes, in the last meta-gradient */
    double* size_curvature; /* (num_sizes) what follows for step sizes; for the preconditioner */
    double* gathered;       /* (M x the longest of P, num_sizes, …), or NULL: alone */
    double* loss;           /* (groups) outer loss of every task */
    double* kl;             /* (groups) */
    double* all_loss;       /* (M) */
    double* all_kl;         /* (M) */
    double* notes;          /* (groups + M, each KS_NOTES) */
    double* metrics;        /* (k+1 x M) of every stage and task */
    double* factors;        /* (M x preconditioner's size), or NULL if alone or without one */
};

/* θ of a task at a stage; before the first step it is the same for all. */
static inline ks_real* ks_core_theta(const ks_maml* maml, int stage, size_t group) {
    ks_real* theta = maml->moved ? maml->moved_theta : maml->theta;
    if (stage == 0 && !maml->moved && !maml->problem->sampled) {
        group = 0;
    }
    return theta + ((size_t)stage * maml->tally.groups + group) * maml->num_params;
}

/* Takes the core back to where the rows were collected, with the tasks that still count. */
void ks_core_start(ks_maml* maml);

/* Given rows: adapts all tasks from ks_core_theta(maml, 0, 0), and leaves θ, losses and accuracies of all stages; with derivatives
 * also u and da of the outer loss. */
void ks_given_run(ks_maml* maml, bool derivatives);
/* weight (k+1) of each stage's loss in an iteration. */
void ks_given_weigh_stages(double* weight, const ks_inner_settings* settings, int inner_steps, uint64_t iteration);

#endif
