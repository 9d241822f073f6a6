/* eval.h: what the files of `eval` share. Internal to this room. */
#ifndef KS_CLI_EVAL_H
#define KS_CLI_EVAL_H

#include "cli/examples.h"
#include "cli/sampling.h"

#include <stdio.h>

/* --norm: the names of images.norm in its order, and both. */
#define KS_EVAL_NORMS "transductive|inductive|both"
enum { KS_EVAL_BOTH_NORMS = 2 };

/* As typed. */
typedef struct ks_eval_options {
    ks_cli_sampling sampling; /* steps -1: the default */
    const char *goals, *label, *output, *search_lr;
    int norm;     /* of models of images: whose statistics batch norm takes, or KS_EVAL_BOTH_NORMS; -1: not said */
    int split;    /* likewise: ks_split, or KS_SPLIT_SEARCH; -1: not said */
    bool nearest; /* likewise: nearest neighbours as well */
    ks_problem_options problem;
    int64_t tasks; /* 0: the default */
    bool force, keep_lr;
    bool search_each; /* --search-lr finds the size of every step */
    bool json;        /* an object in place of the table */
} ks_eval_options;

/* Of a policy, and of a model that learns from examples. Errors: KS_BAD_INPUT, KS_FAILED. */
bool ks_eval_policy(const ks_eval_options* options, ks_cli_policy* policy, ks_error* err);
bool ks_eval_examples(const ks_eval_options* options, ks_cli_policy* model, ks_error* err);

/* One command's evaluations of it. */
typedef struct ks_eval_session {
    const ks_eval_options* options;
    const ks_cli_policy* model;
    ks_problem* first; /* reads the images, which all evaluations share */
    const char* label;
    int own_norm; /* of images: the norm that the model was trained with */
    size_t tasks;
} ks_eval_session;

/* One of them, with these settings of the problem. *result is the caller's. Errors: as ks_evaluate. */
bool ks_eval_run(ks_eval_result* result, const ks_eval_session* session, const void* problem_settings, size_t tasks,
                 const ks_eval_settings* settings, ks_error* err);
/* Takes what --norm says (< 0 and KS_EVAL_BOTH_NORMS: nothing), of a model of images. Errors: KS_BAD_INPUT. */
bool ks_eval_choose_norm(ks_cli_policy* model, int norm, ks_error* err);
/* Of a model that tells classes apart: table or object, and CSV. */
bool ks_eval_classes(const ks_eval_session* session, const ks_eval_settings* settings, ks_error* err);

/* Of one gradient step, over tasks. */
typedef struct ks_eval_summary {
    double mean, error, median; /* error: half of a 95 % interval of the mean; NAN for one task */
} ks_eval_summary;
/* values: one of the result's arrays. Errors: KS_FAILED (memory). */
bool ks_eval_summarise(ks_eval_summary* summary, const ks_eval_result* result, const double* values, int step,
                       ks_error* err);
/* "+-" and half of the interval, which is printed already and as wide as its column; "-" in its place where there is none. */
void ks_eval_print_interval(const ks_eval_summary* summary, const char* half);
/* How many tasks have diverged after so many steps, where the mean was `before` at first. */
size_t ks_eval_count_diverged(const ks_eval_result* result, int step, double before);
/* How long a step is, for tables; empty for step 0. */
void ks_eval_step_text(char* text, size_t room, const ks_eval_session* session, const ks_eval_settings* settings,
                       int step);

/* The label of the rows: what was asked for, or the method, which a file from elsewhere may have as it likes. NULL: neither can be
 * one. */
const char* ks_eval_label(const ks_eval_options* options, const ks_cli_policy* model, ks_error* err);
/* Where it is told what else is done, as the search for a step size: stdout, or with --json stderr; NULL: nowhere. */
FILE* ks_eval_told(const ks_eval_options* options);
/* Progress on a terminal: NULL where there is none, or it is not wanted. */
ks_eval_progress ks_eval_progress_of(const ks_eval_options* options);
/* Before an error, which stands on a line of its own. */
void ks_eval_progress_end(const ks_eval_options* options);

#endif
