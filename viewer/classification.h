/* classification.h: what is shown of a model that learns to tell images apart: one task, before and after gradient steps on its
 * support, and what it says of a sketch.
 *
 * Thread rule: one call at a time per object. Nothing allocates. */
#ifndef KS_VIEWER_CLASSIFICATION_H
#define KS_VIEWER_CLASSIFICATION_H

#include "fewshot/images_fit.h"

/* Plain data: the caller sets what he likes, then calls. Everything it points to is his. */
typedef struct ks_classification {
    ks_images_fit* fit;
    const char* label; /* of the model, ASCII */
    const char* data;  /* what the image set is called, ASCII */
    double lr[KS_EVAL_MAX_STEPS];
    ks_split split;
    uint64_t seed;
    size_t number; /* of the seed's tasks of that split */
    int steps;
    double lr_factor; /* of every step size */
    bool own;         /* nothing of the task is left in the support: its queries are not shown */
    double seconds;   /* that the last adaptation took */
} ks_classification;

/* Takes the task with its own images. Errors: KS_BAD_INPUT (no classes of that split), KS_FAILED. */
bool ks_classification_draw(ks_classification* c, ks_error* err);
void ks_classification_adapt(ks_classification* c);

/* An image that a model is asked about: a query of the task, or the sketch. */
typedef struct ks_question {
    bool sketch;
    size_t way, query; /* else */
} ks_question;
/* probabilities (ways) at a place between two gradient steps: between those of both. */
void ks_classification_ask(double* probabilities, const ks_classification* c, ks_question question, double position);

/* The likeliest class after so many steps, and how likely. way: ways where the model has diverged. */
typedef struct ks_guess {
    size_t way;
    double probability;
} ks_guess;
ks_guess ks_classification_guess(const ks_classification* c, ks_question question, int step);

/* What a class is called: A, …, Z, AA, …; `ways` is none of them, and called "?". */
enum { KS_CLASS_LETTERS = 8 };
void ks_class_letters(char out[KS_CLASS_LETTERS], size_t way, size_t ways);

/* "test task 0", "own images" */
void ks_classification_text(char* out, size_t room, const ks_classification* c);

#endif
