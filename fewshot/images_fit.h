/* images_fit.h: a model on one task of images: how likely it finds each class, of every query, after 0 … K gradient steps on the
 * support. Images of the support may be replaced, and there is one image more, the sketch, which belongs to nobody's task. What
 * pictures are made of.
 *
 * Images are (inputs): row x column x channel, from 0 to 1. Cells are what may be drawn on: way · shots + shot of the support,
 * then the sketch.
 *
 * Thread rule: one call at a time per object. Only create allocates. */
#ifndef KS_FEWSHOT_IMAGES_FIT_H
#define KS_FEWSHOT_IMAGES_FIT_H

#include "fewshot/images.h"
#include "maml/evaluate.h"

typedef struct ks_images_fit_settings {
    ks_images_settings problem;
    int max_steps; /* K at most */
} ks_images_fit_settings;

typedef struct ks_images_fit ks_images_fit;

/* *model is copied; what it points to must outlive the object.
 * Errors: KS_BAD_INPUT (a model that does not fit, an image set that is not as it should be), KS_FAILED (memory). */
ks_images_fit* ks_images_fit_create(const ks_eval_model* model, const ks_images_fit_settings* settings, ks_error* err);
void ks_images_fit_destroy(ks_images_fit* fit);

/* What tasks are like. */
typedef struct ks_images_form {
    size_t side, channels, inputs; /* of an image */
    size_t ways, shots, queries;   /* shots and queries of each class */
    bool coupled; /* a batch norm: what is said of a query depends on those beside it, or on the support */
} ks_images_form;
ks_images_form ks_images_fit_form(const ks_images_fit* fit);
int ks_images_fit_max_steps(const ks_images_fit* fit);

/* Takes the task of that number which a seed draws of a split, with the images that `kshot eval` has for it. The sketch stays.
 * Errors: KS_BAD_INPUT (the set has no such classes), KS_FAILED. */
bool ks_images_fit_draw(ks_images_fit* fit, ks_split split, uint64_t seed, size_t number, ks_error* err);
/* As the set has it. Lives as long as the object. */
const char* ks_images_fit_class_name(const ks_images_fit* fit, size_t way);
const ks_real* ks_images_fit_query(const ks_images_fit* fit, size_t way, size_t query);

/* ---- cells ---------------------------------------------------------------------------------------------------------------- */

size_t ks_images_fit_cell(const ks_images_fit* fit, size_t way, size_t shot);
size_t ks_images_fit_sketch(const ks_images_fit* fit);
const ks_real* ks_images_fit_image(const ks_images_fit* fit, size_t cell);
/* The same to write into; the cell then counts as filled. What is written takes effect with the next adaptation, of the sketch at
 * once. */
ks_real* ks_images_fit_edit(ks_images_fit* fit, size_t cell);
/* Empties it. An empty cell is not learned from, or not judged. */
void ks_images_fit_clear(ks_images_fit* fit, size_t cell);
bool ks_images_fit_filled(const ks_images_fit* fit, size_t cell);
/* What an empty one looks like: 0 (black) or 1 (white), whichever the task's images have at their edges. */
ks_real ks_images_fit_paper(const ks_images_fit* fit);

/* ---- adaptation ----------------------------------------------------------------------------------------------------------- */

/* Whose statistics batch norm takes for queries, from the next adaptation on; at first as the settings say. A sketch is alone, and
 * has those of the support in any case. */
void ks_images_fit_set_norm(ks_images_fit* fit, ks_images_norm norm);
ks_images_norm ks_images_fit_norm(const ks_images_fit* fit);

/* Adapts to the support's filled cells: steps (at most max_steps) gradient steps of sizes lr (steps): as ks_inner_step. */
void ks_images_fit_adapt(ks_images_fit* fit, int steps, const double* lr);

/* (ways) probabilities after a step, 0 … steps of the last adaptation. They live until the next one; the sketch's, until it changes.
 * Not finite where the model has diverged. */
const double* ks_images_fit_query_probabilities(const ks_images_fit* fit, int step, size_t way, size_t query);
const double* ks_images_fit_sketch_probabilities(ks_images_fit* fit, int step);
/* Share of the queries whose likeliest class is theirs, as `kshot eval` has it. */
double ks_images_fit_accuracy(const ks_images_fit* fit, int step);

/* The likeliest of `ways` classes, the first of several; `ways` where a number is not finite. */
size_t ks_images_likeliest(const double* probabilities, size_t ways);

#endif
